/**
 * The packed package, installed in a folder of its own beside the tools that load it. One for all specs of a run: installing takes most
 * of the time.
 */
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
const project = fileURLToPath(new URL('../..', import.meta.url))
const INSTALL = ['install', '--no-audit', '--no-fund', '--prefer-offline']
const RUN_TIMEOUT_MS = 120_000

/** What the contract prints wherever it is loaded. */
export const CONTRACT = { classic: 40, gzip: 20, committed: 20, unreachable: 'KafkaError' }

export class Consumer {
  readonly folder: string

  private constructor(folder: string) {
    this.folder = folder
  }

  static async install(): Promise<Consumer> {
    const folder = await mkdtemp(join(tmpdir(), 'kafka-classic-producer-'))
    await run('npm', ['pack', '--pack-destination', folder], { cwd: project })
    const tarball = (await readdir(folder)).find((name) => name.endsWith('.tgz'))!
    const tools = await readFile(new URL('tools.json', import.meta.url), 'utf8')
    const dependencies = { ...JSON.parse(tools), 'kafka-classic-producer': `file:./${tarball}` }
    const manifest = { name: 'elsewhere', private: true, dependencies }
    await writeFile(join(folder, 'package.json'), JSON.stringify(manifest))
    await run('npm', INSTALL, { cwd: folder })
    return new Consumer(folder)
  }

  /** Installs more; @returns why not, or null. */
  async add(...packages: string[]): Promise<string | null> {
    try {
      await run('npm', [...INSTALL, ...packages], { cwd: this.folder })
      return null
    } catch (error) {
      return (error as Error).message
    }
  }

  async write(name: string, text: string): Promise<string> {
    const file = join(this.folder, name)
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, text)
    return file
  }

  /** Its standard output. @throws {Error} with all that it wrote, when it ends with another status than 0. */
  async run(command: string, args: readonly string[], cwd = this.folder): Promise<string> {
    const { stdout } = await run(command, args, { cwd, timeout: RUN_TIMEOUT_MS })
    return stdout.trim()
  }

  /** A command that a package brings. */
  bin(name: string): string {
    return join(this.folder, 'node_modules/.bin', name)
  }

  remove(): Promise<void> {
    return rm(this.folder, { recursive: true, force: true })
  }
}

/** The program that has to run everywhere. */
export function contract(): Promise<string> {
  return readFile(new URL('programs/contract.mjs', import.meta.url), 'utf8')
}

/**
 * Checks the packed package as its users get it, and the tables of docs/PACKAGE.md.
 *
 *     tsx scripts/check-package.ts            publint, are-the-types-wrong, and the tables; exits 1 with what is wrong
 *     tsx scripts/check-package.ts --write    writes the tables
 *
 * What is packed is `dist` as it was built last.
 */
import { execFileSync } from 'node:child_process'
import { lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { updateParts } from './generated-part.js'

const DOCUMENT = 'docs/PACKAGE.md'
/** Sizes change with each commit; the tables only where it matters. */
const STEP_BYTES = 100_000
const DEPENDENCY_STEP_BYTES = 10_000
/** A resolver of before Node 12 knows no `exports`: it finds the main entry alone. */
const OLD_RESOLVER = 'node10'

interface Packed {
  readonly filename: string
  readonly size: number
  readonly unpackedSize: number
}

interface Locked {
  readonly version: string
  readonly license?: string
  readonly dependencies?: Readonly<Record<string, string>>
}

function pack(folder: string): Packed {
  const output = execFileSync('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', folder], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  return (Object.values(JSON.parse(output)) as Packed[])[0]!
}

/** Sentences, one for each fault; none when there is none. */
async function faultsOf(tarball: Buffer): Promise<string[]> {
  const buffer = tarball.buffer.slice(
    tarball.byteOffset,
    tarball.byteOffset + tarball.byteLength,
  ) as ArrayBuffer
  const { messages, pkg } = await publint({ pack: { tarball: buffer }, strict: true })
  const publishing = messages.map((message) => formatMessage(message, pkg) ?? message.code)
  const analysis = await checkPackage(createPackageFromTarballData(new Uint8Array(tarball)))
  if (!analysis.types) return [...publishing, 'the package has no types']
  const types = analysis.problems
    .filter((problem) => !('resolutionKind' in problem) || problem.resolutionKind !== OLD_RESOLVER)
    .map((problem) => JSON.stringify(problem))
  return [...publishing, ...types]
}

/** The dependencies that are installed with the package, all of them, by name. */
function dependencies(): [name: string, locked: Locked, by: string][] {
  const lock = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
    packages: Readonly<Record<string, Locked>>
  }
  const found = new Map<string, [locked: Locked, by: string]>()
  const visit = (by: string, { dependencies: names = {} }: Locked): void => {
    for (const name of Object.keys(names).sort()) {
      const locked = lock.packages[`node_modules/${name}`]
      if (!locked || found.has(name)) continue
      found.set(name, [locked, by])
      visit(name, locked)
    }
  }
  visit('', lock.packages['']!)
  return [...found].map(([name, [locked, by]]) => [name, locked, by])
}

function bytesIn(folder: string): number {
  return readdirSync(folder, { withFileTypes: true }).reduce((sum, entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return entry.name === 'node_modules' ? sum : sum + bytesIn(path)
    return sum + lstatSync(path).size
  }, 0)
}

function atMost(bytes: number, step: number): string {
  return `${((Math.ceil(bytes / step) * step) / 1000).toLocaleString('en-US')} kB`
}

function tables({ size, unpackedSize }: Packed): string {
  const rows = dependencies().map(([name, { version, license }, by]) => {
    const bytes = atMost(bytesIn(join('node_modules', name)), DEPENDENCY_STEP_BYTES)
    return `| \`${name}\` | ${by ? `\`${by}\`` : 'this package'} | ${version} | ${license ?? ''} | ${bytes} |`
  })
  return [
    '| the package itself | at most |',
    '|---|--:|',
    `| to download | ${atMost(size, STEP_BYTES)} |`,
    `| installed | ${atMost(unpackedSize, STEP_BYTES)} |`,
    '',
    '| installed with it | needed by | version | license | at most |',
    '|---|---|---|---|--:|',
    ...rows,
  ].join('\n')
}

const folder = mkdtempSync(join(tmpdir(), 'check-package-'))
try {
  const packed = pack(folder)
  const faults = await faultsOf(readFileSync(join(folder, packed.filename)))
  for (const fault of faults) console.error(`the packed package: ${fault}`)
  const source = 'package-lock.json and the packed package'
  const part = { document: DOCUMENT, name: 'package', content: tables(packed), source }
  const code = updateParts([part], !process.argv.includes('--write'))
  process.exitCode = faults.length > 0 ? 1 : code
} finally {
  rmSync(folder, { recursive: true, force: true })
}

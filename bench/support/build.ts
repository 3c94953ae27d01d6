/**
 * What a bench runs is built first: nothing that is measured is compiled on the way. The product goes to `dist` as ever,
 * the programs of the bench to `.bench`, which git ignores.
 */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)

export const projectFolder = fileURLToPath(new URL('../..', import.meta.url))
export const peersFolder = join(projectFolder, 'bench/peers')

/** A built product: a folder with `dist/lib/index.js` and the packages that it needs. */
export interface Product {
  readonly name: string
  /** Absolute. */
  readonly folder: string
}

/** A program of `bench/programs`, compiled. */
export function programFile(name: string): string {
  return join(projectFolder, '.bench', `${name}.js`)
}

export async function buildPrograms(): Promise<void> {
  await compile('bench/programs/tsconfig.json')
}

/** This project's own build, unless products are named. */
export async function buildProduct(): Promise<Product> {
  await compile('tsconfig.build.json')
  return { name: 'ours', folder: projectFolder }
}

/**
 * @param text - `NAME=FOLDER`
 * @throws {Error} when there is no build in the folder.
 */
export function productNamed(text: string): Product {
  const at = text.indexOf('=')
  if (at < 1) throw new Error(`--product takes NAME=FOLDER, not ${text}`)
  const folder = resolve(text.slice(at + 1))
  if (!existsSync(join(folder, 'dist/lib/index.js')))
    throw new Error(`there is no built product in ${folder}`)
  return { name: text.slice(0, at), folder }
}

async function compile(configuration: string): Promise<void> {
  const require = createRequire(import.meta.url)
  const tsc = join(require.resolve('typescript/package.json'), '../bin/tsc')
  try {
    await run(process.execPath, [tsc, '-p', configuration], { cwd: projectFolder })
  } catch (error) {
    throw new Error(`${configuration} does not compile:\n${(error as { stdout: string }).stdout}`)
  }
}

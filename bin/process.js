// What the executables share: the process's streams, the package's folder and version.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('..', import.meta.url))
export const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
export const streams = { input: process.stdin, output: process.stdout, errors: process.stderr }

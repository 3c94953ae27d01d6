/** Key and trust stores in PKCS12, made by Java: brokers before 2.7 do not read PEM. */
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Certificate } from '../../support/certificates.js'
import { compileJava } from './compile-java.js'
import { javaProgram } from './prerequisites.js'
import { runToEnd } from './run-to-end.js'

const NAME = 'StoreMaker'
const SOURCE = fileURLToPath(new URL(`./java/${NAME}.java`, import.meta.url))

/** @returns the files, in this folder. */
export async function makeStores(
  folder: string,
  broker: Certificate,
  ca: Certificate,
  password: string,
): Promise<{ key: string; trust: string }> {
  const file = (name: string, text?: string): string => {
    const at = path.join(folder, name)
    if (text !== undefined) writeFileSync(at, text)
    return at
  }
  const classes = await compileJava('file-records', { name: NAME, text: readFileSync(SOURCE, 'utf8') }, [])
  const make = async (...args: string[]): Promise<void> => {
    const run = await runToEnd(javaProgram('java'), ['-Xmx64m', '-cp', classes, NAME, ...args], {
      cwd: folder,
      timeoutMs: 60_000,
    })
    if (run.exit !== 'exit code 0') throw new Error(`${NAME} ended with ${run.exit}: ${run.stderr}`)
  }
  const stores = { key: file('key.p12'), trust: file('trust.p12') }
  const chain = file('chain.pem', broker.chain)
  await make('key', stores.key, password, file('key.pem', broker.key), chain)
  await make('trust', stores.trust, password, file('ca.pem', ca.cert))
  return stores
}

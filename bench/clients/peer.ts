/** A package of `bench/peers`, which is installed there and nowhere else. */
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

const require = createRequire(new URL('../peers/', import.meta.url))

export function peer<T>(name: string): T {
  return require(name) as T
}

/** One that is an ES module. */
export async function peerModule<T>(name: string): Promise<T> {
  return (await import(pathToFileURL(require.resolve(name)).href)) as T
}

/**
 * Packages that need not be there: codecs, which are loaded when they are first used.
 *
 * Bundlers must not see the name, or they would fail where it is missing and choke on native code where it is not. The same
 * line has to work in an ES module, in CommonJS, and in a bundle of either; webpack warns of a `createRequire` that it recognises.
 */
import nodeModule from 'node:module'

let requireHere: NodeJS.Require | undefined

/** @throws what `require` throws, when the package is not installed beside this one or beside the bundle. */
export function optionalPackage<T>(name: string): T {
  return fromHere()(name) as T
}

/** Where it is installed. @throws as {@link optionalPackage} */
export function optionalPackagePath(name: string): string {
  return fromHere().resolve(name)
}

function fromHere(): NodeJS.Require {
  requireHere ??= nodeModule.createRequire(typeof __filename === 'string' ? __filename : import.meta.url)
  return requireHere
}

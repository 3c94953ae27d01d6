/**
 * `--classes module.mjs`: the classes of a user, for the names in a configuration. Only this option of the command line loads code; a
 * name in a file is looked up among what was loaded and never reaches `import()`.
 *
 * @see docs/reference/faults.md#names-from-files
 */
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { classNameHint } from '../config/producer-hints.js'
import { ConfigError, printable } from '../errors.js'
import { nameOfThrown } from '../name-of-thrown.js'
import type { OptionRow } from './command-line.js'

export const classesRow: OptionRow = {
  flags: '--classes <module>',
  doc: 'an ES module (or CommonJS) whose exports are the classes that the configuration names; its code is run',
}

/** Export name → class or instance. */
export type ToolClasses = Readonly<Record<string, unknown>>

/**
 * The exports of a module by name. A default export that is an object adds its fields, as `module.exports` of CommonJS does.
 *
 * @param path - null: there are none.
 * @throws {ConfigError} if the module cannot be loaded, with its error as `cause`, or exports nothing.
 */
export async function loadClasses(path: string | null): Promise<ToolClasses> {
  if (path === null) return {}
  const exported = await imported(path)
  const { default: byDefault, ...named } = exported
  const isPlain = typeof byDefault === 'object' && byDefault !== null
  const classes = { ...(isPlain ? byDefault : {}), ...named }
  if (Object.keys(classes).length > 0) return classes
  const example = "export { Reverse as 'com.acme.Reverse' }"
  throw new ConfigError(`--classes ${printable(path)} exports no class by name; write ${example}`)
}

async function imported(path: string): Promise<Record<string, unknown>> {
  try {
    return (await import(pathToFileURL(resolve(path)).href)) as Record<string, unknown>
  } catch (cause) {
    const why = cause instanceof Error ? `${cause.name}: ${cause.message}` : nameOfThrown(cause)
    throw new ConfigError(`--classes ${printable(path)} cannot be loaded: ${printable(why)}`, undefined, {
      cause,
    })
  }
}

/** A class that a configuration names. */
export interface NamedClass {
  readonly key: string
  readonly name: string
}

/**
 * @param builtIn - names that need no module.
 * @throws {ConfigError} for the first class that is neither built in nor exported.
 */
export function checkClassNames(
  named: readonly NamedClass[],
  builtIn: Iterable<string>,
  classes: ToolClasses,
): void {
  const known = new Set([...builtIn, ...Object.keys(classes)])
  const unknown = named.find(({ name }) => !known.has(name))
  if (unknown === undefined) return
  const { key, name } = unknown
  const list = [...known].map(printable).join(', ')
  throw new ConfigError(
    `${key}=${printable(name)} names ${classNameHint(name) ?? 'a class that is not known here'}. Known are ${list}; for a class of your own, ` +
      `write --classes module.mjs, and in that module export { YourClass as '${printable(name)}' }`,
    key,
  )
}

/**
 * Completes values that leave out what only some versions have: for servers and doubles, which mostly mean the
 * defaults.
 */
import type { Field } from './schema.js'
import type { Type } from './types.js'

/** Whatever is left out has its default; a field that every version has may not be left out. */
export type WithoutDefaults<T> = T extends bigint | string | number | boolean | null | Uint8Array
  ? T
  : T extends (infer E)[]
    ? WithoutDefaults<E>[]
    : T extends object
      ? { [K in keyof T]?: WithoutDefaults<T[K]> }
      : T

interface Walkable {
  readonly fields?: Readonly<Record<string, Type<unknown> | Field<unknown>>>
  readonly element?: Type<unknown>
}

export function withDefaults<T>(type: Type<T>, partial: NoInfer<WithoutDefaults<T>>): T {
  return walk(type as Walkable, partial) as T
}

function walk({ fields, element }: Walkable, partial: unknown): unknown {
  if (element && Array.isArray(partial)) return partial.map((one) => walk(element as Walkable, one))
  if (!fields || typeof partial !== 'object' || partial === null) return partial
  return Object.fromEntries(
    Object.entries(fields).map(([name, declared]) => {
      const given = (partial as Record<string, unknown>)[name]
      const type = 'since' in declared ? declared.type : declared
      if (given === undefined && 'since' in declared) return [name, declared.absent]
      return [name, walk(type as Walkable, given)]
    }),
  )
}

/**
 * How a configuration shows itself: in the log, in JSON, under `inspect`.
 *
 * Shown are values of settings. Hidden are those of unknown keys, of type password, and what a provider gave.
 */
import { printable } from '../errors.js'
import type { GivenProperties } from './given-properties.js'
import type { KnownKeys } from './known-keys.js'
import type { Setting } from './setting.js'

/** In place of a value that may be a secret. */
export const HIDDEN = '[not shown]'

/** Given keys that the line lists; there are fewer settings than that. */
const MAX_LISTED = 150

/**
 * One line of what was given.
 *
 * @param inForce - the value of each setting that is a field, as one would write it.
 */
export function givenLine(
  given: GivenProperties,
  keys: KnownKeys,
  inForce: ReadonlyMap<string, string>,
): string {
  const texts = given.keys().map((key) => `${printable(key)}=${shown(key, given, keys, inForce)}`)
  return `configured with ${texts.slice(0, MAX_LISTED).join(', ')}${texts.length > MAX_LISTED ? ', …' : ''}`
}

function shown(
  key: string,
  given: GivenProperties,
  keys: KnownKeys,
  inForce: ReadonlyMap<string, string>,
): string {
  const row = keys.find(key)
  if (row === undefined) return HIDDEN
  if (row.type === 'password' || given.isProvided(key)) return HIDDEN
  return printable(inForce.get(key) ?? given.get(key)!)
}

/** Whether a provider gave the value of a setting, or of the one that it has its default from. */
export function isProvided({ key, defaultIs }: Setting, given: GivenProperties): boolean {
  return given.isProvided(key) || (defaultIs !== undefined && !given.has(key) && given.isProvided(defaultIs))
}

/** The fields of a configuration for `inspect`: the same, but for what a provider gave. */
export function inspected(
  fields: object,
  rowByField: ReadonlyMap<string, Setting>,
  given: GivenProperties,
): Record<string, unknown> {
  const entries = Object.entries(fields).map(([field, value]) => {
    const row = rowByField.get(field)
    return [field, row !== undefined && isProvided(row, given) ? HIDDEN : value] as const
  })
  return Object.fromEntries(entries)
}

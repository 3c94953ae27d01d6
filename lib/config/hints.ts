/**
 * Says what is odd about a configuration that can be used: keys that have no effect, and what follows from that.
 *
 * Only ever names unknown keys, never their values: they may be secrets. A value is repeated as a suggestion only
 * if it is one that the suggested setting accepts.
 */

import { printable } from '../errors.js'
import type { ForeignPrefix } from './foreign-keys.js'
import type { GivenProperties } from './given-properties.js'
import type { KnownKeys, RecognisedKey } from './known-keys.js'
import type { Setting } from './setting.js'
import { parseInteger } from './setting-reader.js'

/** One line for the log. */
export interface Hint {
  readonly level: 'warn' | 'info'
  readonly text: string
}

/** A file may hold any number of unknown keys; a log should not. */
const MAX_HINTS = 50

/** A valid configuration, and what hints on it are made of. */
export interface HintSources {
  readonly given: GivenProperties
  readonly keys: KnownKeys
  /** The value in force of each setting, as one would write it. */
  readonly effective: ReadonlyMap<string, string>
  /** Hints of one producer alone; they come after those on repeated keys. */
  readonly own: readonly Hint[]
  /** Keys that are no settings and mean something all the same. */
  readonly exempt?: ReadonlySet<string>
  /** What a class is called here that has this name elsewhere; undefined for a name that may be a secret. */
  classNameFor(name: string): string | undefined
}

/** The hints, in the order of the keys for each kind: at most 50, and one that counts the rest. */
export function hintsOn(sources: HintSources): Hint[] {
  const { given, keys, own, exempt } = sources
  const unknown = given
    .keys()
    .filter((key) => keys.find(key) === undefined && !exempt?.has(key) && !isExempt(key))
  const single = unknown.filter((key) => keys.foreignPrefixOf(key) === undefined)
  const hints = [
    ...given.repetitions.map(warning),
    ...own,
    ...encodingHints(given),
    ...familyHints(unknown, sources),
    ...single
      .slice(0, MAX_HINTS)
      .map((key) => warning(`${given.where(key)}${printable(key)} ${explained(key, sources)}`)),
  ]
  const untold = Math.max(0, hints.length - MAX_HINTS) + Math.max(0, single.length - MAX_HINTS)
  if (untold === 0) return hints
  return [
    ...hints.slice(0, MAX_HINTS),
    warning(`${untold} more keys are unknown or repeated, and not listed`),
  ]
}

/** What could have been meant where a required setting is missing; empty if nothing comes near. */
export function missingHint(missing: string, given: GivenProperties, keys: KnownKeys): string {
  for (const key of given.keys().slice(0, MAX_HINTS)) {
    const known = keys.find(key) === undefined ? recognise(key, keys) : undefined
    if (known?.instead === missing) {
      return `; ${given.where(key)}${printable(key)} ${known.whose}${known.whose.endsWith('?') ? '' : ' and is not read'}`
    }
  }
  return ''
}

/** A hint at WARN. */
export const warning = (text: string): Hint => ({ level: 'warn', text })

/** Keys that users may add for classes of their own, and those of providers that they have named. */
const isExempt = (key: string): boolean => key.startsWith('external') || key.startsWith('config.providers.')

function recognise(key: string, keys: KnownKeys): RecognisedKey | undefined {
  return keys.foreignKeyOf(key) ?? keys.similarKeyOf(key)
}

function explained(key: string, sources: HintSources): string {
  const known = recognise(key, sources.keys)
  if (known === undefined) return 'is not a setting of this producer: ignored'
  const { whose, instead, note } = known
  const so = instead === undefined ? '' : consequence(instead, known, sources.given.get(key)!, sources)
  return [`${whose}${whose.endsWith('?') ? ' I' : ': i'}gnored${so}`, note].filter(Boolean).join('; ')
}

function consequence(
  instead: string,
  { sameValue }: RecognisedKey,
  text: string,
  { given, keys, effective, classNameFor }: HintSources,
): string {
  const inForce = effective.get(instead)
  // Of security: no field, and perhaps a secret.
  if (inForce === undefined) return `; write ${instead}=${keys.settingOf(instead).example ?? '…'}`
  if (given.isWritten(instead)) return `, ${instead}=${printable(inForce)} is used`
  const row = keys.settingOf(instead)
  const so = row.defaultMeans === undefined || inForce !== row.default ? '' : `, so ${row.defaultMeans}`
  const suggested = (sameValue ? acceptable(row, text, classNameFor) : undefined) ?? row.example ?? '…'
  return `, ${instead} stays ${inForce === '' ? 'empty' : inForce}${so}; write ${instead}=${suggested}`
}

/** The text, or its translation, if the setting accepts it; such a value is no secret. */
function acceptable(
  row: Setting,
  text: string,
  classNameFor: HintSources['classNameFor'],
): string | undefined {
  const { type, choices, instead = {}, min = -Infinity, max = Infinity } = row
  const word = text.toLowerCase()
  if (Object.hasOwn(instead, word)) return instead[word]
  if (choices?.includes(word)) return word
  if (type === 'class') return classNameFor(text)
  if (type !== 'int' && type !== 'long') return undefined
  const number = parseInteger(text, type)
  return number !== undefined && number >= min && number <= max ? String(number) : undefined
}

/** A file in UTF-8 that was read, as Java does, in ISO-8859-1. */
function encodingHints(given: GivenProperties): Hint[] {
  const key = given.keys().find((each) => /[\xc2-\xf4][\x80-\xbf]/.test(`${each} ${given.get(each)}`))
  if (key === undefined) return []
  const remedy = 'write \\uXXXX, or begin the file with a byte order mark'
  return [
    warning(
      `${given.where(key)}${printable(key)} looks like UTF-8 read as ISO-8859-1, as Java reads it; ${remedy}`,
    ),
  ]
}

/** One hint for all the keys of a family. */
function familyHints(unknown: readonly string[], { given, keys: known }: HintSources): Hint[] {
  const keysByFamily = new Map<ForeignPrefix, string[]>()
  for (const key of unknown) {
    const family = known.foreignPrefixOf(key)
    if (family === undefined) continue
    const keys = keysByFamily.get(family)
    if (keys === undefined) keysByFamily.set(family, [key])
    else keys.push(key)
  }
  return [...keysByFamily].map(([{ says, quiet }, keys]) => {
    const first = keys[0]!
    const others = keys.length === 1 ? '' : ` and ${keys.length - 1} more`
    const isQuiet = quiet === 'always' || (quiet === 'when empty' && given.get(first) === '')
    const text = `${given.where(first)}${printable(first)}${others}: ${says}`
    return { level: isQuiet ? 'info' : 'warn', text }
  })
}

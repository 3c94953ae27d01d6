/**
 * Says what is odd about a configuration that can be used: keys that have no effect, and what follows from that.
 *
 * Only ever names unknown keys, never their values: they may be secrets. A value is repeated as a suggestion only
 * if it is one that the suggested setting accepts.
 */

import { printable } from '../errors.js'
import { classicClassByModernName } from './foreign-classes.js'
import { foreignKeyOf, foreignPrefixOf, type RecognisedKey, similarKeyOf } from './foreign-key.js'
import type { ForeignPrefix } from './foreign-keys.js'
import type { GivenProperties } from './given-properties.js'
import type { Setting } from './setting.js'
import { parseInteger } from './setting-reader.js'
import { type SettingKey, settingOf } from './settings.js'

/** One line for the log. */
export interface Hint {
  readonly level: 'warn' | 'info'
  readonly text: string
}

/** A file may hold any number of unknown keys; a log should not. */
const MAX_HINTS = 50

/**
 * The hints on a valid configuration, in the order of the keys for each kind: at most 50, and one that counts the rest.
 *
 * @param effective - the value in force of each setting, as one would write it.
 */
export function hintsOn(given: GivenProperties, effective: ReadonlyMap<SettingKey, string>): Hint[] {
  const unknown = given.keys().filter((key) => settingOf(key) === undefined && !isExempt(key, given))
  const single = unknown.filter((key) => foreignPrefixOf(key) === undefined)
  const hints = [
    ...given.repetitions.map(warning),
    ...classHints(given, effective),
    ...attemptHints(given, effective),
    ...encodingHints(given),
    ...familyHints(unknown, given),
    ...single
      .slice(0, MAX_HINTS)
      .map((key) => warning(`${given.where(key)}${printable(key)} ${explained(key, given, effective)}`)),
  ]
  const untold = Math.max(0, hints.length - MAX_HINTS) + Math.max(0, single.length - MAX_HINTS)
  if (untold === 0) return hints
  return [
    ...hints.slice(0, MAX_HINTS),
    warning(`${untold} more keys are unknown or repeated, and not listed`),
  ]
}

/** What could have been meant where a required setting is missing; empty if nothing comes near. */
export function missingHint(missing: SettingKey, given: GivenProperties): string {
  for (const key of given.keys().slice(0, MAX_HINTS)) {
    const known = settingOf(key) === undefined ? (foreignKeyOf(key) ?? similarKeyOf(key)) : undefined
    if (known?.instead === missing) {
      return `; ${given.where(key)}${printable(key)} ${known.whose}${known.whose.endsWith('?') ? '' : ' and is not read'}`
    }
  }
  return ''
}

/** Tells the classic name of a class of the modern Java client; undefined for other names. */
export function classNameHint(name: string): string | undefined {
  if (!name.startsWith('org.apache.kafka.')) return undefined
  const classic = classicClassByModernName.get(name)
  return `a class of the modern Java client${classic === undefined ? '' : `; here it is ${classic}`}`
}

const warning = (text: string): Hint => ({ level: 'warn', text })

/** Keys that users may add for classes of their own, and a protocol that asks for nothing. */
function isExempt(key: string, given: GivenProperties): boolean {
  return (
    key.startsWith('external') || (key === 'security.protocol' && /^(plaintext)?$/i.test(given.get(key)!))
  )
}

function explained(key: string, given: GivenProperties, effective: ReadonlyMap<SettingKey, string>): string {
  const known = foreignKeyOf(key) ?? similarKeyOf(key)
  if (known === undefined) return 'is not a setting of this producer: ignored'
  const { whose, instead, note } = known
  const so = instead === undefined ? '' : consequence(instead, known, given.get(key)!, given, effective)
  return [`${whose}${whose.endsWith('?') ? ' I' : ': i'}gnored${so}`, note].filter(Boolean).join('; ')
}

function consequence(
  instead: SettingKey,
  { sameValue }: RecognisedKey,
  text: string,
  given: GivenProperties,
  effective: ReadonlyMap<SettingKey, string>,
): string {
  const inForce = effective.get(instead)!
  if (given.has(instead)) return `, ${instead}=${printable(inForce)} is used`
  const row = settingOf(instead)
  const so = row.defaultMeans === undefined ? '' : `, so ${row.defaultMeans}`
  const suggested = (sameValue ? acceptable(row, text) : undefined) ?? row.example ?? '…'
  return `, ${instead} stays ${inForce === '' ? 'empty' : inForce}${so}; write ${instead}=${suggested}`
}

/** The text, or its translation, if the setting accepts it; such a value is no secret. */
function acceptable(row: Setting, text: string): string | undefined {
  const { type, choices, instead = {}, min = -Infinity, max = Infinity } = row
  const word = text.toLowerCase()
  if (Object.hasOwn(instead, word)) return instead[word]
  if (choices?.includes(word)) return word
  if (type === 'class') {
    return (
      classicClassByModernName.get(text) ??
      (/^kafka\.(serializer|producer)\.[A-Z]\w*$/.test(text) ? text : undefined)
    )
  }
  if (type !== 'int' && type !== 'long') return undefined
  const number = parseInteger(text, type)
  return number !== undefined && number >= min && number <= max ? String(number) : undefined
}

function classHints(given: GivenProperties, effective: ReadonlyMap<SettingKey, string>): Hint[] {
  const keys: SettingKey[] = ['key.serializer.class', 'partitioner.class', 'serializer.class']
  return keys
    .filter((key) => given.has(key))
    .flatMap((key) => {
      const name = effective.get(key)!
      const hint = classNameHint(name)
      const unless = 'it has to be registered in options.classes to be used'
      return hint === undefined
        ? []
        : [warning(`${given.where(key)}${key} names ${printable(name)}, ${hint}; ${unless}`)]
    })
}

function attemptHints(given: GivenProperties, effective: ReadonlyMap<SettingKey, string>): Hint[] {
  const key = 'message.send.max.retries'
  const retries = Number(effective.get(key))
  return retries < 0
    ? [
        warning(
          `${given.where(key)}${key}=${retries} makes no attempt at all: every send fails; write 0 for one attempt`,
        ),
      ]
    : []
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
function familyHints(unknown: readonly string[], given: GivenProperties): Hint[] {
  const keysByFamily = new Map<ForeignPrefix, string[]>()
  for (const key of unknown) {
    const family = foreignPrefixOf(key)
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

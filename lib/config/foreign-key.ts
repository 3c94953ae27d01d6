/**
 * Recognises keys that belong elsewhere: to another client, an older Kafka, a tool, or to a slip of the finger.
 *
 * Looks keys up; `hints.ts` says what follows from them in a given configuration.
 */
import { type ForeignKey, type ForeignPrefix, foreignKeys, foreignPrefixes } from './foreign-keys.js'
import { type SettingKey, settingOf, settings } from './settings.js'
import { similarKey } from './similar-key.js'

/** A key that is not a setting, and what is known about it. */
export interface RecognisedKey {
  /** Completes the sentence "KEY …": whose key it is, or what it resembles. */
  readonly whose: string
  readonly instead?: SettingKey
  readonly note?: string
  /** Whether the value may be meant in the same sense for `instead`. */
  readonly sameValue: boolean
}

const recognisedByKey: ReadonlyMap<string, RecognisedKey> = new Map(
  foreignKeys.flatMap(({ whose, keys }) => keys.map((row) => [row.key, recognised(row, whose)] as const)),
)

const knownKeys: readonly string[] = [...settings.map(({ key }) => key), ...recognisedByKey.keys()]

function recognised({ instead, note, sameValue = true }: ForeignKey, whose: string): RecognisedKey {
  return {
    whose,
    sameValue,
    ...(instead === undefined ? {} : { instead: instead as SettingKey }),
    ...(note === undefined ? {} : { note }),
  }
}

/** A key as it stands in the tables of `foreign-keys.ts`. */
export function foreignKeyOf(key: string): RecognisedKey | undefined {
  return recognisedByKey.get(key)
}

/** The family of keys that a key belongs to by how it begins. */
export function foreignPrefixOf(key: string): ForeignPrefix | undefined {
  return foreignPrefixes.find(({ prefix }) => key.startsWith(prefix))
}

/** An unknown key that resembles a setting, or a key we know to be foreign. */
export function similarKeyOf(key: string): RecognisedKey | undefined {
  const similar = similarKey(key, knownKeys)
  if (similar === undefined) return undefined
  const whose = `is not a setting of this producer, did you mean ${similar}?`
  if (settingOf(similar) !== undefined) return { whose, instead: similar as SettingKey, sameValue: true }
  const foreign = recognisedByKey.get(similar)!
  return { ...foreign, whose: `${whose} ${similar} ${foreign.whose}` }
}

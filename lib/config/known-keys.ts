/**
 * The keys that a producer knows: its settings, and keys that belong elsewhere: to another client, an older Kafka, a
 * tool, or to a slip of the finger.
 *
 * Looks keys up in the tables it is given; `hints.ts` says what follows from them in a given configuration.
 */
import type { ForeignKey, ForeignKeys, ForeignPrefix } from './foreign-keys.js'
import type { Setting } from './setting.js'
import { similarKey } from './similar-key.js'

/** A key that is not a setting, and what is known about it. */
export interface RecognisedKey {
  /** Completes the sentence "KEY …": whose key it is, or what it resembles. */
  readonly whose: string
  /** The setting that it stands for, if there is one. */
  readonly instead?: string
  readonly note?: string
  /** Whether the value may be meant in the same sense for `instead`. */
  readonly sameValue: boolean
}

/** @typeParam Row - of the table of settings, so that a wrong key does not compile. */
export class KnownKeys<Row extends Setting = Setting> {
  /** Every setting, in the order of its table. */
  readonly settings: readonly Row[]
  readonly security: readonly Setting[]
  readonly #settingByKey: ReadonlyMap<string, Setting>
  readonly #recognisedByKey: ReadonlyMap<string, RecognisedKey>
  readonly #prefixes: readonly ForeignPrefix[]
  readonly #keys: readonly string[]

  /** @param security - settings that are no fields of the configuration, as many of them are secrets. */
  constructor(
    settings: readonly Row[],
    foreignKeys: readonly ForeignKeys[],
    foreignPrefixes: readonly ForeignPrefix[],
    security: readonly Setting[] = [],
  ) {
    this.settings = settings
    this.security = security
    this.#settingByKey = new Map([...settings, ...security].map((row) => [row.key, row]))
    this.#recognisedByKey = new Map(
      foreignKeys.flatMap(({ whose, keys }) => keys.map((row) => [row.key, recognised(row, whose)] as const)),
    )
    this.#prefixes = foreignPrefixes
    this.#keys = [...this.#settingByKey.keys(), ...this.#recognisedByKey.keys()]
  }

  /** The row of a setting. */
  settingOf(key: string): Setting {
    return this.#settingByKey.get(key)!
  }

  /** The row of any key, or undefined if the key is not a setting. */
  find(key: string): Setting | undefined {
    return this.#settingByKey.get(key)
  }

  /** A key as it stands in the tables of foreign keys. */
  foreignKeyOf(key: string): RecognisedKey | undefined {
    return this.#recognisedByKey.get(key)
  }

  /** The family of keys that a key belongs to by how it begins. */
  foreignPrefixOf(key: string): ForeignPrefix | undefined {
    return this.#prefixes.find(({ prefix }) => key.startsWith(prefix))
  }

  /** An unknown key that resembles a setting, or a key known to be foreign. */
  similarKeyOf(key: string): RecognisedKey | undefined {
    const similar = similarKey(key, this.#keys)
    if (similar === undefined) return undefined
    const whose = `is not a setting of this producer, did you mean ${similar}?`
    if (this.find(similar) !== undefined) return { whose, instead: similar, sameValue: true }
    const foreign = this.foreignKeyOf(similar)!
    return { ...foreign, whose: `${whose} ${similar} ${foreign.whose}` }
  }
}

function recognised({ instead, note, sameValue = true }: ForeignKey, whose: string): RecognisedKey {
  return {
    whose,
    sameValue,
    ...(instead === undefined ? {} : { instead }),
    ...(note === undefined ? {} : { note }),
  }
}

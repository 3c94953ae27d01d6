/** The keys of the classic producer: its settings, those of connections first, and what else it recognises. */
import { connectionSettings } from './connection-settings.js'
import { foreignKeys, foreignPrefixes } from './foreign-keys.js'
import { KnownKeys } from './known-keys.js'
import { producerSettings } from './producer-settings.js'
import { protectionSettings, securitySettings } from './security-settings.js'
import type { ChoiceIn, FieldIn } from './setting.js'

export type ProducerSetting = (typeof producerSettings)[number] | (typeof connectionSettings)[number]

/** A key of this producer, e.g. `request.required.acks`. */
export type SettingKey = ProducerSetting['key']

/**
 * The settings of a Producer as an object: an editor completes the keys. Other keys are accepted as well: classes of users read
 * their own, and what nobody reads is warned about.
 */
export type ProducerProperties = {
  readonly [Key in
    | SettingKey
    | (typeof protectionSettings | typeof securitySettings)[number]['key']]?: unknown
} & Readonly<Record<string, unknown>>

/** The field of `ProducerConfig` that holds a key, e.g. `requestRequiredAcks`. */
export type SettingField = FieldIn<ProducerSetting>

/** The words that a setting with choices accepts. */
export type ChoiceOf<Key extends SettingKey> = ChoiceIn<ProducerSetting, Key>

export const producerKeys: KnownKeys<ProducerSetting> = new KnownKeys(
  [...connectionSettings, ...producerSettings],
  foreignKeys,
  foreignPrefixes,
  [...protectionSettings, ...securitySettings],
)

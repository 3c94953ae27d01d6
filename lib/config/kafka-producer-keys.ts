/** The keys of KafkaProducer: its settings, and what else it recognises. */
import { kafkaProducerForeignKeys, kafkaProducerForeignPrefixes } from './kafka-producer-foreign-keys.js'
import { kafkaProducerSettings } from './kafka-producer-settings.js'
import { KnownKeys } from './known-keys.js'
import { securitySettings } from './security-settings.js'
import type { ChoiceIn, FieldIn } from './setting.js'

export type KafkaProducerSetting = (typeof kafkaProducerSettings)[number]

/** A key of this producer, e.g. `linger.ms`. */
export type KafkaProducerKey = KafkaProducerSetting['key']

/** The settings of a KafkaProducer as an object: an editor completes the keys. Other keys are accepted as well. */
export type KafkaProducerProperties = {
  readonly [Key in KafkaProducerKey | (typeof securitySettings)[number]['key']]?: unknown
} & Readonly<Record<string, unknown>>

/** The field of `KafkaProducerConfig` that holds a key, e.g. `lingerMs`. */
export type KafkaProducerField = FieldIn<KafkaProducerSetting>

/** The words that a setting with choices accepts. */
export type KafkaProducerChoice<Key extends KafkaProducerKey> = ChoiceIn<KafkaProducerSetting, Key>

export const kafkaProducerKeys: KnownKeys<KafkaProducerSetting> = new KnownKeys(
  kafkaProducerSettings,
  kafkaProducerForeignKeys,
  kafkaProducerForeignPrefixes,
  securitySettings,
)

/** Keys of plug-ins that the Java client brings along: read by them, and neither settings nor unknown. */
export const pluginKeys: ReadonlySet<string> = new Set([
  'serializer.encoding',
  'key.serializer.encoding',
  'value.serializer.encoding',
  'default.list.key.serde.inner',
  'default.list.value.serde.inner',
])

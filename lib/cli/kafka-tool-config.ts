/** How the tools configure KafkaProducer, and how they see that there is nobody to send to. */
import { GivenProperties } from '../config/given-properties.js'
import { missingHint } from '../config/hints.js'
import { kafkaProducerKeys } from '../config/kafka-producer-keys.js'
import { parsePropertyLines } from '../config/properties.js'
import { readPropertiesFile } from '../config/properties-file.js'
import { KafkaError } from '../errors.js'
import type { KafkaProducerOptions } from '../kafka-producer/kafka-producer.js'
import { KafkaProducerConfig } from '../kafka-producer/kafka-producer-config.js'
import { type PluginClasses, partitionerClassNames } from '../kafka-producer/plugins.js'
import { TimeoutError } from '../kafka-producer/record-errors.js'
import { ByteArraySerializer } from '../kafka-producer/serializers.js'
import type { Logger } from '../logger.js'
import { warnOfSecrets } from './secret-arguments.js'
import { checkClassNames, type ToolClasses } from './tool-classes.js'
import { usage } from './tool-errors.js'

/** Where the settings of a tool come from, lowest to highest: defaults, file, properties, options. */
export interface SettingSources {
  readonly defaults: ReadonlyMap<string, string>
  readonly configFile: string | null
  readonly producerProperties: ReadonlyMap<string, string>
  readonly explicit: ReadonlyMap<string, string>
}

/**
 * @param own - of `--classes`.
 * @throws {ConfigError} for a setting, or a file, that cannot be used. @throws {UsageError} without brokers.
 */
export function kafkaToolConfig(
  sources: SettingSources,
  own: ToolClasses,
  logger: Logger,
): KafkaProducerConfig {
  const { configFile, defaults, producerProperties, explicit } = sources
  warnOfSecrets(producerProperties, logger)
  const source = configFile ?? undefined
  const ofFile = configFile === null ? [] : parsePropertyLines(readPropertiesFile(configFile), configFile)
  const overrides = new Map([...producerProperties, ...explicit])
  const given = GivenProperties.fromLines(ofFile, source).layered(defaults, overrides)
  const key = 'bootstrap.servers'
  if (!given.has(key))
    throw usage(`--bootstrap-server is missing${missingHint(key, given, kafkaProducerKeys)}`)
  const isOwn = (name: string | undefined): boolean => name !== undefined && Object.hasOwn(own, name)
  const config = new KafkaProducerConfig(given, {
    logger,
    hasKeySerializer: !isOwn(given.get('key.serializer')),
    hasValueSerializer: !isOwn(given.get('value.serializer')),
  })
  const { partitionerClass, interceptorClasses } = config
  const partitioner = partitionerClass === null ? [] : [{ key: 'partitioner.class', name: partitionerClass }]
  checkClassNames(partitioner, partitionerClassNames, own)
  checkClassNames(
    interceptorClasses.map((name) => ({ key: 'interceptor.classes', name })),
    [],
    own,
  )
  return config
}

/** What a producer of a tool is made with: lines are bytes, unless `--classes` has the serializer that a file names. */
export function kafkaToolParts(
  config: KafkaProducerConfig,
  own: ToolClasses,
): Pick<KafkaProducerOptions<Uint8Array, Uint8Array>, 'keySerializer' | 'valueSerializer' | 'classes'> {
  const bytes = new ByteArraySerializer()
  return {
    // What a module exports is checked when it is used.
    classes: own as PluginClasses,
    ...(config.keySerializer === '' && { keySerializer: bytes }),
    ...(config.valueSerializer === '' && { valueSerializer: bytes }),
  }
}

/** Nothing is known of the topic because nobody answered; a topic that is not there has the broker's error. */
export function wasNobodyThere(cause: unknown): boolean {
  if (!(cause instanceof TimeoutError) || !(cause.cause instanceof KafkaError)) return false
  return cause.cause.code === 'KAFKA_METADATA' || cause.cause.code === 'KAFKA_CONNECTION'
}

/** How the tools configure KafkaProducer, and how they see that there is nobody to send to. */
import { parsePropertyLines } from '../config/properties.js'
import { readPropertiesFile } from '../config/properties-file.js'
import { KafkaError } from '../errors.js'
import { KafkaProducerConfig } from '../kafka-producer/kafka-producer-config.js'
import { TimeoutError } from '../kafka-producer/record-errors.js'
import type { Logger } from '../logger.js'
import { warnOfSecrets } from './secret-arguments.js'
import { usage } from './tool-errors.js'

/** Where the settings of a tool come from, lowest to highest: defaults, file, properties, options. */
export interface SettingSources {
  readonly defaults: ReadonlyMap<string, string>
  readonly configFile: string | null
  readonly producerProperties: ReadonlyMap<string, string>
  readonly explicit: ReadonlyMap<string, string>
}

/**
 * For serializers that are given as instances.
 *
 * @throws {ConfigError} for a setting, or a file, that cannot be used. @throws {UsageError} without brokers.
 */
export function kafkaToolConfig(sources: SettingSources, logger: Logger): KafkaProducerConfig {
  const { configFile } = sources
  warnOfSecrets(sources.producerProperties, logger)
  const ofFile = configFile === null ? [] : parsePropertyLines(readPropertiesFile(configFile), configFile)
  const properties = new Map([
    ...sources.defaults,
    ...ofFile.map(({ key, value }) => [key, value] as const),
    ...sources.producerProperties,
    ...sources.explicit,
  ])
  if (!properties.has('bootstrap.servers')) throw usage('--bootstrap-server is missing')
  return new KafkaProducerConfig(properties, {
    logger,
    hasKeySerializer: true,
    hasValueSerializer: true,
    ...(configFile !== null && { source: configFile }),
  })
}

/** Nothing is known of the topic because nobody answered; a topic that is not there has the broker's error. */
export function wasNobodyThere(cause: unknown): boolean {
  if (!(cause instanceof TimeoutError) || !(cause.cause instanceof KafkaError)) return false
  return cause.cause.code === 'KAFKA_METADATA' || cause.cause.code === 'KAFKA_CONNECTION'
}

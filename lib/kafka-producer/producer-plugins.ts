/**
 * The code of others that a producer runs: serializers, partitioner and interceptors, as the configuration names them or the caller
 * gives them. Made once, closed once.
 */
import { asKafkaError } from '../errors.js'
import type { Logger } from '../logger.js'
import { nameOfThrown } from '../name-of-thrown.js'
import { ProducerInterceptors } from './interceptors.js'
import type { KafkaProducerConfig } from './kafka-producer-config.js'
import type { Partitioner } from './partitioners/partitioner.js'
import { interceptorsNamed, type PluginClasses, partitionerNamed, serializerNamed } from './plugins.js'
import type { Serializer } from './serializer.js'
import { serializerClasses } from './serializer-classes.js'

/** In place of what the configuration names; not configured. */
export interface GivenSerializers {
  readonly key: Serializer | undefined
  readonly value: Serializer | undefined
}

export class ProducerPlugins {
  readonly keySerializer: Serializer
  readonly valueSerializer: Serializer
  /** null: the built-in rules. */
  readonly partitioner: Partitioner | null
  /** null for none. */
  readonly interceptors: ProducerInterceptors | null
  /** Whether serializers may look at headers; those of Kafka do not. */
  readonly readsHeaders: boolean
  /** Whether the partitioner is asked again before a batch begins. */
  readonly callsOnNewBatch: boolean
  readonly #logger: Logger

  /** @throws {ConfigError} for a class that is not there, or cannot be made. */
  constructor(
    config: KafkaProducerConfig,
    classes: PluginClasses,
    { key, value }: GivenSerializers,
    logger: Logger,
  ) {
    this.#logger = logger
    const { rules, partitionerClass, interceptorClasses } = config
    this.keySerializer = key ?? serializerNamed(config.keySerializer, true, config, classes)
    this.valueSerializer = value ?? serializerNamed(config.valueSerializer, false, config, classes)
    this.partitioner = partitionerNamed(partitionerClass, rules.nullKeys, config, classes)
    const interceptors = interceptorsNamed(interceptorClasses, classes)
    this.interceptors =
      interceptors.length > 0 ? new ProducerInterceptors(interceptors, config, logger) : null
    this.readsHeaders = !isKafkas(this.keySerializer) || !isKafkas(this.valueSerializer)
    this.callsOnNewBatch =
      this.partitioner?.onNewBatch !== undefined && (rules.callsOnNewBatch || rules.nullKeys !== 'adaptive')
  }

  /** What they throw is logged. */
  close(): void {
    this.interceptors?.close()
    for (const plugin of [this.keySerializer, this.valueSerializer, this.partitioner]) {
      try {
        plugin?.close?.()
      } catch (thrown) {
        const what = asKafkaError(thrown)?.message ?? nameOfThrown(thrown)
        this.#logger.warn(`close() of a plug-in threw: ${what}`)
      }
    }
  }
}

function isKafkas(serializer: Serializer): boolean {
  for (const Class of serializerClasses.values()) if (serializer.constructor === Class) return true
  return false
}

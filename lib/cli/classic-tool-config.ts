/** How the tools configure the classic producer, and which classes it gets. */
import { GivenProperties } from '../config/given-properties.js'
import { missingHint } from '../config/hints.js'
import { ProducerConfig } from '../config/producer-config.js'
import { producerKeys } from '../config/producer-keys.js'
import type { Logger } from '../logger.js'
import { builtInClassNames, type Classes } from '../producer/classes.js'
import type { SettingSources } from './kafka-tool-config.js'
import { warnOfSecrets } from './secret-arguments.js'
import { checkClassNames, type ToolClasses } from './tool-classes.js'
import { usage } from './tool-errors.js'

/**
 * Lowest to highest: defaults of the tool, file, `--producer-property`, options.
 *
 * @throws {ConfigError} for a setting, or a file, that cannot be used. @throws {UsageError} without brokers.
 */
export function classicToolConfig(sources: SettingSources, logger: Logger): ProducerConfig {
  const { configFile, defaults, producerProperties, explicit } = sources
  warnOfSecrets(producerProperties, logger)
  const overrides = new Map([...producerProperties, ...explicit])
  if (configFile !== null) return ProducerConfig.fromFile(configFile, { logger, defaults, overrides })
  const given = GivenProperties.fromLines([]).layered(defaults, overrides)
  const key = 'metadata.broker.list'
  if (given.has(key)) return new ProducerConfig(given, { logger })
  throw usage(`--broker-list is missing${missingHint(key, given, producerKeys)}`)
}

/**
 * The classes for a producer: those of the user over those of the tool.
 *
 * @throws {ConfigError} for a name that neither has, with advice for users of a tool.
 */
export function classicClasses(config: ProducerConfig, own: ToolClasses, ofTool: Classes): Classes {
  const named = [
    { key: 'serializer.class', name: config.serializerClass },
    { key: 'key.serializer.class', name: config.keySerializerClass },
    { key: 'partitioner.class', name: config.partitionerClass },
  ]
  checkClassNames(named, builtInClassNames, own)
  // What a module exports is checked when it is used.
  return { ...ofTool, ...(own as Classes) }
}

/**
 * The configuration of a KafkaProducer: what the user gave, checked against the rows of settings, typed and frozen.
 *
 * Takes the configuration of a Java client as it is, and checks it as Kafka's `ProducerConfig` does. Knows no socket and no
 * class registry.
 */
import { type InspectOptions, inspect } from 'node:util'
import type { BrokerAddress } from '../broker-address.js'
import { type ClientRelease, defaultsOf, type ReleaseRules, rulesOf } from '../config/client-defaults.js'
import { ConfigErrors } from '../config/config-errors.js'
import { withProvidedValues } from '../config/config-providers.js'
import { givenLine, HIDDEN, inspected, isProvided } from '../config/echo.js'
import { GivenProperties } from '../config/given-properties.js'
import { type Hint, hintsOn } from '../config/hints.js'
import {
  type KafkaProducerChoice,
  type KafkaProducerField,
  type KafkaProducerKey,
  type KafkaProducerProperties,
  kafkaProducerKeys,
  pluginKeys,
} from '../config/kafka-producer-keys.js'
import { parsePropertyLines } from '../config/properties.js'
import { readPropertiesFile } from '../config/properties-file.js'
import { SecurityValues } from '../config/security-values.js'
import { fieldOf, type Setting } from '../config/setting.js'
import { SettingReader } from '../config/setting-reader.js'
import type { Logger } from '../logger.js'
import * as readers from './config-readers.js'

export interface KafkaProducerConfigOptions {
  /** Gets the hints (WARN) and one line of what was given (INFO). Default: the logger of the first producer that uses this. */
  logger?: Logger
  /** What to call the origin of the properties in messages. Default of `fromFile`: the path. */
  source?: string
  /** Whether serializers are given as instances, so that the keys of their classes are not required. */
  hasKeySerializer?: boolean
  hasValueSerializer?: boolean
}

/**
 * The settings of a producer, each a field named after its key: `linger.ms` → `lingerMs`.
 *
 * Serializers, partitioners and interceptors get this object and may `get` keys of their own. Neither `inspect` nor JSON
 * shows values of keys that are not settings.
 */
export class KafkaProducerConfig implements Readonly<Record<KafkaProducerField, unknown>> {
  readonly bootstrapServers: readonly BrokerAddress[]
  /** Empty where an instance is given. */
  readonly keySerializer: string
  readonly valueSerializer: string
  readonly acks: -1 | 0 | 1
  readonly enableIdempotence: boolean
  readonly transactionalId: string | null
  readonly transactionTimeoutMs: number
  readonly transactionTwoPhaseCommitEnable: boolean
  readonly batchSize: number
  readonly lingerMs: number
  readonly bufferMemory: number
  readonly maxBlockMs: number
  readonly maxRequestSize: number
  readonly compressionType: KafkaProducerChoice<'compression.type'>
  readonly compressionGzipLevel: number
  readonly compressionLz4Level: number
  readonly compressionZstdLevel: number
  readonly deliveryTimeoutMs: number
  readonly requestTimeoutMs: number
  readonly retries: number
  readonly retryBackoffMs: number
  readonly retryBackoffMaxMs: number
  readonly maxInFlightRequestsPerConnection: number
  /** null: the built-in rules. */
  readonly partitionerClass: string | null
  readonly partitionerIgnoreKeys: boolean
  readonly partitionerAdaptivePartitioningEnable: boolean
  readonly partitionerAvailabilityTimeoutMs: number
  readonly interceptorClasses: readonly string[]
  readonly clientId: string
  readonly metadataMaxAgeMs: number
  readonly metadataMaxIdleMs: number
  readonly metadataRecoveryStrategy: KafkaProducerChoice<'metadata.recovery.strategy'>
  readonly metadataRecoveryRebootstrapTriggerMs: number
  readonly reconnectBackoffMs: number
  readonly reconnectBackoffMaxMs: number
  readonly socketConnectionSetupTimeoutMs: number
  readonly socketConnectionSetupTimeoutMaxMs: number
  readonly connectionsMaxIdleMs: number
  readonly clientDnsLookup: KafkaProducerChoice<'client.dns.lookup'>
  readonly sendBufferBytes: number
  readonly receiveBufferBytes: number
  readonly securityProtocol: KafkaProducerChoice<'security.protocol'>
  readonly securityProviders: string
  readonly metricsSampleWindowMs: number
  readonly metricsNumSamples: number
  readonly metricsRecordingLevel: KafkaProducerChoice<'metrics.recording.level'>
  readonly metricReporters: readonly string[]
  readonly autoIncludeJmxReporter: boolean
  readonly enableMetricsPush: boolean
  readonly configProviders: readonly string[]
  readonly clientDefaults: ClientRelease
  /** Whether idempotence was asked for: then it is an error where a broker is too old for it. */
  readonly isIdempotenceExplicit: boolean

  readonly #given: GivenProperties
  readonly #security: SecurityValues
  #own: readonly Hint[] = []
  #hasReported = false

  /**
   * @param properties - key → string, number, bigint or boolean; for lists also an array of strings. Values are trimmed.
   *   Unknown keys are warned about and kept for `get`. (`GivenProperties` is what `parse` makes: the same, with lines.)
   * @throws {ConfigError} naming the key, its value, what is accepted, and the line where it came from a file; of
   *   several errors all, in its text and in `errors`.
   */
  constructor(
    properties: KafkaProducerProperties | ReadonlyMap<string, unknown> | GivenProperties,
    options: KafkaProducerConfigOptions = {},
  ) {
    const given = withProvidedValues(
      properties instanceof GivenProperties
        ? properties
        : GivenProperties.fromValues(properties, kafkaProducerKeys, options.source),
    )
    this.#given = given
    const own: Hint[] = []
    const errors = new ConfigErrors()
    this.clientDefaults = new SettingReader(given, kafkaProducerKeys, errors).choice('client.defaults')
    const read = new SettingReader(given, kafkaProducerKeys, errors, defaultsOf(this.clientDefaults))
    const from: readers.Source = { read, given, rules: rulesOf(this.clientDefaults), hints: own }

    this.bootstrapServers = errors.attempt(() => readers.bootstrapServers(from), [])
    this.keySerializer = errors.attempt(
      () => readers.serializer(from, 'key.serializer', options.hasKeySerializer),
      '',
    )
    this.valueSerializer = errors.attempt(
      () => readers.serializer(from, 'value.serializer', options.hasValueSerializer),
      '',
    )

    this.batchSize = read.int('batch.size')
    this.lingerMs = read.int('linger.ms')
    this.bufferMemory = read.int('buffer.memory')
    this.maxBlockMs = read.int('max.block.ms')
    this.maxRequestSize = read.int('max.request.size')
    this.requestTimeoutMs = read.int('request.timeout.ms')
    this.deliveryTimeoutMs = errors.attempt(
      () => readers.deliveryTimeoutMs(from, this.lingerMs, this.requestTimeoutMs),
      0,
    )
    this.retryBackoffMs = read.int('retry.backoff.ms')
    this.retryBackoffMaxMs = readers.retryBackoffMaxMs(from, this.retryBackoffMs)
    this.reconnectBackoffMs = read.int('reconnect.backoff.ms')
    this.reconnectBackoffMaxMs = readers.reconnectBackoffMaxMs(from, this.reconnectBackoffMs)
    this.maxInFlightRequestsPerConnection = read.int('max.in.flight.requests.per.connection')

    this.compressionType = read.choice('compression.type')
    this.compressionGzipLevel = errors.attempt(() => readers.gzipLevel(from), -1)
    this.compressionLz4Level = read.int('compression.lz4.level')
    this.compressionZstdLevel = read.int('compression.zstd.level')
    this.partitionerClass = read.text('partitioner.class') || null
    this.partitionerIgnoreKeys = read.boolean('partitioner.ignore.keys')
    this.partitionerAdaptivePartitioningEnable = read.boolean('partitioner.adaptive.partitioning.enable')
    this.partitionerAvailabilityTimeoutMs = read.int('partitioner.availability.timeout.ms')
    this.interceptorClasses = Object.freeze(read.list('interceptor.classes'))

    this.metadataMaxAgeMs = read.int('metadata.max.age.ms')
    this.metadataMaxIdleMs = read.int('metadata.max.idle.ms')
    this.metadataRecoveryStrategy = read.choiceInAnyCase('metadata.recovery.strategy')
    this.metadataRecoveryRebootstrapTriggerMs = read.int('metadata.recovery.rebootstrap.trigger.ms')
    this.socketConnectionSetupTimeoutMs = read.int('socket.connection.setup.timeout.ms')
    this.socketConnectionSetupTimeoutMaxMs = read.int('socket.connection.setup.timeout.max.ms')
    this.connectionsMaxIdleMs = read.int('connections.max.idle.ms')
    this.clientDnsLookup = read.choice('client.dns.lookup')
    this.sendBufferBytes = read.int('send.buffer.bytes')
    this.receiveBufferBytes = read.int('receive.buffer.bytes')
    this.securityProtocol = read.choiceInAnyCase('security.protocol')
    this.#security = new SecurityValues(given, kafkaProducerKeys, errors)
    this.securityProviders = read.text('security.providers')
    this.metricsSampleWindowMs = read.int('metrics.sample.window.ms')
    this.metricsNumSamples = read.int('metrics.num.samples')
    this.metricsRecordingLevel = read.choice('metrics.recording.level')
    this.metricReporters = Object.freeze(read.list('metric.reporters'))
    this.autoIncludeJmxReporter = read.boolean('auto.include.jmx.reporter')
    this.enableMetricsPush = read.boolean('enable.metrics.push')
    this.configProviders = Object.freeze(read.list('config.providers'))

    this.transactionalId = errors.attempt(() => readers.transactionalId(from), null)
    this.transactionTimeoutMs = read.int('transaction.timeout.ms')
    this.transactionTwoPhaseCommitEnable = errors.attempt(() => readers.twoPhaseCommit(from), false)
    this.clientId = errors.attempt(() => readers.clientId(from, this.transactionalId), '')
    this.isIdempotenceExplicit = given.has('enable.idempotence') && read.boolean('enable.idempotence')
    const isImplied = this.isIdempotenceExplicit || this.transactionalId !== null
    this.acks = errors.attempt(() => readers.acks(from, isImplied), -1)
    this.retries = readers.retries(from, isImplied)
    this.enableIdempotence = errors.attempt(() => readers.idempotence(from, this), false)

    errors.throwIfAny()

    readers.reportWithoutEffect(from)
    own.push(...this.#security.hints('info'))

    Object.freeze(this)
    this.#own = own
    if (options.logger) this.reportTo(options.logger)
  }

  /** Reads a properties file: ISO-8859-1 as in Java, or UTF-8 with a byte order mark; at most 1 MiB. Blocks. */
  static fromFile(path: string, options: KafkaProducerConfigOptions = {}): KafkaProducerConfig {
    return KafkaProducerConfig.parse(readPropertiesFile(path), { ...options, source: options.source ?? path })
  }

  /** Reads the text of a properties file, by the rules of Java. */
  static parse(text: string, options: KafkaProducerConfigOptions = {}): KafkaProducerConfig {
    const given = GivenProperties.fromLines(parsePropertyLines(text, options.source), options.source)
    return new KafkaProducerConfig(given, options)
  }

  /** What differs in the release that {@link clientDefaults} names. */
  get rules(): ReleaseRules {
    return rulesOf(this.clientDefaults)
  }

  /** That of {@link compressionType}; undefined where the codec has none. */
  get compressionLevel(): number | undefined {
    const { compressionGzipLevel: gzip, compressionLz4Level: lz4, compressionZstdLevel: zstd } = this
    return { ...NO_LEVELS, gzip, lz4, zstd }[this.compressionType]
  }

  /** The settings of TLS and SASL, many of them secrets: no fields, so that nothing prints them. */
  get security(): SecurityValues {
    return this.#security
  }

  /** Whether a key was given, whatever its value. */
  has(key: string): boolean {
    return this.#given.has(key)
  }

  /** The given text of any key, trimmed; undefined if it was not given, also where the setting has a default. */
  get(key: string): string | undefined {
    return this.#given.get(key)
  }

  /** Every setting that is a field, with the value in force, as one would write it in a file. No other key. */
  toJSON(): Record<KafkaProducerKey, string> {
    return Object.fromEntries(this.#inForce()) as Record<KafkaProducerKey, string>
  }

  #inForce(): Map<KafkaProducerKey, string> {
    return new Map(
      kafkaProducerKeys.settings.map((row) => [
        row.key,
        isProvided(row, this.#given) ? HIDDEN : textOf(this[fieldOf(row)]),
      ]),
    )
  }

  [inspect.custom](_depth: number, options: InspectOptions): string {
    return `KafkaProducerConfig ${inspect(inspected(this, rowByField, this.#given), options)}`
  }

  /**
   * Logs the hints and what is configured, once. The first producer with this configuration calls it with its own logger,
   * where no `logger` was among the options.
   */
  reportTo(logger: Logger): void {
    if (this.#hasReported) return
    this.#hasReported = true
    const effective = this.#inForce()
    const hints = hintsOn({
      given: this.#given,
      keys: kafkaProducerKeys,
      effective,
      own: this.#own,
      exempt: EXEMPT,
      classNameFor: (name) => modernClassOf.get(name),
    })
    for (const { level, text } of hints) logger[level](text)
    logger.info(givenLine(this.#given, kafkaProducerKeys, effective))
  }
}

const rowByField: ReadonlyMap<string, Setting> = new Map(
  kafkaProducerKeys.settings.map((row) => [fieldOf(row), row]),
)

/** The package for lz4 has one level. */
const NO_LEVELS = { none: undefined, snappy: undefined, lz4: undefined }

/** Read by plug-ins, or as the setting that they stand for. */
const EXEMPT: ReadonlySet<string> = new Set([...pluginKeys, readers.OLD_ACKS])

const SERIALIZATION = 'org.apache.kafka.common.serialization.'

/** Classes of the old producer → those that do the same. */
const modernClassOf: ReadonlyMap<string, string> = new Map([
  ['kafka.serializer.StringEncoder', `${SERIALIZATION}StringSerializer`],
  ['kafka.serializer.DefaultEncoder', `${SERIALIZATION}ByteArraySerializer`],
  ['kafka.serializer.LongEncoder', `${SERIALIZATION}LongSerializer`],
  ['kafka.serializer.IntegerEncoder', `${SERIALIZATION}IntegerSerializer`],
  ['kafka.serializer.NullEncoder', `${SERIALIZATION}VoidSerializer`],
])

/** A field as one would write it in a file. */
function textOf(value: KafkaProducerConfig[KafkaProducerField]): string {
  if (value === null) return ''
  if (typeof value !== 'object') return String(value)
  return value.map((item) => (typeof item === 'string' ? item : addressOf(item))).join(',')
}

const addressOf = ({ host, port }: BrokerAddress): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`

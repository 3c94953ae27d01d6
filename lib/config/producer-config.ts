/**
 * The configuration of a producer: what the user gave, checked against the rows of settings, typed and frozen.
 *
 * Takes a `producer.properties` of Kafka 0.8 as it is. Several errors are found in the order in which the Scala
 * producer found them; what only we refuse comes last. Knows no socket, no class registry and no file format.
 */

import { type InspectOptions, inspect } from 'node:util'
import type { BrokerAddress } from '../broker-address.js'
import { ConfigError, printable } from '../errors.js'
import type { Logger } from '../logger.js'
import { type BrokerRelease, parseBrokerRelease } from './broker-release.js'
import { ConfigErrors } from './config-errors.js'
import { withProvidedValues } from './config-providers.js'
import { givenLine, HIDDEN, inspected, isProvided } from './echo.js'
import { GivenProperties } from './given-properties.js'
import { hintsOn, missingHint } from './hints.js'
import { classNameFor, producerHints } from './producer-hints.js'
import {
  type ChoiceOf,
  type ProducerProperties,
  type ProducerSetting,
  producerKeys,
  type SettingField,
  type SettingKey,
} from './producer-keys.js'
import { parsePropertyLines } from './properties.js'
import { readPropertiesFile } from './properties-file.js'
import { SecurityValues } from './security-values.js'
import { fieldOf, type Setting } from './setting.js'
import { parseInteger, SettingReader } from './setting-reader.js'

/** Codecs by name, as in `compression.codec`. */
export type CompressionCodec = ChoiceOf<'compression.codec'>

export interface ProducerConfigOptions {
  /** Gets the hints (WARN) and one line of what was given (INFO). Default: the logger of the first producer that uses this. */
  logger?: Logger
  /** What to call the origin of the properties in messages. Default of `fromFile`: the path. */
  source?: string
  /** Of a file or text: settings for what it does not give. */
  defaults?: ReadonlyMap<string, string>
  /** Of a file or text: settings that win over what it gives. */
  overrides?: ReadonlyMap<string, string>
}

/** With idempotence: batches that a broker remembers of a producer. */
const MAX_IN_FLIGHT = 5

type Reader = SettingReader<ProducerSetting>

/** Names of metrics and threads were made of it, so the original allowed no other characters. */
const CLIENT_ID = /^[a-zA-Z0-9._-]*$/

/** A string of the protocol has a length of 16 bits. */
const MAX_CLIENT_ID_CHARACTERS = 32767

/**
 * The settings of a producer, each a field named after its key: `request.required.acks` → `requestRequiredAcks`.
 *
 * Encoders and partitioners get this object and may `get` keys of their own. Neither `inspect` nor JSON shows
 * values of keys that are not settings.
 */
export class ProducerConfig implements Readonly<Record<SettingField, unknown>> {
  readonly metadataBrokerList: readonly BrokerAddress[]
  readonly clientId: string
  readonly requestTimeoutMs: number
  readonly topicMetadataRefreshIntervalMs: number
  readonly sendBufferBytes: number
  readonly maxInFlightRequestsPerConnection: number
  readonly receiveMessageMaxBytes: number
  readonly connectionsMaxIdleMs: number
  readonly brokerVersion: BrokerRelease | 'auto'
  readonly producerType: ChoiceOf<'producer.type'>
  readonly requestRequiredAcks: -1 | 0 | 1
  readonly enableIdempotence: boolean
  readonly messageSendMaxRetries: number
  readonly retryBackoffMs: number
  readonly serializerClass: string
  readonly keySerializerClass: string
  readonly serializerEncoding: string
  readonly partitionerClass: string
  readonly partitionerCompatibility: ChoiceOf<'partitioner.compatibility'>
  readonly compressionCodec: CompressionCodec
  /** Empty: every topic. */
  readonly compressedTopics: ReadonlySet<string>
  readonly headersOnOldBrokers: ChoiceOf<'headers.on.old.brokers'>
  readonly copyBuffers: boolean
  readonly queueBufferingMaxMs: number
  readonly queueBufferingMaxMessages: number
  readonly queueEnqueueTimeoutMs: number
  readonly batchNumMessages: number
  /** `null`: no such limit; likewise the two time-outs. */
  readonly queueBufferingMaxBytes: number | null
  readonly deliveryTimeoutMs: number | null
  readonly closeTimeoutMs: number | null

  readonly #given: GivenProperties
  readonly #security: SecurityValues
  #hasReported = false

  /**
   * @param properties - key → string, number, bigint or boolean; for lists also an array of strings. Values are
   *   trimmed. Unknown keys are warned about and kept for `get`.
   *   (`GivenProperties` is what `fromText` makes: the same, with lines.)
   * @throws {ConfigError} naming the key, its value, what is accepted, and the line where it came from a file; of
   *   several errors all, in its text and in `errors`.
   */
  constructor(
    properties: ProducerProperties | ReadonlyMap<string, unknown> | GivenProperties,
    options: ProducerConfigOptions = {},
  ) {
    const given = withProvidedValues(
      properties instanceof GivenProperties
        ? properties
        : GivenProperties.fromValues(properties, producerKeys, options.source),
    )
    this.#given = given
    const errors = new ConfigErrors()
    const read = new SettingReader(given, producerKeys, errors)

    // From here to the end of the constructor the order of the statements is the order of the errors: first as the
    // original reads the settings, then as it validates them, then what it found only in Producer, then ours.
    this.queueBufferingMaxMs = read.int('queue.buffering.max.ms')
    this.queueBufferingMaxMessages = read.anyInt('queue.buffering.max.messages')
    this.queueEnqueueTimeoutMs = read.int('queue.enqueue.timeout.ms')
    this.batchNumMessages = read.int('batch.num.messages')
    this.serializerClass = read.text('serializer.class')
    this.keySerializerClass = given.get('key.serializer.class') ?? this.serializerClass
    this.sendBufferBytes = read.int('send.buffer.bytes')
    const acks = read.int('request.required.acks') as -1 | 0 | 1
    this.requestTimeoutMs = read.int('request.timeout.ms')
    const hasBrokers = given.has('metadata.broker.list')
    if (!hasBrokers) errors.attempt(() => failForMissing(read, given), undefined)
    this.partitionerClass = read.text('partitioner.class')
    this.compressionCodec = read.codec('compression.codec')
    this.compressedTopics = new Set(read.list('compressed.topics'))
    this.messageSendMaxRetries = read.int('message.send.max.retries')
    this.retryBackoffMs = read.anyInt('retry.backoff.ms')
    this.topicMetadataRefreshIntervalMs = read.int('topic.metadata.refresh.interval.ms')

    this.clientId = errors.attempt(() => readClientId(read), '')
    errors.attempt(() => checkBatch(read, given, this), undefined)
    this.producerType = read.choice('producer.type')

    this.metadataBrokerList = hasBrokers ? read.brokers('metadata.broker.list') : []
    read.inRange('queue.buffering.max.messages', this.queueBufferingMaxMessages)

    read.inRange('retry.backoff.ms', this.retryBackoffMs)
    this.serializerEncoding = read.text('serializer.encoding')
    this.partitionerCompatibility = read.choice('partitioner.compatibility')
    this.headersOnOldBrokers = read.choice('headers.on.old.brokers')
    this.copyBuffers = read.choice('copy.buffers') === 'true'
    this.queueBufferingMaxBytes = read.intOrOff('queue.buffering.max.bytes')
    this.deliveryTimeoutMs = read.intOrOff('delivery.timeout.ms')
    this.closeTimeoutMs = read.intOrOff('close.timeout.ms')
    this.maxInFlightRequestsPerConnection = read.int('max.in.flight.requests.per.connection')
    this.receiveMessageMaxBytes = read.int('receive.message.max.bytes')
    this.connectionsMaxIdleMs = read.int('connections.max.idle.ms')
    this.brokerVersion = errors.attempt(() => readBrokerVersion(read), 'auto')
    this.enableIdempotence = read.boolean('enable.idempotence')
    this.requestRequiredAcks = this.enableIdempotence && !given.has('request.required.acks') ? -1 : acks
    if (this.enableIdempotence) refuseConflicts(read, errors, this)
    this.#security = new SecurityValues(given, producerKeys, errors)
    errors.throwIfAny()

    Object.freeze(this)
    if (options.logger) this.reportTo(options.logger)
  }

  /** Reads a properties file: ISO-8859-1 as in Java, or UTF-8 with a byte order mark; at most 1 MiB. Blocks. */
  static fromFile(path: string, options: ProducerConfigOptions = {}): ProducerConfig {
    return ProducerConfig.fromText(readPropertiesFile(path), { ...options, source: options.source ?? path })
  }

  /** Reads the text of a properties file, by the rules of Java. */
  static fromText(text: string, options: ProducerConfigOptions = {}): ProducerConfig {
    const given = GivenProperties.fromLines(parsePropertyLines(text, options.source), options.source)
    return new ProducerConfig(given.layered(options.defaults, options.overrides), options)
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

  /**
   * The given integer of any key, 32 bits, for encoders and partitioners with settings of their own.
   *
   * @throws {ConfigError} if it is given and not an integer.
   */
  getInt(key: string): number | undefined
  getInt(key: string, byDefault: number): number
  getInt(key: string, byDefault?: number): number | undefined {
    const text = this.get(key)
    if (text === undefined) return byDefault
    return parseInteger(text, 'int') ?? failForType(this.#given, key, 'an integer of 32 bits')
  }

  /**
   * Likewise for a boolean.
   *
   * @throws {ConfigError} if it is given and neither `true` nor `false`.
   */
  getBoolean(key: string): boolean | undefined
  getBoolean(key: string, byDefault: boolean): boolean
  getBoolean(key: string, byDefault?: boolean): boolean | undefined {
    const text = this.get(key)
    if (text === undefined) return byDefault
    return text === 'true' || (text !== 'false' && failForType(this.#given, key, 'true or false'))
  }

  /** Every setting that is a field, with the value in force, as one would write it in a file. No other key. */
  toJSON(): Record<SettingKey, string> {
    return Object.fromEntries(this.#inForce()) as Record<SettingKey, string>
  }

  #inForce(): Map<SettingKey, string> {
    return new Map(
      producerKeys.settings.map((row) => [
        row.key,
        isProvided(row, this.#given) ? HIDDEN : textOf(this[fieldOf(row)]),
      ]),
    )
  }

  [inspect.custom](_depth: number, options: InspectOptions): string {
    return `ProducerConfig ${inspect(inspected(this, rowByField, this.#given), options)}`
  }

  /**
   * Logs the hints and what is configured, once. The first producer with this configuration calls it with its own logger,
   * where no `logger` was among the options.
   */
  reportTo(logger: Logger): void {
    if (this.#hasReported) return
    this.#hasReported = true
    const inForce = this.#inForce()
    const own = [...producerHints(this.#given, inForce), ...this.#security.hints('warn')]
    const hints = hintsOn({ given: this.#given, keys: producerKeys, effective: inForce, own, classNameFor })
    for (const { level, text } of hints) logger[level](text)
    logger.info(givenLine(this.#given, producerKeys, inForce))
  }
}

const rowByField: ReadonlyMap<string, Setting> = new Map(
  producerKeys.settings.map((row) => [fieldOf(row), row]),
)

/** A field as one would write it in a file. */
function textOf(value: ProducerConfig[SettingField]): string {
  if (value === null) return 'off'
  if (typeof value !== 'object') return String(value)
  return [...value].map((item) => (typeof item === 'string' ? item : addressOf(item))).join(',')
}

const addressOf = ({ host, port }: BrokerAddress): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`

function readClientId(read: Reader): string {
  const clientId = read.text('client.id')
  if (!CLIENT_ID.test(clientId)) read.refuse('client.id', clientId)
  if (clientId.length <= MAX_CLIENT_ID_CHARACTERS) return clientId
  return read.fail('client.id', `has more than ${MAX_CLIENT_ID_CHARACTERS} characters`)
}

function readBrokerVersion(read: Reader): BrokerRelease | 'auto' {
  const text = read.text('broker.version')
  return parseBrokerRelease(text) ?? read.refuse('broker.version', text)
}

function failForMissing(read: Reader, given: GivenProperties): never {
  const key = 'metadata.broker.list'
  return read.fail(
    key,
    `is missing: write ${key}=host1:9092,host2:9092${missingHint(key, given, producerKeys)}`,
  )
}

/** Names the line of the setting that was given; the other one may be a default. */
function checkBatch(
  read: Reader,
  given: GivenProperties,
  { batchNumMessages, queueBufferingMaxMessages }: ProducerConfig,
): void {
  const batch = 'batch.num.messages'
  const queue = 'queue.buffering.max.messages'
  if (!read.areSound(batch, queue) || batchNumMessages <= queueBufferingMaxMessages) return
  const [key, problem, other] = given.has(batch)
    ? ([batch, 'exceeds', queue] as const)
    : ([queue, 'is less than', batch] as const)
  read.fail(key, `is ${read.anyInt(key)} and ${problem} ${other}, which is ${read.anyInt(other)}`)
}

/** What idempotence cannot be used with, as for the Java client. */
function refuseConflicts(read: Reader, errors: ConfigErrors, config: ProducerConfig): void {
  const {
    requestRequiredAcks: acks,
    messageSendMaxRetries: retries,
    maxInFlightRequestsPerConnection: maxInFlight,
  } = config
  const check = (key: SettingKey, value: number, isRight: boolean, needed: string): void => {
    if (isRight || !read.areSound(key)) return
    const problem = `is ${value}, and enable.idempotence=true needs ${needed}`
    errors.attempt(() => read.fail(key, problem), undefined)
  }
  check('request.required.acks', acks, acks === -1, '-1: set it to -1, or leave it out')
  check('message.send.max.retries', retries, retries >= 1, 'at least 1')
  const isWithinLimit = maxInFlight <= MAX_IN_FLIGHT
  check('max.in.flight.requests.per.connection', maxInFlight, isWithinLimit, `at most ${MAX_IN_FLIGHT}`)
}

/** The value is not repeated: this is a key that we do not know. */
function failForType(given: GivenProperties, key: string, expected: string): never {
  throw new ConfigError(`${given.where(key)}${printable(key)} is not ${expected}`, key)
}

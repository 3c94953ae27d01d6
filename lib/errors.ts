/**
 * Every error this package throws or hands out. Imports no more than another leaf, so every layer may use it.
 *
 * The class names whose fault it is; `code` is stable and made for matching; `persistence` states whether
 * the broker may hold the message. No error carries a payload, a key or a secret, and strings that came
 * from a network or a file are escaped and shortened before they enter a message (see {@link printable}).
 */

import { types } from 'node:util'
import { counted } from './counted.js'

/**
 * What is known about a message after a failure.
 *
 * - `not-persisted`: it never reached a broker's log.
 * - `possibly-persisted`: at least one attempt was ambiguous and none was acknowledged.
 * - `persisted`: it is in the log, and something after that failed.
 */
export type Persistence = 'not-persisted' | 'possibly-persisted' | 'persisted'

/** What an error is about. Every field is optional; absent means "does not apply". */
export interface ErrorContext {
  cause?: unknown
  retriable?: boolean
  persistence?: Persistence
  /** `host:port`, as advertised or configured. */
  broker?: string
  topic?: string
  partition?: number
  correlationId?: number
}

/** Base of all errors of this package. */
export class KafkaError extends Error {
  /** Stable identifier, `KAFKA_…`; match on this, not on the text. */
  readonly code: string
  /** True when the same call may succeed later without a change by the caller. */
  readonly retriable: boolean
  readonly persistence: Persistence
  declare readonly broker?: string
  declare readonly topic?: string
  declare readonly partition?: number
  declare readonly correlationId?: number

  constructor(code: string, message: string, context: ErrorContext = {}) {
    super(message, context.cause === undefined ? undefined : { cause: context.cause })
    this.code = code
    this.retriable = context.retriable ?? false
    this.persistence = context.persistence ?? 'not-persisted'
    if (context.broker !== undefined) this.broker = context.broker
    if (context.topic !== undefined) this.topic = context.topic
    if (context.partition !== undefined) this.partition = context.partition
    if (context.correlationId !== undefined) this.correlationId = context.correlationId
  }

  // On the prototype, so that it is neither an own property nor printed twice. A minifier may change it: match on `code`.
  override get name(): string {
    return this.constructor.name
  }
}

/**
 * What was thrown, where it is an error of this package that lets itself be read; else null. Never throws, whatever it
 * is given: `instanceof` and property access throw in turn on a revoked proxy, so what foreign code threw goes through
 * here before anything else looks at it.
 */
export function asKafkaError(thrown: unknown): KafkaError | null {
  try {
    if (!types.isNativeError(thrown) || !(thrown instanceof KafkaError)) return null
    const { code, message, name, retriable, persistence, broker = '', topic = '', partition = 0 } = thrown
    const areTexts = [code, message, name, persistence, broker, topic].every(
      (text) => typeof text === 'string',
    )
    return areTexts && typeof retriable === 'boolean' && typeof partition === 'number' ? thrown : null
  } catch {
    return null
  }
}

/**
 * A setting cannot be used. Names the key, the value where it is safe to show, the range and the file line. Where a
 * configuration has several errors the text lists them all, a line each, and `key` is that of the first.
 */
export class ConfigError extends KafkaError {
  declare readonly key?: string
  readonly #errors: readonly ConfigError[] | null

  constructor(
    message: string,
    key?: string,
    context: ErrorContext & { errors?: readonly ConfigError[] } = {},
  ) {
    super('KAFKA_CONFIG', message, context)
    if (key !== undefined) this.key = key
    this.#errors = context.errors === undefined ? null : Object.freeze([...context.errors])
  }

  /** One for each thing that is wrong, in the order in which they were found; this error alone where there is one. */
  get errors(): readonly ConfigError[] {
    return this.#errors ?? [this]
  }
}

/** A value cannot be turned into bytes: an encoder threw, or a string or set exceeds what the protocol can carry. */
export class EncodeError extends KafkaError {
  constructor(message: string, context: ErrorContext = {}) {
    super('KAFKA_ENCODE', message, context)
  }
}

/** The partitioner threw, or returned a partition that does not exist. */
export class PartitionerError extends KafkaError {
  constructor(message: string, context: ErrorContext = {}) {
    super('KAFKA_PARTITIONER', message, context)
  }
}

/**
 * A message was given with a partition that its topic has not. Retriable, as a topic may grow: metadata is asked for
 * again before each retry, and with the last one the message fails, alone.
 */
export class UnknownPartitionError extends KafkaError {
  /** How many partitions the topic has, as far as is known. */
  readonly partitionCount: number

  constructor(topic: string, partition: number, partitionCount: number, context: ErrorContext = {}) {
    const text = `${printable(topic)} has no partition ${partition}: it has ${counted(partitionCount, 'partition')}, numbered from 0`
    super('KAFKA_UNKNOWN_PARTITION', text, { retriable: true, topic, partition, ...context })
    this.partitionCount = partitionCount
  }
}

/** `send` after `close`. */
export class ProducerClosedError extends KafkaError {
  constructor(message = 'the producer is closed', context: ErrorContext = {}) {
    super('KAFKA_PRODUCER_CLOSED', message, context)
  }
}

/** A peer sent bytes that break the protocol. The connection is closed. */
export class DecodeError extends KafkaError {
  constructor(message: string, context: ErrorContext = {}) {
    super('KAFKA_DECODE', message, { retriable: true, ...context })
  }
}

/** No version of a request is supported by both sides. */
export class UnsupportedVersionError extends KafkaError {
  constructor(message: string, context: ErrorContext = {}) {
    super('KAFKA_UNSUPPORTED_VERSION', message, context)
  }
}

/** A codec is not available here or not known to the broker. */
export class UnsupportedCodecError extends KafkaError {
  constructor(message: string, context: ErrorContext = {}) {
    super('KAFKA_UNSUPPORTED_CODEC', message, context)
  }
}

/** The connection to a broker: refused, reset, closed, not resolved. `cause` is the socket's own error. */
export class ConnectionError extends KafkaError {
  constructor(message: string, context: ErrorContext = {}) {
    super('KAFKA_CONNECTION', message, { retriable: true, ...context })
  }
}

/**
 * A broker did not take this client for who it says it is, or the other way round. What waited for the connection was not
 * sent. Not retriable: the same credentials will be refused again; they, or what the broker knows of them, must change.
 * `mechanism` is set where SASL was spoken.
 *
 * @see org.apache.kafka.common.errors.AuthenticationException and SaslAuthenticationException, Kafka 4.3
 */
export class AuthenticationError extends KafkaError {
  /** As in `sasl.mechanism`. */
  declare readonly mechanism?: string

  constructor(message: string, context: ErrorContext & { mechanism?: string; code?: string } = {}) {
    super(context.code ?? 'KAFKA_AUTHENTICATION', message, context)
    if (context.mechanism !== undefined) this.mechanism = context.mechanism
  }
}

/**
 * The TLS handshake failed: a certificate is expired, not trusted or of another host, or the broker refused ours.
 *
 * @see org.apache.kafka.common.errors.SslAuthenticationException, Kafka 4.3
 */
export class SslAuthenticationError extends AuthenticationError {
  constructor(message: string, context: ErrorContext = {}) {
    super(message, { ...context, code: 'KAFKA_SSL_AUTHENTICATION' })
  }
}

/** No answer came in time. */
export class RequestTimeoutError extends KafkaError {
  constructor(message: string, context: ErrorContext = {}) {
    super('KAFKA_REQUEST_TIMEOUT', message, { retriable: true, ...context })
  }
}

/** The broker answered with an error code. */
export class BrokerError extends KafkaError {
  /** Kafka's number, e.g. 6. */
  readonly errorCode: number
  /** Kafka's name, e.g. `NOT_LEADER_OR_FOLLOWER`. */
  readonly errorName: string

  constructor(errorCode: number, errorName: string, message: string, context: ErrorContext = {}) {
    super(`KAFKA_BROKER_${errorName}`, message, context)
    this.errorCode = errorCode
    this.errorName = errorName
  }
}

/** Topic metadata is unavailable, or the topic or its leader is. */
export class MetadataError extends KafkaError {
  constructor(message: string, context: ErrorContext = {}) {
    super('KAFKA_METADATA', message, { retriable: true, ...context })
  }
}

/** An accepted message whose time ran out: `close({ timeoutMs })` or `delivery.timeout.ms`. */
export class DeliveryTimeoutError extends KafkaError {
  constructor(message: string, context: ErrorContext = {}) {
    super('KAFKA_DELIVERY_TIMEOUT', message, { retriable: true, ...context })
  }
}

/**
 * With acks 0: connections have ended before their brokers proved that they had read what was written. Up to this
 * number of messages may not be stored. `cause` is why the last of these connections ended.
 */
export class UnconfirmedError extends KafkaError {
  readonly requests: number
  readonly messages: number

  constructor(requests: number, messages: number, context: ErrorContext = {}) {
    const what = `${counted(messages, 'message')} (${counted(requests, 'request')})`
    const text = `with acks 0, up to ${what} may be lost: a connection ended before its broker had confirmed that it read them`
    super('KAFKA_UNCONFIRMED', text, { persistence: 'possibly-persisted', ...context })
    this.requests = requests
    this.messages = messages
  }
}

const MAX_PRINTED = 200

/**
 * Makes a string from outside fit for a log line or an error: control characters, ANSI escapes, line breaks,
 * invisible characters, bidirectional marks and lone surrogates are written as `\u{…}`, and what exceeds 200
 * characters before that is taken away.
 *
 * @see docs/reference/faults.md#text-from-outside
 */
export function printable(text: string): string {
  const shortened = text.length > MAX_PRINTED ? `${withoutHalfPair(text.slice(0, MAX_PRINTED))}…` : text
  return shortened.replace(
    /[\p{Control}\p{Format}\p{Line_Separator}\p{Paragraph_Separator}\p{Surrogate}]/gu,
    (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`,
  )
}

/** Half of a surrogate pair would look like a damaged text. */
function withoutHalfPair(text: string): string {
  return text.replace(/[\ud800-\udbff]$/, '')
}

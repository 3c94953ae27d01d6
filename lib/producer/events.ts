/**
 * The events of a producer. Events only report: no listener is needed, and one that throws is logged and
 * hurts nothing else.
 */
import { EventEmitter } from 'eventemitter3'
import { ConfigError, type KafkaError, printable } from '../errors.js'
import type { MessageFailure, QueueFullError } from '../failure.js'
import type { RetryEvent } from '../handler/cycle-listener.js'
import type { KeyedMessage } from '../keyed-message.js'
import type { Logger } from '../logger.js'
import { nameOfThrown } from '../name-of-thrown.js'
import type { VersionSeen } from '../network/api-versions-cache.js'

/** Messages of one partition that were acknowledged together; with acks 0, written. */
export interface DeliveredEvent<K = unknown, V = unknown> {
  readonly topic: string
  readonly partition: number
  /** Offset of the first message, the others follow it; −1n with acks 0. */
  readonly baseOffset: bigint
  /** Milliseconds since the epoch, where the broker stamps messages itself. */
  readonly timestampMs?: number
  /** `host:port`. */
  readonly broker: string
  readonly messages: readonly KeyedMessage<K, V>[]
}

export interface FailedEvent<K = unknown, V = unknown> {
  readonly failures: readonly MessageFailure<K, V>[]
}

/** A message that a full queue did not accept: one event for each, in the order of the call. */
export interface DroppedEvent<K = unknown, V = unknown> {
  readonly message: KeyedMessage<K, V>
  /** What the call rejects with; the same for all of its messages. */
  readonly error: QueueFullError
}

/**
 * With acks 0: a connection has ended before its broker proved that it had read the latest requests. Their messages
 * were reported as delivered; at most this number of them may not be stored.
 */
export interface UnconfirmedEvent {
  /** `host:port`. */
  readonly broker: string
  readonly requests: number
  readonly messages: number
  /** Topics of these messages. */
  readonly topics: readonly string[]
  /** Why the connection ended. */
  readonly reason: KafkaError
}

export interface RefreshEvent {
  readonly topics: readonly string[]
  /** null when it succeeded. */
  readonly error: KafkaError | null
}

export interface ConnectionEvent {
  /** `host:port`. */
  readonly broker: string
  /** Why it ended; null when it was closed from this side. Absent for `connect`. */
  readonly reason?: KafkaError | null
}

/** A broker held back an answer, or asks the client to throttle, because a quota was exceeded. */
export interface ThrottleEvent {
  /** `host:port`. */
  readonly broker: string
  readonly throttleTimeMs: number
}

export interface ProducerEvents<K = unknown, V = unknown> {
  delivered: (event: DeliveredEvent<K, V>) => void
  failed: (event: FailedEvent<K, V>) => void
  dropped: (event: DroppedEvent<K, V>) => void
  unconfirmed: (event: UnconfirmedEvent) => void
  retry: (event: RetryEvent) => void
  refresh: (event: RefreshEvent) => void
  connect: (event: ConnectionEvent) => void
  disconnect: (event: ConnectionEvent) => void
  /** The release of a broker is first seen, or is another than before: it was upgraded. Not with a `broker.version`. */
  version: (event: VersionSeen) => void
  throttle: (event: ThrottleEvent) => void
  /** `close()` has completed; comes last, once. */
  close: () => void
}

/** Complete, so that an editor knows them and nothing is waited for in vain. */
const NAMES: Readonly<Record<keyof ProducerEvents, true>> = {
  delivered: true,
  failed: true,
  dropped: true,
  unconfirmed: true,
  retry: true,
  refresh: true,
  connect: true,
  disconnect: true,
  version: true,
  throttle: true,
  close: true,
}

const NO_WAIT = 'nothing has to be waited for: the first message connects'
/** Events of kafka-node, node-rdkafka and kafkajs. */
const instead: ReadonlyMap<string, string> = new Map([
  ['ready', NO_WAIT],
  ['connected', `${NO_WAIT}, and "connect" reports each connection`],
  ['producer.connect', `${NO_WAIT}, and "connect" reports each connection`],
  ['error', 'listen for "failed", or await deliver()'],
  ['event.error', 'listen for "failed", or await deliver()'],
  ['delivery-report', 'listen for "delivered" and "failed", or await deliver()'],
  ['disconnected', 'listen for "disconnect"'],
  ['producer.disconnect', 'listen for "disconnect"'],
  ['event.log', 'give the producer a logger'],
  ['event.stats', 'call metrics()'],
  ['event.throttle', 'listen for "throttle"'],
])

type Listener<K, V, E extends keyof ProducerEvents> = EventEmitter.EventListener<ProducerEvents<K, V>, E>

export class ProducerEmitter<K, V> extends EventEmitter<ProducerEvents<K, V>> {
  /** @throws {ConfigError} for the name of no event: nothing would ever come. */
  override on<E extends keyof ProducerEvents>(
    event: E,
    listener: Listener<K, V, E>,
    context?: unknown,
  ): this {
    checkEvent(event)
    return super.on(event, listener, context)
  }

  /** @throws {ConfigError} as {@link on}. */
  override once<E extends keyof ProducerEvents>(
    event: E,
    listener: Listener<K, V, E>,
    context?: unknown,
  ): this {
    checkEvent(event)
    return super.once(event, listener, context)
  }

  override addListener<E extends keyof ProducerEvents>(
    event: E,
    listener: Listener<K, V, E>,
    context?: unknown,
  ): this {
    return this.on(event, listener, context)
  }

  /** Emits to one listener after the other; what one throws is logged. */
  protected report<E extends keyof ProducerEvents<K, V>>(
    logger: Logger,
    event: E,
    payload: Parameters<ProducerEvents<K, V>[E]>[0],
  ): void {
    for (const listener of this.listeners(event) as ((payload: unknown) => void)[]) {
      // A listener that wants one call is taken off before it gets it; the last argument spares the others.
      this.off(event, listener as never, undefined, true)
      try {
        listener.call(this, payload)
      } catch (error) {
        logger.error(`a listener of "${event}" threw ${nameOfThrown(error)}`)
      }
    }
  }
}

function checkEvent(event: unknown): void {
  if (typeof event === 'string' && Object.hasOwn(NAMES, event)) return
  const name = typeof event === 'string' ? `"${printable(event)}"` : `of type ${typeof event}`
  const advice = typeof event === 'string' ? instead.get(event) : undefined
  const names = Object.keys(NAMES).join(', ')
  throw new ConfigError(
    `a producer has no event ${name}${advice ? `; ${advice}` : ''}. Its events are ${names}`,
  )
}

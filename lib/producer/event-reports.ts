/** What the components behind a Producer report: counted, logged, and reported as events. */
import { counted } from '../counted.js'
import type { KafkaError } from '../errors.js'
import { FailedToSendMessageError, type MessageFailure } from '../failure.js'
import type { PendingBatch } from '../handler/partition-and-collate.js'
import type { PendingMessage } from '../handler/pending-message.js'
import type { KeyedMessage } from '../keyed-message.js'
import type { Logger } from '../logger.js'
import type { OutcomeName } from '../metrics/outcome-metrics.js'
import type { ProducerMetrics } from '../metrics/producer-metrics.js'
import type { OutageLog } from '../outage-log.js'
import type { Unconfirmed } from '../pool/unconfirmed-writes.js'
import type { Stored } from '../produce/read-answer.js'
import type { Serialized } from '../protocol/writer.js'
import type { ComponentsListener } from './composition-root.js'
import type { ProducerEvents } from './events.js'
import type { UnconfirmedTally } from './unconfirmed-tally.js'

export interface ReportsOptions {
  report<E extends keyof ProducerEvents>(event: E, payload: Parameters<ProducerEvents[E]>[0]): void
  /** Whether the event has a listener: an event with many messages is not built without one. */
  isHeard(event: keyof ProducerEvents): boolean
  readonly metrics: ProducerMetrics
  readonly unconfirmed: UnconfirmedTally
  readonly logger: OutageLog
  readonly isAsync: boolean
}

export function reportsOf(options: ReportsOptions): ComponentsListener {
  const { report, metrics, logger } = options
  return {
    outcomes: {
      onDelivered: (batch, stored, broker) => {
        metrics.delivered(batch.messages.length)
        logger.delivered(batch.messages.length)
        countLatencies(metrics, 'delivered', batch.messages)
        if (options.isHeard('delivered')) report('delivered', deliveredEvent(batch, stored, broker))
      },
      onFailed: (failures, messages) => {
        metrics.failed(failures.length)
        logger.lost(failures.length)
        countLatencies(metrics, 'failed', messages)
        countCauses(metrics, failures)
        reportFailed(options, failures)
      },
      onSerialized: (messages) => countSerialized(metrics, messages),
      onAttemptFailed: () => {
        logger.failed()
        metrics.attemptFailed()
      },
      onRetry: (event) => report('retry', event),
    },
    onRefresh: (event) => {
      if (event.error) logger.failed()
      report('refresh', event)
    },
    connections: {
      onConnect: (broker) => {
        logger.info(`connected to ${broker}`)
        report('connect', { broker })
      },
      onDisconnect: (broker, reason) => {
        logger.info(`disconnected from ${broker}${reason ? `: ${reason.message}` : ''}`)
        report('disconnect', { broker, reason })
      },
    },
    onVersion: (seen) => {
      const { broker, release, previous } = seen
      logger.info(`${broker} is Kafka ${release}${previous === null ? '' : `, it was ${previous}`}`)
      report('version', seen)
    },
    onThrottle: (broker, throttleTimeMs) => {
      metrics.throttled(broker, throttleTimeMs)
      report('throttle', { broker, throttleTimeMs })
    },
    requests: {
      onUnconfirmed: (broker, unconfirmed, reason) => {
        const { requests, messages, partitionsByTopic } = unconfirmed
        metrics.unconfirmed(messages)
        options.unconfirmed.add(unconfirmed, reason)
        warnOfUnconfirmed(logger, broker, unconfirmed, reason)
        report('unconfirmed', { broker, requests, messages, topics: [...partitionsByTopic.keys()], reason })
      },
      onProduced: (broker, bytes, startMs, endMs) => metrics.requested(broker, bytes, startMs, endMs),
    },
  }
}

/** The clock is read once for a batch, and messages that were accepted at the same time are counted together. */
function countLatencies(
  metrics: ProducerMetrics,
  outcome: OutcomeName,
  messages: readonly PendingMessage[],
): void {
  if (messages.length === 0) return
  const nowMs = metrics.now()
  let { accepted } = messages[0]!
  let first = 0
  for (let i = 1; i < messages.length; i++) {
    const next = messages[i]!.accepted
    if (next === accepted) continue
    metrics.settledAfter(outcome, nowMs - accepted.acceptedMs, i - first, nowMs)
    accepted = next
    first = i
  }
  metrics.settledAfter(outcome, nowMs - accepted.acceptedMs, messages.length - first, nowMs)
}

/** Messages that follow each other, to one topic and with one code, are counted together. */
function countCauses(metrics: ProducerMetrics, failures: readonly MessageFailure[]): void {
  let first = 0
  for (let i = 1; i <= failures.length; i++) {
    const { topic, cause } = failures[first]!
    if (i < failures.length && failures[i]!.topic === topic && failures[i]!.cause.code === cause.code)
      continue
    metrics.failedWith(topic, cause.code, i - first)
    first = i
  }
}

/** A cycle may hold many messages: those of a topic that follow each other are counted together. */
function countSerialized(metrics: ProducerMetrics, messages: readonly PendingMessage[]): void {
  metrics.serialized()
  let topic = ''
  let bytes = 0
  for (let i = 0; i < messages.length; i++) {
    const message = messages[i]!
    if (message.topic !== topic) {
      metrics.valueBytes(topic, bytes)
      topic = message.topic
      bytes = 0
    }
    bytes += bytesOf(message.value)
  }
  metrics.valueBytes(topic, bytes)
}

/** A null value has none; the original counted −1. */
function bytesOf(value: Serialized): number {
  if (value === null) return 0
  return typeof value === 'string' ? Buffer.byteLength(value) : value.length
}

function deliveredEvent(
  { topic, partition, messages: pending }: PendingBatch,
  { baseOffset, timestampMs }: Stored,
  broker: string,
): Parameters<ProducerEvents['delivered']>[0] {
  const messages = pending.map(({ message }) => message as KeyedMessage)
  return { topic, partition, baseOffset, ...(timestampMs !== null && { timestampMs }), broker, messages }
}

/** An async failure without a listener is logged, never dropped silently. */
function reportFailed(
  { report, isHeard, logger, isAsync }: ReportsOptions,
  failures: readonly MessageFailure[],
): void {
  if (isHeard('failed')) report('failed', { failures })
  else if (isAsync) logger.error(new FailedToSendMessageError(failures, failures.length).message)
}

function warnOfUnconfirmed(
  logger: Logger,
  broker: string,
  { requests, messages }: Unconfirmed,
  reason: KafkaError,
): void {
  const what = `${counted(messages, 'message')} in ${counted(requests, 'request')}`
  logger.warn(
    `up to ${what} with acks 0 may be lost: the connection to ${broker} ended without proof that it had read them: ` +
      reason.message,
  )
}

/**
 * Sends the batches of one leader and gives each message its outcome of this attempt: delivered, failed for good, or
 * left unsettled with the failed attempt noted, for the caller to retry.
 *
 * A set that is refused for its size is halved until only the rejected messages fail. Pieces of one partition go
 * one after the other, and once a piece must be retried the later ones stay behind it.
 *
 * @see docs/decisions/0000-classic-producer.md#d2
 */

import _ from 'lodash'
import type { BrokerAddress } from '../broker-address.js'
import { counted } from '../counted.js'
import {
  type BrokerError,
  DecodeError,
  EncodeError,
  KafkaError,
  MetadataError,
  printable,
} from '../errors.js'
import type { FailedAttempt } from '../failure.js'
import { unexpected } from '../name-of-thrown.js'
import type { ProducerPool } from '../pool/producer-pool.js'
import type { ProduceConnection, SyncProducer } from '../pool/sync-producer.js'
import { NO_TOPIC_ID, type ProduceRequest, type ProduceResponse } from '../protocol/messages/index.js'
import { estimateSetBytes, UnreadableRecordError } from '../protocol/records/record-body.js'
import { BatchPreparer, type Prepared, type PreparerOptions } from './batch-preparer.js'
import { beginFlight, endFlight, OutdatedRequest, withoutSettled } from './in-flight-messages.js'
import { LearnedSizeLimits } from './learned-size-limits.js'
import { type MatchedResponse, matchResponse, type PartitionAnswer, partitionName } from './match-response.js'
import type { Stored } from './outcomes.js'
import type { PartitionBatch } from './partition-and-collate.js'
import type { PendingMessage } from './pending-message.js'
import { actionOn, brokerError } from './produce-errors.js'
import {
  halve,
  MAX_COMPRESSED_REQUEST_BYTES,
  MAX_PLAIN_REQUEST_BYTES,
  splitIntoRequests,
} from './split-batches.js'
import { UnprovenPartitions } from './unproven-partitions.js'

export interface LeaderDispatchOptions extends PreparerOptions {
  readonly pool: ProducerPool
  readonly acks: number
  readonly requestTimeoutMs: number
  /** The id that newer brokers know a topic by; all zero where it is not known, as it is by default. */
  readonly topicIdOf?: (topic: string) => Uint8Array
  /** Address of a partition's leader as it is known now; null while there is none. Default: it is not known. */
  readonly leaderOf?: (topic: string, partition: number) => BrokerAddress | null | undefined
  /** With acks 0: partitions whose next request is to be answered. Default: none. */
  readonly unproven?: UnprovenPartitions
}

const noTopicId = (): Uint8Array => NO_TOPIC_ID

const UNKNOWN_SERVER_ERROR = -1

/** With acks 0 no broker reports an offset. */
const unanswered: Stored = { baseOffset: -1n, timestampMs: null }

/** Bytes of a request beside its sets, roughly; only a hint. */
const REQUEST_OVERHEAD_BYTES = 256

export class LeaderDispatch {
  readonly #options: LeaderDispatchOptions
  readonly #limits = new LearnedSizeLimits()
  readonly #preparer: BatchPreparer
  readonly #maxRequestBytes: number
  readonly #unproven: UnprovenPartitions

  constructor(options: LeaderDispatchOptions) {
    this.#options = options
    this.#unproven = options.unproven ?? new UnprovenPartitions()
    this.#preparer = new BatchPreparer(options, this.#limits)
    this.#maxRequestBytes = options.compression ? MAX_COMPRESSED_REQUEST_BYTES : MAX_PLAIN_REQUEST_BYTES
  }

  /** Never rejects. */
  async dispatch(leaderId: number, batches: readonly PartitionBatch[]): Promise<void> {
    try {
      await this.#options.pool.use(leaderId, (producer) =>
        this.#sendInOrder(producer, splitIntoRequests(batches, this.#maxRequestBytes)),
      )
    } catch (thrown) {
      this.#noteAttempt(batches, unexpected(thrown))
    }
  }

  async #sendInOrder(producer: SyncProducer, requests: readonly PartitionBatch[][]): Promise<void> {
    /** Partition → why its later messages have to stay behind. */
    const held = new Map<string, KafkaError>()
    for (const request of requests) {
      const batches = request.filter((batch) => !held.has(nameOf(batch)))
      if (batches.length > 0) await this.#sendOne(producer, batches)
      for (const batch of request) {
        const earlier = held.get(nameOf(batch))
        if (earlier) this.#noteAttempt([batch], stayedBehind(batch, earlier))
        else if (isUnsettled(batch)) held.set(nameOf(batch), failureIn(batch))
      }
    }
  }

  /**
   * Messages that have their outcome by then, as their time limit was over, are left out.
   *
   * @param isAgain - the connection that they were prepared for has ended meanwhile.
   */
  async #sendOne(producer: SyncProducer, all: readonly PartitionBatch[], isAgain = false): Promise<void> {
    const batches = withoutSettled(all)
    if (batches.length === 0) return
    let connection: ProduceConnection
    let led = batches
    try {
      const ready = producer.ready(topicsOf(batches))
      connection = ready instanceof Promise ? await ready : ready
      if (ready instanceof Promise) led = this.#stillLed(producer, batches)
    } catch (thrown) {
      this.#failed(producer, batches, unexpected(thrown))
      return
    }
    const { version } = connection
    const { ready, tooLarge } = await this.#preparer.prepare(withoutSettled(led), version, producer.broker)
    if (!connection.isOpen && !isAgain) return this.#sendOne(producer, led, true)
    if (ready.length > 0) await this.#request(producer, connection, ready)
    for (const batch of tooLarge) await this.#sendHalves(producer, batch)
  }

  /** Connecting may have brought newer metadata: what another broker leads by now is tried again there. */
  #stillLed(
    { address, broker }: SyncProducer,
    batches: readonly PartitionBatch[],
  ): readonly PartitionBatch[] {
    const { leaderOf } = this.#options
    if (!leaderOf) return batches
    return batches.filter((batch) => {
      const leader = leaderOf(batch.topic, batch.partition)
      if (leader === undefined || _.isEqual(leader, address)) return true
      this.#noteAttempt([batch], leaderMoved(broker, batch), broker)
      return false
    })
  }

  async #request(
    producer: SyncProducer,
    connection: ProduceConnection,
    prepared: readonly Prepared[],
  ): Promise<void> {
    const batches = prepared.map(({ batch }) => batch)
    try {
      const response = await this.#answerTo(connection, prepared)
      if (response) await this.#take(producer, prepared, response)
      else for (const batch of batches) this.#options.outcomes.delivered(batch, unanswered, producer.broker)
    } catch (thrown) {
      const error = unexpected(thrown)
      if (thrown instanceof OutdatedRequest) {
        await this.#sendOne(producer, batches)
      } else if (error instanceof UnreadableRecordError) {
        const left = this.#preparer.withoutUnreadable(batches, error)
        if (left.length > 0) await this.#sendOne(producer, left)
      } else {
        this.#failed(producer, batches, error)
      }
    }
  }

  /** @throws {OutdatedRequest} when it was not written; else as {@link ProduceConnection.send}. */
  async #answerTo(
    connection: ProduceConnection,
    prepared: readonly Prepared[],
  ): Promise<ProduceResponse | null> {
    const batches = prepared.map(({ batch }) => batch)
    const acks = this.#options.acks === 0 && this.#unproven.hasAny(batches) ? 1 : this.#options.acks
    const onWriting = (): void => beginFlight(batches)
    try {
      const options = { sizeHint: sizeHint(batches), messages: countOf(batches), onWriting }
      return await connection.send(this.#produceRequest(prepared, acks), options)
    } finally {
      endFlight(batches)
    }
  }

  #produceRequest(prepared: readonly Prepared[], acks: number): ProduceRequest {
    const { requestTimeoutMs, topicIdOf = noTopicId } = this.#options
    const topics = new Map<string, ProduceRequest['topics'][number]>()
    for (const { batch, payload } of prepared) {
      const { topic: name, partition: index } = batch
      let topic = topics.get(name)
      if (!topic) {
        topic = { name, topicId: topicIdOf(name), partitions: [] }
        topics.set(name, topic)
      }
      topic.partitions.push({ index, records: payload })
    }
    return { transactionalId: null, acks, timeoutMs: requestTimeoutMs, topics: [...topics.values()] }
  }

  async #take(
    producer: SyncProducer,
    prepared: readonly Prepared[],
    response: ProduceResponse,
  ): Promise<void> {
    const batches = prepared.map(({ batch }) => batch)
    const { answers, unexpected } = this.#match(producer, batches, response)
    const { logger } = this.#options
    if (unexpected.length > 0) {
      logger.warn(
        `${producer.broker} answered for ${printable(unexpected.join(', '))}, which it was not asked for`,
      )
    }
    const again: PartitionBatch[][] = []
    for (const one of prepared) {
      // Those whose time limit was over meanwhile have their outcome.
      if (!isUnsettled(one.batch)) continue
      const answer = answers.get(nameOf(one.batch))
      if (!answer) this.#noteAttempt([one.batch], missingAnswer(producer.broker, one.batch), producer.broker)
      else if (answer.errorCode === 0) this.#delivered(one.batch, answer, producer.broker)
      else again.push(this.#refused(producer, one, answer))
    }
    // Only now: whatever the answer says must be known before anything is waited for.
    for (const pieces of again) {
      await this.#sendInOrder(
        producer,
        pieces.map((piece) => [piece]),
      )
    }
  }

  /** With acks 0 every message has the same kind of outcome, whether its request happened to be answered or not. */
  #delivered(batch: PartitionBatch, answer: PartitionAnswer, broker: string): void {
    const { acks, outcomes } = this.#options
    this.#unproven.prove(batch)
    outcomes.delivered(batch, acks === 0 ? unanswered : storedAt(answer), broker)
  }

  #match(
    producer: SyncProducer,
    batches: readonly PartitionBatch[],
    response: ProduceResponse,
  ): MatchedResponse {
    try {
      return matchResponse(new Set(batches.map(nameOf)), response)
    } catch (cause) {
      const error = new DecodeError(`${producer.broker}: ${(cause as Error).message}`, {
        broker: producer.broker,
        persistence: 'possibly-persisted',
        cause,
      })
      producer.disconnect(error)
      throw error
    }
  }

  /** @returns what is to be sent again at once, in this order. */
  #refused(
    producer: SyncProducer,
    { batch, limitedBytes }: Prepared,
    answer: PartitionAnswer,
  ): PartitionBatch[] {
    const { logger, acks } = this.#options
    const { topic, partition, messages } = batch
    const { errorCode: code } = answer
    const says = answer.errorMessage ?? this.#guessAt(code)
    const error = brokerError(code, { broker: producer.broker, topic, partition, acks, says })
    const action = actionOn(code)
    if (action === 'split' && messages.length > 1) {
      logger.warn(`${error.message}; its batch of ${counted(messages.length, 'message')} is split in two`)
      this.#limits.refused(topic, limitedBytes)
      return halve(batch)
    }
    if (action !== 'retry') return this.#failRejected(producer, batch, answer, error)
    this.#noteAttempt([batch], error, producer.broker)
    return []
  }

  /** Brokers before 0.8.2 fail on lz4 and do not say so. */
  #guessAt(code: number): string | null {
    if (code !== UNKNOWN_SERVER_ERROR || this.#options.compression?.name !== 'lz4') return null
    return 'the broker failed unexpectedly; Kafka before 0.8.2 does not support lz4'
  }

  #sendHalves(producer: SyncProducer, batch: PartitionBatch): Promise<void> {
    return this.#sendInOrder(
      producer,
      halve(batch).map((half) => [half]),
    )
  }

  /** One bad message makes a broker refuse all of its batch; where it says which, the others are sent again. */
  #failRejected(
    producer: SyncProducer,
    batch: PartitionBatch,
    { errorCode, recordErrors }: PartitionAnswer,
    error: BrokerError,
  ): PartitionBatch[] {
    const { broker } = producer
    const { topic, partition, messages } = batch
    const saidOf = new Map(
      recordErrors.flatMap(({ batchIndex, message }) => {
        const pending = messages[batchIndex]
        return pending ? [[pending, message] as const] : []
      }),
    )
    const rejected = (saidOf.size > 0 ? [...saidOf.keys()] : messages).filter(({ isSettled }) => !isSettled)
    const { acks } = this.#options
    const errorOf = (message: PendingMessage): BrokerError => {
      const says = saidOf.get(message)
      return says ? brokerError(errorCode, { broker, topic, partition, acks, says }) : error
    }
    const attempt = { atMs: Date.now(), broker, error }
    for (const message of rejected) message.addAttempt(attempt)
    this.#options.logger.warn(
      `producing ${counted(rejected.length, 'message')} failed without a retry: ${error.message}`,
    )
    this.#options.outcomes.failed(rejected, errorOf)
    const others = messages.filter((message) => !message.isSettled)
    return others.length > 0 ? [{ ...batch, messages: others }] : []
  }

  /** The request came to nothing. What cannot even be encoded never will be. */
  #failed(producer: SyncProducer, batches: readonly PartitionBatch[], error: KafkaError): void {
    if (error instanceof EncodeError) {
      this.#options.logger.error(`a produce request cannot be written: ${error.message}`)
      for (const { messages } of batches) this.#options.outcomes.failed(messages, () => error)
      return
    }
    this.#noteAttempt(batches.filter(isUnsettled), error, producer.broker)
  }

  #noteAttempt(batches: readonly PartitionBatch[], error: KafkaError, broker?: string): void {
    const attempt: FailedAttempt = { atMs: Date.now(), ...(broker !== undefined && { broker }), error }
    let count = 0
    for (const { messages } of batches) {
      for (const message of messages) {
        if (message.isSettled) continue
        message.addAttempt(attempt)
        count++
      }
    }
    if (count > 0)
      this.#options.logger.warn(`producing ${counted(count, 'message')} failed: ${error.message}`)
  }
}

function topicsOf(batches: readonly PartitionBatch[]): string[] {
  return [...new Set(batches.map(({ topic }) => topic))]
}

function countOf(batches: readonly PartitionBatch[]): number {
  return batches.reduce((sum, { messages }) => sum + messages.length, 0)
}

function storedAt({ baseOffset, logAppendTimeMs }: PartitionAnswer): Stored {
  return { baseOffset, timestampMs: logAppendTimeMs < 0n ? null : Number(logAppendTimeMs) }
}

function nameOf({ topic, partition }: PartitionBatch): string {
  return partitionName(topic, partition)
}

function isUnsettled({ messages }: PartitionBatch): boolean {
  return messages.some((message) => !message.isSettled)
}

/** Why a batch of which some messages are unsettled has to be tried again. */
function failureIn({ messages }: PartitionBatch): KafkaError {
  return messages.find((message) => !message.isSettled)!.attempts.at(-1)!.error
}

function leaderMoved(broker: string, { topic, partition }: PartitionBatch): MetadataError {
  const place = printable(partitionName(topic, partition))
  return new MetadataError(`${broker} answered that it no longer leads ${place}`, {
    broker,
    topic,
    partition,
  })
}

/** Of messages that were not sent because they would have overtaken others, whatever the outcome of those. */
function stayedBehind({ topic, partition }: PartitionBatch, cause: KafkaError): KafkaError {
  const place = printable(partitionName(topic, partition))
  const text = `not sent because earlier messages of ${place} are to be tried again: ${cause.message}`
  return new KafkaError(cause.code, text, { topic, partition, cause, retriable: true })
}

function sizeHint(batches: readonly PartitionBatch[]): number {
  return batches.reduce((sum, { messages }) => sum + estimateSetBytes(messages), REQUEST_OVERHEAD_BYTES)
}

function missingAnswer(broker: string, { topic, partition }: PartitionBatch): DecodeError {
  const text = `${broker} left ${printable(partitionName(topic, partition))} out of its produce answer`
  return new DecodeError(text, { broker, topic, partition, persistence: 'possibly-persisted' })
}

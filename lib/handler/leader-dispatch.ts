/**
 * Sends the batches of one leader and gives each message its outcome of this attempt: delivered, failed for good, or
 * left unsettled with the failed attempt noted, for the caller to retry.
 *
 * A set that is refused for its size is halved until only the guilty messages fail (D2). Pieces of one partition go
 * one after the other, and once a piece must be retried the later ones stay behind it.
 */
import { DecodeError, EncodeError, KafkaError, printable } from '../errors.js'
import type { FailedAttempt } from '../failure.js'
import type { Logger } from '../logger.js'
import type { ProducerPool } from '../pool/producer-pool.js'
import type { SyncProducer } from '../pool/sync-producer.js'
import type { ProduceRequest, ProduceResponse } from '../protocol/messages/index.js'
import type { Compression } from '../protocol/records/compression.js'
import { CompressedMessageSet, estimateSetBytes, PlainMessageSet } from '../protocol/records/message-set.js'
import type { Payload } from '../protocol/types.js'
import { Writer } from '../protocol/writer.js'
import { cutIntoRequests, halve } from './cut-batches.js'
import { type MatchedResponse, matchResponse, partitionName } from './match-response.js'
import type { Outcomes } from './outcomes.js'
import type { PartitionBatch } from './partition-and-collate.js'
import { brokerError, verdictOn } from './produce-verdict.js'

export interface LeaderDispatchOptions {
  readonly pool: ProducerPool
  readonly outcomes: Outcomes
  readonly logger: Logger
  readonly acks: number
  readonly requestTimeoutMs: number
  readonly compression: Compression | null
  /** Empty means all topics. */
  readonly compressedTopics: ReadonlySet<string>
}

/** Bytes of a request beside its sets, roughly; only a hint. */
const ENVELOPE_BYTES = 256

export class LeaderDispatch {
  readonly #options: LeaderDispatchOptions

  constructor(options: LeaderDispatchOptions) {
    this.#options = options
  }

  /** Never rejects. */
  async dispatch(leaderId: number, batches: readonly PartitionBatch[]): Promise<void> {
    try {
      await this.#options.pool.use(leaderId, (producer) =>
        this.#sendInOrder(producer, cutIntoRequests(batches)),
      )
    } catch (error) {
      this.#noteAttempt(batches, error as KafkaError)
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

  async #sendOne(producer: SyncProducer, batches: readonly PartitionBatch[]): Promise<void> {
    const sendable: PartitionBatch[] = []
    const payloads: Payload[] = []
    for (const batch of batches) {
      const payload = await this.#payloadOf(batch)
      if (!payload) continue
      sendable.push(batch)
      payloads.push(payload)
    }
    if (sendable.length === 0) return
    try {
      const response = await producer.send(this.#request(sendable, payloads), sizeHint(sendable))
      if (response) await this.#take(producer, sendable, response)
      else for (const batch of sendable) this.#options.outcomes.delivered(batch, -1n, producer.broker)
    } catch (error) {
      this.#failed(producer, sendable, error as KafkaError)
    }
  }

  /** @returns null when the batch could not be compressed; its messages have failed then. */
  async #payloadOf(batch: PartitionBatch): Promise<Payload | null> {
    const { compression, compressedTopics, outcomes } = this.#options
    const plain = new PlainMessageSet(batch.envelopes)
    if (!compression || (compressedTopics.size > 0 && !compressedTopics.has(batch.topic))) return plain
    try {
      const writer = new Writer(estimateSetBytes(batch.envelopes))
      plain.writeTo(writer)
      return new CompressedMessageSet(
        compression.id,
        batch.envelopes.length,
        await compression.compress(writer.finish()),
      )
    } catch (cause) {
      const text = `${batch.envelopes.length} messages to ${printable(nameOf(batch))} cannot be compressed with ${compression.name}`
      const error = new EncodeError(text, { topic: batch.topic, partition: batch.partition, cause })
      outcomes.failed(batch.envelopes, () => error)
      return null
    }
  }

  #request(batches: readonly PartitionBatch[], payloads: readonly Payload[]): ProduceRequest {
    const topics = new Map<string, ProduceRequest['topics'][number]>()
    for (let i = 0; i < batches.length; i++) {
      const { topic: name, partition: index } = batches[i]!
      let topic = topics.get(name)
      if (!topic) {
        topic = { name, partitions: [] }
        topics.set(name, topic)
      }
      topic.partitions.push({ index, records: payloads[i]! })
    }
    return {
      acks: this.#options.acks,
      timeoutMs: this.#options.requestTimeoutMs,
      topics: [...topics.values()],
    }
  }

  async #take(
    producer: SyncProducer,
    batches: readonly PartitionBatch[],
    response: ProduceResponse,
  ): Promise<void> {
    const { answers, foreign } = this.#match(producer, batches, response)
    const { logger, outcomes } = this.#options
    if (foreign.length > 0) {
      logger.warn(
        `${producer.broker} answered for ${printable(foreign.join(', '))}, which it was not asked for`,
      )
    }
    for (const batch of batches) {
      const answer = answers.get(nameOf(batch))
      if (!answer) this.#noteAttempt([batch], missingAnswer(producer.broker, batch), producer.broker)
      else if (answer.errorCode === 0) outcomes.delivered(batch, answer.baseOffset, producer.broker)
      else await this.#refused(producer, batch, answer.errorCode)
    }
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

  async #refused(producer: SyncProducer, batch: PartitionBatch, code: number): Promise<void> {
    const { logger, outcomes, acks } = this.#options
    const { topic, partition, envelopes } = batch
    const error = brokerError(code, { broker: producer.broker, topic, partition, acks })
    const verdict = verdictOn(code)
    if (verdict === 'split' && envelopes.length > 1) {
      logger.warn(`${error.message}; its ${envelopes.length} messages are sent in two halves`)
      await this.#sendInOrder(
        producer,
        halve(batch).map((half) => [half]),
      )
    } else if (verdict === 'retry') {
      this.#noteAttempt([batch], error, producer.broker)
    } else {
      const attempt = { atMs: Date.now(), broker: producer.broker, error }
      for (const envelope of envelopes) envelope.addAttempt(attempt)
      outcomes.failed(envelopes, () => error)
    }
  }

  /** The request came to nothing. What cannot even be encoded never will be. */
  #failed(producer: SyncProducer, batches: readonly PartitionBatch[], error: KafkaError): void {
    if (error instanceof EncodeError) {
      for (const { envelopes } of batches) this.#options.outcomes.failed(envelopes, () => error)
      return
    }
    this.#noteAttempt(batches.filter(isUnsettled), error, producer.broker)
  }

  #noteAttempt(batches: readonly PartitionBatch[], error: KafkaError, broker?: string): void {
    const attempt: FailedAttempt = { atMs: Date.now(), ...(broker !== undefined && { broker }), error }
    let count = 0
    for (const { envelopes } of batches) {
      for (const envelope of envelopes) {
        if (envelope.isSettled) continue
        envelope.addAttempt(attempt)
        count++
      }
    }
    const what = error instanceof KafkaError ? error.message : String(error)
    if (count > 0) this.#options.logger.warn(`producing ${count} messages failed: ${what}`)
  }
}

function nameOf({ topic, partition }: PartitionBatch): string {
  return partitionName(topic, partition)
}

function isUnsettled({ envelopes }: PartitionBatch): boolean {
  return envelopes.some((envelope) => !envelope.isSettled)
}

/** Why a batch of which some messages are unsettled has to be tried again. */
function failureIn({ envelopes }: PartitionBatch): KafkaError {
  return envelopes.find((envelope) => !envelope.isSettled)!.attempts.at(-1)!.error
}

/** Of messages that were not sent, because they would have overtaken others; whatever became of those. */
function stayedBehind({ topic, partition }: PartitionBatch, cause: KafkaError): KafkaError {
  const place = printable(partitionName(topic, partition))
  const text = `not sent because earlier messages of ${place} are to be tried again: ${cause.message}`
  return new KafkaError(cause.code, text, { topic, partition, cause, retriable: true })
}

function sizeHint(batches: readonly PartitionBatch[]): number {
  return batches.reduce((sum, { envelopes }) => sum + estimateSetBytes(envelopes), ENVELOPE_BYTES)
}

function missingAnswer(broker: string, { topic, partition }: PartitionBatch): DecodeError {
  const text = `${broker} left ${printable(partitionName(topic, partition))} out of its produce answer`
  return new DecodeError(text, { broker, topic, partition, persistence: 'possibly-persisted' })
}

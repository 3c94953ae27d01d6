/**
 * Sends the batches of one leader and settles what can be settled by this attempt; what has to be tried again is returned.
 *
 * A set that is refused for its size is halved until only the rejected messages fail. Pieces of one partition go
 * one after the other, and once a piece must be retried the later ones stay behind it. What an answer means is decided
 * in `lib/produce/read-answer.ts`.
 *
 * @see docs/decisions/0000-classic-producer.md#d2
 */

import isEqual from 'lodash/isEqual.js'
import partition from 'lodash/partition.js'
import type { BrokerAddress } from '../broker-address.js'
import { counted } from '../counted.js'
import type { KafkaError } from '../errors.js'
import type { Logger } from '../logger.js'
import { unexpected } from '../name-of-thrown.js'
import type { ProducerPool } from '../pool/producer-pool.js'
import type { ProduceConnection, SyncProducer } from '../pool/sync-producer.js'
import { LearnedSizeLimits } from '../produce/learned-size-limits.js'
import { partitionName } from '../produce/partition-batch.js'
import { estimateRequestBytes, produceRequest } from '../produce/produce-request.js'
import { type ReadAnswer, readAnswer } from '../produce/read-answer.js'
import {
  halve,
  MAX_COMPRESSED_REQUEST_BYTES,
  MAX_PLAIN_REQUEST_BYTES,
  splitIntoRequests,
} from '../produce/split-batches.js'
import type { ProduceResponse } from '../protocol/messages/index.js'
import type { Compression } from '../protocol/records/compression.js'
import { UnreadableRecordError } from '../protocol/records/record-body.js'
import { BatchPreparer, type Prepared } from './batch-preparer.js'
import { beginFlight, endFlight, OutdatedRequest, stillToSend } from './in-flight-messages.js'
import type { NumberedBatches } from './numbered-batches.js'
import type { Outcomes } from './outcomes.js'
import type { PendingBatch } from './partition-and-collate.js'
import type { PendingMessage } from './pending-message.js'
import { type RequestAhead, RequestsAhead } from './requests-ahead.js'
import { countOf, leaderMoved, Retries, type Retry, stayedBehind } from './retries.js'
import { UnprovenPartitions } from './unproven-partitions.js'

export interface LeaderDispatchOptions {
  readonly pool: ProducerPool
  readonly outcomes: Outcomes
  readonly logger: Logger
  /** `request.required.acks`. */
  readonly acks: number
  /** `request.timeout.ms`: how long the broker may take. */
  readonly requestTimeoutMs: number
  readonly compression: Compression | null
  /** Topics whose batches are compressed; empty means all topics. */
  readonly compressedTopics: ReadonlySet<string>
  /** `headers.on.old.brokers`. Default: fail. */
  readonly headersOnOldBrokers?: 'fail' | 'drop'
  /** The id that newer brokers know a topic by; all zero where it is not known, as it is by default. */
  readonly topicIdOf?: (topic: string) => Uint8Array
  /** Address of a partition's leader as it is known now; null while there is none. Default: it is not known. */
  readonly leaderOf?: (topic: string, partition: number) => BrokerAddress | null | undefined
  /** With acks 0: partitions whose next request is to be answered. Default: none. */
  readonly unproven?: UnprovenPartitions
  /** With idempotence. Default: without. */
  readonly numbers?: NumberedBatches | null
}

/** What the requests of one dispatch have in common. */
interface Leader {
  readonly producer: SyncProducer
  readonly mayExpire: boolean
  readonly id: number
}

export class LeaderDispatch {
  readonly #options: LeaderDispatchOptions
  readonly #limits = new LearnedSizeLimits()
  readonly #preparer: BatchPreparer
  readonly #retries: Retries
  readonly #maxRequestBytes: number
  readonly #unproven: UnprovenPartitions
  readonly #numbers: NumberedBatches | null
  readonly #ahead: RequestsAhead
  /** What is dispatched next → its requests. */
  readonly #prepared = new WeakMap<readonly PendingBatch[], readonly PendingBatch[][]>()

  constructor(options: LeaderDispatchOptions) {
    this.#options = options
    this.#unproven = options.unproven ?? new UnprovenPartitions()
    this.#numbers = options.numbers ?? null
    this.#retries = new Retries(options)
    this.#preparer = new BatchPreparer(options, this.#limits)
    this.#ahead = new RequestsAhead(options, this.#limits)
    this.#maxRequestBytes = options.compression ? MAX_COMPRESSED_REQUEST_BYTES : MAX_PLAIN_REQUEST_BYTES
  }

  /**
   * Never rejects.
   *
   * @param mayExpire - false where no message has a time limit: nobody else settles one then, and none is looked at for it.
   * @returns what has to be tried again, the messages of a partition in their order. All others are settled.
   */
  async dispatch(
    leaderId: number,
    batches: readonly PendingBatch[],
    mayExpire = true,
  ): Promise<readonly Retry[]> {
    try {
      return await this.#options.pool.use(leaderId, (producer) => {
        const requests = this.#prepared.get(batches) ?? this.#requestsOf(batches)
        const leader = { id: leaderId, producer, mayExpire }
        return requests.length === 1
          ? this.#sendOne(leader, requests[0]!)
          : this.#sendInOrder(leader, requests)
      })
    } catch (thrown) {
      return this.#retries.of(batches, unexpected(thrown))
    }
  }

  /**
   * Makes the first request of what is dispatched to this leader next, as long as the connection to it is open. The others
   * are made one by one while the one before is under way, so that no more than one is kept.
   */
  prepare(leaderId: number, batches: readonly PendingBatch[]): void {
    const requests = this.#requestsOf(batches)
    this.#prepared.set(batches, requests)
    this.#ahead.make(leaderId, requests[0]!)
  }

  #requestsOf(batches: readonly PendingBatch[]): PendingBatch[][] {
    return this.#numbers
      ? this.#numbers.requestsOf(batches, this.#maxRequestBytes)
      : splitIntoRequests(batches, this.#maxRequestBytes)
  }

  async #sendInOrder(leader: Leader, requests: readonly PendingBatch[][]): Promise<Retry[]> {
    const retries: Retry[] = []
    /** Partition → why its later messages have to stay behind. */
    const held = new Map<string, KafkaError>()
    for (const [i, request] of requests.entries()) {
      const going = held.size === 0 ? request : request.filter((batch) => !held.has(nameOf(batch)))
      const sent = going.length > 0 ? this.#sendOne(leader, going) : noRetries
      const next = requests[i + 1]
      const ahead = next && setImmediate(() => this.#ahead.make(leader.id, next))
      const again = [...(await sent)]
      clearImmediate(ahead)
      if (going.length < request.length) {
        const behind = request.filter((batch) => held.has(nameOf(batch)))
        for (const batch of behind) {
          again.push(...this.#retries.of([batch], stayedBehind(batch, held.get(nameOf(batch))!)))
        }
      }
      for (const retry of again) {
        const { batch, attempt } = retry
        retries.push(retry)
        // Nobody has to stay behind messages whose time limit had passed meanwhile.
        if (held.has(nameOf(batch)) || batch.messages.every(({ isSettled }) => isSettled)) continue
        held.set(nameOf(batch), attempt.error)
      }
    }
    return retries
  }

  /**
   * Messages that have their outcome by then, as their time limit had passed, are left out.
   *
   * @param isAgain - the connection that they were prepared for has ended meanwhile.
   */
  async #sendOne(leader: Leader, all: readonly PendingBatch[], isAgain = false): Promise<Retry[]> {
    const { producer, mayExpire } = leader
    let batches = mayExpire ? stillToSend(all) : all
    if (batches.length === 0) return []
    let moved: Retry[] = []
    let connection: ProduceConnection
    try {
      const ready = producer.ready(topicsOf(batches))
      if (ready instanceof Promise) {
        connection = await ready
        const [led, notLed] = partition(stillToSend(batches), (batch) => this.#isStillLed(producer, batch))
        moved = notLed.flatMap((batch) =>
          this.#retries.of([batch], leaderMoved(producer.broker, batch), producer.broker),
        )
        batches = led
      } else {
        connection = ready
      }
    } catch (thrown) {
      return this.#retries.ofRequest(producer.broker, batches, unexpected(thrown))
    }
    const { broker } = producer
    this.#ahead.connected(leader.id, connection, broker)
    const made = this.#ahead.take(batches, connection)
    const ahead = made instanceof Promise ? await made : made
    if (ahead && connection.isOpen) {
      return behind(moved, await this.#request(leader, ahead.prepared, connection, ahead))
    }
    if (this.#numbers) {
      try {
        batches = await this.#numbers.prepare(batches, connection, broker)
      } catch (thrown) {
        return [...moved, ...this.#retries.ofRequest(broker, batches, unexpected(thrown))]
      }
    }
    const preparing = this.#preparer.prepare(batches, connection.version, broker)
    const { ready: prepared, tooLarge } = preparing instanceof Promise ? await preparing : preparing
    if (!connection.isOpen && !isAgain) return behind(moved, await this.#sendOne(leader, batches, true))
    const again = prepared.length > 0 ? await this.#request(leader, prepared, connection) : []
    if (tooLarge.length > 0) {
      again.push(...(await this.#sendInOrder(leader, oneByOne(tooLarge.flatMap(halve)))))
    }
    return behind(moved, again)
  }

  async #request(
    leader: Leader,
    prepared: readonly Prepared[],
    connection: ProduceConnection,
    ahead: RequestAhead | null = null,
  ): Promise<Retry[]> {
    const { producer } = leader
    const batches = prepared.map(({ batch }) => batch)
    let read: ReadAnswer<PendingMessage>
    try {
      read = this.#read(
        producer,
        prepared,
        await this.#answerTo(leader, prepared, batches, connection, ahead),
      )
    } catch (thrown) {
      this.#numbers?.unanswered(batches, thrown)
      if (thrown instanceof OutdatedRequest) return this.#sendOne(leader, batches)
      const error = unexpected(thrown)
      if (!(error instanceof UnreadableRecordError))
        return this.#retries.ofRequest(producer.broker, batches, error)
      return this.#sendOne(leader, this.#preparer.withoutUnreadable(batches, error))
    }
    const retries = this.#settle(read, producer.broker)
    if (read.resend.length === 0) return retries
    // Only now: whatever the answer says must be known before anything is waited for.
    return [...retries, ...(await this.#sendInOrder(leader, oneByOne(read.resend)))]
  }

  /** @throws {OutdatedRequest} when it was not written; else as {@link ProduceConnection.send}. */
  #answerTo(
    { mayExpire }: Leader,
    prepared: readonly Prepared[],
    batches: readonly PendingBatch[],
    connection: ProduceConnection,
    ahead: RequestAhead | null,
  ): Promise<ProduceResponse | null> {
    this.#numbers?.writing(batches)
    const isProof = this.#options.acks === 0 && this.#unproven.hasAny(batches)
    const request =
      ahead?.request ?? produceRequest(prepared, isProof ? { ...this.#options, acks: 1 } : this.#options)
    const options = ahead
      ? { encoded: ahead.encoded, messages: countOf(batches) }
      : { sizeHint: estimateRequestBytes(prepared), messages: countOf(batches) }
    if (!mayExpire) return connection.send(request, options)
    const onWriting = (): void => beginFlight(batches)
    return connection.send(request, { ...options, onWriting }).finally(() => endFlight(batches))
  }

  /** @throws {DecodeError} when the answer cannot be trusted; the connection has ended then. */
  #read(
    producer: SyncProducer,
    prepared: readonly Prepared[],
    response: ProduceResponse | null,
  ): ReadAnswer<PendingMessage> {
    const { acks, compression } = this.#options
    try {
      const read = readAnswer(prepared, response, {
        broker: producer.broker,
        acks,
        codec: compression?.name ?? null,
        isNumbered: this.#numbers !== null,
      })
      // With acks 0: whoever has answered that it stored them leads their partitions.
      if (response) for (const { batch } of read.delivered) this.#unproven.prove(batch)
      if (response && this.#numbers)
        this.#numbers.answered(
          prepared.map(({ batch }) => batch),
          response,
        )
      return read
    } catch (thrown) {
      const error = unexpected(thrown)
      producer.disconnect(error)
      throw error
    }
  }

  /** Everything that an answer says, except what is sent again. */
  #settle(read: ReadAnswer<PendingMessage>, broker: string): Retry[] {
    const { logger, outcomes } = this.#options
    for (const warning of read.warnings) logger.warn(warning)
    for (const { topic, bytes } of read.refusedSizes) this.#limits.refused(topic, bytes)
    for (const { batch, stored } of read.delivered) outcomes.delivered(batch, stored, broker)
    for (const { messages, error, errorByMessage } of read.failed) {
      const attempt = { atMs: Date.now(), broker, error }
      for (const message of messages) message.addAttempt(attempt)
      logger.warn(`producing ${counted(messages.length, 'message')} failed without a retry: ${error.message}`)
      outcomes.failed(messages, (message) => errorByMessage.get(message) ?? error)
    }
    return read.retry.flatMap(({ batch, error }) => this.#retries.of([batch], error, broker))
  }

  /** Connecting may have brought newer metadata: what another broker leads by now is tried again there. */
  #isStillLed({ address }: SyncProducer, { topic, partition }: PendingBatch): boolean {
    const leader = this.#options.leaderOf?.(topic, partition)
    return leader === undefined || isEqual(leader, address)
  }
}

function behind(first: Retry[], later: Retry[]): Retry[] {
  return first.length === 0 ? later : [...first, ...later]
}

const noRetries: Promise<Retry[]> = Promise.resolve([])

function oneByOne(batches: readonly PendingBatch[]): PendingBatch[][] {
  return batches.map((batch) => [batch])
}

function topicsOf(batches: readonly PendingBatch[]): string[] {
  if (batches.length === 1) return [batches[0]!.topic]
  return [...new Set(batches.map(({ topic }) => topic))]
}

function nameOf({ topic, partition }: PendingBatch): string {
  return partitionName(topic, partition)
}

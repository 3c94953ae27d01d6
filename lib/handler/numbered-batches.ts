/**
 * Idempotence of the classic producer (`enable.idempotence`): a batch gets its numbers when it is first written, and keeps
 * them, its messages and its partition while an attempt with it may be stored. A broker recognises it by them.
 *
 * A partition has one batch in flight at a time, whatever may be in flight on its connection; so a batch that is refused and
 * surely not stored just gives its numbers back, and its messages may be joined, split and moved as without idempotence.
 * Decides what is sent again and under which numbers, by `lib/produce/producer-sequences.ts`. Sends nothing.
 *
 * @see KIP-98, KIP-360; docs/decisions/0011-idempotence-of-the-classic-producer.md
 */
import { KafkaError } from '../errors.js'
import type { Logger } from '../logger.js'
import type { ProduceConnection } from '../pool/sync-producer.js'
import { matchResponse, type PartitionAnswer } from '../produce/match-response.js'
import type { NumberedBatch, PartitionSequences } from '../produce/partition-sequences.js'
import { isSameProducer } from '../produce/producer-identity.js'
import { ProducerSequences } from '../produce/producer-sequences.js'
import { splitIntoRequests } from '../produce/split-batches.js'
import type { ProduceResponse } from '../protocol/messages/index.js'
import type { BatchProducer } from '../protocol/records/record-batch.js'
import { estimateSetBytes, magicOf } from '../protocol/records/record-body.js'
import { areSettled, OutdatedRequest } from './in-flight-messages.js'
import type { Outcomes } from './outcomes.js'
import type { PendingBatch } from './partition-and-collate.js'
import type { PendingMessage } from './pending-message.js'
import { FIRST_MAGIC_WITH_NUMBERS, ProducerId } from './producer-id.js'

export interface NumberedBatchesOptions {
  readonly outcomes: Outcomes
  readonly logger: Logger
}

const NONE = 0
const DUPLICATE_SEQUENCE_NUMBER = 46
const INVALID_PRODUCER_EPOCH = 47
/**
 * A leader may also answer this when it has stored the batch, and the partition was moved away while it waited for the replicas
 * (Kafka's DelayedProduce 0.11). Without numbers that is too rare to call the messages possibly stored.
 */
const UNKNOWN_TOPIC_OR_PARTITION = 3
/** The only acks that make numbers worth anything. */
const ACKS_ALL = -1

type Numbers = Pick<NumberedBatch, 'identity' | 'baseSequence'>

/** Who writes a batch and under which number: known at the latest when the batch is written. */
class BatchNumbers implements BatchProducer {
  readonly isTransactional = false
  /** Null before it is first written. */
  numbered: NumberedBatch | null = null
  readonly #expected: Numbers | null

  /** @param expected - what the batch is encoded with before it gets its numbers; null where that is not done. */
  constructor(
    readonly partition: PartitionSequences,
    expected: Numbers | null,
  ) {
    this.#expected = expected
  }

  get producerId(): bigint {
    return this.#numbers.identity.producerId
  }

  get producerEpoch(): number {
    return this.#numbers.identity.epoch
  }

  get baseSequence(): number {
    return this.#numbers.baseSequence
  }

  /** Whether the batch would get other numbers now than it was encoded with. */
  isOutdated(next: Numbers | null): boolean {
    if (!this.#expected || this.numbered) return false
    if (!next || next.baseSequence !== this.#expected.baseSequence) return true
    return !isSameProducer(next.identity, this.#expected.identity)
  }

  get #numbers(): Numbers {
    return this.numbered ?? this.#expected!
  }
}

/** A batch that may be stored, or is on its way. */
interface Unanswered {
  readonly batch: PendingBatch
  readonly numbered: NumberedBatch
  isInFlight: boolean
}

export class NumberedBatches {
  readonly #options: NumberedBatchesOptions
  readonly #sequences = new ProducerSequences({ isTransactional: false })
  /** At most one of a partition. */
  readonly #unanswered = new Map<PartitionSequences, Unanswered>()
  readonly #producerId: ProducerId

  constructor(options: NumberedBatchesOptions) {
    this.#options = options
    this.#producerId = new ProducerId(this.#sequences, options.logger)
  }

  /** As {@link splitIntoRequests}, behind the batches that may be stored: these go as they were, and alone in their partition. */
  requestsOf(batches: readonly PendingBatch[], maxBytes: number): PendingBatch[][] {
    const kept: PendingBatch[] = []
    const others: PendingBatch[] = []
    for (const batch of batches) {
      const again = this.#keptFor(batch)
      if (again) kept.push(again)
      const messages = again ? without(batch.messages, again.messages) : batch.messages
      if (messages.length > 0) others.push(again ? { ...batch, messages } : batch)
    }
    return [...wholeInRequests(kept, maxBytes), ...splitIntoRequests(others, maxBytes)]
  }

  /**
   * Batches with a place for the numbers that they get when they are written; where this broker can never take any, their
   * messages fail and none is left.
   *
   * @throws {KafkaError} when there is no producer id at the moment.
   */
  async prepare(
    batches: readonly PendingBatch[],
    connection: ProduceConnection,
    broker: string,
  ): Promise<readonly PendingBatch[]> {
    this.#raiseEpochIfNeeded()
    const refusal = await this.#producerId.refusal(connection, broker)
    if (!refusal) return batches.map((batch) => this.#withNumbers(batch, null))
    for (const { messages } of batches) this.#options.outcomes.failed(messages, () => refusal)
    return []
  }

  /**
   * Batches with the numbers that they are going to get if nothing intervenes; null where that cannot be said.
   *
   * @param version - of Produce, as their broker takes it.
   */
  ahead(batches: readonly PendingBatch[], version: number): readonly PendingBatch[] | null {
    if (magicOf(version) < FIRST_MAGIC_WITH_NUMBERS) return null
    const numbered: PendingBatch[] = []
    for (const batch of batches) {
      const expected = this.#sequences.next(this.#partitionOf(batch))
      if (!expected || batch.mayBeStored) return null
      numbered.push(this.#withNumbers(batch, expected))
    }
    return numbered
  }

  /**
   * The batches are written in this turn: those without numbers get them.
   *
   * @throws {OutdatedRequest} when they must not be; none has numbers then that had none before.
   */
  writing(batches: readonly PendingBatch[]): void {
    const numbers = batches.map(numbersOf)
    // Its messages have failed, or gone elsewhere because the partition did not exist for a while: else it would be here again.
    for (const { partition, numbered } of numbers) if (!numbered) this.#giveUp(partition)
    this.#raiseEpochIfNeeded()
    if (!this.#sequences.hasIdentity) throw new OutdatedRequest()
    if (numbers.some((one) => one.isOutdated(this.#sequences.next(one.partition))))
      throw new OutdatedRequest()
    for (const [i, batch] of batches.entries()) this.#write(batch, numbers[i]!)
  }

  /** After everything else that the answer says was taken from it: it does not contradict itself. */
  answered(batches: readonly PendingBatch[], response: ProduceResponse): void {
    const { answers } = matchResponse(batches, response)
    for (const batch of batches) {
      const one = this.#ended(batch)
      const answer = answers.get(batch.topic, batch.partition)
      if (one && answer) this.#take(one, answer)
    }
  }

  /** @param thrown - says whether the request was written. */
  unanswered(batches: readonly PendingBatch[], thrown: unknown): void {
    const isUnwritten =
      thrown instanceof OutdatedRequest ||
      (thrown instanceof KafkaError && thrown.persistence === 'not-persisted')
    for (const batch of batches) {
      const one = this.#ended(batch)
      if (!one || !isUnwritten || batch.mayBeStored) continue
      const { numbered } = one
      numbered.partition.refused(numbered, false)
      this.#unanswered.delete(numbered.partition)
      this.#sequences.withdraw(numbered)
    }
  }

  /** Batches whose messages have all failed are not sent again: the numbers behind them go on under another epoch. */
  dropSettled(): void {
    for (const { batch, numbered, isInFlight } of this.#unanswered.values()) {
      if (!isInFlight && areSettled(batch.messages)) this.#giveUp(numbered.partition)
    }
  }

  /** The batch of a partition that may be stored, where its messages are among these: they may be those of a cycle to come. */
  #keptFor(batch: PendingBatch): PendingBatch | null {
    if (this.#unanswered.size === 0) return null
    const one = this.#unanswered.get(this.#partitionOf(batch))
    if (!one || one.isInFlight) return null
    const open = one.batch.messages.find(({ isSettled }) => !isSettled)
    return open && batch.messages.includes(open) ? one.batch : null
  }

  #withNumbers(batch: PendingBatch, expected: Numbers | null): PendingBatch {
    if (batch.mayBeStored) return batch
    return { ...batch, producer: new BatchNumbers(this.#partitionOf(batch), expected) }
  }

  #partitionOf({ topic, partition }: PendingBatch): PartitionSequences {
    return this.#sequences.partition(topic, partition)
  }

  #write(batch: PendingBatch, numbers: BatchNumbers): void {
    const { partition } = numbers
    const again = this.#unanswered.get(partition)
    if (again && again.numbered === numbers.numbered) {
      partition.resent(again.numbered)
      again.isInFlight = true
      return
    }
    const numbered = this.#sequences.start(partition, batch.messages.length)
    numbers.numbered = numbered
    this.#unanswered.set(partition, { batch: { ...batch, mayBeStored: true }, numbered, isInFlight: true })
  }

  /** The request has ended. @returns null for a batch that was given up meanwhile. */
  #ended(batch: PendingBatch): Unanswered | null {
    const { partition, numbered } = numbersOf(batch)
    const one = this.#unanswered.get(partition)
    if (!one || one.numbered !== numbered) return null
    one.isInFlight = false
    return one
  }

  #take(one: Unanswered, { errorCode: code, baseOffset, logStartOffset }: PartitionAnswer): void {
    const { numbered } = one
    if (code === NONE || code === DUPLICATE_SEQUENCE_NUMBER) {
      this.#unanswered.delete(numbered.partition)
      this.#sequences.acknowledged(numbered, code === NONE ? baseOffset : -1n)
      return
    }
    if (code === UNKNOWN_TOPIC_OR_PARTITION) {
      for (const message of one.batch.messages) message.isAmbiguous = true
      return
    }
    this.#sequences.refused(numbered, { errorCode: code, logStartOffset, acks: ACKS_ALL })
    if (numbered.partition.isOpen(numbered)) return
    this.#unanswered.delete(numbered.partition)
    if (code === INVALID_PRODUCER_EPOCH) this.#sequences.failed(numbered, code, false)
    else this.#sequences.withdraw(numbered)
  }

  #giveUp(partition: PartitionSequences): void {
    const one = this.#unanswered.get(partition)
    if (!one) return
    this.#unanswered.delete(partition)
    this.#sequences.expired(one.numbered)
  }

  #raiseEpochIfNeeded(): void {
    this.#sequences.resolve()
    this.#sequences.bumpIfRequested()
  }
}

function numbersOf({ producer }: PendingBatch): BatchNumbers {
  return producer as BatchNumbers
}

function without(
  messages: readonly PendingMessage[],
  others: readonly PendingMessage[],
): readonly PendingMessage[] {
  const left = new Set(others)
  return messages.filter((message) => !left.has(message))
}

/** Batches that are not to be divided, in as few requests as they fit into. */
function wholeInRequests(batches: readonly PendingBatch[], maxBytes: number): PendingBatch[][] {
  const requests: PendingBatch[][] = []
  let bytes = Number.POSITIVE_INFINITY
  for (const batch of batches) {
    const size = estimateSetBytes(batch.messages)
    if (bytes + size > maxBytes) {
      requests.push([])
      bytes = 0
    }
    requests.at(-1)!.push(batch)
    bytes += size
  }
  return requests
}

/**
 * How batches end, and when they are tried again: what an answer, a lost answer or the end of their time means (*policy*), and
 * carrying that out: memory, numbers and the transaction first, then callbacks and futures.
 *
 * @see Kafka's Sender 4.3: completeBatch, canRetry, failBatch
 */
import { counted } from '../counted.js'
import { type KafkaError, printable } from '../errors.js'
import { forRequest } from '../network/client-errors.js'
import type { PartitionAnswer } from '../produce/match-response.js'
import type { NumberedBatch } from '../produce/partition-sequences.js'
import type { ProducerSequences } from '../produce/producer-sequences.js'
import { guessAt } from '../produce/read-answer.js'
import { errorCode } from '../protocol/error-code.js'
import { brokerError } from './errors.js'
import type { ProducerBatch } from './producer-batch.js'
import type { RecordAccumulator } from './record-accumulator.js'
import { TimeoutError } from './record-errors.js'
import type { RecordOutcomes } from './record-outcomes.js'
import { errorsOfRecords } from './record-rejections.js'

const UNKNOWN_SERVER_ERROR = -1
const NONE = 0
const MESSAGE_TOO_LARGE = 10
const NETWORK_EXCEPTION = 13
const UNSUPPORTED_FOR_MESSAGE_FORMAT = 43
const OUT_OF_ORDER_SEQUENCE_NUMBER = 45
const DUPLICATE_SEQUENCE_NUMBER = 46

/** Codes that say that the leader is another one, or may be: Kafka's InvalidMetadataException. */
const outdated: ReadonlySet<number> = new Set([3, 5, 6, 9, 13, 56, 72, 74, 100, 103])

export interface BatchCompletionListener {
  onSent(batch: ProducerBatch): void
  onRetry(batch: ProducerBatch): void
  onFailed(topic: string, records: number): void
  onSplit(batch: ProducerBatch): void
  /** The leader of the partition may be another one. */
  onOutdated(batch: ProducerBatch, answer: PartitionAnswer | null): void
  /** The topic is stored in a format without numbers. @returns whether the producer does without them from now on. */
  onNoNumbers(batch: ProducerBatch): boolean
  /** A record is not stored, or nobody knows: its transaction has to be aborted. */
  onRecordFailed(error: KafkaError): void
}

export interface BatchCompletionOptions {
  readonly accumulator: RecordAccumulator
  readonly outcomes: RecordOutcomes
  readonly retries: number
  readonly deliveryTimeoutMs: number
  readonly acks: number
  /** null for none. */
  readonly codec: string | null
  /** null without idempotence. */
  sequences(): ProducerSequences | null
  readonly listener: BatchCompletionListener
}

export class BatchCompletion {
  readonly #options: BatchCompletionOptions

  constructor(options: BatchCompletionOptions) {
    this.#options = options
  }

  /** @param answer - null with acks 0. */
  answered(batch: ProducerBatch, answer: PartitionAnswer | null, broker: string, nowMs: number): void {
    const code = answer?.errorCode ?? NONE
    if (code === NONE || code === DUPLICATE_SEQUENCE_NUMBER) {
      this.#succeeded(batch, code === NONE ? answer : null)
      return
    }
    const { listener, acks } = this.#options
    if (outdated.has(code)) listener.onOutdated(batch, answer)
    if (code === MESSAGE_TOO_LARGE && this.#maySplit(batch, nowMs)) {
      listener.onSplit(batch)
      this.#options.accumulator.split(batch, nowMs)
      return
    }
    if (code === UNSUPPORTED_FOR_MESSAGE_FORMAT && this.#mayGoWithoutNumbers(batch, nowMs)) {
      this.#retry(batch, nowMs)
      return
    }
    const { isAmbiguous, retriable } = errorCode(code)
    batch.mayBeStored ||= isAmbiguous === true || (isAmbiguous === 'acks -1' && acks === -1)
    const isRetriable = this.#refused(batch, answer!, retriable)
    if (isRetriable && this.#mayRetry(batch, nowMs)) {
      this.#retry(batch, nowMs)
      return
    }
    if (isRetriable && batch.state === 'pending' && nowMs >= batch.dueMs) {
      const cause = brokerError(code, `${broker} refused ${described(batch)}`)
      this.failed(batch, this.#lateError(batch, batch.mayBeStored, cause), code, false)
      return
    }
    this.#failed(batch, code, isRetriable, (error) => errorsOfRecords(error, answer!, batch), {
      error: brokerError(code, `${broker} refused ${described(batch)}`, {
        broker,
        topic: batch.topic,
        partition: batch.partition,
        persistence: batch.mayBeStored ? 'possibly-persisted' : 'not-persisted',
      }),
      says: answer?.errorMessage ?? guessAt(code, this.#options.codec),
    })
  }

  /** No answer came. */
  unanswered(batch: ProducerBatch, error: KafkaError, nowMs: number): void {
    if (batch.state !== 'pending') return
    this.#options.listener.onOutdated(batch, null)
    batch.mayBeStored ||= error.persistence !== 'not-persisted'
    if (error.retriable && this.#mayRetry(batch, nowMs)) this.#retry(batch, nowMs)
    else if (error.retriable && nowMs >= batch.dueMs) this.expired(batch)
    else this.failed(batch, error, NETWORK_EXCEPTION, true)
  }

  /** Its time limit has passed before it was answered. */
  expired(batch: ProducerBatch): void {
    const { numbered } = batch
    if (!batch.complete('failed')) return
    const sequences = this.#options.sequences()
    if (sequences && numbered && isInFlight(numbered)) sequences.expired(numbered)
    this.#settleFailed(batch, this.#lateError(batch, batch.mayBeStored || batch.isInFlight))
  }

  #lateError(batch: ProducerBatch, mayBeStored: boolean, cause?: KafkaError): TimeoutError {
    const { topic, partition } = batch
    const { deliveryTimeoutMs } = this.#options
    const text = `${described(batch)} expired: delivery.timeout.ms=${deliveryTimeoutMs} has passed since its first record was sent`
    const persistence = mayBeStored ? 'possibly-persisted' : 'not-persisted'
    return new TimeoutError(text, { topic, partition, persistence, ...(cause && { cause }) })
  }

  /** Taken out of the accumulator, because the producer or its transaction has ended. */
  aborted(batch: ProducerBatch, error: KafkaError): void {
    if (!batch.complete('aborted')) return
    this.#options.accumulator.deallocate(batch, !batch.isCompressing)
    this.#options.listener.onFailed(batch.topic, batch.count)
    this.#options.outcomes.failed(batch.futures, error)
  }

  /** A later batch was stored before it: it has no place in the order any more. */
  overtaken(batch: ProducerBatch): void {
    const { topic, partition } = batch
    const error = brokerError(
      OUT_OF_ORDER_SEQUENCE_NUMBER,
      `${described(batch)} was overtaken by a later one and cannot be stored in order`,
      { topic, partition },
    )
    this.failed(batch, error, OUT_OF_ORDER_SEQUENCE_NUMBER, false)
  }

  /** Its broker cannot be sent to at all. An earlier attempt may have stored it. */
  unsendable(batch: ProducerBatch, error: KafkaError): void {
    const own = batch.mayBeStored ? forRequest(error, { persistence: 'possibly-persisted' }) : error
    this.failed(batch, own, UNKNOWN_SERVER_ERROR, false)
  }

  /** @param code - what it is for its numbers. */
  failed(batch: ProducerBatch, error: KafkaError, code: number, isExhausted: boolean): void {
    if (!batch.complete('failed')) return
    this.#releaseNumbers(batch, code, isExhausted)
    this.#settleFailed(batch, error)
  }

  #failed(
    batch: ProducerBatch,
    code: number,
    isExhausted: boolean,
    errorsOf: (error: KafkaError) => ((index: number) => KafkaError) | KafkaError,
    { error, says }: { error: KafkaError; says: string | null },
  ): void {
    if (!batch.complete('failed')) return
    this.#releaseNumbers(batch, code, isExhausted)
    if (says) error.message += `: ${printable(says)}`
    this.#settleFailed(batch, errorsOf(error), error)
  }

  #succeeded(batch: ProducerBatch, answer: PartitionAnswer | null): void {
    const { accumulator, outcomes, listener } = this.#options
    const { numbered } = batch
    if (!batch.complete('succeeded')) return
    const baseOffset = answer?.baseOffset ?? -1n
    if (numbered) this.#options.sequences()?.acknowledged(numbered, baseOffset)
    accumulator.deallocate(batch, true)
    listener.onSent(batch)
    const stampedMs = answer && answer.logAppendTimeMs >= 0n ? Number(answer.logAppendTimeMs) : null
    outcomes.succeeded(batch.futures, { baseOffset, timestampMs: stampedMs })
  }

  #settleFailed(
    batch: ProducerBatch,
    errors: KafkaError | ((index: number) => KafkaError),
    error: KafkaError = errors as KafkaError,
  ): void {
    const { accumulator, outcomes, listener } = this.#options
    accumulator.deallocate(batch, !batch.isCompressing)
    listener.onFailed(batch.topic, batch.count)
    listener.onRecordFailed(error)
    outcomes.failed(batch.futures, errors)
  }

  #retry(batch: ProducerBatch, nowMs: number): void {
    this.#options.listener.onRetry(batch)
    this.#options.accumulator.reenqueue(batch, nowMs)
  }

  #refused(
    batch: ProducerBatch,
    { errorCode: code, logStartOffset }: PartitionAnswer,
    retriable: boolean,
  ): boolean {
    const { numbered } = batch
    const sequences = this.#options.sequences()
    if (!sequences || !numbered || !isInFlight(numbered)) return retriable
    const { acks } = this.#options
    return sequences.refused(numbered, { errorCode: code, logStartOffset, acks }) === 'retry'
  }

  #releaseNumbers({ numbered }: ProducerBatch, code: number, isExhausted: boolean): void {
    const sequences = this.#options.sequences()
    if (!sequences || !numbered) return
    if (isInFlight(numbered) || numbered.partition.mustFail(numbered)) {
      sequences.failed(numbered, code, isExhausted)
    }
  }

  #mayGoWithoutNumbers(batch: ProducerBatch, nowMs: number): boolean {
    return (
      batch.numbered !== null && this.#isInTime(batch, nowMs) && this.#options.listener.onNoNumbers(batch)
    )
  }

  /** A part of a batch that may be stored is not recognised by the numbers of that batch: the epoch would be raised, and it stored again. */
  #maySplit(batch: ProducerBatch, nowMs: number): boolean {
    const isRecognised = batch.numbered !== null && batch.mayBeStored
    return batch.count > 1 && !isRecognised && this.#isInTime(batch, nowMs)
  }

  #isInTime({ state, dueMs }: ProducerBatch, nowMs: number): boolean {
    return state === 'pending' && nowMs < dueMs
  }

  #mayRetry(batch: ProducerBatch, nowMs: number): boolean {
    return batch.attempts < this.#options.retries && this.#isInTime(batch, nowMs)
  }
}

/** Whether the partition still counts it: not once its transaction ended or another producer id was taken. */
function isInFlight(numbered: NumberedBatch): boolean {
  return numbered.partition.inFlight.includes(numbered)
}

function described({ topic, partition, count }: ProducerBatch): string {
  return `a batch of ${counted(count, 'record')} for ${printable(topic)}/${partition}`
}

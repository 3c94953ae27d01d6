/**
 * How records come into the accumulator: their size is checked, they are appended, or wait for memory until others are done.
 *
 * Policy: settles no future; what fails it returns.
 */
import { type KafkaError, ProducerClosedError, printable } from '../errors.js'
import type { RecordHeaders } from '../protocol/records/record-body.js'
import { headersBytes, partBytes, upperBoundBytes } from '../protocol/records/record-sizes.js'
import type { Serialized } from '../protocol/writer.js'
import type { FlushGeneration, FlushGenerations } from './flush-generations.js'
import { type AppendableRecord, Appended, type RecordAppender } from './record-appender.js'
import { BufferExhaustedError, RecordTooLargeError, SerializationError } from './record-errors.js'
import { FutureRecordMetadata } from './record-future.js'
import { type WaitingRecord, WaitingRecords } from './waiting-records.js'

/** No partition is chosen. */
export const UNASSIGNED = -1

/** A record that will not be stored. */
export interface Failed {
  readonly future: FutureRecordMetadata
  readonly error: KafkaError
}

export interface RecordAdmissionOptions {
  readonly appender: RecordAppender
  readonly generations: FlushGenerations
  /** `buffer.memory`. */
  readonly bufferBytes: number
  /** `max.request.size`. */
  readonly maxRequestBytes: number
  /** Records have waited for memory, this long all together. */
  onWaited(waitedMs: number): void
}

export class RecordAdmission {
  readonly #options: RecordAdmissionOptions
  readonly #waiting: WaitingRecords
  /** The record of this call of `append`, so that none is allocated. */
  readonly #record: AppendableRecord = {
    future: new FutureRecordMetadata(''),
    isUnassigned: false,
    key: null,
    value: null,
    headers: null,
    headersBytes: 0,
    timestampMs: 0,
    bytes: 0,
  }
  #isClosed = false

  constructor(options: RecordAdmissionOptions) {
    this.#options = options
    this.#waiting = new WaitingRecords(options.bufferBytes)
  }

  /** Records that wait for memory. */
  get waiting(): number {
    return this.#waiting.size
  }

  /** When the next one has waited long enough; Infinity where none waits. */
  get nextDeadlineMs(): number {
    return this.#waiting.nextDeadlineMs
  }

  /** See `RecordAccumulator`. */
  append(
    future: FutureRecordMetadata,
    key: Serialized,
    value: Serialized,
    headers: RecordHeaders | null,
    timestampMs: number,
    deadlineMs: number,
    nowMs: number,
    beginsBatch: boolean,
    generation: FlushGeneration | null,
  ): number {
    if (this.#isClosed && !generation)
      throw new ProducerClosedError('the producer was closed while a record was being sent')
    future.keyBytes = partBytes(key)
    future.valueBytes = partBytes(value)
    const record = this.#record
    record.future = future
    record.isUnassigned = future.partition === UNASSIGNED
    record.key = key
    record.value = value
    record.headers = headers
    record.headersBytes = headersBytes(headers)
    record.timestampMs = timestampMs
    record.bytes = upperBoundBytes(future.keyBytes, future.valueBytes, record.headersBytes)
    this.#checkSize(record)
    if (this.#waiting.size === 0) {
      const done = this.#options.appender.append(record, nowMs, beginsBatch, generation)
      if (done !== Appended.waits) return done
    }
    if (!this.#waiting.hasRoomFor(record.bytes))
      throw exhausted(future, 'too many records wait for it already')
    const entered = this.#options.generations.enter(generation ?? undefined)
    this.#waiting.add({ ...record, generation: entered, sinceMs: nowMs }, deadlineMs)
    return Appended.waits | Appended.wakesSender
  }

  /** See `RecordAccumulator`. */
  admit(nowMs: number): Failed[] {
    const failed: Failed[] = []
    let waitedMs = 0
    for (let late = this.#waiting.shiftExpired(nowMs); late; late = this.#waiting.shiftExpired(nowMs)) {
      waitedMs += nowMs - late.sinceMs
      failed.push({ future: late.future, error: exhausted(late.future, 'max.block.ms has passed') })
      this.#options.generations.leave(late.generation)
    }
    for (let first = this.#waiting.first; first; first = this.#waiting.first) {
      const result = this.#admitOne(first, nowMs)
      if (result === Appended.waits) break
      this.#waiting.shift()
      waitedMs += nowMs - first.sinceMs
      this.#options.generations.leave(first.generation)
      if (typeof result !== 'number') failed.push({ future: first.future, error: result })
    }
    if (waitedMs > 0) this.#options.onWaited(waitedMs)
    return failed
  }

  /** Refuses records from now on, but those that wait. */
  close(): void {
    this.#isClosed = true
  }

  /** Takes out all that wait, in their order. */
  takeAll(): FutureRecordMetadata[] {
    const taken: FutureRecordMetadata[] = []
    for (let record = this.#waiting.shift(); record; record = this.#waiting.shift()) {
      taken.push(record.future)
      this.#options.generations.leave(record.generation)
    }
    return taken
  }

  #checkSize({ future: { topic }, bytes }: AppendableRecord): void {
    const { maxRequestBytes, bufferBytes } = this.#options
    if (bytes <= maxRequestBytes && bytes <= bufferBytes) return
    const [key, limit] =
      bytes > maxRequestBytes ? ['max.request.size', maxRequestBytes] : ['buffer.memory', bufferBytes]
    const text = `a record for ${printable(topic)} takes up to ${bytes} bytes, and ${key} is ${limit}`
    throw new RecordTooLargeError(text, { topic })
  }

  /** What was done, or why the record failed. */
  #admitOne(record: WaitingRecord, nowMs: number): number | KafkaError {
    try {
      return this.#options.appender.append(record, nowMs, true, record.generation)
    } catch (cause) {
      const { topic } = record.future
      const text = `the bytes of a record for ${printable(topic)} are not there any more: they were given away while it waited`
      return new SerializationError(text, { topic, cause })
    }
  }
}

function exhausted({ topic }: FutureRecordMetadata, why: string): BufferExhaustedError {
  const text = `buffer.memory has no room for a record for ${printable(topic)}, and ${why}: await appended, or raise buffer.memory`
  return new BufferExhaustedError(text, { topic })
}

/**
 * The way of a record from `send()` into the accumulator: interceptors, serializers, metadata, partitioner, append. Where the
 * metadata of its topic is known all of it happens at once; else the record waits, and with it all that come later for the topic.
 *
 * Every failure of a record arrives through its future and callback (docs/decisions/0009-kafka-producer.md).
 */
import type { ClusterMetadata } from '../cluster/cluster-metadata.js'
import { counted } from '../counted.js'
import { type KafkaError, printable } from '../errors.js'
import { headersBytes, partBytes, upperBoundBytes } from '../protocol/records/record-sizes.js'
import type { Serialized } from '../protocol/serialized.js'
import { asError, causeOf, INVALID_TOPIC_EXCEPTION, isFinal, refusal, tooManyWait } from './intake-errors.js'
import { choosePartition, type PartitionChoice } from './partitioners/choose-partition.js'
import type { TopicView } from './partitioners/partitioner.js'
import type { ProducerMetadata, UsedTopic } from './producer-metadata.js'
import type { ProducerPlugins } from './producer-plugins.js'
import { checkFields, checkRecord, ProducerRecord, type RecordLike } from './producer-record.js'
import { Appended, type RecordAccumulator } from './record-accumulator.js'
import { RecordTooLargeError, TimeoutError } from './record-errors.js'
import { type Callback, FutureRecordMetadata } from './record-future.js'
import { RecordHeaders } from './record-headers.js'
import { serializePart } from './serializer.js'
import { TopicWaits, type WaitingSend } from './topic-waits.js'
import type { TurnClock } from './turn-clock.js'

export interface RecordIntakeOptions {
  readonly plugins: ProducerPlugins
  /** `partitioner.ignore.keys`. */
  readonly ignoresKeys: boolean
  readonly accumulator: RecordAccumulator
  readonly metadata: ProducerMetadata
  readonly cluster: ClusterMetadata
  readonly clock: TurnClock
  readonly maxBlockMs: number
  /** `buffer.memory`, which limits what waits for metadata as well. */
  readonly maxWaitingBytes: number
  /** There is something for the sender to look at. */
  wake(): void
  /** Records of a topic have waited for its metadata, this long all together. */
  onWaited(waitedMs: number): void
  /** A record has failed without having been in a batch. */
  onFailed(futures: readonly FutureRecordMetadata[], error: KafkaError): void
}

const UNASSIGNED = -1

const NO_HEADERS = RecordHeaders.from(null)
NO_HEADERS.setReadOnly()

export class RecordIntake {
  readonly #options: RecordIntakeOptions
  readonly #plugins: ProducerPlugins
  readonly #choice: PartitionChoice
  readonly #waits: TopicWaits

  constructor(options: RecordIntakeOptions) {
    this.#options = options
    this.#plugins = options.plugins
    this.#choice = { partitioner: options.plugins.partitioner, ignoresKeys: options.ignoresKeys }
    this.#waits = new TopicWaits(options.maxWaitingBytes)
  }

  /** Records that wait for metadata. */
  get waiting(): number {
    return this.#waits.size
  }

  /**
   * The record to be sent: what the interceptors make of it.
   *
   * @throws {IllegalArgumentError} for what is no record. @throws {RecordFilteredError} where an interceptor wants none sent.
   */
  intercept(given: RecordLike): RecordLike {
    const { interceptors } = this.#plugins
    if (interceptors) return interceptors.onSend(ProducerRecord.from(given))
    if (given instanceof ProducerRecord) return given
    checkFields(given)
    checkRecord(given.topic, given.partition, given.timestamp, given.value)
    return given
  }

  /** Takes a record; its outcome is in its future. */
  send(record: RecordLike, callback: Callback | null): FutureRecordMetadata {
    const { clock, metadata, cluster } = this.#options
    const { topic, partition } = record
    const future = new FutureRecordMetadata(topic, partition ?? UNASSIGNED, callback)
    clock.tick()
    const used = metadata.use(topic, clock.nowMs)
    const { view } = used
    try {
      if (view === null && cluster.errorCodeOf(topic) === INVALID_TOPIC_EXCEPTION) {
        throw refusal(topic, INVALID_TOPIC_EXCEPTION)
      }
      const headers = this.#headersOf(record)
      const key = serializePart(this.#plugins.keySerializer, 'key', topic, record.key ?? null, headers)
      const value = serializePart(this.#plugins.valueSerializer, 'value', topic, record.value, headers)
      if (headers !== NO_HEADERS) {
        headers.setReadOnly()
        future.headers = headers
      }
      if (view !== null && hasPartition(view, partition) && !this.#waits.has(topic)) {
        const timestampMs = record.timestamp ?? clock.epochMs
        this.#append(
          future,
          record,
          key,
          value,
          timestampMs,
          view,
          null,
          clock.nowMs + this.#options.maxBlockMs,
        )
      } else this.#wait(future, record, key, value, used)
    } catch (thrown) {
      const error = asError(thrown, topic)
      // Its size is looked at before its partition counts.
      if (error instanceof RecordTooLargeError) future.partition = partition ?? UNASSIGNED
      this.#options.onFailed([future], error)
    }
    return future
  }

  /** Metadata has come: appends what waited for it, or fails it where the topic can never be sent to. */
  admit(nowMs: number): void {
    const { cluster, metadata } = this.#options
    for (const topic of this.#waits.topics) {
      const code = cluster.errorCodeOf(topic)
      if (isFinal(code)) {
        for (const send of this.#waits.takeTopic(topic)) this.#fail(send, refusal(topic, code))
        continue
      }
      const { view } = metadata.use(topic, nowMs)
      if (view === null || !this.#admitTopic(topic, view, nowMs)) metadata.requestUpdate()
    }
  }

  /** Fails what has waited long enough. @returns when the next one has. */
  expire(nowMs: number): number {
    for (let send = this.#waits.shiftExpired(nowMs); send; send = this.#waits.shiftExpired(nowMs)) {
      this.#fail(send, this.#lateError(send))
    }
    return this.#waits.nextDeadlineMs
  }

  /** Fails all that wait. */
  abort(error: KafkaError): void {
    for (const topic of this.#waits.topics) {
      for (const send of this.#waits.takeTopic(topic)) this.#fail(send, error)
    }
  }

  /** @returns whether nobody waits any more. */
  #admitTopic(topic: string, view: TopicView, nowMs: number): boolean {
    let waitedMs = 0
    for (let send = this.#waits.first(topic); send; send = this.#waits.first(topic)) {
      if (!hasPartition(view, send.record.partition)) break
      this.#waits.shift(topic)
      waitedMs += nowMs - (send.dueMs - this.#options.maxBlockMs)
      const { future, record, key, value, timestampMs, generation, dueMs } = send
      try {
        this.#append(future, record, key, value, timestampMs, view, generation, dueMs)
      } catch (thrown) {
        this.#options.onFailed([future], asError(thrown, topic))
      }
      this.#options.accumulator.leaveFlush(generation)
    }
    if (waitedMs > 0) this.#options.onWaited(waitedMs)
    return this.#waits.first(topic) === undefined
  }

  #append(
    future: FutureRecordMetadata,
    record: RecordLike,
    key: Serialized,
    value: Serialized,
    timestampMs: number,
    view: TopicView,
    generation: WaitingSend['generation'] | null,
    deadlineMs: number,
  ): void {
    const { accumulator, clock } = this.#options
    const choice = this.#choice
    const headers = future.headers?.pairs ?? null
    future.partition = choosePartition(record, key, value, view, choice)
    // A partitioner that wants to know of new batches is asked again before one begins.
    const mayBegin = !this.#plugins.callsOnNewBatch || typeof record.partition === 'number'
    clock.tick()
    const { nowMs } = clock
    let done = accumulator.append(
      future,
      key,
      value,
      headers,
      timestampMs,
      deadlineMs,
      nowMs,
      mayBegin,
      generation,
    )
    if (done === Appended.needsNewBatch) {
      choice.partitioner!.onNewBatch!(record.topic, view, future.partition)
      future.partition = choosePartition(record, key, value, view, choice)
      done = accumulator.append(future, key, value, headers, timestampMs, deadlineMs, nowMs, true, generation)
    }
    if (done & Appended.wakesSender) this.#options.wake()
  }

  #wait(
    future: FutureRecordMetadata,
    record: RecordLike,
    key: Serialized,
    value: Serialized,
    { view }: UsedTopic,
  ): void {
    const { accumulator, metadata, clock, maxBlockMs } = this.#options
    const headers = future.headers?.pairs ?? null
    const bytes = upperBoundBytes(partBytes(key), partBytes(value), headersBytes(headers))
    if (!this.#waits.hasRoomFor(bytes)) throw tooManyWait(future.topic)
    if (view !== null) metadata.requestUpdate()
    this.#waits.add({
      future,
      record,
      key,
      value,
      headers,
      timestampMs: record.timestamp ?? clock.epochMs,
      bytes,
      generation: accumulator.enterFlush(),
      dueMs: clock.nowMs + maxBlockMs,
      heapIndex: -1,
      isOver: false,
    })
    this.#options.wake()
  }

  #fail({ future, generation }: WaitingSend, error: KafkaError): void {
    this.#options.accumulator.leaveFlush(generation)
    this.#options.onFailed([future], error)
  }

  #headersOf(record: RecordLike): RecordHeaders {
    const { readsHeaders, interceptors } = this.#plugins
    if (record instanceof ProducerRecord) {
      return record.hasHeaders || readsHeaders || interceptors ? record.headers : NO_HEADERS
    }
    const { headers } = record
    if (headers === null || headers === undefined) return readsHeaders ? RecordHeaders.from(null) : NO_HEADERS
    return RecordHeaders.from(headers)
  }

  #lateError({ future: { topic }, record: { partition } }: WaitingSend): TimeoutError {
    const { maxBlockMs, cluster, metadata } = this.#options
    const known = cluster.topic(topic)
    const what =
      known && typeof partition === 'number'
        ? `${printable(topic)} has ${counted(known.partitionCount, 'partition')} and not number ${partition}`
        : `nothing is known of topic ${printable(topic)}`
    return new TimeoutError(`${what} after max.block.ms=${maxBlockMs}`, {
      topic,
      cause: causeOf(cluster, topic) ?? metadata.lastError ?? undefined,
    })
  }
}

function hasPartition({ partitionCount }: TopicView, partition: number | null | undefined): boolean {
  return partitionCount > 0 && (partition === null || partition === undefined || partition < partitionCount)
}

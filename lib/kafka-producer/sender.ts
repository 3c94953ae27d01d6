/**
 * What Kafka's I/O thread does, driven by events: each {@link Sender.wake} leads to one run in the next turn of the event
 * loop, so that all that is sent in one turn shares batches, and one alarm stands for everything that is due later. While
 * nothing happens and nothing is due, nothing runs.
 *
 * A run decides in Kafka's order: requests of transactions, what has expired, who waits for memory or metadata, then one
 * produce request after the other to each broker that has something due and room on its connection.
 *
 * @see Kafka's Sender 4.3
 */
import type { KafkaError } from '../errors.js'
import { magicOf } from '../protocol/records/record-body.js'
import { Alarm } from './alarm.js'
import type { BatchCompletion } from './batch-completion.js'
import type { BrokerNodes } from './broker-nodes.js'
import type { ProduceExchange } from './produce-exchange.js'
import type { ProducerBatch } from './producer-batch.js'
import type { ProducerMetadata } from './producer-metadata.js'
import type { RecordAccumulator } from './record-accumulator.js'
import type { FutureRecordMetadata } from './record-future.js'
import type { RecordOutcomes } from './record-outcomes.js'
import type { TransactionChannel } from './transaction-channel.js'
import type { TransactionManager } from './transaction-manager.js'

export interface SenderOptions {
  readonly accumulator: RecordAccumulator
  readonly metadata: ProducerMetadata
  readonly nodes: BrokerNodes
  readonly exchange: ProduceExchange
  readonly completion: BatchCompletion
  readonly outcomes: RecordOutcomes
  /** `max.request.size`. */
  readonly maxRequestBytes: number
  readonly listener: SenderListener
}

export interface SenderListener {
  /** Records that wait for metadata: fails those that have waited long enough. @returns when the next one has. */
  onWaits(nowMs: number): number
  /** Records that never got into a batch have failed. */
  onRecordsFailed(futures: readonly FutureRecordMetadata[], error: KafkaError): void
  /** Whether records wait for metadata. */
  hasWaits(): boolean
  /** The transaction is being aborted: fails what waits for metadata. */
  onAbort(error: KafkaError): void
  /** A broker has no place for sequence numbers: without having been asked for, they are given up. */
  onNoNumbers(broker: string): void
  /** A run has ended; for whoever waits for something to be done. */
  onRun(): void
}

/** What numbers batches and sends the requests of transactions; null without idempotence. */
export interface Idempotence {
  readonly transactions: TransactionManager
  readonly channel: TransactionChannel
}

/** Failures that nobody looked at are logged together, this long after the first one. */
const REPORT_AFTER_MS = 1000
/** Version of Produce, which came with Kafka 1.0: before, a broker knows only the last batch of a producer again (KAFKA-5494). */
const REMEMBERS_FIVE_BATCHES = 5

export class Sender {
  readonly #options: SenderOptions
  /** What has arrived is read first: a back-off that ends must not overtake the metadata that it waits for. */
  readonly #alarm = new Alarm(() => this.wake())
  #idempotence: Idempotence | null
  #isScheduled = false
  #isClosed = false
  #reportAtMs = Number.POSITIVE_INFINITY

  constructor(options: SenderOptions, idempotence: Idempotence | null) {
    this.#options = options
    this.#idempotence = idempotence
  }

  /** Something has changed: looks at everything in the next turn. */
  readonly wake = (): void => {
    if (this.#isScheduled || this.#isClosed) return
    this.#isScheduled = true
    setImmediate(() => {
      if (this.#isScheduled) this.run()
    })
  }

  /** Numbers no batch any more. */
  giveUpIdempotence(): void {
    this.#idempotence = null
    this.#options.accumulator.muteInFlight()
    this.wake()
  }

  /** Whether nothing is queued, in flight or waiting to be sent. */
  get isIdle(): boolean {
    const { accumulator, nodes } = this.#options
    return accumulator.incompleteBatches === 0 && accumulator.waitingRecords === 0 && nodes.inFlight === 0
  }

  run(): void {
    this.#isScheduled = false
    if (this.#isClosed) return
    const { accumulator, metadata, outcomes, listener } = this.#options
    const nowMs = performance.now()
    this.#pollTransactions(nowMs)
    this.#abortUnsent(nowMs)
    this.#expire(nowMs)
    const waitsUntilMs = listener.onWaits(nowMs)
    this.#admit(nowMs)
    this.#sendBatches(nowMs)
    // Numbers of batches that were drained, or are due, may need another epoch.
    this.#pollTransactions(nowMs)
    metadata.poll(nowMs)
    if (nowMs >= this.#reportAtMs) {
      outcomes.reportUnobserved()
      this.#reportAtMs = Number.POSITIVE_INFINITY
    }
    if (outcomes.hasUnobserved) this.#reportAtMs = Math.min(this.#reportAtMs, nowMs + REPORT_AFTER_MS)
    listener.onRun()
    if (this.#isClosed) return
    this.#setAlarm(nowMs, waitsUntilMs, accumulator.ready(nowMs).nextDueMs)
  }

  /** Stops for good. */
  close(): void {
    this.#isClosed = true
    this.#alarm.clear()
  }

  /** Memory may have become free: appends records that wait for it. */
  #admit(nowMs: number): void {
    const { accumulator, listener } = this.#options
    if (accumulator.waitingRecords === 0) return
    for (const { future, error } of accumulator.admit(nowMs)) listener.onRecordsFailed([future], error)
  }

  #pollTransactions(nowMs: number): void {
    if (!this.#idempotence) return
    const { accumulator, metadata, nodes, listener } = this.#options
    const { transactions, channel } = this.#idempotence
    const hasBatches =
      accumulator.incompleteBatches > 0 ||
      accumulator.waitingRecords > 0 ||
      listener.hasWaits() ||
      // What has expired in flight may still be stored, and must not be behind the marker: it would belong to the next transaction.
      (transactions.isCompleting && nodes.inFlight > 0)
    accumulator.setCompleting(transactions.isCompleting)
    // Metadata says who there is to be asked, and its connection is used again.
    if (!transactions.isTransactional && metadata.isFirstWanted) return
    channel.poll(nowMs, hasBatches)
  }

  /** Records of a transaction that is going to be aborted, and all records once the producer has failed. */
  #abortUnsent(nowMs: number): void {
    const { accumulator, completion, listener } = this.#options
    const transactions = this.#idempotence?.transactions
    const error = transactions?.unsentRecordsError
    if (!transactions || !error) return
    listener.onAbort(error)
    if (accumulator.incompleteBatches === 0 && accumulator.waitingRecords === 0) return
    const isFatal = transactions.state === 'FATAL_ERROR'
    const { batches, waiting } = isFatal
      ? accumulator.abortIncomplete(nowMs)
      : accumulator.abortUndrained(nowMs)
    for (const batch of batches) completion.aborted(batch, error)
    listener.onRecordsFailed(waiting, error)
    // What is aborted may have been all that the end of the transaction waited for.
    if (batches.length > 0) this.#pollTransactions(nowMs)
  }

  /** Fails what was never sent: the producer goes on. */
  abortUndrained(error: KafkaError): void {
    const { accumulator, completion, listener } = this.#options
    const { batches, waiting } = accumulator.abortUndrained(performance.now())
    for (const batch of batches) completion.aborted(batch, error)
    listener.onRecordsFailed(waiting, error)
  }

  /** Fails everything. */
  abortAll(error: KafkaError): void {
    const { accumulator, completion, listener } = this.#options
    const { batches, waiting } = accumulator.abortIncomplete(performance.now())
    for (const batch of batches) completion.aborted(batch, error)
    listener.onRecordsFailed(waiting, error)
  }

  #expire(nowMs: number): void {
    const { accumulator, completion } = this.#options
    if (accumulator.nextExpiryMs > nowMs) return
    for (const batch of accumulator.expire(nowMs)) completion.expired(batch)
  }

  #sendBatches(nowMs: number): void {
    const { accumulator, nodes, metadata } = this.#options
    const seen = new Set<number>()
    for (let hasSent = true; hasSent; ) {
      hasSent = false
      const { nodes: due, leaderlessTopics } = accumulator.ready(nowMs)
      if (leaderlessTopics.length > 0) metadata.requestUpdate()
      for (const id of due) {
        const ready = nodes.ready(id, nowMs)
        if (!seen.has(id)) accumulator.latency.update(id, nowMs, ready !== null)
        seen.add(id)
        if (ready && this.#drain(id, ready, nowMs)) hasSent = true
      }
    }
  }

  /** @returns whether there was something that may be sent now. */
  #drain(
    id: number,
    { node, connection }: NonNullable<ReturnType<BrokerNodes['ready']>>,
    nowMs: number,
  ): boolean {
    const { accumulator, exchange, maxRequestBytes, listener } = this.#options
    let version: number
    try {
      version = exchange.versionFor(connection)
    } catch (error) {
      return this.failNode(id, error as KafkaError, nowMs)
    }
    if (this.#idempotence && magicOf(version) < 2) listener.onNoNumbers(connection.broker)
    const batches = accumulator.drain(id, maxRequestBytes, nowMs, (batch) => this.#mayDrain(batch, version))
    if (batches.length === 0) return false
    const sent = batches.filter((batch) => !this.#failOvertaken(batch, nowMs))
    if (sent.length === 0) return true
    for (const batch of sent) {
      this.#number(batch)
    }
    exchange.send(node, connection, version, sent)
    return true
  }

  /** Nothing can be sent to this broker at all: fails what is due there. @returns whether there was anything. */
  failNode(id: number, error: KafkaError, nowMs: number): boolean {
    const { accumulator, completion, maxRequestBytes } = this.#options
    const batches = accumulator.drain(id, maxRequestBytes, nowMs)
    for (const batch of batches) {
      completion.unsendable(batch, error)
      accumulator.unmute(batch.topic, batch.partition, nowMs)
    }
    return batches.length > 0
  }

  #failOvertaken(batch: ProducerBatch, nowMs: number): boolean {
    const { numbered, topic, partition } = batch
    if (!numbered?.partition.mustFail(numbered)) return false
    const { accumulator, completion } = this.#options
    completion.overtaken(batch)
    accumulator.unmute(topic, partition, nowMs)
    return true
  }

  /** @param version - of Produce, as the leader takes it. */
  #mayDrain(batch: ProducerBatch, version: number): boolean {
    if (!this.#idempotence) return true
    const { transactions } = this.#idempotence
    const { topic, partition, numbered } = batch
    if (!transactions.mayWriteTo(topic, partition)) return false
    const { sequences } = transactions
    return numbered
      ? sequences.mayResend(numbered)
      : sequences.mayStart(
          sequences.partition(topic, partition),
          version < REMEMBERS_FIVE_BATCHES ? 1 : undefined,
        )
  }

  #number(batch: ProducerBatch): void {
    if (!this.#idempotence) {
      batch.numbered = null
      return
    }
    const { sequences } = this.#idempotence.transactions
    if (batch.numbered) batch.numbered.partition.resent(batch.numbered)
    else batch.numbered = sequences.start(sequences.partition(batch.topic, batch.partition), batch.count)
  }

  #setAlarm(nowMs: number, waitsUntilMs: number, nextDueMs: number): void {
    const { accumulator, metadata, nodes } = this.#options
    const needed = Math.min(
      nextDueMs,
      waitsUntilMs,
      accumulator.nextExpiryMs,
      nodes.nextReadyMs(nowMs),
      this.#reportAtMs,
    )
    const channelMs = this.#idempotence?.channel.nextDueMs ?? Number.POSITIVE_INFINITY
    const keepsProcess = Math.min(needed, channelMs) < Number.POSITIVE_INFINITY
    this.#alarm.set(Math.min(needed, channelMs, metadata.nextDueMs()), nowMs, keepsProcess)
  }
}

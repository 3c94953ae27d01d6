/**
 * One measurement of KafkaProducer: sends its records, in transactions where they are asked for, waits for what was sent, and closes.
 *
 * A latency counts from `send()` to the callback, as in Kafka's tool, also where a rate is given. The `send()` of Java returns when the
 * record is in the buffer; that is awaited here too, so memory stays flat.
 *
 * @see org.apache.kafka.tools.ProducerPerformance 3.9 and 4.3
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { kafkaToolParts, wasNobodyThere } from '../cli/kafka-tool-config.js'
import type { StopSignal } from '../cli/stop-signals.js'
import type { ToolClasses } from '../cli/tool-classes.js'
import { KafkaError, ProducerClosedError } from '../errors.js'
import {
  type KafkaMetric,
  KafkaProducer,
  type KafkaProducerConfig,
  ProducerRecord,
} from '../kafka-producer/index.js'
import type { FutureRecordMetadata } from '../kafka-producer/record-future.js'
import type { Logger } from '../logger.js'
import type { KafkaPerfOptions } from './kafka-options.js'
import type { Percentiles } from './latency.js'
import { Pacer } from './pacer.js'
import { recordPayloads } from './record-payloads.js'
import { RecordStatistics } from './record-statistics.js'
import { wantsSamples } from './report/report-files.js'
import { StopControl, untilDue } from './stop-control.js'
import { Tally } from './tally.js'
import { type Sample, Timeline } from './timeline.js'

const UNREACHABLE = 'no broker of the list has ever answered'
/** The sender of Java has a thread, and works while records are appended; here it works in the turns of the event loop between them. */
const RECORDS_A_TURN = 128
/** As in Kafka 4.x, where a transactional id alone asks for transactions. */
const DEFAULT_TRANSACTION_MS = 3000

export interface KafkaPerfResult {
  /** Figures of the records that were delivered: of all, and where there was a warm-up of those after it. */
  readonly totalLines: readonly string[]
  /** How they came in the course of time; none without a report. */
  readonly samples: readonly Sample[]
  /** Since the epoch, from before the producer was made until it was closed. */
  readonly startMs: number
  readonly endMs: number
  readonly latency: Percentiles | null
  /** Before the producer was closed. */
  readonly metrics: readonly KafkaMetric[]
  readonly tally: Tally
  /** What came before all records were sent; null when nothing did. */
  readonly signal: StopSignal | null
  /** Why the run ended before its time, or its last transaction failed; null otherwise. */
  readonly ended: string | null
}

export class KafkaPerfRun {
  readonly #options: KafkaPerfOptions
  readonly #transactionMs: number | null
  readonly #producer: KafkaProducer<Uint8Array, Uint8Array>
  readonly #print: (line: string) => void
  readonly #statistics: RecordStatistics
  /** After the warm-up; null before, and without one. */
  #steady: RecordStatistics | null = null
  /** For the report; null where none is wanted. */
  readonly #timeline: Timeline | null
  readonly #startMs = Date.now()
  readonly #valueOf: (n: number) => Buffer
  readonly #tally: Tally
  readonly #stopControl = new StopControl()
  #ended: string | null = null
  /** Since when the open transaction is; null while none is open. */
  #transactionSinceMs: number | null = null

  /** @param print - gets each line of progress. */
  constructor(
    options: KafkaPerfOptions,
    { config, classes }: { config: KafkaProducerConfig; classes: ToolClasses },
    logger: Logger,
    print: (line: string) => void,
  ) {
    this.#options = options
    this.#transactionMs =
      config.transactionalId === null ? null : (options.transactionDurationMs ?? DEFAULT_TRANSACTION_MS)
    this.#valueOf = recordPayloads(options.payload)
    this.#tally = new Tally((cause) => logger.error(`a record failed: ${cause}`))
    this.#producer = new KafkaProducer(config, { logger, ...kafkaToolParts(config, classes) })
    this.#print = print
    this.#statistics = this.#statisticsFromNow(false)
    this.#timeline = wantsSamples(options) ? new Timeline(this.#tally, this.#statistics.latency) : null
  }

  /** Ends the sending; what was sent has `--close-timeout-ms` to be delivered, or none at the second signal. */
  stop(signal: StopSignal): void {
    this.#stopControl.onSignal(signal, this.#options.closeTimeoutMs)
  }

  /** Can be called once. */
  async run(): Promise<KafkaPerfResult> {
    const { abandoned } = this.#stopControl
    const sending = this.#sendAll()
    // A record that waits for memory would outlast any limit of time.
    await Promise.race([sending, abandoned])
    if (!this.#stopControl.isAbandoned) await Promise.race([this.#producer.flush(), abandoned])
    const nowMs = performance.now()
    const counted = this.#steady ? [this.#statistics, this.#steady] : [this.#statistics]
    const totalLines = counted.map((statistics) => statistics.totalLine(nowMs))
    const metrics = this.#producer.metrics()
    await this.#producer.close(this.#stopControl.isAbandoned ? { timeoutMs: 0 } : {})
    await sending
    this.#timeline?.stop()
    this.#stopControl.clear()
    const tally = this.#tally
    if (this.#ended === UNREACHABLE && tally.unsettled > 0) tally.addFailure(UNREACHABLE, tally.unsettled)
    const signal = tally.sent < this.#options.records ? this.#stopControl.signal : null
    const samples = this.#timeline?.samples ?? []
    const latency = this.#statistics.latency.total()
    const times = { startMs: this.#startMs, endMs: Date.now() }
    return { totalLines, samples, ...times, latency, metrics, tally, signal, ended: this.#ended }
  }

  /** Never rejects for what a producer may fail with. */
  async #sendAll(): Promise<void> {
    try {
      if (this.#transactionMs !== null) await this.#producer.initTransactions()
      await this.#sendEach()
      if (this.#transactionSinceMs !== null) await this.#commit()
    } catch (error) {
      if (!(error instanceof KafkaError)) throw error
      // close() aborts the transaction that is open.
      if (!this.#stopControl.isAbandoned) this.#ended = error.message
    }
  }

  async #sendEach(): Promise<void> {
    const { records, warmupRecords, throughput: perSecond } = this.#options
    const pacer =
      perSecond === null
        ? null
        : new Pacer({ perSecond, threads: 1, threadId: 0, startMs: performance.now() })
    for (let n = 0; n < records; n++) {
      if (pacer) await untilDue(pacer, this.#stopControl)
      if (this.#stopControl.isStopping) return
      pacer?.take()
      if (n === warmupRecords && n > 0) this.#beginSteadyState()
      const wait = this.#send(this.#valueOf(n))
      if (wait) await wait
      if (this.#isTransactionDue()) await this.#commit()
    }
  }

  /** @returns what to wait for before the next record; null for nothing, as mostly. */
  #send(value: Buffer): Promise<void> | null {
    const sinceMs = performance.now()
    if (this.#transactionMs !== null && this.#transactionSinceMs === null) {
      this.#producer.beginTransaction()
      this.#transactionSinceMs = sinceMs
    }
    const record = new ProducerRecord<Uint8Array, Uint8Array>(this.#options.topic, value)
    this.#tally.sent++
    const steady = this.#steady
    const future = this.#producer.send(record, (_, error) => {
      if (error) this.#onFailed(error)
      else this.#onDelivered(sinceMs, value.length, steady)
    }) as FutureRecordMetadata
    // The callback has what went wrong.
    if (!future.isAppended) return future.appended.catch(() => {})
    return this.#tally.sent % RECORDS_A_TURN === 0 ? nextTurn() : null
  }

  #isTransactionDue(): boolean {
    const sinceMs = this.#transactionSinceMs
    return sinceMs !== null && performance.now() - sinceMs >= this.#transactionMs!
  }

  async #commit(): Promise<void> {
    this.#transactionSinceMs = null
    await this.#producer.commitTransaction()
  }

  /** @param steady - that of the records to which this one belongs. */
  #onDelivered(sinceMs: number, bytes: number, steady: RecordStatistics | null): void {
    const nowMs = performance.now()
    this.#tally.delivered++
    this.#tally.bytes += bytes
    this.#statistics.record(nowMs - sinceMs, bytes, nowMs)
    steady?.record(nowMs - sinceMs, bytes, nowMs)
  }

  #beginSteadyState(): void {
    this.#statistics.silence()
    this.#steady = this.#statisticsFromNow(true)
  }

  #statisticsFromNow(isSteadyState: boolean): RecordStatistics {
    const startMs = performance.now()
    const { reportingIntervalMs: intervalMs } = this.#options
    return new RecordStatistics({ startMs, intervalMs, print: this.#print, isSteadyState })
  }

  #onFailed(error: KafkaError): void {
    // What close() gave up for lack of time has no outcome.
    if (this.#stopControl.isAbandoned && error instanceof ProducerClosedError) return
    this.#tally.addFailure(error.message)
    if (this.#tally.delivered > 0 || !wasNobodyThere(error)) return
    // Every further record would wait as long and fail the same way.
    this.#ended = UNREACHABLE
    this.#stopControl.stop(0)
  }
}

/**
 * Counts the delivered records of a run with KafkaProducer, and says so as Kafka's tool does: a line for each interval, and one
 * for the whole run, with percentiles.
 *
 * A line of progress comes with a delivered record, so an interval without any has none. Percentiles are right to three digits.
 *
 * @see org.apache.kafka.tools.ProducerPerformance 3.9 and 4.3
 */
import { Latency } from './latency.js'

const BYTES_PER_MB = 1024 * 1024

interface Counted {
  startMs: number
  records: number
  bytes: number
  latencySumMs: number
  maxLatencyMs: number
}

export interface RecordStatisticsOptions {
  readonly startMs: number
  readonly intervalMs: number
  /** Gets each line of progress. */
  readonly print: (line: string) => void
  /** Whether these are the records after those of a warm-up, which the lines then say. */
  readonly isSteadyState?: boolean
}

export class RecordStatistics {
  readonly #intervalMs: number
  readonly #print: (line: string) => void
  readonly #isSteadyState: boolean
  readonly #latency = new Latency()
  readonly #total: Counted
  #window: Counted
  #isSilent = false

  constructor({ startMs, intervalMs, print, isSteadyState = false }: RecordStatisticsOptions) {
    this.#intervalMs = intervalMs
    this.#print = print
    this.#isSteadyState = isSteadyState
    this.#total = noneSince(startMs)
    this.#window = noneSince(startMs)
  }

  get latency(): Latency {
    return this.#latency
  }

  /** Prints no line of progress any more. */
  silence(): void {
    this.#isSilent = true
  }

  /** A delivered record. @param bytes - of its value. @param nowMs - on the clock of `startMs`. */
  record(latencyMs: number, bytes: number, nowMs: number): void {
    this.#latency.record(latencyMs)
    add(this.#total, latencyMs, bytes)
    add(this.#window, latencyMs, bytes)
    if (nowMs - this.#window.startMs < this.#intervalMs) return
    if (this.#isSteadyState && this.#window.records === this.#total.records) this.#print('In steady state.')
    if (!this.#isSilent) this.#print(windowLine(this.#window, nowMs))
    this.#window = noneSince(nowMs)
  }

  totalLine(nowMs: number): string {
    const { recordsPerSecond, megabytesPerSecond, averageMs } = ratesOf(this.#total, nowMs)
    const { p50Ms = 0, p95Ms = 0, p99Ms = 0, p999Ms = 0 } = this.#latency.total() ?? {}
    const percentiles = [
      `${Math.round(p50Ms)} ms 50th`,
      `${Math.round(p95Ms)} ms 95th`,
      `${Math.round(p99Ms)} ms 99th`,
      `${Math.round(p999Ms)} ms 99.9th`,
    ]
    const which = this.#isSteadyState ? ' steady state' : ''
    return (
      `${this.#total.records}${which} records sent, ${recordsPerSecond.toFixed(6)} records/sec ` +
      `(${megabytesPerSecond.toFixed(2)} MB/sec), ${averageMs.toFixed(2)} ms avg latency, ` +
      `${this.#total.maxLatencyMs.toFixed(2)} ms max latency, ${percentiles.join(', ')}.`
    )
  }
}

function noneSince(startMs: number): Counted {
  return { startMs, records: 0, bytes: 0, latencySumMs: 0, maxLatencyMs: 0 }
}

function add(counted: Counted, latencyMs: number, bytes: number): void {
  counted.records++
  counted.bytes += bytes
  counted.latencySumMs += latencyMs
  if (latencyMs > counted.maxLatencyMs) counted.maxLatencyMs = latencyMs
}

function windowLine(window: Counted, nowMs: number): string {
  const { recordsPerSecond, megabytesPerSecond, averageMs } = ratesOf(window, nowMs)
  return (
    `${window.records} records sent, ${recordsPerSecond.toFixed(1)} records/sec ` +
    `(${megabytesPerSecond.toFixed(2)} MB/sec), ${averageMs.toFixed(1)} ms avg latency, ` +
    `${window.maxLatencyMs.toFixed(1)} ms max latency.`
  )
}

function ratesOf({ startMs, records, bytes, latencySumMs }: Counted, nowMs: number) {
  const seconds = Math.max(nowMs - startMs, 1) / 1000
  return {
    recordsPerSecond: records / seconds,
    megabytesPerSecond: bytes / BYTES_PER_MB / seconds,
    averageMs: records === 0 ? 0 : latencySumMs / records,
  }
}

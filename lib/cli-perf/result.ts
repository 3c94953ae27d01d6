/** The figures of a run, and how they are said: the original's line, and sentences for people. */

import type { StopSignal } from '../cli/stop-signals.js'
import { counted } from '../counted.js'
import type { DateFormat } from './date-format.js'
import type { Percentiles } from './latency.js'

/** The figures of a run with either producer. */
export interface Figures {
  /** Since the epoch, from before the producers were made until all were closed. */
  readonly startMs: number
  readonly endMs: number
  /** Messages that were to be sent. */
  readonly planned: number
  /** Messages that were handed to a producer. */
  readonly sent: number
  readonly delivered: number
  readonly failed: number
  readonly unsettled: number
  /** Of delivered values. */
  readonly bytes: number
  /** Why messages failed, the most frequent first. */
  readonly causes: readonly (readonly [cause: string, count: number])[]
  /** With acks 0 no broker confirms a message, so it is called written. */
  readonly isAcknowledged: boolean
  /** Sent at a given rate: a latency counts from when its message was due. */
  readonly isPaced: boolean
  /** null when nothing was delivered. */
  readonly latency: Percentiles | null
  /** What came before all messages were sent; null when nothing did. */
  readonly signal: StopSignal | null
  /** Why the run ended before its time; null when it did not. */
  readonly ended: string | null
}

/** Those of a run with the classic producer. */
export interface Result extends Figures {
  /** The codec's number. */
  readonly compression: number
  /** Bytes. */
  readonly messageSize: number
  readonly batchSize: number
  /** With acks 0: whether the brokers answered the last round trip, so that they have read everything. */
  readonly isConfirmed: boolean
}

export const HEADER =
  'start.time, end.time, compression, message.size, batch.size, total.data.sent.in.MB, MB.sec, ' +
  'total.data.sent.in.nMsg, nMsg.sec'

const BYTES_PER_MB = 1024 * 1024

export interface Rates {
  readonly seconds: number
  readonly megabytes: number
  readonly megabytesPerSecond: number
  readonly messagesPerSecond: number
}

export function ratesOf({ startMs, endMs, bytes, delivered }: Figures): Rates {
  const seconds = Math.max(endMs - startMs, 1) / 1000
  const megabytes = bytes / BYTES_PER_MB
  return {
    seconds,
    megabytes,
    megabytesPerSecond: megabytes / seconds,
    messagesPerSecond: delivered / seconds,
  }
}

/** The line that scripts read; its names are in {@link HEADER}. */
export function resultLine(result: Result, formatDate: DateFormat): string {
  const rates = ratesOf(result)
  return [
    formatDate(result.startMs),
    formatDate(result.endMs),
    result.compression,
    result.messageSize,
    result.batchSize,
    rates.megabytes.toFixed(2),
    rates.megabytesPerSecond.toFixed(4),
    result.delivered,
    rates.messagesPerSecond.toFixed(4),
  ].join(', ')
}

/** For people: how it ended, how many, how long each took, what went wrong. */
export function summaryLines(result: Result): string[] {
  const { planned, sent, delivered, failed, unsettled, latency, causes, ended } = result
  const lines = ended === null ? [] : [`stopped after ${sent} of ${counted(planned, 'message')}: ${ended}`]
  const open = unsettled > 0 ? `, ${unsettled} without an outcome` : ''
  lines.push(`${counted(sent, 'message')} sent, ${delivered} ${outcomeWord(result)}, ${failed} failed${open}`)
  if (latency !== null) lines.push(`latency in ms, ${latencyFrom(result)}: ${latencyText(latency)}`)
  for (const [cause, count] of causes) lines.push(`${count} failed: ${cause}`)
  return lines
}

export function outcomeWord({ isAcknowledged }: Figures): string {
  return isAcknowledged ? 'delivered' : 'written'
}

/** What a latency is counted from. */
export function latencyFrom(result: Figures): string {
  const from = result.isPaced ? 'when a message was due' : 'send()'
  return `from ${from} until it was ${outcomeWord(result)}`
}

function latencyText({ p50Ms, p95Ms, p99Ms, p999Ms, maxMs }: Percentiles): string {
  const parts = [
    ['p50', p50Ms],
    ['p95', p95Ms],
    ['p99', p99Ms],
    ['p99.9', p999Ms],
    ['max', maxMs],
  ] as const
  return parts.map(([name, ms]) => `${name} ${millis(ms)}`).join(', ')
}

/** With three digits, as many as the histogram keeps. */
export function millis(ms: number): string {
  return String(Number(ms >= 1000 ? ms.toFixed(0) : ms.toPrecision(3)))
}

/** With its unit: `0.31 ms`, `81.1 s`. */
export function duration(ms: number): string {
  return ms < 1000 ? `${millis(ms)} ms` : `${millis(ms / 1000)} s`
}

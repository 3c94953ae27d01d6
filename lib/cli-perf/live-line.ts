/** How a run goes, on one line that is rewritten in place; for terminals only. */
import type { Writable } from 'node:stream'
import sumBy from 'lodash/sumBy.js'
import takeRightWhile from 'lodash/takeRightWhile.js'
import type { PerfRun } from './perf-run.js'
import { millis } from './result.js'
import type { Sample } from './timeline.js'

const REFRESH_MS = 500
const CLEAR_LINE = '\r\u001b[2K'

export class LiveLine {
  readonly #stream: Writable
  readonly #timer: NodeJS.Timeout

  constructor(stream: Writable, run: PerfRun) {
    this.#stream = stream
    this.#timer = setInterval(() => stream.write(CLEAR_LINE + liveText(run)), REFRESH_MS)
    this.#timer.unref()
  }

  /** Takes the line off the terminal. */
  clear(): void {
    clearInterval(this.#timer)
    this.#stream.write(CLEAR_LINE)
  }
}

/** `12,000 of 50,000 delivered · 24,011/s · p99 3.2 ms · 1 failed` */
function liveText({ tally, samples, plannedMessages }: PerfRun): string {
  const latest = latestSamples(samples)
  const spanMs = sumBy(latest, 'spanMs')
  const p99Ms = Math.max(...latest.map((sample) => sample.latency?.p99Ms ?? 0))
  const parts = [`${grouped(tally.delivered)} of ${grouped(plannedMessages)} delivered`]
  if (spanMs > 0) parts.push(`${grouped(Math.round((sumBy(latest, 'delivered') * 1000) / spanMs))}/s`)
  if (p99Ms > 0) parts.push(`p99 ${millis(p99Ms)} ms`)
  if (tally.failed > 0) parts.push(`${grouped(tally.failed)} failed`)
  return parts.join(' · ')
}

/** Those since about the last refresh. In a long run one point may be longer than that. */
function latestSamples(samples: readonly Sample[]): readonly Sample[] {
  const sinceMs = (samples.at(-1)?.endMs ?? 0) - REFRESH_MS
  return takeRightWhile(samples, ({ endMs }) => endMs > sinceMs)
}

function grouped(count: number): string {
  return count.toLocaleString('en-US')
}

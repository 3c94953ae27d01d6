/** How a run goes at present, on one line for a terminal. */
import sumBy from 'lodash/sumBy.js'
import takeRightWhile from 'lodash/takeRightWhile.js'
import type { PerfRun } from './perf-run.js'
import { millis } from './result.js'
import type { Sample } from './timeline.js'

/** What counts as the present. */
const SPAN_MS = 500

export type LiveView = Pick<PerfRun, 'tally' | 'samples' | 'plannedMessages'>

/** `12,000 of 50,000 delivered · 24,011/s · p99 3.2 ms · 1 failed` */
export function liveText({ tally, samples, plannedMessages }: LiveView): string {
  const latest = latestSamples(samples)
  const spanMs = sumBy(latest, 'spanMs')
  const p99Ms = Math.max(...latest.map((sample) => sample.latency?.p99Ms ?? 0))
  const parts = [`${grouped(tally.delivered)} of ${grouped(plannedMessages)} delivered`]
  if (spanMs > 0) parts.push(`${grouped(Math.round((sumBy(latest, 'delivered') * 1000) / spanMs))}/s`)
  if (p99Ms > 0) parts.push(`p99 ${millis(p99Ms)} ms`)
  if (tally.failed > 0) parts.push(`${grouped(tally.failed)} failed`)
  return parts.join(' · ')
}

/** Those of about the last half second. In a long run one point may be longer than that. */
function latestSamples(samples: readonly Sample[]): readonly Sample[] {
  const sinceMs = (samples.at(-1)?.endMs ?? 0) - SPAN_MS
  return takeRightWhile(samples, ({ endMs }) => endMs > sinceMs)
}

function grouped(count: number): string {
  return count.toLocaleString('en-US')
}

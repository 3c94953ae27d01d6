/** What the charts of a report show: throughput, failures and latency of a run over time, and of two runs. Pure. */
import { duration } from '../result.js'
import type { Sample } from '../timeline.js'
import type { Axis, Line, LineChart, Point } from './svg/line-chart.js'

const SMALLEST_SHOWN_MS = 0.001
/** Beyond this ratio of the largest to the smallest latency a linear axis shows little but the largest. */
const LOG_FROM_RATIO = 8

const [BLUE, AMBER, RED, , , GREY] = [0, 1, 2, 3, 4, 5] as const

type Percentile = 'p50Ms' | 'p99Ms' | 'maxMs'

/** The points of another run, to compare with. */
export interface OtherRun {
  readonly samples: readonly Sample[]
}

/** @param targetPerSecond - messages per second that were asked for; null without a limit. */
export function throughputChart(samples: readonly Sample[], targetPerSecond: number | null): LineChart {
  return {
    ...rateChart('throughput', 'Messages delivered per second', [
      line('delivered', BLUE, rates(samples, 'delivered'), { isArea: true }),
    ]),
    target: target(targetPerSecond),
  }
}

/** Failed messages per second, on an axis of their own: they may be few beside the others. */
export function failureChart(samples: readonly Sample[]): LineChart {
  return rateChart('failures', 'Messages failed per second', [
    line('failed', RED, rates(samples, 'failed'), { isArea: true }),
  ])
}

/** Percentiles of the latency, on a logarithmic axis where they lie far apart, so that each can be read beside the others. */
export function latencyChart(samples: readonly Sample[]): LineChart {
  return latencyLines('latency', 'Latency: p50, p99 and max', [
    line('max', RED, latencies(samples, 'maxMs')),
    line('p99', AMBER, latencies(samples, 'p99Ms')),
    line('p50', BLUE, latencies(samples, 'p50Ms')),
  ])
}

export function comparedThroughput(samples: readonly Sample[], before: OtherRun): LineChart {
  return rateChart('compared-throughput', 'Messages delivered per second in both runs', [
    line('before', GREY, rates(before.samples, 'delivered'), { isDashed: true }),
    line('this run', BLUE, rates(samples, 'delivered')),
  ])
}

export function comparedLatency(samples: readonly Sample[], before: OtherRun): LineChart {
  return latencyLines('compared-latency', 'Latency in both runs: p99', [
    line('p99 before', GREY, latencies(before.samples, 'p99Ms'), { isDashed: true }),
    line('p99 of this run', AMBER, latencies(samples, 'p99Ms')),
  ])
}

/** A count in short form: 1.5M, 20k, 300. */
export function shortCount(count: number): string {
  if (count >= 1e6) return `${Number((count / 1e6).toFixed(2))}M`
  if (count >= 1e3) return `${Number((count / 1e3).toFixed(2))}k`
  return String(Number(count.toFixed(2)))
}

function rateChart(id: string, title: string, lines: readonly Line[]): LineChart {
  const y: Axis = { name: 'messages/s', kind: 'linear', label: shortCount }
  const description = described(lines, (value) => `${shortCount(value)} messages/s`)
  return { id, title, description, x: seconds(lines), y, lines }
}

function latencyLines(id: string, title: string, lines: readonly Line[]): LineChart {
  const values = lines.flatMap(({ points }) => points.flatMap(([, value]) => value ?? []))
  const isLog = values.length > 0 && largest(values) / smallest(values) > LOG_FROM_RATIO
  const y: Axis = isLog
    ? { name: 'logarithmic', kind: 'log', label: duration }
    : { name: '', kind: 'linear', label: duration }
  return { id, title, description: described(lines, duration), x: seconds(lines), y, lines }
}

/** From the start of the run to the end of the longer one. */
function seconds(lines: readonly Line[]): Axis {
  const last = largest([0, ...lines.flatMap(({ points }) => points.at(-1)?.[0] ?? [])])
  return {
    name: 'seconds since the start',
    kind: 'linear',
    range: [0, last > 0 ? last : 1],
    label: shortSeconds,
  }
}

function shortSeconds(value: number): string {
  return String(Number(value.toFixed(2)))
}

function target(perSecond: number | null): LineChart['target'] {
  return perSecond === null ? null : { name: `asked for: ${shortCount(perSecond)}/s`, value: perSecond }
}

function rates(samples: readonly Sample[], count: 'delivered' | 'failed'): Point[] {
  return samples.map((sample) => [middleS(sample), (sample[count] * 1000) / Math.max(sample.spanMs, 1)])
}

function latencies(samples: readonly Sample[], percentile: Percentile): Point[] {
  return samples.map((sample) => [
    middleS(sample),
    sample.latency && Math.max(sample.latency[percentile], SMALLEST_SHOWN_MS),
  ])
}

function middleS({ endMs, spanMs }: Sample): number {
  return (endMs - spanMs / 2) / 1000
}

function line(
  name: string,
  color: number,
  points: readonly Point[],
  more: Pick<Line, 'isArea' | 'isDashed'> = {},
): Line {
  return { name, color, points, ...more }
}

/** For those who cannot see the lines: their ends. */
function described(lines: readonly Line[], text: (value: number) => string): string {
  const sentences = [...lines].reverse().map(({ name, points }) => {
    const values = points.flatMap(([, value]) => value ?? [])
    if (values.length === 0) return `${name}: nothing to show.`
    return `${name}: from ${text(smallest(values))} to ${text(largest(values))}.`
  })
  return sentences.join(' ')
}

/** Of at most 600 values. */
function smallest(values: readonly number[]): number {
  return Math.min(...values)
}

function largest(values: readonly number[]): number {
  return Math.max(...values)
}

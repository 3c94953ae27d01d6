/** *Policy*: how a run compares with an earlier one: ratios first, then both figures, then what else differs between them. */
import { duration, type Figures, ratesOf } from '../result.js'
import type { EarlierRun } from './run-file.js'

export interface ComparedFigure {
  readonly name: string
  /** This run by the one before; null where one of them has no such figure, or the one before is 0. */
  readonly ratio: number | null
  /** Null where a change is neither. */
  readonly isBetter: boolean | null
  readonly now: string
  readonly before: string
}

/** A setting, an option or a part of the machine that was another one: what may explain the figures. */
export interface Difference {
  readonly name: string
  readonly now: string
  readonly before: string
}

/** This run, as far as it is compared. */
export type ComparedRun = Omit<EarlierRun, 'name' | 'samples'>

const NOTHING = '–'
/** The files that a run writes and reads say nothing about it. */
const ownOptions: ReadonlySet<string> = new Set(['--report', '--report-json', '--compare'])
/** Differences of a few percent lie within what two runs of the same thing differ by. */
const NOTABLE_RATIO = 1.05

interface Row {
  readonly name: string
  readonly isMoreBetter: boolean
  of(result: Figures): number | null
  text(value: number): string
}

const wholeNumber = (value: number): string => Math.round(value).toLocaleString('en-US')

const rows: readonly Row[] = [
  {
    name: 'messages/s',
    isMoreBetter: true,
    of: (result) => ratesOf(result).messagesPerSecond,
    text: wholeNumber,
  },
  {
    name: 'MB/s',
    isMoreBetter: true,
    of: (result) => ratesOf(result).megabytesPerSecond,
    text: (value) => value.toFixed(2),
  },
  latencyRow('p50', 'p50Ms'),
  latencyRow('p95', 'p95Ms'),
  latencyRow('p99', 'p99Ms'),
  latencyRow('p99.9', 'p999Ms'),
  latencyRow('max', 'maxMs'),
  { name: 'delivered', isMoreBetter: true, of: ({ delivered }) => delivered, text: wholeNumber },
  {
    name: 'failed',
    isMoreBetter: false,
    of: ({ failed, unsettled }) => failed + unsettled,
    text: wholeNumber,
  },
]

function latencyRow(name: string, key: keyof NonNullable<Figures['latency']>): Row {
  return { name, isMoreBetter: false, of: ({ latency }) => latency?.[key] ?? null, text: duration }
}

export function comparedFigures(now: Figures, before: Figures): ComparedFigure[] {
  return rows.map(({ name, isMoreBetter, of, text }) => {
    const [a, b] = [of(now), of(before)]
    const ratio = a === null || !b ? null : a / b
    return {
      name,
      ratio,
      isBetter: ratio === null || !isNotable(ratio) ? null : ratio > 1 === isMoreBetter,
      now: a === null ? NOTHING : text(a),
      before: b === null ? NOTHING : text(b),
    }
  })
}

function isNotable(ratio: number): boolean {
  return ratio > NOTABLE_RATIO || ratio < 1 / NOTABLE_RATIO
}

export function ratioText(ratio: number | null): string {
  if (ratio === null) return NOTHING
  return `× ${ratio >= 100 ? Math.round(ratio).toLocaleString('en-US') : ratio.toFixed(2)}`
}

/** Two lines for a terminal: ratios of the rate and of the latencies. */
export function comparisonLines(now: Figures, before: EarlierRun): string[] {
  const ratios = comparedFigures(now, before.result)
    .filter(({ ratio }) => ratio !== null)
    .map(({ name, ratio }) => `${name} ${ratioText(ratio)}`)
  return ratios.length === 0 ? [] : [`compared with ${before.name}: ${ratios.join(', ')}`]
}

/** What else is not the same. */
export function differences(now: ComparedRun, before: ComparedRun): Difference[] {
  const counted = { 'latency counts from': dueOrSent(now.result) }
  const countedBefore = { 'latency counts from': dueOrSent(before.result) }
  return [
    ...differing({ producer: now.producer }, { producer: before.producer }),
    ...differing(counted, countedBefore),
    ...differing(now.options, before.options),
    ...differing(now.settings, before.settings),
    ...differing(now.environment, before.environment),
  ].filter(({ name }) => !ownOptions.has(name))
}

function dueOrSent({ isPaced }: Figures): string {
  return isPaced ? 'when a message was due' : 'send()'
}

function differing(
  now: Readonly<Record<string, string>>,
  before: Readonly<Record<string, string>>,
): Difference[] {
  const names = new Set([...Object.keys(now), ...Object.keys(before)])
  return [...names]
    .filter((name) => now[name] !== before[name])
    .map((name) => ({ name, now: now[name] ?? NOTHING, before: before[name] ?? NOTHING }))
}

/**
 * Latency over time as an SVG: one panel above the other, all on the same scales, so that a spike in one of them is
 * seen against its absence in the others.
 */
import type { EChartsCoreOption } from 'echarts/core'
import { loadDraw } from '../../lib/cli-perf/report/charts.js'
import type { Latency } from '../programs/clients/steady-sender.js'
import { percentilesOf } from '../support/percentiles.js'

export interface Panel {
  readonly title: string
  readonly color: string
  readonly samples: readonly Latency[]
}

const BUCKET_MS = 100
const PANEL_PX = 150
const GAP_PX = 44
const TOP_PX = 74
const BOTTOM_PX = 48
const LEFT_PX = 70
const INK = '#334155'
const FAINT = '#64748b'
const GRID = '#e2e8f0'

/** @param panels - their samples lie on one common time line, in milliseconds. */
export async function latencyPanels(title: string, panels: readonly Panel[]): Promise<string> {
  const draw = await loadDraw()
  const [{ use }, { TitleComponent }] = await Promise.all([
    import('echarts/core'),
    import('echarts/components'),
  ])
  use([TitleComponent])
  const topOf = (index: number): number => TOP_PX + index * (PANEL_PX + GAP_PX)
  const heightPx = topOf(panels.length - 1) + PANEL_PX + BOTTOM_PX
  const svg = draw(option(title, panels, topOf), heightPx)
  return `${svg.replace('>', `><title>${title}</title>`)}\n`
}

function option(
  title: string,
  panels: readonly Panel[],
  topOf: (index: number) => number,
): EChartsCoreOption {
  const curves = panels.map(({ samples }) => bucketed(samples))
  const values = curves.flatMap(({ max, p50 }) => [...max, ...p50].map(([, exponent]) => exponent))
  const endS = Math.max(...panels.flatMap(({ samples }) => samples.map(([dueMs]) => dueMs))) / 1000
  const [ticks, min, max] = ticksFor(Math.min(...values), Math.max(...values))
  return {
    backgroundColor: '#ffffff',
    title: [
      heading(title, INK, 16, 8),
      ...panels.map((panel, index) => heading(panel.title, panel.color, 13, topOf(index) - 28)),
    ],
    grid: panels.map((_, index) => ({ left: LEFT_PX, right: 24, top: topOf(index), height: PANEL_PX })),
    xAxis: panels.map((_, index) => timeAxis(index, index === panels.length - 1, endS)),
    yAxis: panels.map((_, gridIndex) => latencyAxis(gridIndex, ticks, min, max)),
    series: panels.flatMap(({ color }, index) => series(index, color, curves[index]!)),
  }
}

function heading(text: string, color: string, fontSize: number, top: number): Record<string, unknown> {
  return { text, left: LEFT_PX - 5, top, textStyle: { color, fontSize, fontWeight: 'bold' } }
}

function timeAxis(gridIndex: number, isLast: boolean, endS: number): Record<string, unknown> {
  return {
    gridIndex,
    type: 'value',
    min: 0,
    max: Math.ceil(endS),
    axisLabel: { show: isLast, color: FAINT },
    axisTick: { show: isLast },
    axisLine: { onZero: false, lineStyle: { color: FAINT } },
    splitLine: { show: false },
    ...(isLast && {
      name: `seconds of traffic; area: the slowest message of each ${BUCKET_MS} ms, line: their median`,
      nameLocation: 'middle',
      nameGap: 28,
      nameTextStyle: { color: FAINT },
    }),
  }
}

/** Logarithmic by hand: the log axis of ECharts 6 loses its scale with some bounds below 1. */
function latencyAxis(
  gridIndex: number,
  customValues: readonly number[],
  min: number,
  max: number,
): Record<string, unknown> {
  const formatter = (exponent: number): string => `${Number((10 ** exponent).toPrecision(1))} ms`
  return {
    gridIndex,
    type: 'value',
    min,
    max,
    axisTick: { customValues },
    axisLabel: { customValues, color: FAINT, formatter },
    splitLine: { customValues, lineStyle: { color: GRID } },
  }
}

function series(index: number, color: string, { max, p50 }: Curves): Record<string, unknown>[] {
  const common = { type: 'line', xAxisIndex: index, yAxisIndex: index, showSymbol: false, silent: true }
  const line = (lineColor: string) => ({
    lineStyle: { color: lineColor, width: 1 },
    itemStyle: { color: lineColor },
  })
  return [
    { ...common, ...line(color), data: max, areaStyle: { color, opacity: 0.25, origin: 'start' } },
    { ...common, ...line(INK), data: p50 },
  ]
}

/** The latency as a power of ten. */
type Point = readonly [seconds: number, exponent: number]

interface Curves {
  readonly max: Point[]
  readonly p50: Point[]
}

function bucketed(samples: readonly Latency[]): Curves {
  const buckets = new Map<number, number[]>()
  for (const [dueMs, latencyMs] of samples) {
    const index = Math.floor(dueMs / BUCKET_MS)
    const bucket = buckets.get(index) ?? []
    bucket.push(latencyMs)
    buckets.set(index, bucket)
  }
  const max: Point[] = []
  const p50: Point[] = []
  for (const [index, latencies] of [...buckets].sort(([a], [b]) => a - b)) {
    const { maxMs, p50Ms } = percentilesOf(latencies)
    const seconds = ((index + 0.5) * BUCKET_MS) / 1000
    max.push([seconds, Math.log10(maxMs)])
    p50.push([seconds, Math.log10(p50Ms)])
  }
  return { max, p50 }
}

/** 1, 2 and 5 of each power of ten from just below the lowest value to just above the highest. */
function ticksFor(lowest: number, highest: number): [ticks: number[], min: number, max: number] {
  const all: number[] = []
  for (let power = Math.floor(lowest); power <= Math.ceil(highest); power++) {
    for (const step of [1, 2, 5]) all.push(Math.log10(step) + power)
  }
  const first = all.findLastIndex((tick) => tick <= lowest)
  const last = all.findIndex((tick) => tick >= highest)
  const ticks = all.slice(Math.max(first, 0), last + 1)
  return [ticks, ticks[0]!, ticks.at(-1)!]
}

/**
 * Latency over time as an SVG: one panel above the other, all on the same scales, so that a spike in one of them is
 * seen against its absence in the others.
 */
import type { EChartsCoreOption } from 'echarts/core'
import { loadDraw } from '../../lib/cli-perf/report/charts.js'
import { percentilesOf } from './percentiles.js'
import type { Sample } from './steady-sender.js'

export interface Panel {
  readonly title: string
  readonly color: string
  readonly samples: readonly Sample[]
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
  return `${draw(option(title, panels, topOf), heightPx)}\n`
}

function option(
  title: string,
  panels: readonly Panel[],
  topOf: (index: number) => number,
): EChartsCoreOption {
  const points = panels.map(({ samples }) => bucketed(samples))
  const values = points.flatMap(({ max, p50 }) => [...max, ...p50].map(([, ms]) => ms))
  const lowMs = niceBelow(Math.min(...values))
  const highMs = niceAbove(Math.max(...values))
  const endS = Math.max(...panels.flatMap(({ samples }) => samples.map(([dueMs]) => dueMs))) / 1000
  const last = panels.length - 1
  return {
    backgroundColor: '#ffffff',
    title: [
      { text: title, left: LEFT_PX - 5, top: 8, textStyle: { color: INK, fontSize: 16 } },
      ...panels.map((panel, index) => ({
        text: panel.title,
        left: LEFT_PX - 5,
        top: topOf(index) - 28,
        textStyle: { color: panel.color, fontSize: 13, fontWeight: 'bold' },
      })),
    ],
    grid: panels.map((_, index) => ({ left: LEFT_PX, right: 24, top: topOf(index), height: PANEL_PX })),
    xAxis: panels.map((_, gridIndex) => ({
      gridIndex,
      type: 'value',
      min: 0,
      max: Math.ceil(endS),
      axisLabel: { show: gridIndex === last, color: FAINT },
      axisTick: { show: gridIndex === last },
      axisLine: { lineStyle: { color: FAINT } },
      splitLine: { show: false },
      ...(gridIndex === last && {
        name: `seconds of traffic; area: the slowest message of each ${BUCKET_MS} ms, line: the median`,
        nameLocation: 'middle',
        nameGap: 28,
        nameTextStyle: { color: FAINT },
      }),
    })),
    yAxis: panels.map((_, gridIndex) => ({
      gridIndex,
      type: 'log',
      min: lowMs,
      max: highMs,
      axisLabel: { color: FAINT, formatter: (ms: number) => `${Number(ms.toPrecision(2))} ms` },
      splitLine: { lineStyle: { color: GRID } },
    })),
    series: panels.flatMap(({ color }, index) => {
      const axes = { type: 'line', xAxisIndex: index, yAxisIndex: index, showSymbol: false, silent: true }
      const { max, p50 } = points[index]!
      const area = { color, opacity: 0.25, origin: 'start' }
      return [
        { ...axes, data: max, lineStyle: { color, width: 1 }, itemStyle: { color }, areaStyle: area },
        { ...axes, data: p50, lineStyle: { color: INK, width: 1 }, itemStyle: { color: INK } },
      ]
    }),
  }
}

type Point = readonly [seconds: number, ms: number]

function bucketed(samples: readonly Sample[]): { max: Point[]; p50: Point[] } {
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
    max.push([seconds, maxMs])
    p50.push([seconds, p50Ms])
  }
  return { max, p50 }
}

/** The next lower, or higher, of 1, 2, 5 × a power of ten. */
function niceBelow(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value))
  return ([5, 2].find((step) => step * power <= value) ?? 1) * power
}

function niceAbove(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value))
  return ([1, 2, 5].find((step) => step * power >= value) ?? 10) * power
}

/**
 * Throughput and latency over time as SVG, drawn by Apache ECharts without a browser.
 *
 * ECharts is an optional package, for it is large and only `--report` needs it.
 */
import type { EChartsCoreOption } from 'echarts/core'
import { ConfigError } from '../../errors.js'
import { duration } from '../result.js'
import type { Sample } from '../timeline.js'

/** Draws one chart. @returns an `<svg>` element without scripts or references. */
export type Draw = (option: EChartsCoreOption, heightPx: number) => string

const WIDTH_PX = 1080
const INK = '#475569'
const GRID = '#e2e8f0'
const BLUE = '#2563eb'
const RED = '#dc2626'
const SMALLEST_SHOWN_MS = 0.001
/** Beyond this ratio of the largest to the smallest latency a linear axis shows nothing but the largest. */
const LOG_FROM_RATIO = 30

/** null where there is nothing to show: the line has a gap. */
type Point = readonly [seconds: number, value: number | null]

/** @throws {ConfigError} that says what to install, when the package is missing. */
export async function loadDraw(load: () => Promise<Draw> = drawWithEcharts): Promise<Draw> {
  try {
    return await load()
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw cause
    throw new ConfigError('--report needs the package echarts: npm install echarts', undefined, { cause })
  }
}

async function drawWithEcharts(): Promise<Draw> {
  const [{ init, use }, { LineChart }, { GridComponent, LegendComponent }, { SVGRenderer }] =
    await Promise.all([
      import('echarts/core'),
      import('echarts/charts'),
      import('echarts/components'),
      import('echarts/renderers'),
    ])
  use([LineChart, GridComponent, LegendComponent, SVGRenderer])
  return (option, heightPx) => {
    const chart = init(null, null, { renderer: 'svg', ssr: true, width: WIDTH_PX, height: heightPx })
    chart.setOption({ animation: false, textStyle: { fontFamily: 'system-ui, sans-serif' }, ...option })
    const svg = chart.renderToSVGString()
    chart.dispose()
    return svg
  }
}

/** Delivered messages per second. */
export function throughputChart(samples: readonly Sample[]): EChartsCoreOption {
  return rateChart(samples, 'delivered', BLUE)
}

/** Failed messages per second, on an axis of their own: they may be few beside the others. */
export function failureChart(samples: readonly Sample[]): EChartsCoreOption {
  return rateChart(samples, 'failed', RED)
}

function rateChart(
  samples: readonly Sample[],
  count: 'delivered' | 'failed',
  color: string,
): EChartsCoreOption {
  const points = samples.map(
    (sample): Point => [middleS(sample), (sample[count] * 1000) / Math.max(sample.spanMs, 1)],
  )
  const series = [line(count, color, points, { areaStyle: { color, opacity: 0.12 } })]
  return { ...frame(samples, series), yAxis: { ...valueAxis('messages/s', shortCount), min: 0 } }
}

/** Percentiles of the latency, on a logarithmic axis where they lie far apart. */
export function latencyChart(samples: readonly Sample[]): EChartsCoreOption {
  const latencies = samples.flatMap(({ latency }) => latency ?? [])
  const lowestMs = Math.min(...latencies.map(({ p50Ms }) => Math.max(p50Ms, SMALLEST_SHOWN_MS)))
  const highestMs = Math.max(...latencies.map(({ maxMs }) => maxMs))
  const points = (percentile: 'p50Ms' | 'p99Ms' | 'maxMs'): Point[] =>
    samples.map((sample) => [
      middleS(sample),
      sample.latency && Math.max(sample.latency[percentile], SMALLEST_SHOWN_MS),
    ])
  // The later ones are drawn over the earlier ones.
  const series = [
    line('max', '#94a3b8', points('maxMs')),
    line('p99', '#d97706', points('p99Ms')),
    line('p50', BLUE, points('p50Ms')),
  ]
  const isLog = latencies.length > 0 && highestMs / lowestMs > LOG_FROM_RATIO
  const axis = valueAxis(isLog ? 'logarithmic' : '', duration)
  return {
    ...frame(samples, series),
    legend: legendOf(['p50', 'p99', 'max']),
    yAxis: isLog ? { ...axis, type: 'log' } : { ...axis, min: 0 },
  }
}

/** A count for an axis: 1.5M, 20k, 300. */
function shortCount(count: number): string {
  if (count >= 1e6) return `${Number((count / 1e6).toFixed(2))}M`
  if (count >= 1e3) return `${Number((count / 1e3).toFixed(2))}k`
  return String(Number(count.toFixed(2)))
}

function middleS({ endMs, spanMs }: Sample): number {
  return (endMs - spanMs / 2) / 1000
}

function line(
  name: string,
  color: string,
  points: readonly Point[],
  more: Record<string, unknown> = {},
): Record<string, unknown> {
  return {
    type: 'line',
    name,
    data: points.map((point, i) => ({ value: point, symbol: isAlone(points, i) ? 'circle' : 'none' })),
    showSymbol: true,
    symbolSize: 4,
    silent: true,
    lineStyle: { width: 1.6, color },
    itemStyle: { color },
    ...more,
  }
}

/** A point between two gaps is no line and would not be seen. */
function isAlone(points: readonly Point[], i: number): boolean {
  return (points[i - 1]?.[1] ?? null) === null && (points[i + 1]?.[1] ?? null) === null
}

function frame(
  samples: readonly Sample[],
  series: readonly Record<string, unknown>[],
): Record<string, unknown> {
  return {
    grid: { left: 70, right: 20, top: 36, bottom: 44 },
    xAxis: {
      type: 'value',
      name: 'seconds since the start',
      nameLocation: 'middle',
      nameGap: 28,
      nameTextStyle: { color: INK },
      min: 0,
      max: (samples.at(-1)?.endMs ?? 1000) / 1000,
      axisLabel: { color: INK, showMaxLabel: false },
      axisLine: { lineStyle: { color: GRID } },
      splitLine: { show: false },
    },
    series,
  }
}

function legendOf(names: readonly string[]): Record<string, unknown> {
  const textStyle = { color: INK }
  return {
    right: 20,
    top: 4,
    itemGap: 24,
    icon: 'roundRect',
    itemHeight: 4,
    itemWidth: 18,
    textStyle,
    data: names,
  }
}

function valueAxis(name: string, formatter: (value: number) => string): Record<string, unknown> {
  return {
    type: 'value',
    name,
    nameTextStyle: { color: INK, align: 'left', padding: [0, 0, 0, -50] },
    axisLabel: { color: INK, formatter },
    splitLine: { lineStyle: { color: GRID } },
  }
}

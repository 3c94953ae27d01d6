/**
 * Throughput and latency over time as SVG, drawn by Apache ECharts without a browser.
 *
 * ECharts is an optional package, for it is large and only `--report` needs it.
 */
import type { EChartsCoreOption } from 'echarts/core'
import { ConfigError } from '../../errors.js'
import { millis } from '../result.js'
import type { Sample } from '../timeline.js'

/** Draws one chart. @returns an `<svg>` element without scripts or references. */
export type Draw = (option: EChartsCoreOption, heightPx: number) => string

const WIDTH_PX = 1080
const INK = '#475569'
const GRID = '#e2e8f0'
const SMALLEST_SHOWN_MS = 0.001
/** Beyond this ratio of the largest to the smallest latency a linear axis shows nothing but the largest. */
const LOG_FROM_RATIO = 30

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

/** Messages per second, and the failed ones where there are any. */
export function throughputChart(samples: readonly Sample[]): EChartsCoreOption {
  const perSecond = (count: (sample: Sample) => number): Point[] =>
    samples.map((sample) => [middleS(sample), (count(sample) * 1000) / Math.max(sample.spanMs, 1)])
  const series = [
    line(
      'delivered',
      '#2563eb',
      perSecond(({ delivered }) => delivered),
      { area: true },
    ),
  ]
  if (samples.some(({ failed }) => failed > 0))
    series.push(
      line(
        'failed',
        '#dc2626',
        perSecond(({ failed }) => failed),
      ),
    )
  return { ...frame(samples, series), yAxis: valueAxis('messages/s', shortCount) }
}

/** Percentiles of the latency in milliseconds; on a logarithmic axis where they lie far apart. */
export function latencyChart(samples: readonly Sample[]): EChartsCoreOption {
  const latencies = samples.flatMap(({ latency }) => latency ?? [])
  const lowest = Math.min(...latencies.map(({ p50Ms }) => Math.max(p50Ms, SMALLEST_SHOWN_MS)))
  const highest = Math.max(...latencies.map(({ maxMs }) => maxMs))
  const isLog = latencies.length > 0 && highest / lowest > LOG_FROM_RATIO
  const points = (name: 'p50Ms' | 'p99Ms' | 'p999Ms' | 'maxMs'): Point[] =>
    samples.map((sample) => [
      middleS(sample),
      sample.latency && Math.max(sample.latency[name], SMALLEST_SHOWN_MS),
    ])
  const series = [
    line('max', '#94a3b8', points('maxMs')),
    line('p99.9', '#dc2626', points('p999Ms')),
    line('p99', '#d97706', points('p99Ms')),
    line('p50', '#2563eb', points('p50Ms')),
  ]
  const axis = valueAxis(isLog ? 'ms, logarithmic' : 'ms', millis)
  return { ...frame(samples, series), yAxis: isLog ? { ...axis, type: 'log' } : axis }
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

interface Line {
  readonly name: string
}

function line(name: string, color: string, data: readonly Point[], { area = false } = {}): Line {
  const style = {
    type: 'line',
    name,
    data,
    silent: true,
    // A single point is no line.
    showSymbol: data.length === 1,
    lineStyle: { width: 1.6, color },
    itemStyle: { color },
    ...(area && { areaStyle: { color, opacity: 0.12 } }),
  }
  return style
}

function frame(samples: readonly Sample[], series: readonly Line[]): EChartsCoreOption {
  return {
    grid: { left: 70, right: 20, top: 44, bottom: 44 },
    legend: {
      right: 20,
      top: 4,
      icon: 'roundRect',
      itemHeight: 4,
      itemWidth: 18,
      textStyle: { color: INK },
      data: series.map(({ name }) => name),
    },
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

function valueAxis(name: string, formatter: (value: number) => string): Record<string, unknown> {
  return {
    type: 'value',
    name,
    min: name === 'ms, logarithmic' ? undefined : 0,
    nameTextStyle: { color: INK, align: 'left', padding: [0, 0, 0, -50] },
    axisLabel: { color: INK, formatter },
    splitLine: { lineStyle: { color: GRID } },
  }
}

/** Charts as SVG, drawn by Apache ECharts without a browser: bars beside names, and lines over logarithmic axes. */
import type { EChartsCoreOption } from 'echarts/core'
import { loadDraw } from '../../lib/cli-perf/report/charts.js'
import type { Chart } from './report.js'
import { formatted } from './tables.js'

const COLORS = ['#2563eb', '#94a3b8', '#d97706', '#059669', '#dc2626', '#7c3aed']
const INK = '#334155'
const GRID = '#e2e8f0'
const LINES_PX = 300
const BAR_PX = 26
const FRAME_PX = 96

export async function chartSvg(chart: Chart): Promise<string> {
  const draw = await loadDraw()
  const [{ use }, { BarChart }, { TitleComponent }] = await Promise.all([
    import('echarts/core'),
    import('echarts/charts'),
    import('echarts/components'),
  ])
  use([BarChart, TitleComponent])
  const bars = chart.labels.length * chart.series.length
  const svg =
    chart.kind === 'bars'
      ? draw(barOption(chart), FRAME_PX + bars * BAR_PX)
      : draw(lineOption(chart), LINES_PX)
  return `${svg.replace('>', `><title>${escaped(chart.title)}</title>`)}\n`
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}

function titleOf({ title }: Chart): Record<string, unknown> {
  return { text: title, left: 0, textStyle: { color: INK, fontSize: 15, fontWeight: 600 } }
}

function legendOf({ series }: Chart): Record<string, unknown> {
  return { show: series.length > 1, right: 20, top: 2, textStyle: { color: INK } }
}

const valueAxis = (chart: Chart): Record<string, unknown> => ({
  axisLabel: { color: INK, formatter: (value: number) => formatted(value, chart.unit) },
  splitLine: { lineStyle: { color: GRID } },
})

function barOption(chart: Chart): EChartsCoreOption {
  return {
    title: titleOf(chart),
    legend: legendOf(chart),
    grid: { left: 380, right: 90, top: 44, bottom: 32 },
    xAxis: { type: 'value', min: 0, ...valueAxis(chart) },
    yAxis: {
      type: 'category',
      inverse: true,
      data: chart.labels,
      axisLabel: { color: INK, interval: 0 },
      axisLine: { lineStyle: { color: GRID } },
      axisTick: { show: false },
    },
    series: chart.series.map(({ name, points }, index) => ({
      type: 'bar',
      name,
      data: points.map(([, value]) => value),
      barMaxWidth: 16,
      itemStyle: { color: COLORS[index % COLORS.length] },
      label: {
        show: true,
        position: 'right',
        color: INK,
        formatter: ({ value }: { value: number | null }) => formatted(value ?? Number.NaN, chart.unit),
      },
    })),
  }
}

function lineOption(chart: Chart): EChartsCoreOption {
  return {
    title: titleOf(chart),
    legend: legendOf(chart),
    grid: { left: 70, right: 30, top: 48, bottom: 46 },
    xAxis: {
      type: 'log',
      name: chart.labels[0],
      nameLocation: 'middle',
      nameGap: 28,
      nameTextStyle: { color: INK },
      axisLabel: { color: INK, formatter: (value: number) => formatted(value, 'count') },
      axisLine: { lineStyle: { color: GRID } },
      splitLine: { show: false },
    },
    // From 0 on: a line that looks flat is flat.
    yAxis: { type: 'value', min: 0, ...valueAxis(chart) },
    series: chart.series.map(({ name, points }, index) => ({
      type: 'line',
      name,
      data: points,
      symbol: 'circle',
      symbolSize: 6,
      lineStyle: { width: 2 },
      color: COLORS[index % COLORS.length],
    })),
  }
}

/** Charts as SVG that stands alone: bars beside names, and lines over a logarithmic axis. Pure. */
import { COLORS, chartStyle } from '../../lib/cli-perf/report/svg/chart-style.js'
import { legend } from '../../lib/cli-perf/report/svg/legend.js'
import { lineChartBody, type Size } from '../../lib/cli-perf/report/svg/line-chart.js'
import { linearScale, type Scale } from '../../lib/cli-perf/report/svg/scale.js'
import { element, FONT_PX, px, textElement, textWidthPx } from '../../lib/cli-perf/report/svg/svg.js'
import type { Chart } from './report.js'
import { formatted } from './tables.js'

const WIDTH_PX = 860
const LINES_PX = 300
const BAR_PX = 14
const BAR_GAP_PX = 6
const GROUP_GAP_PX = 10
const TITLE_PX = 28
const MAX_TICKS = 6

export function chartSvg(chart: Chart): string {
  const [body, heightPx] = chart.kind === 'bars' ? bars(chart) : [lines(chart), LINES_PX]
  return standalone(chart.title, body, { widthPx: WIDTH_PX, heightPx: TITLE_PX + heightPx })
}

/** @param body - is moved below the title. */
export function standalone(title: string, body: string, { widthPx, heightPx }: Size): string {
  const attributes = {
    xmlns: 'http://www.w3.org/2000/svg',
    class: 'chart',
    role: 'img',
    viewBox: `0 0 ${widthPx} ${heightPx}`,
    width: String(widthPx),
    height: String(heightPx),
  }
  const heading = { x: '0', y: px(FONT_PX + 2), 'font-size': '15', 'font-weight': '600' }
  const svg = element('svg', attributes, [
    textElement('title', {}, title),
    `<style>${chartStyle}</style>`,
    textElement('text', heading, title),
    element('g', { transform: `translate(0 ${TITLE_PX})` }, [body]),
  ])
  return `${svg}\n`
}

function lines(chart: Chart): string {
  const drawn = {
    id: chart.name,
    title: chart.title,
    description: '',
    x: {
      name: chart.labels[0] ?? '',
      kind: 'log' as const,
      label: (value: number) => formatted(value, 'count'),
    },
    // From 0 on: a line that looks flat is flat.
    y: { name: '', kind: 'linear' as const, label: (value: number) => formatted(value, chart.unit) },
    lines: chart.series.map(({ name, points }, i) => ({
      name: chart.series.length > 1 ? name : '',
      color: i % COLORS,
      points,
    })),
  }
  return lineChartBody(drawn, { widthPx: WIDTH_PX, heightPx: LINES_PX })
}

interface BarBox {
  readonly left: number
  readonly right: number
  readonly scale: Scale
}

function bars(chart: Chart): [svg: string, heightPx: number] {
  const { labels, series, unit } = chart
  const values = series.flatMap(({ points }) => points.flatMap(([, value]) => value ?? []))
  const widest = (texts: readonly string[]): number => Math.max(0, ...texts.map(textWidthPx))
  const box: BarBox = {
    left: widest(labels) + BAR_GAP_PX,
    right: WIDTH_PX - widest(values.map((value) => formatted(value, unit))) - 2 * BAR_GAP_PX,
    scale: linearScale(0, Math.max(0, ...values), MAX_TICKS),
  }
  const header = series.length > 1 ? legend(legendItems(chart), WIDTH_PX) : { svg: '', heightPx: 0 }
  const groupPx = series.length * (BAR_PX + 2) + GROUP_GAP_PX
  const bottom = header.heightPx + labels.length * groupPx
  const groups = labels.map((label, at) => group(chart, label, at, header.heightPx + at * groupPx, box))
  const svg = [header.svg, grid(box, unit, header.heightPx, bottom), ...groups].join('\n')
  return [svg, bottom + 2 * FONT_PX]
}

function legendItems({ series }: Chart): { name: string; className: string }[] {
  return series.map(({ name }, i) => ({ name, className: `line-${i % COLORS}` }))
}

/** The bars of one label, one for each series. */
function group({ series, unit }: Chart, label: string, at: number, top: number, box: BarBox): string {
  const middle = top + (series.length * (BAR_PX + 2)) / 2 + FONT_PX / 3
  const name = { x: px(box.left - BAR_GAP_PX), y: px(middle), 'text-anchor': 'end' }
  const drawn = series.map(({ points }, i) => {
    const value = points[at]?.[1] ?? null
    const y = top + i * (BAR_PX + 2)
    const width = value === null ? 0 : box.scale.at(value) * (box.right - box.left)
    const bar = {
      class: `dot-${i % COLORS}`,
      x: px(box.left),
      y: px(y),
      width: px(width),
      height: px(BAR_PX),
    }
    const figure = { x: px(box.left + width + BAR_GAP_PX), y: px(y + BAR_PX - 3) }
    return element('rect', bar) + textElement('text', figure, formatted(value ?? Number.NaN, unit))
  })
  return [textElement('text', name, label), ...drawn].join('')
}

function grid({ left, right, scale }: BarBox, unit: Chart['unit'], top: number, bottom: number): string {
  return scale.ticks
    .map((tick) => {
      const x = px(left + scale.at(tick) * (right - left))
      const line = element('line', { class: 'grid', x1: x, x2: x, y1: px(top), y2: px(bottom) })
      return (
        line +
        textElement('text', { x, y: px(bottom + FONT_PX), 'text-anchor': 'middle' }, formatted(tick, unit))
      )
    })
    .join('')
}

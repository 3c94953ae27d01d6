/**
 * Lines over two axes as SVG text, for one width: a legend that wraps, a grid, and as many labels as have room. Pure; without
 * scripts, references and colours of its own, which are in `chart-style.ts`.
 *
 * A page that is read on screens of any width has one drawing for narrow ones and one for wide ones: text keeps its size so.
 */
import { type LegendItem, legend } from './legend.js'
import { linearScale, logScale, type Scale } from './scale.js'
import { element, FONT_PX, px, textElement, textWidthPx } from './svg.js'

/** null where there is nothing to show: the line has a gap. */
export type Point = readonly [x: number, y: number | null]

export interface Line {
  readonly name: string
  /** Which of the colours of `chart-style.ts`. */
  readonly color: number
  readonly points: readonly Point[]
  /** Filled down to the axis. Default false. */
  readonly isArea?: boolean
  /** Default false. */
  readonly isDashed?: boolean
}

export interface Axis {
  /** Empty for none. */
  readonly name: string
  readonly kind: 'linear' | 'log'
  /** The lowest and the highest value that it has to show; those of the lines where it is missing. */
  readonly range?: readonly [lowest: number, highest: number]
  label(value: number): string
}

export interface LineChart {
  /** Unique in its page. */
  readonly id: string
  readonly title: string
  /** What a reader who cannot see it should know. */
  readonly description: string
  readonly x: Axis
  readonly y: Axis
  /** Later ones are drawn over earlier ones. */
  readonly lines: readonly Line[]
  /** A level to compare with, across the chart; null for none. */
  readonly target?: { readonly name: string; readonly value: number } | null
}

export interface Size {
  readonly widthPx: number
  readonly heightPx: number
}

const GAP_PX = 8
const TICK_GAP_PX = 6
/** Between two labels of the y axis. */
const Y_TICK_PX = 28
const MAX_Y_TICKS = 8

/** @returns an `<svg>` element that scales with what it stands in. */
export function lineChartSvg(chart: LineChart, size: Size, className = ''): string {
  const { id, title, description } = chart
  const ids = [`${id}-title`, `${id}-description`]
  const attributes = {
    xmlns: 'http://www.w3.org/2000/svg',
    class: `chart ${className}`.trim(),
    role: 'img',
    'aria-labelledby': ids.join(' '),
    viewBox: `0 0 ${size.widthPx} ${size.heightPx}`,
  }
  return element('svg', attributes, [
    textElement('title', { id: ids[0]! }, title),
    textElement('desc', { id: ids[1]! }, description),
    lineChartBody(chart, size),
  ])
}

/** The drawing alone, for a chart that is made of several. */
export function lineChartBody(chart: LineChart, size: Size): string {
  const header = legend(legendItems(chart), size.widthPx)
  const plotTop = header.heightPx + GAP_PX
  const nameRows = chart.x.name === '' ? 0 : 1
  const plotBottom = size.heightPx - (1 + nameRows) * (FONT_PX + TICK_GAP_PX)
  const y = yScale(chart, Math.min(MAX_Y_TICKS, Math.max(2, Math.floor((plotBottom - plotTop) / Y_TICK_PX))))
  const left = Math.max(...y.ticks.map((tick) => textWidthPx(chart.y.label(tick)))) + TICK_GAP_PX + 2
  const x = xScale(chart, size.widthPx - left)
  const right = size.widthPx - textWidthPx(chart.x.label(x.ticks.at(-1)!)) / 2 - 2
  const box: Box = { left, right, top: plotTop, bottom: plotBottom, x, y }
  return [
    header.svg,
    yAxis(chart, box),
    xAxis(chart, box, size),
    ...chart.lines.map((line) => lineSvg(line, box)),
    ...(chart.target ? [targetSvg(chart.target.value, box)] : []),
  ].join('\n')
}

interface Box {
  readonly left: number
  readonly right: number
  readonly top: number
  readonly bottom: number
  readonly x: Scale
  readonly y: Scale
}

function legendItems({ y, lines, target }: LineChart): LegendItem[] {
  const named = [...lines].reverse().filter(({ name }) => name !== '')
  return [
    ...(y.name === '' ? [] : [{ name: y.name, className: null }]),
    ...named.map(({ name, color, isDashed }) => ({ name, className: lineClass(color, isDashed) })),
    ...(target ? [{ name: target.name, className: 'target' }] : []),
  ]
}

function yScale({ y, lines, target }: LineChart, maxTicks: number): Scale {
  const values = lines.flatMap(({ points }) => points.flatMap(([, value]) => value ?? []))
  const [lowest, highest] = y.range ?? extremes(target ? [...values, target.value] : values)
  return y.kind === 'log' ? logScale(lowest, highest, maxTicks) : linearScale(0, highest, maxTicks)
}

function xScale({ x, lines }: LineChart, widthPx: number): Scale {
  const [lowest, highest] = x.range ?? extremes(lines.flatMap(({ points }) => points.map(([at]) => at)))
  const ticksAt = (maxTicks: number): Scale =>
    x.kind === 'log' ? logScale(lowest, highest, maxTicks) : linearScale(lowest, highest, maxTicks, true)
  let maxTicks = 12
  let scale = ticksAt(maxTicks)
  // Labels are of different lengths: fewer ticks until the longest one has room.
  while (maxTicks > 2 && neededPx(scale, x) > widthPx) scale = ticksAt(--maxTicks)
  return scale
}

function neededPx({ ticks }: Scale, { label }: Axis): number {
  const widest = Math.max(...ticks.map((tick) => textWidthPx(label(tick))))
  return ticks.length * (widest + 2 * GAP_PX)
}

/** Of a chart with nothing to show: any. */
function extremes(values: readonly number[]): [lowest: number, highest: number] {
  let [lowest, highest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const value of values) {
    lowest = Math.min(lowest, value)
    highest = Math.max(highest, value)
  }
  return lowest <= highest ? [lowest, highest] : [1, 10]
}

function yAxis({ y }: LineChart, box: Box): string {
  const rows = box.y.ticks.map((tick) => {
    const atY = px(yOf(tick, box))
    const grid = element('line', { class: 'grid', x1: px(box.left), x2: px(box.right), y1: atY, y2: atY })
    const label = { x: px(box.left - TICK_GAP_PX), y: px(yOf(tick, box) + FONT_PX / 3), 'text-anchor': 'end' }
    return grid + textElement('text', label, y.label(tick))
  })
  return element('g', { class: 'y-axis' }, rows)
}

function xAxis({ x }: LineChart, box: Box, { heightPx }: Size): string {
  const y = px(box.bottom)
  const line = element('line', { class: 'axis', x1: px(box.left), x2: px(box.right), y1: y, y2: y })
  const labels = box.x.ticks.map((tick) => {
    const at = {
      x: px(xOf(tick, box)),
      y: px(box.bottom + TICK_GAP_PX + FONT_PX - 2),
      'text-anchor': 'middle',
    }
    return textElement('text', at, x.label(tick))
  })
  const at = {
    class: 'name',
    x: px((box.left + box.right) / 2),
    y: px(heightPx - 4),
    'text-anchor': 'middle',
  }
  const name = x.name === '' ? [] : [textElement('text', at, x.name)]
  return element('g', { class: 'x-axis' }, [line, ...labels, ...name])
}

function lineSvg({ points, color, isArea = false, isDashed = false }: Line, box: Box): string {
  const runs = unbroken(points).map((run) =>
    run.map(([x, y]): readonly [number, number] => [xOf(x, box), yOf(y, box)]),
  )
  const drawn = runs.map((run) => {
    const [[x, y]] = run as [readonly [number, number]]
    // A point between two gaps is no line and would not be seen.
    if (run.length === 1) return element('circle', { class: `dot-${color}`, cx: px(x), cy: px(y), r: '2' })
    const path = pathOf(run)
    const line = element('path', { class: lineClass(color, isDashed), d: path })
    if (!isArea) return line
    const closed = `${path}L${px(run.at(-1)![0])} ${px(box.bottom)}L${px(x)} ${px(box.bottom)}Z`
    return element('path', { class: `area-${color}`, d: closed }) + line
  })
  return drawn.join('')
}

/** The parts of a line between its gaps. */
function unbroken(points: readonly Point[]): (readonly [number, number])[][] {
  const runs: (readonly [number, number])[][] = []
  let run: (readonly [number, number])[] = []
  for (const [x, y] of points) {
    if (y === null) run = []
    else {
      if (run.length === 0) runs.push(run)
      run.push([x, y])
    }
  }
  return runs
}

function targetSvg(value: number, box: Box): string {
  const y = px(yOf(value, box))
  return element('line', { class: 'target', x1: px(box.left), x2: px(box.right), y1: y, y2: y })
}

function pathOf(points: readonly (readonly [x: number, y: number])[]): string {
  return points.map(([x, y], i) => `${i === 0 ? 'M' : 'L'}${px(x)} ${px(y)}`).join('')
}

function lineClass(color: number, isDashed = false): string {
  return `line-${color}${isDashed ? ' dashed' : ''}`
}

function xOf(value: number, { left, right, x }: Box): number {
  return left + x.at(value) * (right - left)
}

function yOf(value: number, { top, bottom, y }: Box): number {
  return bottom - y.at(value) * (bottom - top)
}

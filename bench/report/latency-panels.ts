/**
 * Latency over time as an SVG: one panel above the other, all on the same scales, so that a spike in one of them is
 * seen against its absence in the others. Pure.
 */
import {
  type Axis,
  type LineChart,
  lineChartBody,
  type Point,
} from '../../lib/cli-perf/report/svg/line-chart.js'
import { element } from '../../lib/cli-perf/report/svg/svg.js'
import type { Latency } from '../programs/clients/steady-sender.js'
import { percentilesOf } from '../support/percentiles.js'
import { standalone } from './charts.js'

export interface Panel {
  readonly title: string
  /** Which of the colours of charts. */
  readonly color: number
  readonly samples: readonly Latency[]
}

const BUCKET_MS = 100
const WIDTH_PX = 860
const PANEL_PX = 200
const GAP_PX = 12
const GREY = 5
const TITLE_PX = 28

/** @param panels - their samples lie on one common time line, in milliseconds. */
export function latencyPanels(title: string, panels: readonly Panel[]): string {
  const curves = panels.map(({ samples }) => bucketed(samples))
  const axes = axesFor(panels, curves)
  const size = { widthPx: WIDTH_PX, heightPx: PANEL_PX }
  const drawn = panels.map((panel, i) => {
    const chart = panelChart(panel, curves[i]!, axes, i === panels.length - 1)
    const at = { transform: `translate(0 ${i * (PANEL_PX + GAP_PX)})` }
    return element('g', at, [lineChartBody(chart, size)])
  })
  const heightPx = panels.length * (PANEL_PX + GAP_PX) + TITLE_PX
  return standalone(title, drawn.join('\n'), { widthPx: WIDTH_PX, heightPx })
}

interface Axes {
  readonly x: Axis
  readonly y: Axis
}

/** Common ones. */
function axesFor(panels: readonly Panel[], curves: readonly Curves[]): Axes {
  const values = curves.flatMap(({ max, p50 }) => [...max, ...p50].flatMap(([, ms]) => ms ?? []))
  const endS = Math.max(...panels.flatMap(({ samples }) => samples.map(([dueMs]) => dueMs))) / 1000
  return {
    x: {
      name: `seconds of traffic; area: the slowest message of each ${BUCKET_MS} ms, line: their median`,
      kind: 'linear',
      range: [0, Math.ceil(endS)],
      label: String,
    },
    y: {
      name: '',
      kind: 'log',
      range: [Math.min(...values), Math.max(...values)],
      label: (ms) => `${Number(ms.toPrecision(1))} ms`,
    },
  }
}

function panelChart(
  { title, color }: Panel,
  { max, p50 }: Curves,
  { x, y }: Axes,
  isLast: boolean,
): LineChart {
  return {
    id: title,
    title,
    description: '',
    x: isLast ? x : { ...x, name: '' },
    y,
    lines: [
      { name: '', color: GREY, points: p50 },
      { name: title, color, points: max, isArea: true },
    ].reverse(),
  }
}

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
    max.push([seconds, maxMs])
    p50.push([seconds, p50Ms])
  }
  return { max, p50 }
}

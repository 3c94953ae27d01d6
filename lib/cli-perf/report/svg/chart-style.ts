/** Colours of charts, by day and by night: as CSS for a page, or for the `<style>` of an SVG that stands alone. */
import { FONT_PX } from './svg.js'

/** By number: blue, amber, red, green, violet, grey. Each has enough contrast on its background. */
const light = ['#2563eb', '#b45309', '#dc2626', '#047857', '#7c3aed', '#64748b']
const dark = ['#60a5fa', '#fbbf24', '#f87171', '#34d399', '#c4b5fd', '#94a3b8']

export const COLORS = light.length

export const chartStyle = `
.chart { font: ${FONT_PX}px system-ui, sans-serif; }
.chart text { fill: #334155; }
.chart .grid { stroke: #e2e8f0; }
.chart .axis { stroke: #64748b; }
.chart .target { stroke: #334155; stroke-width: 1.4; stroke-dasharray: 6 4; }
.chart .dashed { stroke-dasharray: 3 2; }
.chart [class^=line] { stroke-width: 1.6; fill: none; stroke-linejoin: round; }
.chart [class^=area] { fill-opacity: 0.14; }
${coloured(light)}
@media screen and (prefers-color-scheme: dark) {
.chart text { fill: #cbd5e1; }
.chart .grid { stroke: #334155; }
.chart .axis { stroke: #94a3b8; }
.chart .target { stroke: #e2e8f0; }
${coloured(dark)}
}`

function coloured(colors: readonly string[]): string {
  return colors
    .map(
      (color, i) =>
        `.chart .line-${i} { stroke: ${color}; } .chart .area-${i}, .chart .dot-${i} { fill: ${color}; }`,
    )
    .join('\n')
}

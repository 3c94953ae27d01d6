/**
 * A run as one HTML page: figures, charts, settings. Without scripts or anything to be fetched, so that it can be
 * mailed, kept and printed. Shows the settings of the producer, never keys that are not settings: they may be secrets.
 */
import escapeHtml from 'lodash/escape.js'
import { duration, type Figures, latencyFrom, outcomeWord, ratesOf } from '../result.js'
import type { Sample } from '../timeline.js'
import { comparedLatency, comparedThroughput, failureChart, latencyChart, throughputChart } from './charts.js'
import { comparedFigures, differences, ratioText } from './comparison.js'
import type { Report } from './report.js'
import type { EarlierRun } from './run-file.js'
import { style } from './style.js'
import { type LineChart, lineChartSvg } from './svg/line-chart.js'

/** Of charts, in pixels: one drawing for narrow screens and one for the others, so that text keeps its size. */
const WIDE_PX = 860
const NARROW_PX = 340

/** @param before - the run to compare with; null for none. */
export function page(report: Report, before: EarlierRun | null = null): string {
  const title = `Producer performance: ${report.topics.join(', ')}`
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${style}</style>
</head>
<body>
<header>
<h1>${escapeHtml(title)}</h1>
<p>${escapeHtml(when(report.result))}</p>
${ended(report.result)}
</header>
<main>
${figures(report.result)}
${compared(report, before)}
${chart('Throughput', '', throughputChart(report.samples, report.targetPerSecond), 260)}
${failed(report.samples)}
${chart('Latency', latencyFrom(report.result), latencyChart(report.samples), 360)}
${causes(report.result)}
<section><h2>${report.lines.length > 1 ? 'Result lines' : 'Result line'}</h2>
<pre>${report.lines.map((line) => escapeHtml(line)).join('\n')}</pre></section>
<div class="columns">
${table('Options', report.options)}
${table('Environment', report.environment)}
</div>
${table('Producer settings in force', new Map(Object.entries(report.settings)))}
</main>
</body>
</html>
`
}

function when({ startMs, endMs }: Figures): string {
  const seconds = ((endMs - startMs) / 1000).toFixed(1)
  return `${new Date(startMs).toISOString().replace('T', ' ').slice(0, 19)} UTC, ${seconds} s`
}

function figures(result: Figures): string {
  const { messagesPerSecond, megabytesPerSecond } = ratesOf(result)
  const { latency, failed, unsettled } = result
  const lost = failed + unsettled
  const tiles = [
    tile(outcomeWord(result), count(result.delivered), `of ${count(result.sent)} sent`),
    tile(
      'failed',
      count(lost),
      unsettled > 0 ? `${count(unsettled)} without an outcome` : share(lost, result.sent),
      lost > 0,
    ),
    tile('throughput', `${count(Math.round(messagesPerSecond))}/s`, `${megabytesPerSecond.toFixed(2)} MB/s`),
  ]
  if (latency) {
    tiles.push(
      tile('p50', `${duration(latency.p50Ms)}`, `p95 ${duration(latency.p95Ms)}`),
      tile('p99', `${duration(latency.p99Ms)}`, `p99.9 ${duration(latency.p999Ms)}`),
      tile('max', `${duration(latency.maxMs)}`, ''),
    )
  }
  return `<section class="tiles">${tiles.join('')}</section>`
}

function tile(name: string, value: string, below: string, isBad = false): string {
  return `<div class="tile${isBad ? ' bad' : ''}"><span>${name}</span><b>${escapeHtml(value)}</b><small>${escapeHtml(below)}</small></div>`
}

function chart(title: string, note: string, drawn: LineChart, heightPx: number): string {
  const wide = lineChartSvg({ ...drawn, id: `${drawn.id}-wide` }, { widthPx: WIDE_PX, heightPx }, 'wide')
  const narrow = lineChartSvg(
    { ...drawn, id: `${drawn.id}-narrow` },
    { widthPx: NARROW_PX, heightPx },
    'narrow',
  )
  return `<section><h2>${title}${note === '' ? '' : ` <small>${escapeHtml(note)}</small>`}</h2>
<figure>${wide}${narrow}</figure></section>`
}

/** Ratios first: absolute figures belong to one machine on one day. */
function compared(report: Report, before: EarlierRun | null): string {
  if (before === null) return ''
  const rows = comparedFigures(report.result, before.result).map(
    ({ name, ratio, isBetter, now, before: then }) => {
      const cells = [ratioText(ratio), now, then].map((text) => escapeHtml(text))
      return `<tr${changeClass(isBetter)}><th scope="row">${name}</th><td>${cells.join('</td><td>')}</td></tr>`
    },
  )
  const head = ['figure', 'ratio', 'this run', 'before']
    .map((name) => `<th scope="col">${name}</th>`)
    .join('')
  return `<section><h2>Compared with ${escapeHtml(before.name)} <small>${escapeHtml(when(before.result))}</small></h2>
<table class="compared"><tr>${head}</tr>${rows.join('')}</table></section>
${different(report, before)}
${chart('Throughput of both runs', '', comparedThroughput(report.samples, before), 260)}
${chart('Latency of both runs', 'p99', comparedLatency(report.samples, before), 260)}`
}

function changeClass(isBetter: boolean | null): string {
  if (isBetter === null) return ''
  return ` class="${isBetter ? 'better' : 'worse'}"`
}

function different(report: Report, before: EarlierRun): string {
  const [options, environment] = [report.options, report.environment].map((map) => Object.fromEntries(map))
  const found = differences({ ...report, options: options!, environment: environment! }, before)
  if (found.length === 0) return ''
  const rows = found.map(
    ({ name, now, before: then }) =>
      `<tr><th scope="row">${escapeHtml(name)}</th><td>${escapeHtml(now)}</td><td>${escapeHtml(then)}</td></tr>`,
  )
  const head = ['', 'this run', 'before'].map((name) => `<th scope="col">${name}</th>`).join('')
  return `<section><h2>What else differs</h2>
<table class="differences"><tr>${head}</tr>${rows.join('')}</table></section>`
}

function ended({ ended: reason, sent, planned }: Figures): string {
  if (reason === null) return ''
  return `<p class="bad">stopped after ${count(sent)} of ${count(planned)} ${planned === 1 ? 'message' : 'messages'}: ${escapeHtml(reason)}</p>`
}

/** A chart of the failures where there are any. */
function failed(samples: readonly Sample[]): string {
  if (samples.every((sample) => sample.failed === 0)) return ''
  return chart('Failures', '', failureChart(samples), 200)
}

function share(part: number, whole: number): string {
  return part === 0 ? '' : `${((part * 100) / whole).toFixed(2)} % of sent`
}

function causes(result: Figures): string {
  if (result.causes.length === 0) return ''
  return table('Causes of failures', new Map(result.causes.map(([cause, times]) => [cause, count(times)])))
}

function table(title: string, rows: ReadonlyMap<string, string>): string {
  const cells = [...rows].map(
    ([name, value]) => `<tr><th scope="row">${escapeHtml(name)}</th><td>${escapeHtml(value)}</td></tr>`,
  )
  return `<section><h2>${title}</h2>
<table>${cells.join('')}</table></section>`
}

function count(n: number): string {
  return n.toLocaleString('en-US')
}

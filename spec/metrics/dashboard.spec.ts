import { readFileSync } from 'node:fs'
import { expect } from 'chai'
import { kafkaRows } from '../../lib/metrics/prometheus-kafka-rows.js'
import { bucketRows, infoRow, numberRows, spreadRows } from '../../lib/metrics/prometheus-rows.js'

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')

interface Panel {
  readonly id: number
  readonly type: string
  readonly title: string
  readonly targets?: readonly {
    readonly refId: string
    readonly expr: string
    readonly legendFormat: string
  }[]
}

const dashboard = JSON.parse(read('config/grafana-dashboard.json')) as {
  readonly panels: readonly Panel[]
  readonly templating: { readonly list: readonly { readonly name: string; readonly query: unknown }[] }
}

/** Sample name → its labels. */
const exported = new Map<string, readonly string[]>()
for (const { name, labelNames } of [...numberRows, infoRow, ...kafkaRows]) exported.set(name, labelNames)
for (const { name, labelNames } of spreadRows) {
  exported.set(name, [...labelNames, 'quantile'])
  for (const end of ['_sum', '_count']) exported.set(name + end, labelNames)
}
for (const { name, labelNames } of bucketRows) {
  exported.set(`${name}_bucket`, [...labelNames, 'le'])
  for (const end of ['_sum', '_count']) exported.set(name + end, labelNames)
}

/** Those that only grow. */
const counters = new Set([...exported.keys()].filter((name) => name.endsWith('_total')))
for (const { name } of [...spreadRows, ...bucketRows])
  for (const end of ['_bucket', '_sum', '_count']) counters.add(name + end)

const namesIn = (expression: string): string[] =>
  [...expression.matchAll(/kafka_producer_(\w+)/g)].map(([, name]) => name!)

/** Labels that an expression selects, groups by, or shows. */
function labelsIn(expression: string): string[] {
  const selected = [...expression.matchAll(/(\w+)(?:=~|!=|=)"/g)].map(([, label]) => label!)
  const grouped = [...expression.matchAll(/by \(([^)]*)\)/g)].flatMap(([, list]) => list!.split(', '))
  return [...selected, ...grouped]
}

function checkExpression(expression: string, shown: string): void {
  const names = namesIn(expression)
  expect(names, expression).not.to.deep.equal([])
  for (const name of names) {
    const labels = exported.get(name)
    expect(labels, `${name} in ${expression}`).not.to.equal(undefined)
    expect(labels, expression).to.include.members(labelsIn(expression))
    const inText = [...shown.matchAll(/\{\{ ?(?:\$labels\.)?(\w+) ?\}\}/g)].map(([, label]) => label!)
    expect(labels, `${shown} of ${expression}`).to.include.members(inText)
    if (counters.has(name)) {
      expect(expression, `${name} only grows`).to.match(/rate\(|increase\(/)
    }
  }
}

describe('config/grafana-dashboard.json', () => {
  const graphs = dashboard.panels.filter(({ type }) => type !== 'row')

  it('asks for exported metrics and labels only', () => {
    for (const { targets = [] } of graphs)
      for (const { expr, legendFormat } of targets) checkExpression(expr, legendFormat)
  })

  it('has panels for both producers, with ids of their own', () => {
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).to.equal(dashboard.panels.length)
    const names = graphs.flatMap(({ targets = [] }) => targets.flatMap(({ expr }) => namesIn(expr)))
    expect(names).to.include.members(['delivered_messages_total', 'producer_metrics_record_send_total'])
  })

  it('finds its client ids by metrics that are exported', () => {
    const variable = dashboard.templating.list.find(({ name }) => name === 'client_id')
    for (const name of namesIn(JSON.stringify(variable!.query))) expect([...exported.keys()]).to.include(name)
  })
})

describe('config/prometheus-alerts.yml', () => {
  const rules = read('config/prometheus-alerts.yml')
    .split(/^ {6}- /m)
    .slice(1)
  const field = (rule: string, name: string): string =>
    new RegExp(`^ *${name}: (.*)$`, 'm').exec(rule)?.[1] ?? ''

  it('has a name, an expression, a severity, a summary and a description for each rule', () => {
    expect(rules).to.have.length.above(5)
    for (const rule of rules)
      for (const name of ['alert', 'expr', 'severity', 'summary', 'description'])
        expect(field(rule, name), `${name} of ${rule}`).not.to.equal('')
    expect(new Set(rules.map((rule) => field(rule, 'alert'))).size).to.equal(rules.length)
  })

  it('asks for exported metrics and labels only', () => {
    for (const rule of rules) checkExpression(field(rule, 'expr'), field(rule, 'summary'))
  })
})

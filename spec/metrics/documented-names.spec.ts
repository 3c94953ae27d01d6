import { readFileSync } from 'node:fs'
import { MeterProvider } from '@opentelemetry/sdk-metrics'
import { expect } from 'chai'
import { observe } from '../../lib/metrics/opentelemetry.js'
import { bucketRows, infoRow, numberRows, spreadRows } from '../../lib/metrics/prometheus-rows.js'
import * as messages from '../../lib/protocol/messages/index.js'
import { FakeProducer } from './support/fake-producer.js'
import { MemoryReader } from './support/memory-reader.js'

const document = readFileSync(new URL('../../docs/METRICS.md', import.meta.url), 'utf8')

/** What stands between backticks, once more with what `.other` after a name abbreviates. */
const named = new Set<string>()
for (const line of document.split('\n')) {
  let last = ''
  for (const [, name] of line.matchAll(/`([^`]+)`/g)) {
    const whole = name!.startsWith('.') ? last.slice(0, last.lastIndexOf('.')) + name : name!
    named.add(whole)
    if (!name!.startsWith('.')) last = name!
  }
}

describe('docs/METRICS.md', () => {
  it('names every metric of a snapshot of Producer, and no other', () => {
    const names = Object.keys(new FakeProducer('c').metrics())
    expect([...named]).to.include.members(names)
    const table = document.slice(document.indexOf('## The snapshot'), document.indexOf('## Prometheus'))
    const inTable = [...table.matchAll(/^\| (`\w+`(?:, `\w+`)*) \|/gm)].flatMap(([, cell]) =>
      cell!.split(', '),
    )
    expect(inTable.map((name) => name.replaceAll('`', ''))).to.have.members(names)
  })

  it('names every Prometheus metric of Producer with its labels', () => {
    for (const { name, labelNames } of [...numberRows, ...spreadRows, ...bucketRows, infoRow]) {
      const line = document.split('\n').find((each) => each.startsWith(`| \`kafka_producer_${name}\` |`))
      expect(line, name).to.not.equal(undefined)
      const labels = line!
        .split('|')[3]!
        .split(',')
        .map((label) => label.trim())
      expect(
        labels.filter((label) => label !== 'quantile' && label !== 'le'),
        name,
      ).to.deep.equal(labelNames)
    }
  })

  it('names every OpenTelemetry instrument of Producer', async () => {
    const reader = new MemoryReader()
    const provider = new MeterProvider({ readers: [reader] })
    const producer = new FakeProducer('c', 1).work()
    producer.counters.settledAfter('delivered', 1, 1, 0)
    producer.counters.failedWith('t', 'KAFKA_METADATA', 1)
    observe(producer, provider.getMeter('spec'))
    const { resourceMetrics } = await reader.collect()
    const names = resourceMetrics.scopeMetrics.flatMap(({ metrics }) =>
      metrics.map(({ descriptor }) => descriptor.name),
    )
    await provider.shutdown()
    expect(names).to.have.length.above(20)
    expect([...named]).to.include.members(names)
  })

  it('names every API whose requests are traced', () => {
    const apis = Object.values(messages).filter(
      (each) => typeof each === 'object' && each !== null && 'name' in each,
    )
    expect(apis).to.have.length.above(8)
    expect([...named]).to.include.members(apis.map(({ name }) => name))
  })
})

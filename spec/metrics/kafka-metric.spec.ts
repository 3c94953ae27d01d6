import { expect } from 'chai'
import { type KafkaMetric, mergedMetrics, metricValue } from '../../lib/metrics/kafka-metric.js'

const metric = (name: string, value: number | string, tags: Record<string, string> = {}): KafkaMetric => ({
  name,
  group: 'producer-metrics',
  description: '',
  tags: { 'client-id': 'c', ...tags },
  value,
})

describe('metricValue', () => {
  const metrics = [metric('byte-rate', 1), metric('byte-rate', 2, { topic: 't' }), metric('version', '1.0')]

  it('metricValue without tags is the value of the whole producer', () => {
    expect(metricValue(metrics, 'byte-rate')).to.equal(1)
  })

  it('metricValue with tags is the value of the metric that has them all', () => {
    expect(metricValue(metrics, 'byte-rate', { topic: 't' })).to.equal(2)
    expect(metricValue(metrics, 'byte-rate', { topic: 't', 'client-id': 'd' })).to.equal(undefined)
  })

  it('metricValue of a name that there is not is undefined', () => {
    expect(metricValue(metrics, 'bytes')).to.equal(undefined)
  })
})

describe('mergedMetrics', () => {
  const values = (lists: KafkaMetric[][]): unknown[] =>
    mergedMetrics(lists).map(({ name, value }) => [name, value])

  it('mergedMetrics of one producer is its own list', () => {
    const list = [metric('a', 1)]
    expect(mergedMetrics([list])).to.equal(list)
  })

  const rows: [what: string, name: string, a: number, b: number, merged: number][] = [
    ['totals add up', 'record-send-total', 3, 4, 7],
    ['rates add up', 'record-send-rate', 1.5, 2, 3.5],
    ['bytes of memory add up', 'buffer-total-bytes', 10, 20, 30],
    ['the largest maximum is taken', 'batch-size-max', 9, 4, 9],
    ['the oldest metadata is taken', 'metadata-age', 1, 60, 60],
    ['averages are those of the first', 'batch-size-avg', 5, 6, 5],
    ['compression of a topic is that of the first', 'compression-rate', 0.5, 0.6, 0.5],
    ['a start is that of the first', 'start-time-ms', 100, 200, 100],
    ['NaN gives way to a number', 'batch-size-max', Number.NaN, 4, 4],
    ['NaN takes nothing away from a number', 'batch-size-max', 4, Number.NaN, 4],
  ]
  for (const [what, name, a, b, merged] of rows) {
    it(`of several producers ${what}`, () => {
      expect(values([[metric(name, a)], [metric(name, b)]])).to.deep.equal([[name, merged]])
    })
  }

  it('metrics with other tags stay apart', () => {
    const [a, b] = [metric('byte-total', 1, { topic: 'a' }), metric('byte-total', 2, { topic: 'b' })]
    expect(values([[a], [b]])).to.deep.equal([
      ['byte-total', 1],
      ['byte-total', 2],
    ])
  })
})

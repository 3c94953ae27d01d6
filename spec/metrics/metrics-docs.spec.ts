import { expect } from 'chai'
import { nodeRows, producerRows, topicRows } from '../../lib/metrics/kafka-metric-rows.js'
import { kafkaMetricsTables } from '../../scripts/metrics-docs.js'

describe('the metrics of KafkaProducer in the documents', () => {
  const tables = kafkaMetricsTables().split('**`')

  for (const [group, rows] of [
    ['producer-metrics', producerRows],
    ['producer-topic-metrics', topicRows],
    ['producer-node-metrics', nodeRows],
  ] as const) {
    it(`each metric of ${group} has one row in the table of its group`, () => {
      const table = tables.find((text) => text.startsWith(`${group}\``)) ?? ''
      for (const { name, description } of rows) {
        expect(
          table.split('\n').filter((line) => line === `| \`${name}\` | ${description} |`),
        ).to.have.length(1)
      }
    })
  }
})

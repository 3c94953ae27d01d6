/**
 * Writes the tables of KafkaProducer's metrics into docs/METRICS.md, from the rows of `lib/metrics/kafka-metric-rows.ts`.
 *
 *     tsx scripts/metrics-docs.ts            writes what is out of date
 *     tsx scripts/metrics-docs.ts --check    changes nothing; exits 1 and names what is out of date
 */
import { pathToFileURL } from 'node:url'
import {
  type MetricRow,
  NODE_GROUP,
  nodeRows,
  PRODUCER_GROUP,
  producerRows,
  TOPIC_GROUP,
  topicRows,
} from '../lib/metrics/kafka-metric-rows.js'
import { updateParts } from './generated-part.js'

const NAME = 'kafka-metrics'
const DOCUMENT = 'docs/METRICS.md'

const groups: readonly (readonly [group: string, tags: string, rows: readonly MetricRow[]])[] = [
  [PRODUCER_GROUP, 'tag `client-id`', producerRows],
  [TOPIC_GROUP, 'tags `client-id` and `topic`', topicRows],
  [NODE_GROUP, 'tags `client-id` and `node-id`, which is `node-` and the id of the broker', nodeRows],
]

/** The markdown of all metrics, a table for each group. */
export function kafkaMetricsTables(): string {
  return groups
    .map(([group, tags, rows]) => {
      const lines = rows.map(({ name, description }) => `| \`${name}\` | ${description} |`)
      return [`**\`${group}\`**, ${tags}:`, ['| name | what |', '|---|---|', ...lines].join('\n')].join(
        '\n\n',
      )
    })
    .join('\n\n')
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const source = 'lib/metrics/kafka-metric-rows.ts'
  const part = { document: DOCUMENT, name: NAME, content: kafkaMetricsTables(), source }
  process.exitCode = updateParts([part], process.argv.includes('--check'))
}

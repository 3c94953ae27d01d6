/**
 * The options of the perf tool with `--new-producer`, as rows: those of Kafka's own tool of 3.9, its newer names, and those that
 * this tool has for either producer.
 *
 * Data only; what they mean is in `kafka-options.ts`.
 *
 * @see org.apache.kafka.tools.ProducerPerformance 3.9 and 4.3
 */
import type { OptionRow, Tool } from '../cli/command-line.js'
import { classesRow } from '../cli/tool-classes.js'
import { LONGEST_TIMER_MS } from '../timers.js'

/** Larger records fit into no request. */
const MAX_RECORD_BYTES = 2_147_483_647

const epilogue = `
Examples:
  kafka-producer-perf-test --new-producer --topic perf --num-records 1000000 --record-size 100 --throughput -1 \\
    --producer-props bootstrap.servers=h1:9092,h2:9092 acks=all
  kafka-producer-perf-test --new-producer --topic perf --num-records 60000 --record-size 100 --throughput 1000 \\
    --bootstrap-server h1:9092 --transaction-duration-ms 500

Exit status: 0 every record was delivered; 1 wrong usage, configuration or files; 2 some records failed, or a transaction;
3 some records had no outcome in time; 130 and 143 a signal came before all records were sent.
`

const rows: readonly OptionRow[] = [
  { flags: '--new-producer', doc: 'KafkaProducer is measured; without it, the classic producer is' },
  { flags: '--topic <topic>', doc: 'the topic to send to (required)' },
  { flags: '--num-records <n>', doc: 'number of records to send (required)', min: 1 },
  {
    flags: '--record-size <bytes>',
    doc: 'size of a record’s value, random letters; this, --payload-file or --payload-monotonic is required',
    max: MAX_RECORD_BYTES,
  },
  { flags: '--payload-file <file>', doc: 'send values drawn at random from this UTF-8 file' },
  {
    flags: '--payload-delimiter <text>',
    doc: 'what separates the values of --payload-file; \\n, \\r and \\t may be written so',
    default: '\\n',
  },
  { flags: '--payload-monotonic', doc: 'send the numbers from 0 on, as text' },
  {
    flags: '--throughput <n>',
    doc: 'records per second, 0.5 as well; -1: no limit',
    default: '-1',
  },
  {
    flags: '--bootstrap-server <list>',
    doc: 'host:port,… to start from (required, or as bootstrap.servers)',
    key: 'bootstrap.servers',
  },
  {
    flags: '--producer-props <k=v...>',
    doc: 'any producer settings, several in a row; they count more than a file',
    isRepeatable: true,
  },
  { flags: '--command-property <k=v...>', doc: 'the newer name of --producer-props', isRepeatable: true },
  { flags: '--producer.config <file>', doc: 'a producer.properties file' },
  { flags: '--command-config <file>', doc: 'the newer name of --producer.config' },
  { flags: '--print-metrics', doc: 'print the metrics of the producer at the end' },
  {
    flags: '--transactional-id <id>',
    doc: 'send in transactions, with this id (performance-producer- and a random UUID)',
    key: 'transactional.id',
  },
  {
    flags: '--transaction-duration-ms <ms>',
    doc: 'send in transactions, and commit each when it is that old; 3000 where only an id is given',
    min: 1,
    max: LONGEST_TIMER_MS,
  },
  {
    flags: '--reporting-interval <ms>',
    doc: 'shortest time between two lines of progress',
    default: '5000',
    min: 1,
    max: LONGEST_TIMER_MS,
  },
  {
    flags: '--close-timeout-ms <ms>',
    doc: 'longest wait for outcomes after a signal',
    default: '30000',
    max: LONGEST_TIMER_MS,
  },
  {
    flags: '--warmup-records <n>',
    doc: 'leave the first records out of one more line, of the steady state',
    default: '0',
  },
  { flags: '--report <file>', doc: 'write an HTML report with charts to this file' },
  {
    flags: '--report-json <file>',
    doc: 'write the figures and points of the run to this file, to compare others with',
  },
  {
    flags: '--compare <file>',
    doc: 'compare with an earlier run, a file of --report-json; also in the report',
  },
  classesRow,
  { flags: '--verbose', doc: 'log at INFO too, and show stack traces' },
]

export const kafkaPerfTool: Tool = {
  name: 'kafka-producer-perf-test --new-producer',
  description: 'Sends records as fast as it can, or at a given rate, and measures.',
  rows,
  defaults: new Map([['client.id', 'perf-producer-client']]),
  epilogue,
}

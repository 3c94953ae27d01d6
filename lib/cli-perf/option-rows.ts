/**
 * The options of the perf tool, as rows: those of the original with its defaults, and a few of ours at the end.
 *
 * @see docs/reference/classic-producer.md#perf-tool
 */

import type { OptionRow, Tool } from '../cli/command-line.js'
import { classesRow } from '../cli/tool-classes.js'
import { LONGEST_TIMER_MS } from '../timers.js'

/** Larger messages fit into no request. */
const MAX_MESSAGE_BYTES = 2_147_483_647

const epilogue = `
Examples:
  kafka-producer-perf-test --broker-list h1:9092,h2:9092 --topics perf --messages 1000000 --report perf.html
  kafka-producer-perf-test --broker-list h1:9092 --topics perf --messages 60000 --throughput 1000 --sync

Exit status: 0 every message was delivered; 1 wrong usage, configuration or files; 2 some messages failed;
3 some messages had no outcome in time; 130 and 143 a signal came before all messages were sent.
`

const rows: readonly OptionRow[] = [
  {
    flags: '--broker-list <list>',
    doc: 'host:port,… to start from (required)',
    key: 'metadata.broker.list',
  },
  { flags: '--topics <list>', doc: 'topic,… to send to (required)' },
  { flags: '--messages <n>', doc: 'number of iterations of all threads together (required)', min: 1 },
  { flags: '--threads <n>', doc: 'number of producers in parallel', default: '1', min: 1 },
  {
    flags: '--message-size <bytes>',
    doc: 'size of a message in bytes',
    default: '100',
    max: MAX_MESSAGE_BYTES,
  },
  { flags: '--vary-message-size', doc: 'spread sizes evenly from 1 to --message-size' },
  { flags: '--batch-size <n>', doc: 'async: messages per batch', key: 'batch.num.messages', default: '200' },
  {
    flags: '--sync',
    doc: 'wait for the outcome of each message before sending the next one',
    key: 'producer.type',
    bare: 'sync',
  },
  {
    flags: '--compression-codec <number>',
    doc: '0 none, 1 gzip, 2 snappy, 3 lz4',
    key: 'compression.codec',
    default: '0',
  },
  {
    flags: '--request-num-acks <acks>',
    doc: 'acknowledgements to wait for: 0 none, 1 leader, -1 all in-sync replicas',
    key: 'request.required.acks',
    default: '-1',
  },
  {
    flags: '--request-timeout-ms <ms>',
    doc: 'longest time that a broker may take to answer',
    key: 'request.timeout.ms',
    default: '3000',
  },
  {
    flags: '--producer-num-retries <n>',
    doc: 'number of retries after a failed attempt',
    key: 'message.send.max.retries',
    default: '3',
  },
  {
    flags: '--producer-retry-backoff-ms <ms>',
    doc: 'pause before a retry',
    key: 'retry.backoff.ms',
    default: '100',
  },
  { flags: '--initial-message-id <n>', doc: 'send readable messages with ids from this number on' },
  {
    flags: '--message-send-gap-ms <ms>',
    doc: 'pause after each message',
    default: '0',
    max: LONGEST_TIMER_MS,
  },
  {
    flags: '--date-format <pattern>',
    doc: 'format of the start and end time',
    default: 'yyyy-MM-dd HH:mm:ss:SSS',
  },
  { flags: '--hide-header', doc: 'print the figures without the header line' },
  { flags: '--csv-reporter-enabled', doc: 'write the counts to a new CSV file every second' },
  { flags: '--metrics-dir <folder>', doc: 'folder of the CSV file', default: 'kafka_metrics' },
  {
    flags: '--reporting-interval <ms>',
    doc: 'accepted without effect, as in the original',
    default: '5000',
  },
  { flags: '--show-detailed-stats', doc: 'accepted without effect, as in the original' },
  {
    flags: '--new-producer',
    doc: 'KafkaProducer is measured, with options of its own: see --new-producer --help',
  },
  { flags: '--producer.config <file>', doc: 'a producer.properties file' },
  { flags: '--producer-property <k=v>', doc: 'any producer setting', isRepeatable: true },
  {
    flags: '--throughput <n>',
    doc: 'messages per second of all threads together; -1: no limit',
    default: '-1',
    min: 1,
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
  {
    flags: '--close-timeout-ms <ms>',
    doc: 'longest wait for outcomes after a signal',
    default: '30000',
    max: LONGEST_TIMER_MS,
  },
  classesRow,
  { flags: '--verbose', doc: 'log at INFO too, and show stack traces' },
]

export const perfTool: Tool = {
  name: 'kafka-producer-perf-test',
  description: 'Sends messages as fast as it can, or at a given rate, and measures.',
  rows,
  defaults: new Map([
    ['producer.type', 'async'],
    ['client.id', 'producer-performance'],
    ['send.buffer.bytes', String(64 * 1024)],
    ['queue.enqueue.timeout.ms', '-1'],
    ['serializer.class', 'kafka.serializer.DefaultEncoder'],
    ['key.serializer.class', 'kafka.serializer.NullEncoder'],
    ['partitioner.class', 'kafka.producer.ByteArrayPartitioner'],
  ]),
  epilogue,
}

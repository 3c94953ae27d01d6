/**
 * The options of the console producer, as rows. An option that stands for a setting names its key.
 *
 * Data only; what they mean is in `options.ts`.
 *
 * @see docs/reference/classic-producer.md#console-producer
 */

import { LONGEST_TIMER_MS } from '../timers.js'
import type { OptionRow, Tool } from './command-line.js'

const OF_NEW_PRODUCER = 'belongs to the new producer and does nothing here'

const epilogue = `
Examples:
  kafka-console-producer --broker-list h1:9092,h2:9092 --topic logs --request-required-acks 1 < lines.txt
  kafka-console-producer --producer.config producer.properties --topic logs --property parse.key=true < pairs.tsv

Exit status: 0 every line was delivered, 1 usage, configuration or input, 2 some lines failed,
3 some had no outcome in time, 130 and 143 a signal came before the end of the input.
`

const rows: readonly OptionRow[] = [
  { flags: '--topic <topic>', doc: 'the topic to send to (required, or --property topic=…)' },
  {
    flags: '--broker-list <list>',
    doc: 'host:port,… to start from (required, or in the file)',
    key: 'metadata.broker.list',
  },
  { flags: '--bootstrap-server <list>', doc: 'another name of --broker-list', key: 'metadata.broker.list' },
  { flags: '--sync', doc: 'wait for each message before the next line is read' },
  {
    flags: '--compression-codec [codec]',
    doc: 'none, gzip, snappy, lz4 or zstd; gzip when no codec is named',
    key: 'compression.codec',
    default: 'none',
    bare: 'gzip',
  },
  { flags: '--batch-size <n>', doc: 'messages per batch, async', key: 'batch.num.messages', default: '200' },
  {
    flags: '--message-send-max-retries <n>',
    doc: 'attempts after the first',
    key: 'message.send.max.retries',
    default: '3',
  },
  {
    flags: '--retry-backoff-ms <ms>',
    doc: 'wait before an attempt',
    key: 'retry.backoff.ms',
    default: '100',
  },
  {
    flags: '--timeout <ms>',
    doc: 'longest wait for a full batch, async',
    key: 'queue.buffering.max.ms',
    default: '1000',
  },
  {
    flags: '--queue-size <n>',
    doc: 'messages in the queue, async',
    key: 'queue.buffering.max.messages',
    default: '10000',
  },
  {
    flags: '--queue-enqueuetimeout-ms <ms>',
    doc: 'longest wait for room in the queue; 0 none, -1 no limit',
    key: 'queue.enqueue.timeout.ms',
    default: '2147483647',
  },
  { flags: '--request-required-acks <acks>', doc: '0, 1 or -1', key: 'request.required.acks', default: '0' },
  {
    flags: '--request-timeout-ms <ms>',
    doc: 'how long a broker may take',
    key: 'request.timeout.ms',
    default: '1500',
  },
  {
    flags: '--metadata-expiry-ms <ms>',
    doc: 'how often metadata is refreshed',
    key: 'topic.metadata.refresh.interval.ms',
    default: '300000',
  },
  {
    flags: '--value-serializer <class>',
    doc: 'encoder of values',
    key: 'serializer.class',
    default: 'kafka.serializer.DefaultEncoder',
  },
  { flags: '--key-serializer <class>', doc: 'encoder of keys', key: 'key.serializer.class' },
  { flags: '--socket-buffer-size <bytes>', doc: 'send buffer', key: 'send.buffer.bytes', default: '102400' },
  {
    flags: '--line-reader <class>',
    doc: 'accepted with the name of the built-in reader, which is the only one',
  },
  {
    flags: '--property <k=v>',
    doc: 'for the reader: parse.key, key.separator, ignore.error, topic',
    isRepeatable: true,
  },
  { flags: '--producer-property <k=v>', doc: 'any producer setting', isRepeatable: true },
  { flags: '--producer.config <file>', doc: 'a producer.properties file' },
  { flags: '--ignore-delivery-failures', doc: 'exit 0 even when messages failed, as the original did' },
  {
    flags: '--max-line-bytes <n>',
    doc: 'longest line; 0 no limit',
    default: '134217728',
    max: LONGEST_TIMER_MS,
  },
  {
    flags: '--close-timeout-ms <ms>',
    doc: 'longest wait for outcomes after a signal',
    default: '30000',
    max: LONGEST_TIMER_MS,
  },
  { flags: '--verbose', doc: 'say what happens, and show stack traces' },
  { flags: '--old-producer', doc: 'accepted, means nothing: this is the old producer' },
  { flags: '--new-producer', doc: 'accepted with a warning', ignoredBecause: OF_NEW_PRODUCER },
  { flags: '--max-memory-bytes <n>', doc: 'accepted, of the new producer', ignoredBecause: OF_NEW_PRODUCER },
  {
    flags: '--max-partition-memory-bytes <n>',
    doc: 'accepted, of the new producer',
    ignoredBecause: OF_NEW_PRODUCER,
  },
  {
    flags: '--metadata-fetch-timeout-ms <n>',
    doc: 'accepted, of the new producer',
    ignoredBecause: OF_NEW_PRODUCER,
  },
  { flags: '--max-block-ms <n>', doc: 'accepted, of the new producer', ignoredBecause: OF_NEW_PRODUCER },
]

export const consoleProducer: Tool = {
  name: 'kafka-console-producer',
  description: 'Sends each line of standard input as a message.',
  rows,
  defaults: new Map([
    ['producer.type', 'async'],
    ['client.id', 'console-producer'],
    ['partitioner.class', 'kafka.producer.ByteArrayPartitioner'],
  ]),
  epilogue,
}

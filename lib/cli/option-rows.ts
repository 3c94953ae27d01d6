/**
 * The options of the console producer, as rows. An option that stands for a setting names its key.
 *
 * Data only; what they mean is in `options.ts`.
 *
 * @see docs/reference/classic-producer.md#console-producer
 */

import { LONGEST_TIMER_MS } from '../timers.js'
import type { OptionRow, Tool } from './command-line.js'
import { classesRow } from './tool-classes.js'

const OF_NEW_PRODUCER = 'belongs to the new producer and has no effect without --new-producer'

const epilogue = `
Examples:
  kafka-console-producer --broker-list h1:9092,h2:9092 --topic logs --request-required-acks 1 < lines.txt
  kafka-console-producer --producer.config producer.properties --topic logs --property parse.key=true < pairs.tsv

Exit status: 0 every line was delivered; 1 wrong usage, configuration or input; 2 some lines failed;
3 some lines had no outcome in time; 130 and 143 a signal came before the end of the input.
`

/** What this tool has for either producer. */
export const sharedRows: readonly OptionRow[] = [
  { flags: '--ignore-delivery-failures', doc: 'exit with 0 even when messages failed, as the original does' },
  {
    flags: '--max-line-bytes <n>',
    doc: 'maximum length of a line; 0: no limit',
    default: '134217728',
    max: LONGEST_TIMER_MS,
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

const rows: readonly OptionRow[] = [
  { flags: '--topic <topic>', doc: 'the topic to send to (required, or --property topic=…)' },
  {
    flags: '--broker-list <list>',
    doc: 'host:port,… to start from (required, or in the file)',
    key: 'metadata.broker.list',
  },
  { flags: '--bootstrap-server <list>', doc: 'the same as --broker-list', key: 'metadata.broker.list' },
  {
    flags: '--sync',
    doc: 'wait for the outcome of each message before reading the next line',
    key: 'producer.type',
    bare: 'sync',
  },
  {
    flags: '--compression-codec [codec]',
    doc: 'none, gzip, snappy, lz4 or zstd; without a name: gzip',
    key: 'compression.codec',
    default: 'none',
    bare: 'gzip',
  },
  { flags: '--batch-size <n>', doc: 'async: messages per batch', key: 'batch.num.messages', default: '200' },
  {
    flags: '--message-send-max-retries <n>',
    doc: 'number of retries after a failed attempt',
    key: 'message.send.max.retries',
    default: '3',
  },
  {
    flags: '--retry-backoff-ms <ms>',
    doc: 'pause before a retry',
    key: 'retry.backoff.ms',
    default: '100',
  },
  {
    flags: '--timeout <ms>',
    doc: 'async: longest wait for a full batch',
    key: 'queue.buffering.max.ms',
    default: '1000',
  },
  {
    flags: '--queue-size <n>',
    doc: 'async: maximum number of messages in the queue',
    key: 'queue.buffering.max.messages',
    default: '10000',
  },
  {
    flags: '--queue-enqueuetimeout-ms <ms>',
    doc: 'async: longest wait for room in the queue; 0: do not wait, -1: no limit',
    key: 'queue.enqueue.timeout.ms',
    default: '2147483647',
  },
  {
    flags: '--request-required-acks <acks>',
    doc: 'acknowledgements to wait for: 0 none, 1 leader, -1 all in-sync replicas',
    key: 'request.required.acks',
    default: '0',
  },
  {
    flags: '--request-timeout-ms <ms>',
    doc: 'longest time that a broker may take to answer',
    key: 'request.timeout.ms',
    default: '1500',
  },
  {
    flags: '--metadata-expiry-ms <ms>',
    doc: 'interval of metadata refreshes',
    key: 'topic.metadata.refresh.interval.ms',
    default: '300000',
  },
  {
    flags: '--value-serializer <class>',
    doc: 'class that encodes values',
    key: 'serializer.class',
    default: 'kafka.serializer.DefaultEncoder',
  },
  { flags: '--key-serializer <class>', doc: 'class that encodes keys', key: 'key.serializer.class' },
  {
    flags: '--socket-buffer-size <bytes>',
    doc: 'size of the send buffer',
    key: 'send.buffer.bytes',
    default: '102400',
  },
  {
    flags: '--line-reader <class>',
    doc: 'only the built-in reader is accepted',
  },
  {
    flags: '--property <k=v>',
    doc: 'property of the line reader: parse.key, key.separator, ignore.error, topic',
    isRepeatable: true,
  },
  { flags: '--producer-property <k=v>', doc: 'any producer setting', isRepeatable: true },
  { flags: '--producer.config <file>', doc: 'a producer.properties file' },
  ...sharedRows,
  { flags: '--old-producer', doc: 'accepted without effect: the old producer is the default' },
  {
    flags: '--new-producer',
    doc: 'KafkaProducer sends the lines, with options of its own: see --new-producer --help',
  },
  {
    flags: '--max-memory-bytes <n>',
    doc: 'ignored with a warning: belongs to --new-producer',
    ignoredBecause: OF_NEW_PRODUCER,
  },
  {
    flags: '--max-partition-memory-bytes <n>',
    doc: 'ignored with a warning: belongs to --new-producer',
    ignoredBecause: OF_NEW_PRODUCER,
  },
  {
    flags: '--metadata-fetch-timeout-ms <n>',
    doc: 'ignored with a warning: belongs to --new-producer',
    ignoredBecause: OF_NEW_PRODUCER,
  },
  {
    flags: '--max-block-ms <n>',
    doc: 'ignored with a warning: belongs to --new-producer',
    ignoredBecause: OF_NEW_PRODUCER,
  },
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

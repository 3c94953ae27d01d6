/**
 * The options of the console producer with `--new-producer`, as rows: those of Kafka's tool of 3.9 and 4.x, and those that this
 * tool has for either producer. An option that stands for a setting names its key.
 *
 * Data only; what they mean is in `kafka-options.ts`.
 *
 * @see Kafka's ConsoleProducer 3.9 and 4.3
 */
import type { OptionRow, Tool } from './command-line.js'
import { sharedRows } from './option-rows.js'

const OF_OLD_PRODUCER = 'belongs to the old producer and has no effect here'

const epilogue = `
Examples:
  kafka-console-producer --new-producer --bootstrap-server h1:9092,h2:9092 --topic logs < lines.txt
  kafka-console-producer --new-producer --producer.config producer.properties --topic logs \\
    --property parse.headers=true --property parse.key=true < records.tsv

Exit status: 0 every line was delivered; 1 wrong usage, configuration or input; 2 some lines failed;
3 some lines had no outcome in time; 130 and 143 a signal came before the end of the input.
`

const rows: readonly OptionRow[] = [
  { flags: '--new-producer', doc: 'KafkaProducer sends the lines; without it, the classic producer does' },
  { flags: '--old-producer', doc: 'an error beside --new-producer' },
  { flags: '--topic <topic>', doc: 'the topic to send to (required, or --property topic=…)' },
  {
    flags: '--bootstrap-server <list>',
    doc: 'host:port,… to start from (required, or in the file)',
    key: 'bootstrap.servers',
  },
  { flags: '--broker-list <list>', doc: 'the older name of --bootstrap-server' },
  {
    flags: '--sync',
    doc: 'wait for the outcome of each line before reading the next one; linger.ms is 0 then',
  },
  {
    flags: '--compression-codec [codec]',
    doc: 'none, gzip, snappy, lz4 or zstd; without a name: gzip',
    key: 'compression.type',
    default: 'none',
    bare: 'gzip',
  },
  { flags: '--batch-size <bytes>', doc: 'bytes of a batch', key: 'batch.size', default: '16384' },
  {
    flags: '--max-partition-memory-bytes <bytes>',
    doc: 'the same; where both are given, this one counts',
  },
  {
    flags: '--message-send-max-retries <n>',
    doc: 'number of retries of a batch',
    key: 'retries',
    default: '3',
  },
  {
    flags: '--retry-backoff-ms <ms>',
    doc: 'pause before the first retry',
    key: 'retry.backoff.ms',
    default: '100',
  },
  {
    flags: '--timeout <ms>',
    doc: 'longest wait of a line for others of its batch',
    key: 'linger.ms',
    default: '1000',
  },
  {
    flags: '--request-required-acks <acks>',
    doc: 'acknowledgements to wait for: 0 none, 1 leader, -1 or all: all in-sync replicas',
    key: 'acks',
    default: '-1',
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
    key: 'metadata.max.age.ms',
    default: '300000',
  },
  {
    flags: '--max-block-ms <ms>',
    doc: 'longest wait of a line for metadata and memory',
    key: 'max.block.ms',
    default: '60000',
  },
  { flags: '--metadata-fetch-timeout-ms <ms>', doc: 'the older name of --max-block-ms' },
  {
    flags: '--max-memory-bytes <bytes>',
    doc: 'memory for lines that are not stored yet',
    key: 'buffer.memory',
    default: '33554432',
  },
  {
    flags: '--socket-buffer-size <bytes>',
    doc: 'size of the send buffer',
    key: 'send.buffer.bytes',
    default: '102400',
  },
  { flags: '--line-reader <class>', doc: 'only the built-in reader is accepted' },
  {
    flags: '--property <k=v>',
    doc: 'property of the line reader: parse.key, key.separator, parse.headers, headers.delimiter, headers.separator, headers.key.separator, null.marker, ignore.error, topic',
    isRepeatable: true,
  },
  { flags: '--reader-property <k=v>', doc: 'the newer name of --property', isRepeatable: true },
  { flags: '--reader-config <file>', doc: 'properties of the line reader; --property counts more' },
  { flags: '--producer-property <k=v>', doc: 'any producer setting', isRepeatable: true },
  { flags: '--command-property <k=v>', doc: 'the newer name of --producer-property', isRepeatable: true },
  { flags: '--producer.config <file>', doc: 'a producer.properties file' },
  { flags: '--command-config <file>', doc: 'the newer name of --producer.config' },
  ...sharedRows,
  ...['--queue-size <n>', '--queue-enqueuetimeout-ms <ms>'].map((flags) => ({
    flags,
    doc: 'ignored with a warning: belongs to the old producer',
    ignoredBecause: OF_OLD_PRODUCER,
  })),
  ...['--key-serializer <class>', '--value-serializer <class>'].map((flags) => ({
    flags,
    doc: 'ignored with a warning: lines are bytes',
    ignoredBecause: OF_OLD_PRODUCER,
  })),
]

export const kafkaConsoleProducer: Tool = {
  name: 'kafka-console-producer --new-producer',
  description: 'Sends each line of standard input as a record.',
  rows,
  defaults: new Map([['client.id', 'console-producer']]),
  epilogue,
}

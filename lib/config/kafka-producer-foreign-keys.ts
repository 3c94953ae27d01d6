/**
 * Keys that people write into a configuration of KafkaProducer and that are not settings of it: those of the old
 * producer, of older Java clients, and of other clients.
 *
 * Data only, as `foreign-keys.ts` for the classic producer.
 */
import { type ForeignKeys, type ForeignPrefix, librdkafkaSecurity } from './foreign-keys.js'

const oldProducer: ForeignKeys = {
  whose: 'is a setting of the old Scala producer',
  keys: [
    { key: 'metadata.broker.list', instead: 'bootstrap.servers' },
    { key: 'serializer.class', instead: 'value.serializer' },
    { key: 'key.serializer.class', instead: 'key.serializer' },
    { key: 'producer.type', note: 'every send() is asynchronous; await its result where you need it' },
    { key: 'message.send.max.retries', instead: 'retries' },
    { key: 'compression.codec', instead: 'compression.type' },
    { key: 'compressed.topics', note: 'compression.type is for all topics' },
    { key: 'topic.metadata.refresh.interval.ms', instead: 'metadata.max.age.ms' },
    { key: 'queue.buffering.max.ms', instead: 'linger.ms' },
    {
      key: 'queue.buffering.max.messages',
      instead: 'buffer.memory',
      note: 'which counts bytes',
      sameValue: false,
    },
    { key: 'queue.enqueue.timeout.ms', instead: 'max.block.ms' },
    { key: 'batch.num.messages', instead: 'batch.size', note: 'which counts bytes', sameValue: false },
    { key: 'partitioner.compatibility', note: 'the partition of a key is its murmur2 hash' },
    { key: 'headers.on.old.brokers' },
    { key: 'copy.buffers', note: 'bytes are copied when the record is in the buffer' },
    { key: 'queue.buffering.max.bytes', instead: 'buffer.memory' },
    { key: 'close.timeout.ms', note: 'give it to close({ timeoutMs })' },
    { key: 'broker.version', note: 'versions are found out' },
    { key: 'receive.message.max.bytes' },
  ],
}

const olderJava: ForeignKeys = {
  whose: 'is a setting of Java clients before 0.11',
  keys: [
    { key: 'metadata.fetch.timeout.ms', instead: 'max.block.ms' },
    { key: 'timeout.ms', instead: 'request.timeout.ms' },
    {
      key: 'block.on.buffer.full',
      instead: 'max.block.ms',
      note: 'which says how long a record waits',
      sameValue: false,
    },
    { key: 'total.memory.bytes', instead: 'buffer.memory' },
    { key: 'max.partition.bytes', instead: 'batch.size' },
    { key: 'enable.jmx', note: 'there is no JMX in Node' },
  ],
}

const librdkafka: ForeignKeys = {
  whose: 'is a setting of librdkafka',
  keys: [
    { key: 'queue.buffering.max.kbytes', instead: 'buffer.memory', sameValue: false },
    { key: 'message.timeout.ms', instead: 'delivery.timeout.ms' },
    { key: 'metadata.request.timeout.ms', instead: 'request.timeout.ms' },
    { key: 'max.in.flight', instead: 'max.in.flight.requests.per.connection' },
    { key: 'socket.timeout.ms', instead: 'request.timeout.ms' },
    { key: 'socket.send.buffer.bytes', instead: 'send.buffer.bytes' },
    { key: 'socket.receive.buffer.bytes', instead: 'receive.buffer.bytes' },
    { key: 'socket.keepalive.enable' },
    { key: 'socket.nagle.disable' },
    { key: 'broker.version.fallback', note: 'versions are found out' },
    { key: 'api.version.request', note: 'versions are found out' },
    { key: 'broker.address.family' },
    { key: 'message.max.bytes', instead: 'max.request.size' },
    { key: 'allow.auto.create.topics' },
    {
      key: 'compression.level',
      note: 'write compression.gzip.level, compression.lz4.level or compression.zstd.level',
    },
    { key: 'partitioner', instead: 'partitioner.class', sameValue: false },
    { key: 'sticky.partitioning.linger.ms' },
    { key: 'enable.gapless.guarantee', note: 'enable.idempotence keeps the order' },
    { key: 'statistics.interval.ms', note: 'use producer.metrics()' },
    { key: 'dr_cb', note: 'send() takes a callback and returns a future' },
    { key: 'dr_msg_cb', note: 'send() takes a callback and returns a future' },
    { key: 'event_cb' },
    { key: 'debug', note: 'pass a logger' },
    { key: 'log_level', note: 'pass a logger' },
    { key: 'delivery.report.only.error' },
    { key: 'group.id', note: 'it belongs to consumers' },
  ],
}

const kafkajs: ForeignKeys = {
  whose: 'is an option of kafkajs',
  keys: [
    { key: 'brokers', instead: 'bootstrap.servers' },
    { key: 'clientId', instead: 'client.id' },
    { key: 'connectionTimeout', instead: 'socket.connection.setup.timeout.ms' },
    { key: 'requestTimeout', instead: 'request.timeout.ms' },
    { key: 'enforceRequestTimeout', instead: 'request.timeout.ms', sameValue: false },
    { key: 'authenticationTimeout', instead: 'request.timeout.ms' },
    { key: 'retry', instead: 'retries', sameValue: false },
    { key: 'logLevel', note: 'pass a logger' },
    { key: 'logCreator', note: 'pass a logger' },
    { key: 'socketFactory' },
    { key: 'createPartitioner', instead: 'partitioner.class', sameValue: false },
    { key: 'metadataMaxAge', instead: 'metadata.max.age.ms' },
    { key: 'allowAutoTopicCreation' },
    { key: 'idempotent', instead: 'enable.idempotence' },
    { key: 'transactionalId', instead: 'transactional.id' },
    { key: 'transactionTimeout', instead: 'transaction.timeout.ms' },
    { key: 'maxInFlightRequests', instead: 'max.in.flight.requests.per.connection' },
    { key: 'compression', instead: 'compression.type', sameValue: false },
    { key: 'ssl', instead: 'security.protocol', sameValue: false },
    { key: 'sasl', instead: 'security.protocol', sameValue: false },
  ],
}

const kafkaNode: ForeignKeys = {
  whose: 'is an option of kafka-node or no-kafka',
  keys: [
    { key: 'kafkaHost', instead: 'bootstrap.servers' },
    { key: 'connectionString', instead: 'bootstrap.servers', sameValue: false },
    { key: 'requireAcks', instead: 'acks' },
    { key: 'requiredAcks', instead: 'acks' },
    { key: 'ackTimeoutMs', instead: 'request.timeout.ms' },
    { key: 'connectTimeout', instead: 'socket.connection.setup.timeout.ms' },
    { key: 'partitionerType', instead: 'partitioner.class', sameValue: false },
    { key: 'codec', instead: 'compression.type' },
    { key: 'batch', instead: 'batch.size', sameValue: false },
    { key: 'sslOptions', instead: 'security.protocol', sameValue: false },
  ],
}

const tools: ForeignKeys = {
  whose: 'is a property of the console producer, to be given to it with --property',
  keys: [{ key: 'topic' }, { key: 'parse.key' }, { key: 'key.separator' }, { key: 'parse.headers' }],
}

export const kafkaProducerForeignKeys: readonly ForeignKeys[] = [
  ...[oldProducer, olderJava, librdkafka, librdkafkaSecurity, kafkajs, kafkaNode, tools],
]

/** No family of keys belongs to others as a whole. */
export const kafkaProducerForeignPrefixes: readonly ForeignPrefix[] = []

/**
 * Keys that people write into a producer configuration and that are not settings of this producer:
 * old spellings, frequent typing errors, keys of other Kafka clients, keys of other tools.
 *
 * Data only. Used to say what a key would have meant here (`hints.ts`); none of them has an effect.
 */

/** One key that is not ours. */
export interface ForeignKey {
  readonly key: string
  /** The setting of this producer that it stands for, if there is one. */
  readonly instead?: string
  /** What else there is to know, as the end of a sentence. */
  readonly note?: string
  /** False when the value means something else there, so that it must not be suggested here. */
  readonly sameValue?: boolean
}

/** Keys of one origin. `whose` completes "KEY …". */
export interface ForeignKeys {
  readonly whose: string
  readonly keys: readonly ForeignKey[]
}

const misspelt: ForeignKeys = {
  whose: 'is a misspelling',
  keys: [
    { key: 'request.require.acks', instead: 'request.required.acks' },
    { key: 'request.required.ack', instead: 'request.required.acks' },
    { key: 'required.acks', instead: 'request.required.acks' },
    { key: 'compression.topics', instead: 'compressed.topics' },
    { key: 'compress.topics', instead: 'compressed.topics' },
    { key: 'value.serializer.class', instead: 'serializer.class' },
    { key: 'message.serializer.class', instead: 'serializer.class' },
    { key: 'metadata.brokers.list', instead: 'metadata.broker.list' },
    { key: 'topic.metadata.refresh.ms', instead: 'topic.metadata.refresh.interval.ms' },
    { key: 'message.send.retries', instead: 'message.send.max.retries' },
  ],
}

const before08: ForeignKeys = {
  whose: 'is a spelling from before Kafka 0.8',
  keys: [
    { key: 'broker.list', instead: 'metadata.broker.list' },
    {
      key: 'zk.connect',
      instead: 'metadata.broker.list',
      note: 'producers do not use ZooKeeper',
      sameValue: false,
    },
    { key: 'zookeeper.connect', instead: 'metadata.broker.list', note: 'producers do not use ZooKeeper' },
    { key: 'clientid', instead: 'client.id' },
    { key: 'buffer.size', instead: 'send.buffer.bytes' },
    { key: 'producer.request.required.acks', instead: 'request.required.acks' },
    { key: 'producer.request.timeout.ms', instead: 'request.timeout.ms' },
    { key: 'producer.num.retries', instead: 'message.send.max.retries' },
    { key: 'num.retries', instead: 'message.send.max.retries' },
    { key: 'producer.retry.backoff.ms', instead: 'retry.backoff.ms' },
    { key: 'producer.metadata.refresh.interval.ms', instead: 'topic.metadata.refresh.interval.ms' },
    { key: 'queue.time', instead: 'queue.buffering.max.ms' },
    { key: 'queue.size', instead: 'queue.buffering.max.messages' },
    { key: 'queue.enqueueTimeout.ms', instead: 'queue.enqueue.timeout.ms' },
    { key: 'connect.timeout.ms', instead: 'request.timeout.ms', note: 'which limits connecting, too' },
    { key: 'socket.timeout.ms', instead: 'request.timeout.ms' },
    { key: 'max.message.size', note: 'the brokers decide how large a message may be' },
    { key: 'reconnect.interval', note: 'a connection is made again when it is needed' },
    { key: 'reconnect.time.interval.ms', note: 'a connection is made again when it is needed' },
  ],
}

const modernJava: ForeignKeys = {
  whose: 'is a setting of the modern Java producer',
  keys: [
    { key: 'bootstrap.servers', instead: 'metadata.broker.list' },
    { key: 'acks', instead: 'request.required.acks' },
    { key: 'key.serializer', instead: 'key.serializer.class' },
    { key: 'value.serializer', instead: 'serializer.class' },
    { key: 'linger.ms', instead: 'queue.buffering.max.ms' },
    {
      key: 'batch.size',
      instead: 'batch.num.messages',
      note: 'which counts messages, where batch.size counts bytes there (and counted messages before 0.8)',
      sameValue: false,
    },
    { key: 'buffer.memory', instead: 'queue.buffering.max.bytes' },
    { key: 'total.memory.bytes', instead: 'queue.buffering.max.bytes' },
    { key: 'compression.type', instead: 'compression.codec' },
    { key: 'retries', instead: 'message.send.max.retries' },
    { key: 'max.block.ms', instead: 'queue.enqueue.timeout.ms' },
    { key: 'block.on.buffer.full', instead: 'queue.enqueue.timeout.ms', sameValue: false },
    { key: 'metadata.max.age.ms', instead: 'topic.metadata.refresh.interval.ms' },
    { key: 'metadata.fetch.timeout.ms', instead: 'request.timeout.ms' },
    { key: 'timeout.ms', instead: 'request.timeout.ms' },
    { key: 'max.request.size', note: 'the brokers decide how large a message may be' },
    { key: 'max.partition.bytes' },
    { key: 'retry.backoff.max.ms', note: 'retry.backoff.ms is the pause before every retry' },
    {
      key: 'transactional.id',
      note: 'there are no transactions: each message counts as soon as it is stored',
    },
    { key: 'transaction.timeout.ms', note: 'there are no transactions' },
    { key: 'transaction.two.phase.commit.enable', note: 'there are no transactions' },
    { key: 'interceptor.classes', note: 'no interceptor is called' },
    { key: 'metric.reporters', note: 'use producer.metrics()' },
    { key: 'metrics.num.samples' },
    { key: 'metrics.recording.level' },
    { key: 'metrics.sample.window.ms' },
    { key: 'auto.include.jmx.reporter' },
    { key: 'enable.jmx' },
    { key: 'enable.metrics.push' },
    { key: 'partitioner.ignore.keys', note: 'a key decides the partition' },
    { key: 'partitioner.adaptive.partitioning.enable' },
    { key: 'partitioner.availability.timeout.ms' },
    { key: 'metadata.max.idle.ms' },
    { key: 'metadata.recovery.strategy' },
    { key: 'metadata.recovery.rebootstrap.trigger.ms' },
    { key: 'compression.gzip.level', note: 'the codec chooses its level' },
    { key: 'compression.lz4.level', note: 'the codec chooses its level' },
    { key: 'compression.zstd.level', note: 'the codec chooses its level' },
    { key: 'reconnect.backoff.ms', note: 'retry.backoff.ms is the pause before every retry' },
    { key: 'reconnect.backoff.max.ms', note: 'retry.backoff.ms is the pause before every retry' },
    { key: 'socket.connection.setup.timeout.ms', instead: 'request.timeout.ms' },
    { key: 'socket.connection.setup.timeout.max.ms', instead: 'request.timeout.ms' },
    { key: 'receive.buffer.bytes' },
    { key: 'client.dns.lookup', note: 'all addresses of a name are tried' },
    { key: 'client.rack' },
  ],
}

const librdkafka: ForeignKeys = {
  whose: 'is a setting of librdkafka',
  keys: [
    { key: 'queue.buffering.max.kbytes', instead: 'queue.buffering.max.bytes', sameValue: false },
    { key: 'message.timeout.ms', instead: 'delivery.timeout.ms' },
    { key: 'metadata.request.timeout.ms', instead: 'request.timeout.ms' },
    { key: 'max.in.flight', instead: 'max.in.flight.requests.per.connection' },
    { key: 'socket.send.buffer.bytes', instead: 'send.buffer.bytes' },
    { key: 'socket.receive.buffer.bytes' },
    { key: 'socket.keepalive.enable' },
    { key: 'socket.nagle.disable' },
    { key: 'socket.max.fails' },
    { key: 'socket.blocking.max.ms' },
    { key: 'broker.version.fallback', instead: 'broker.version' },
    { key: 'api.version.request', instead: 'broker.version', sameValue: false },
    { key: 'api.version.fallback.ms', instead: 'broker.version', sameValue: false },
    { key: 'api.version.request.timeout.ms', instead: 'request.timeout.ms' },
    { key: 'broker.address.family' },
    { key: 'broker.address.ttl' },
    { key: 'message.max.bytes', note: 'the brokers decide how large a message may be' },
    { key: 'message.copy.max.bytes' },
    { key: 'topic.metadata.refresh.sparse', note: 'only the topics in use are asked for' },
    { key: 'topic.metadata.refresh.fast.interval.ms' },
    { key: 'topic.metadata.propagation.max.ms' },
    { key: 'allow.auto.create.topics' },
    { key: 'compression.level', note: 'the codec chooses its level' },
    { key: 'partitioner', instead: 'partitioner.class', sameValue: false },
    { key: 'queuing.strategy' },
    { key: 'queue.buffering.backpressure.threshold' },
    { key: 'sticky.partitioning.linger.ms' },
    { key: 'enable.gapless.guarantee' },
    { key: 'statistics.interval.ms', note: 'use producer.metrics()' },
    { key: 'dr_cb', note: "use deliver() or the events 'delivered' and 'failed'" },
    { key: 'dr_msg_cb', note: "use deliver() or the events 'delivered' and 'failed'" },
    { key: 'event_cb' },
    { key: 'debug', note: 'pass a logger' },
    { key: 'log_level', note: 'pass a logger' },
    { key: 'produce.offset.report', note: 'deliver() answers the offset' },
    { key: 'delivery.report.only.error' },
    { key: 'group.id', note: 'it belongs to consumers' },
  ],
}

/** What the Java client, and so both producers, have other keys for. */
export const librdkafkaSecurity: ForeignKeys = {
  whose: 'is a setting of librdkafka',
  keys: [
    { key: 'sasl.mechanisms', instead: 'sasl.mechanism', sameValue: false },
    { key: 'sasl.username', note: 'write sasl.jaas.config, or give options.credentials' },
    { key: 'sasl.password', note: 'write sasl.jaas.config, or give options.credentials' },
    { key: 'ssl.ca.location', instead: 'ssl.truststore.location', note: 'with ssl.truststore.type=PEM' },
    { key: 'ssl.ca.pem', instead: 'ssl.truststore.certificates', note: 'with ssl.truststore.type=PEM' },
    {
      key: 'ssl.certificate.location',
      instead: 'ssl.keystore.location',
      note: 'with ssl.keystore.type=PEM, and the private key in the same file',
    },
    {
      key: 'ssl.key.location',
      instead: 'ssl.keystore.location',
      note: 'with ssl.keystore.type=PEM, and the certificates in the same file',
    },
    { key: 'ssl.certificate.pem', instead: 'ssl.keystore.certificate.chain' },
    { key: 'ssl.key.pem', instead: 'ssl.keystore.key' },
    { key: 'enable.ssl.certificate.verification', note: 'certificates are always verified' },
    { key: 'sasl.oauthbearer.client.id', instead: 'sasl.oauthbearer.client.credentials.client.id' },
    { key: 'sasl.oauthbearer.client.secret', instead: 'sasl.oauthbearer.client.credentials.client.secret' },
  ],
}

const kafkajs: ForeignKeys = {
  whose: 'is an option of kafkajs',
  keys: [
    { key: 'brokers', instead: 'metadata.broker.list' },
    { key: 'connectionTimeout', instead: 'request.timeout.ms' },
    { key: 'authenticationTimeout', instead: 'request.timeout.ms' },
    { key: 'enforceRequestTimeout', instead: 'request.timeout.ms', sameValue: false },
    { key: 'retry', instead: 'message.send.max.retries', sameValue: false },
    { key: 'logLevel', note: 'pass a logger' },
    { key: 'logCreator', note: 'pass a logger' },
    { key: 'socketFactory' },
    { key: 'createPartitioner', instead: 'partitioner.class', sameValue: false },
    { key: 'metadataMaxAge', instead: 'topic.metadata.refresh.interval.ms' },
    { key: 'allowAutoTopicCreation' },
    { key: 'idempotent', note: 'a retry after a lost answer can store a message twice' },
    { key: 'transactionalId', note: 'there are no transactions' },
    { key: 'maxInFlightRequests', instead: 'max.in.flight.requests.per.connection' },
    { key: 'compression', instead: 'compression.codec', sameValue: false },
    { key: 'ssl', instead: 'security.protocol', sameValue: false },
    { key: 'sasl', instead: 'security.protocol', sameValue: false },
  ],
}

const kafkaNode: ForeignKeys = {
  whose: 'is an option of kafka-node or no-kafka',
  keys: [
    { key: 'kafkaHost', instead: 'metadata.broker.list' },
    { key: 'connectionString', instead: 'metadata.broker.list', sameValue: false },
    { key: 'connectTimeout', instead: 'request.timeout.ms' },
    { key: 'ackTimeoutMs', instead: 'request.timeout.ms' },
    { key: 'timeout', instead: 'request.timeout.ms' },
    { key: 'requireAcks', instead: 'request.required.acks' },
    { key: 'requiredAcks', instead: 'request.required.acks' },
    { key: 'partitionerType', instead: 'partitioner.class', sameValue: false },
    { key: 'codec', instead: 'compression.codec' },
    { key: 'batch', instead: 'batch.num.messages', sameValue: false },
    { key: 'noAckBatchOptions', instead: 'batch.num.messages', sameValue: false },
    { key: 'connectRetryOptions', instead: 'message.send.max.retries', sameValue: false },
    { key: 'autoConnect', note: 'connections are made when they are needed' },
    { key: 'idleConnection', note: 'idle connections are left to the brokers' },
    { key: 'reconnectOnIdle', note: 'a connection is made again when it is needed' },
    { key: 'maxAsyncRequests', instead: 'max.in.flight.requests.per.connection' },
    { key: 'versions', instead: 'broker.version', sameValue: false },
    { key: 'asyncCompression' },
    { key: 'sslOptions', instead: 'security.protocol', sameValue: false },
  ],
}

const tools: ForeignKeys = {
  whose: 'is a property of the console producer, to be given to it with --property',
  keys: [{ key: 'topic' }, { key: 'parse.key' }, { key: 'key.separator' }, { key: 'ignore.error' }],
}

const internal: ForeignKeys = {
  whose: 'would have sent every connection of the Scala producer to one address',
  keys: [
    { key: 'host', note: 'brokers come from metadata.broker.list' },
    { key: 'port', note: 'brokers come from metadata.broker.list' },
  ],
}

export const foreignKeys: readonly ForeignKeys[] = [
  ...[misspelt, before08, modernJava, librdkafka, librdkafkaSecurity, kafkajs, kafkaNode, tools, internal],
]

/** A family of keys that is recognised by how they begin, and reported once for all of them. */
export interface ForeignPrefix {
  readonly prefix: string
  readonly says: string
  /** Logged at INFO instead of WARN, because it has no consequence: always, or where the value is empty. */
  readonly quiet?: 'always' | 'when empty'
}

export const foreignPrefixes: readonly ForeignPrefix[] = [
  {
    prefix: 'kafka.metrics.reporters',
    says: 'not used by this producer, so the reporters it names do not run: read producer.metrics()',
    quiet: 'when empty',
  },
  { prefix: 'kafka.metrics.', says: 'not used by this producer: read producer.metrics()', quiet: 'always' },
  {
    prefix: 'kafka.csv.metrics.',
    says: 'not used by this producer: read producer.metrics()',
    quiet: 'always',
  },
]

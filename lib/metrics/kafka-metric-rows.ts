/**
 * The metrics of KafkaProducer, with the names and groups of the Java client: a row says which sensor one is read from, and
 * how.
 *
 * Data only; the recorder, the exporters and the tables of `docs/METRICS.md` come from these rows. What Java has beside them
 * is about its I/O thread (`io-*`, `select-*`) and about authentication.
 *
 * @see Kafka's SenderMetricsRegistry, KafkaProducerMetrics, Selector and BufferPool 4.3
 */

/**
 * What is read of a sensor: sum per second, sum of all, number per second, number of all, average, maximum, share of the time
 * (of milliseconds), sum of milliseconds as nanoseconds. `now` is no sensor: what there is at the moment.
 */
export type Stat =
  | 'rate'
  | 'total'
  | 'count-rate'
  | 'count-total'
  | 'avg'
  | 'max'
  | 'time-ratio'
  | 'ns-total'
  | 'now'

export interface MetricRow<Sensor extends string = string, Read extends Stat = Stat> {
  readonly name: string
  readonly sensor: Sensor
  readonly stat: Read
  readonly description: string
}

export const PRODUCER_GROUP = 'producer-metrics'
export const TOPIC_GROUP = 'producer-topic-metrics'
export const NODE_GROUP = 'producer-node-metrics'
export const APP_INFO_GROUP = 'app-info'
export const COUNT_GROUP = 'kafka-metrics-count'

const row = <Sensor extends string, Read extends Stat>(
  name: string,
  sensor: Sensor,
  stat: Read,
  description: string,
): MetricRow<Sensor, Read> => ({ name, sensor, stat, description })

/** Of the whole producer. */
// biome-ignore format: a table.
export const producerRows = [
  row('record-send-rate', 'sent', 'rate', 'Records written into produce requests, per second.'),
  row('record-send-total', 'sent', 'total', 'Records written into produce requests.'),
  row('record-retry-rate', 'retried', 'rate', 'Records queued once more after a failure, per second.'),
  row('record-retry-total', 'retried', 'total', 'Records queued once more after a failure.'),
  row('record-error-rate', 'failed', 'rate', 'Records that failed, per second.'),
  row('record-error-total', 'failed', 'total', 'Records that failed, inside send() as well.'),
  row('records-per-request-avg', 'sent', 'avg', 'Records of a produce request on average.'),
  row('batch-size-avg', 'batchBytes', 'avg', 'Bytes of a batch on average, compressed.'),
  row('batch-size-max', 'batchBytes', 'max', 'Bytes of the largest batch, compressed.'),
  row('batch-split-rate', 'split', 'rate', 'Batches divided because they were too large, per second.'),
  row('batch-split-total', 'split', 'total', 'Batches divided because they were too large.'),
  row('compression-rate-avg', 'compression', 'avg', 'Compressed size of a batch by its plain size, on average.'),
  row('record-queue-time-avg', 'queueMs', 'avg', 'Milliseconds from the beginning of a batch to its request, on average.'),
  row('record-queue-time-max', 'queueMs', 'max', 'Most milliseconds from the beginning of a batch to its request.'),
  row('record-size-avg', 'recordBytes', 'avg', 'Bytes of the largest record of a batch before compression, on average.'),
  row('record-size-max', 'recordBytes', 'max', 'Bytes of the largest record before compression.'),
  row('request-latency-avg', 'latencyMs', 'avg', 'Milliseconds from a produce request to its answer, on average.'),
  row('request-latency-max', 'latencyMs', 'max', 'Most milliseconds from a produce request to its answer.'),
  row('requests-in-flight', 'requestsInFlight', 'now', 'Requests without an answer yet.'),
  row('produce-throttle-time-avg', 'throttleMs', 'avg', 'Milliseconds for which a produce answer asked to hold back, on average.'),
  row('produce-throttle-time-max', 'throttleMs', 'max', 'Most milliseconds for which a produce answer asked to hold back.'),
  row('metadata-age', 'metadataAgeSeconds', 'now', 'Seconds since the metadata was last updated.'),
  row('buffer-total-bytes', 'bufferTotalBytes', 'now', 'Bytes of buffer.memory.'),
  row('buffer-available-bytes', 'bufferAvailableBytes', 'now', 'Bytes of buffer.memory that no batch has.'),
  row('waiting-threads', 'waitingSends', 'now', 'Records that wait for memory; in Java their threads.'),
  row('bufferpool-wait-ratio', 'bufferWaitMs', 'time-ratio', 'Share of the time in which records waited for memory; above 1 where several did.'),
  row('bufferpool-wait-time-ns-total', 'bufferWaitMs', 'ns-total', 'Nanoseconds for which records waited for memory.'),
  row('buffer-exhausted-rate', 'exhausted', 'rate', 'Records that failed for want of memory, per second.'),
  row('buffer-exhausted-total', 'exhausted', 'total', 'Records that failed for want of memory.'),
  row('flush-time-ns-total', 'flushMs', 'ns-total', 'Nanoseconds spent in flush().'),
  row('metadata-wait-time-ns-total', 'metadataWaitMs', 'ns-total', 'Nanoseconds for which records waited for metadata.'),
  row('txn-init-time-ns-total', 'txnInitMs', 'ns-total', 'Nanoseconds spent in initTransactions().'),
  row('txn-begin-time-ns-total', 'txnBeginMs', 'ns-total', 'Nanoseconds spent in beginTransaction().'),
  row('txn-send-offsets-time-ns-total', 'txnSendOffsetsMs', 'ns-total', 'Nanoseconds spent in sendOffsetsToTransaction().'),
  row('txn-commit-time-ns-total', 'txnCommitMs', 'ns-total', 'Nanoseconds spent in commitTransaction().'),
  row('txn-abort-time-ns-total', 'txnAbortMs', 'ns-total', 'Nanoseconds spent in abortTransaction().'),
  row('connection-count', 'connections', 'now', 'Open connections.'),
  row('connection-creation-rate', 'connected', 'rate', 'Connections made, per second.'),
  row('connection-creation-total', 'connected', 'total', 'Connections made.'),
  row('connection-close-rate', 'disconnected', 'rate', 'Connections that ended, per second.'),
  row('connection-close-total', 'disconnected', 'total', 'Connections that ended.'),
  row('network-io-rate', 'networkIo', 'rate', 'Requests and answers, per second.'),
  row('network-io-total', 'networkIo', 'total', 'Requests and answers.'),
  row('request-rate', 'requestBytes', 'count-rate', 'Requests of any kind, per second.'),
  row('request-total', 'requestBytes', 'count-total', 'Requests of any kind.'),
  row('request-size-avg', 'requestBytes', 'avg', 'Bytes of a request on average.'),
  row('request-size-max', 'requestBytes', 'max', 'Bytes of the largest request.'),
  row('outgoing-byte-rate', 'requestBytes', 'rate', 'Bytes of requests, per second.'),
  row('outgoing-byte-total', 'requestBytes', 'total', 'Bytes of requests.'),
  row('response-rate', 'responseBytes', 'count-rate', 'Answers, per second.'),
  row('response-total', 'responseBytes', 'count-total', 'Answers.'),
  row('incoming-byte-rate', 'responseBytes', 'rate', 'Bytes of answers, per second.'),
  row('incoming-byte-total', 'responseBytes', 'total', 'Bytes of answers.'),
] as const

/** Of one topic. */
// biome-ignore format: a table.
export const topicRows = [
  row('record-send-rate', 'sent', 'rate', 'Records of a topic written into produce requests, per second.'),
  row('record-send-total', 'sent', 'total', 'Records of a topic written into produce requests.'),
  row('byte-rate', 'bytes', 'rate', 'Bytes of the batches of a topic, compressed, per second.'),
  row('byte-total', 'bytes', 'total', 'Bytes of the batches of a topic, compressed.'),
  row('compression-rate', 'compression', 'avg', 'Compressed size of a batch of a topic by its plain size, on average.'),
  row('record-retry-rate', 'retried', 'rate', 'Records of a topic queued once more after a failure, per second.'),
  row('record-retry-total', 'retried', 'total', 'Records of a topic queued once more after a failure.'),
  row('record-error-rate', 'failed', 'rate', 'Records of a topic that failed after they were sent or queued, per second.'),
  row('record-error-total', 'failed', 'total', 'Records of a topic that failed after they were sent or queued.'),
] as const

/** Of one broker. */
// biome-ignore format: a table.
export const nodeRows = [
  row('request-rate', 'requestBytes', 'count-rate', 'Requests of any kind to a broker, per second.'),
  row('request-total', 'requestBytes', 'count-total', 'Requests of any kind to a broker.'),
  row('request-size-avg', 'requestBytes', 'avg', 'Bytes of a request to a broker on average.'),
  row('request-size-max', 'requestBytes', 'max', 'Bytes of the largest request to a broker.'),
  row('outgoing-byte-rate', 'requestBytes', 'rate', 'Bytes of requests to a broker, per second.'),
  row('outgoing-byte-total', 'requestBytes', 'total', 'Bytes of requests to a broker.'),
  row('response-rate', 'responseBytes', 'count-rate', 'Answers of a broker, per second.'),
  row('response-total', 'responseBytes', 'count-total', 'Answers of a broker.'),
  row('incoming-byte-rate', 'responseBytes', 'rate', 'Bytes of answers of a broker, per second.'),
  row('incoming-byte-total', 'responseBytes', 'total', 'Bytes of answers of a broker.'),
  row('request-latency-avg', 'latencyMs', 'avg', 'Milliseconds from a produce request to the answer of a broker, on average.'),
  row('request-latency-max', 'latencyMs', 'max', 'Most milliseconds from a produce request to the answer of a broker.'),
] as const

type SensorIn<Rows extends readonly MetricRow[]> = Exclude<Rows[number], { stat: 'now' }>['sensor']

/** What a producer has at the moment. */
export type Level = Extract<(typeof producerRows)[number], { stat: 'now' }>['sensor']
export type ProducerSensor = SensorIn<typeof producerRows>
export type TopicSensor = SensorIn<typeof topicRows>
export type NodeSensor = SensorIn<typeof nodeRows>

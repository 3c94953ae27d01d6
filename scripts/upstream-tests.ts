/**
 * What the tests of Kafka's own producer check, in our words, and the spec here that checks the same. Data only:
 * `upstream-docs.ts` makes docs/UPSTREAM-TESTS.md of it and checks that every title exists.
 */

/** Paths are those below `spec/`; a title may leave out its end. */
export type UpstreamRow = readonly [scenario: string, spec: string, title: string]

const POOL = 'kafka-producer/buffer-pool.spec.ts'
const ACCUMULATOR = 'kafka-producer/record-accumulator.spec.ts'
const UPSTREAM_ACCUMULATOR = 'kafka-producer/upstream-accumulator.spec.ts'
const UPSTREAM = 'kafka-producer/upstream-producer.spec.ts'
const PRODUCER = 'kafka-producer/kafka-producer.spec.ts'
const CONFIG = 'kafka-producer/kafka-producer-config.spec.ts'
const PARTITIONERS = 'kafka-producer/partitioners/partitioners.spec.ts'
const LATENCY = 'kafka-producer/node-latency.spec.ts'
const TRANSACTIONS = 'kafka-producer/transaction-manager.spec.ts'
const IDEMPOTENCE = 'kafka-producer/transaction-manager-idempotence.spec.ts'
const TRANSACTION_ERRORS = 'kafka-producer/transaction-manager-errors.spec.ts'
const METADATA = 'kafka-producer/producer-metadata.spec.ts'
const FUTURE = 'kafka-producer/record-future.spec.ts'
const INTERCEPTORS = 'kafka-producer/interceptors.spec.ts'

export const upstreamRows: Readonly<Record<string, readonly UpstreamRow[]>> = {
  BufferPoolTest: [
    [
      'buffers of the usual size are kept, others are not',
      POOL,
      'a buffer of batch.size is kept and used again',
    ],
    ['more than the whole memory is refused', POOL, 'what there is no room for is refused'],
    [
      'one that waits gets memory as it comes back',
      ACCUMULATOR,
      'records wait for memory first come, first served',
    ],
    [
      'a wait that takes too long fails and leaves nothing',
      ACCUMULATOR,
      'a record that has waited until its deadline fails',
    ],
    [
      'more memory than 32 bits count',
      UPSTREAM_ACCUMULATOR,
      'counts more memory than an integer of 32 bits has',
    ],
    [
      'those that wait end with close',
      ACCUMULATOR,
      'a closed accumulator refuses records, and admits those that wait',
    ],
  ],
  RecordAccumulatorTest: [
    ['partitions of a broker take turns', ACCUMULATOR, 'the partitions of a broker take turns'],
    ['a full batch makes its broker ready', ACCUMULATOR, 'a partition is due when its batch is full'],
    ['a record larger than a batch', ACCUMULATOR, 'a record larger than batch.size has a batch of its own'],
    ['linger', ACCUMULATOR, 'a partition is due when linger.ms has passed'],
    [
      'a request with room for one batch',
      ACCUMULATOR,
      'a request takes one batch of a partition, and no more than fit',
    ],
    ['when to look again', ACCUMULATOR, 'the next check is when the first of several partitions is due'],
    [
      'a batch that backs off holds back no other',
      ACCUMULATOR,
      'a batch that failed goes back in front and waits',
    ],
    ['the back-off grows', ACCUMULATOR, 'the back-off doubles with each failure'],
    [
      'it grows on across leaders without epochs',
      UPSTREAM_ACCUMULATOR,
      'lets the back-off of a batch grow on',
    ],
    ['flush', ACCUMULATOR, 'flush waits for all batches that are there'],
    ['all incomplete batches are aborted', ACCUMULATOR, 'abortIncomplete takes out all batches'],
    ['only batches that were not sent are aborted', ACCUMULATOR, 'abortUndrained leaves alone what was sent'],
    ['expiry by the delivery time-out', ACCUMULATOR, 'batches expire delivery.timeout.ms after they began'],
    [
      'no expiry with the largest time-out',
      ACCUMULATOR,
      'a delivery.timeout.ms of the largest integer never expires',
    ],
    ['muted partitions', ACCUMULATOR, 'a muted partition is neither ready nor drained'],
    [
      'a transaction that completes does not linger',
      ACCUMULATOR,
      'everything is due while a record waits for memory',
    ],
    [
      'a divided batch keeps its order',
      ACCUMULATOR,
      'the parts keep place, age, producer and sequence numbers',
    ],
    [
      'memory after a division',
      UPSTREAM_ACCUMULATOR,
      'has all its memory back when the parts of a divided batch are done',
    ],
    [
      'how often batches are divided',
      UPSTREAM_ACCUMULATOR,
      'divides fewer than a tenth of the batches where',
    ],
    ['divisions come to an end', UPSTREAM_ACCUMULATOR, 'divides a batch that is refused again and again'],
    [
      'a batch that is about to expire is still sent',
      UPSTREAM_ACCUMULATOR,
      'drains a batch that lingers, though it is about to expire',
    ],
    ['retried batches that expire', UPSTREAM_ACCUMULATOR, 'expires a batch that is tried again and muted'],
    [
      'a partitioner is asked before a new batch',
      ACCUMULATOR,
      'append does nothing where a new batch would begin and is not wanted',
    ],
    [
      'the built-in partitioner switches by bytes',
      ACCUMULATOR,
      'awaited records change their partition at the first one after batch.size',
    ],
    [
      'long queues and slow brokers are avoided',
      ACCUMULATOR,
      'partitions with long queues are chosen less often, those of slow brokers not at all',
    ],
    [
      'no leftovers of batches',
      UPSTREAM_ACCUMULATOR,
      'takes no leftovers with it where bursts of two thirds',
    ],
    ['a retry at the same and at a new leader', ACCUMULATOR, 'a retry where it is'],
    ['a broker without partitions', ACCUMULATOR, 'a broker without partitions gives nothing'],
  ],
  SenderTest: [
    ['a lost connection and its retry', UPSTREAM, 'a record whose connection is lost once with retries=1'],
    ['order with one request in flight', UPSTREAM, 'a later record waits for the answer to an earlier one'],
    ['callbacks of expired records send', UPSTREAM, 'lets callbacks of expired records send again'],
    ['several partitions expire', UPSTREAM, 'fails the records of all partitions that nobody answers for'],
    ['a refusal that cannot pass', UPSTREAM, 'a topic that must not be written to fails the record at once'],
    [
      'times of brokers: taken and not taken',
      LATENCY,
      'calls a broker slow that has taken nothing for longer than the limit',
    ],
    ['times of brokers: taken again', LATENCY, 'calls a slow broker slow no more once it takes something'],
    [
      'older brokers get older formats',
      'kafka-producer/batch-payload.spec.ts',
      'brokers of 0.10 get magic 1',
    ],
    [
      'formats in one request',
      'kafka-producer/batch-payload.spec.ts',
      'batches of one request all have the magic of its version',
    ],
    [
      'topics that are not used are forgotten',
      METADATA,
      'forgets topics that were not used for metadata.max.idle.ms',
    ],
    ['a producer id for idempotence', IDEMPOTENCE, 'asks any broker for a producer id by itself'],
    ['no permission for a producer id', IDEMPOTENCE, 'fails queued records where it is not allowed'],
    ['another epoch after a gap', IDEMPOTENCE, 'raises the epoch without a request'],
    ['another id after the last epoch', IDEMPOTENCE, 'asks for another producer id after the last epoch'],
    [
      'expired batches and the epoch',
      IDEMPOTENCE,
      'raises the epoch for records whose time limit has passed',
    ],
    ['a refused format', UPSTREAM, 'a refused message format fails the batch alone'],
    [
      'a batch that may be stored and is too large',
      'kafka-producer/too-large-again.spec.ts',
      'fails as possibly persisted with idempotence and is not divided',
    ],
    ['an abort fails what was not sent', TRANSACTIONS, 'fails unsent records with TransactionAbortedError'],
    ['a commit after all answers', TRANSACTIONS, 'commits after all batches'],
    ['a failed transaction and the next one', TRANSACTION_ERRORS, 'begins another transaction, which works'],
  ],
  KafkaProducerTest: [
    ['acks, retries and idempotence', CONFIG, 'contradicts enable.idempotence=true and transactional.id'],
    [
      'requests in flight and idempotence',
      CONFIG,
      'more than five requests in flight are refused from 4.0 on',
    ],
    [
      'delivery time-out and linger',
      CONFIG,
      'a delivery.timeout.ms below linger.ms + request.timeout.ms is refused',
    ],
    ['plug-ins see the client id', UPSTREAM, 'plug-ins see the client id that was made up'],
    ['plug-ins are closed once', PRODUCER, 'close calls the close() of all plug-ins, once'],
    [
      'an interceptor that cannot be configured',
      INTERCEPTORS,
      'interceptors are configured in order, and all are closed',
    ],
    ['metadata is asked for until it is there', UPSTREAM, 'is asked for until the topic is there'],
    ['a topic that does not come', UPSTREAM, 'that has not the topic in time fails partitionsFor'],
    ['a partition that does not come', UPSTREAM, 'that has not the partition in time fails the record'],
    ['close while metadata is waited for', UPSTREAM, 'that a record waits for ends with close'],
    ['no topic', UPSTREAM, 'is asked for by topic'],
    ['flush with requests in flight', UPSTREAM, 'flush completes 50 records'],
    [
      'interceptors of a record that is too large',
      UPSTREAM,
      'interceptors get a record that is too large once before and once after',
    ],
    [
      'initTransactions() again after a time-out',
      UPSTREAM,
      'an initTransactions() that took too long is repeated',
    ],
    ['a commit after a failed record', UPSTREAM, 'a commit fails after a record that'],
    ['calls after close', UPSTREAM, 'no call works after close'],
    ['close ends calls of transactions', UPSTREAM, 'close with a time limit ends an initTransactions()'],
    ['a partition is announced to the transaction', TRANSACTIONS, 'asks for new partitions together'],
    [
      'the partitioner changes its mind for a new batch',
      'kafka-producer/upstream-transactions.spec.ts',
      'announces the partition that the record goes to alone',
    ],
    [
      'headers after send()',
      'kafka-producer/producer-record.spec.ts',
      'headers cannot be changed once they are read-only',
    ],
    ['close twice, and a time that is none', PRODUCER, 'close refuses a time that is none'],
  ],
  'Partitioners, futures and interceptors': [
    [
      'round robin, also without leaders',
      PARTITIONERS,
      'RoundRobinPartitioner passes over partitions without a leader',
    ],
    ['sticky until a new batch', PARTITIONERS, 'DefaultPartitioner stays on a partition until a new batch'],
    ['sticky by bytes', PARTITIONERS, 'the built-in partitioner stays until batch.size bytes were produced'],
    [
      'partitions without a leader',
      PARTITIONERS,
      'the built-in partitioner never chooses a partition without a leader',
    ],
    [
      'shares by queue length',
      PARTITIONERS,
      'the built-in partitioner chooses partitions with long queues less often',
    ],
    ['a batch ends once', ACCUMULATOR, 'a batch that has succeeded cannot end otherwise'],
    ['get() with a limit', FUTURE, 'get() rejects when its time limit has passed'],
    ['an unknown offset', FUTURE, 'a future has the offset -1 where no offset is known'],
    ['interceptors are called whoever throws', INTERCEPTORS, 'each interceptor is called with the outcome'],
  ],
}

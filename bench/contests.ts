/** What is compared with what on real brokers: one table for each contest, one row for each contestant. */
import type { Workload } from './programs/support/plan.js'
import { type Peer, peers } from './support/peers.js'
import {
  ARRAYS,
  DEFAULT_BATCH,
  DELIVER,
  IN_SHORT_TURNS,
  IN_TURNS,
  KILOBYTE,
  SYNC,
  TEN_KILOBYTES,
  workload,
} from './workloads.js'

export interface Contestant {
  readonly name: string
  readonly run: 'ours' | 'Java' | 'Scala' | Peer
  readonly workload: Workload
  readonly variant?: string
  /** Of ours; default: that of the classic producer. */
  readonly program?: 'clients/kafka-producer'
}

/** One table: the first contestant is the one that the others are compared with. */
export interface Contest {
  readonly name: string
  readonly version: string
  readonly note: string
  /** Takes part in a quick run, where one broker has to do. */
  readonly isQuick?: true
  readonly contestants: readonly Contestant[]
}

const { kafkajs, kafkaNode, noKafka, platformatic, rdkafka, confluent } = peers

const ours = (what: string, changes: Partial<Workload> = {}): Contestant => {
  return { name: `ours, ${what}`, run: 'ours', workload: workload(changes) }
}
/** `KafkaProducer`, in the same table or one of its own. */
const successor = (what: string, changes: Partial<Workload> = {}, variant = ''): Contestant => {
  const name = `ours, KafkaProducer${what && `, ${what}`}`
  return { name, run: 'ours', workload: workload(changes), program: 'clients/kafka-producer', variant }
}
const other = (run: Peer, what: string, changes: Partial<Workload>, variant = ''): Contestant => {
  return { name: `${run.name}${what}`, run, workload: workload(changes), variant }
}
const java = (changes: Partial<Workload> = {}, variant = ''): Contestant => {
  return { name: "Java client's perf tool (4.3.1)", run: 'Java', workload: workload(changes), variant }
}

const ONE_AT_A_TIME = { callers: 1000, messages: 30_000 }
const FIVE_ARRAYS = { ...ARRAYS, callers: 5 }
/** Batches of librdkafka, which counts messages, at their best; 1 MB of them at most. */
const nativeBatch = (changes: Partial<Workload>): Partial<Workload> => ({ ...changes, batch: 10_000 })

/** `KafkaProducer` beside the Java client and those that are used in its place. */
export const kafkaProducerContests: readonly Contest[] = [
  {
    name: 'a callback per record',
    version: '4.3.1',
    isQuick: true,
    note: '100 bytes, acks 1, linger 5 ms, batches of 64 KB, no idempotence; node-rdkafka with batches of 10,000 messages, its fastest.',
    contestants: [
      successor('', IN_SHORT_TURNS),
      other(rdkafka, ', with delivery reports', { messages: 1_000_000 }, 'reports'),
      java(),
    ],
  },
  {
    name: 'all defaults',
    version: '4.3.1',
    note: '100 bytes: idempotence, acks all, linger 5 ms, batches of 16 KB.',
    contestants: [successor('', IN_SHORT_TURNS, 'defaults'), java({}, 'defaults')],
  },
  {
    name: 'a promise per record, 1,000 outstanding',
    version: '4.3.1',
    isQuick: true,
    note: '100 bytes, acks 1.',
    contestants: [
      successor('', DELIVER),
      other(confluent, '', { ...ONE_AT_A_TIME, messages: 200_000 }),
      other(kafkajs, '', ONE_AT_A_TIME),
      other(platformatic, '', ONE_AT_A_TIME),
    ],
  },
  {
    name: 'records of 1 KB',
    version: '4.3.1',
    note: 'A callback per record, acks 1.',
    contestants: [
      successor('', { ...IN_SHORT_TURNS, ...KILOBYTE }),
      other(rdkafka, ', with delivery reports', nativeBatch(KILOBYTE), 'reports'),
      java({ ...KILOBYTE, messages: 800_000 }),
    ],
  },
  {
    name: 'records of 10 KB',
    version: '4.3.1',
    note: 'A callback per record, acks 1.',
    contestants: [
      successor('', { ...IN_SHORT_TURNS, ...TEN_KILOBYTES }),
      other(rdkafka, ', with delivery reports', nativeBatch(TEN_KILOBYTES), 'reports'),
      java({ ...TEN_KILOBYTES, messages: 100_000 }),
    ],
  },
  {
    name: 'what idempotence costs',
    version: '4.3.1',
    note: 'A callback per record, 100 bytes, acks all.',
    contestants: [
      successor('without', { ...IN_SHORT_TURNS, acks: -1 }),
      successor('idempotent', { ...IN_SHORT_TURNS, acks: -1 }, 'idempotent'),
    ],
  },
]

/** Each client over plaintext and over TLS. */
export const tlsContests: readonly Contest[] = [
  {
    name: 'one message per call, the outcome by event, callback or report',
    version: '4.3.1',
    note: '100 bytes, acks 1; node-rdkafka with batches of 10,000 messages, its fastest.',
    contestants: [
      ours('async, batch of 10,000', IN_TURNS),
      successor('', IN_SHORT_TURNS),
      other(rdkafka, ', with delivery reports', { messages: 1_000_000 }, 'reports'),
    ],
  },
  {
    name: 'one message per call, each with a promise, 1,000 outstanding',
    version: '4.3.1',
    note: '100 bytes, acks 1.',
    contestants: [ours('deliver()', DELIVER), successor('', DELIVER), other(kafkajs, '', ONE_AT_A_TIME)],
  },
  {
    name: 'values of 1 KB',
    version: '4.3.1',
    note: 'One message per call, acks 1.',
    contestants: [
      ours('async, batch of 900', { ...IN_TURNS, ...KILOBYTE }),
      successor('', { ...IN_SHORT_TURNS, ...KILOBYTE }),
      other(rdkafka, ', with delivery reports', nativeBatch(KILOBYTE), 'reports'),
    ],
  },
]

export const contests: readonly Contest[] = [
  {
    name: 'one message per call, the outcome by event or report',
    version: '4.3.1',
    isQuick: true,
    note: '100 bytes, acks 1.',
    contestants: [
      ours('async, batch of 10,000', IN_TURNS),
      ours('async, default batch of 200', { ...IN_TURNS, ...DEFAULT_BATCH }),
      other(rdkafka, ', with delivery reports', { messages: 1_000_000 }, 'reports'),
      other(rdkafka, ', nothing known of a message', {}, ''),
      java(),
    ],
  },
  {
    name: 'one message per call, each with a promise, 1,000 outstanding',
    version: '4.3.1',
    isQuick: true,
    note: '100 bytes, acks 1.',
    contestants: [
      ours('deliver()', DELIVER),
      ours('sync', SYNC),
      other(confluent, '', { ...ONE_AT_A_TIME, messages: 200_000 }),
      other(kafkajs, '', ONE_AT_A_TIME),
      other(platformatic, '', ONE_AT_A_TIME),
    ],
  },
  {
    name: 'arrays of 500',
    version: '4.3.1',
    note: '100 bytes, acks 1, five calls at a time; ours ten, each accepted by the queue.',
    contestants: [
      ours('async', ARRAYS),
      ours('sync', { ...FIVE_ARRAYS, mode: 'sync', messages: 600_000 }),
      other(confluent, '', { ...FIVE_ARRAYS, messages: 300_000 }),
      other(kafkajs, '', { ...FIVE_ARRAYS, messages: 300_000 }),
      other(platformatic, '', { ...FIVE_ARRAYS, messages: 300_000 }),
    ],
  },
  {
    name: 'values of 1 KB',
    version: '4.3.1',
    note: 'One message per call, acks 1.',
    contestants: [
      ours('async, batch of 900', { ...IN_TURNS, ...KILOBYTE }),
      other(rdkafka, ', with delivery reports', nativeBatch(KILOBYTE), 'reports'),
      other(rdkafka, ', nothing known of a message', nativeBatch(KILOBYTE), ''),
      java({ ...KILOBYTE, messages: 800_000 }),
    ],
  },
  {
    name: 'values of 10 KB',
    version: '4.3.1',
    note: 'One message per call, acks 1.',
    contestants: [
      ours('async, batch of 90', { ...IN_TURNS, ...TEN_KILOBYTES }),
      other(rdkafka, ', with delivery reports', nativeBatch(TEN_KILOBYTES), 'reports'),
      other(rdkafka, ', nothing known of a message', nativeBatch(TEN_KILOBYTES), ''),
      java({ ...TEN_KILOBYTES, messages: 100_000 }),
    ],
  },
  {
    name: 'older clients',
    version: '2.8.2',
    note: 'kafka-node and no-kafka cannot produce to Kafka 4; this is the newest broker of the specs that they know. One message of 100 bytes per call, each with a promise, 1,000 outstanding, acks 1.',
    contestants: [
      ours('deliver()', DELIVER),
      ours('sync', SYNC),
      other(noKafka, '', { ...ONE_AT_A_TIME, messages: 60_000 }),
      other(kafkaNode, '', ONE_AT_A_TIME),
      other(kafkajs, '', ONE_AT_A_TIME),
    ],
  },
  {
    name: 'the Scala producer',
    version: '0.8.2.2',
    note: "Async, 100 bytes, and its defaults: batches of 200, a queue of 10,000. `queue.buffering.max.ms` is 5 for ours and 5000 for the tool, which has no option for it; at full speed batches are full long before. The JVM's start is not counted, its warm-up is.",
    contestants: [
      ours('acks 0', { ...IN_TURNS, ...DEFAULT_BATCH, messages: 1_000_000, acks: 0 }),
      ours('acks 1', { ...IN_TURNS, ...DEFAULT_BATCH, messages: 1_000_000 }),
      {
        name: "the Scala producer's perf tool, acks 0",
        run: 'Scala',
        workload: workload({ messages: 2_000_000, acks: 0 }),
      },
      {
        name: "the Scala producer's perf tool, acks 1",
        run: 'Scala',
        workload: workload({ messages: 2_000_000 }),
      },
    ],
  },
]

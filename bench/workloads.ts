/** The workloads of the floor's table, and what other parts take from them: one row each, only what differs. */
import type { Workload } from './programs/support/plan.js'

/** What the null broker has to be for a workload. */
export interface BrokerShape {
  readonly brokers: number
  readonly partitions: number
  readonly delayMs: number
  readonly produceMax: number
}

export interface Row {
  /** Unique; what `--only` looks at. */
  readonly name: string
  readonly workload: Workload
  readonly broker: BrokerShape
}

const plain: Workload = {
  mode: 'async',
  messages: 2_000_000,
  valueBytes: 100,
  value: 'bytes',
  content: 'plain',
  callers: 1000,
  turnEvery: 0,
  arrayLength: 1,
  batch: 10_000,
  queue: 20_000,
  lingerMs: 5,
  maxInFlight: 1,
  keys: 0,
  topics: 1,
  acks: 1,
  codec: 'none',
}

/** Produce v12 is the newest version that names topics. */
export const LOCAL: BrokerShape = { brokers: 1, partitions: 6, delayMs: 0, produceMax: 12 }

/** A workload that differs from 2,000,000 messages of 100 bytes, one per call, in batches of 10,000. */
export function workload(changes: Partial<Workload> = {}): Workload {
  return { ...plain, ...changes }
}

export function row(name: string, changes: Partial<Workload> = {}, broker: Partial<BrokerShape> = {}): Row {
  return { name, workload: workload(changes), broker: { ...LOCAL, ...broker } }
}

/** One caller that awaits each message and lets others have their turn now and then, as a well-behaved application does. */
export const IN_TURNS = { callers: 1, turnEvery: 1000 } as const
/** As the classic producer has it by default; the linger is 5 s there. */
export const DEFAULT_BATCH = { batch: 200, queue: 10_000, messages: 600_000 } as const
/** Requests of about a megabyte, which is what brokers take by default. */
export const KILOBYTE = { valueBytes: 1024, batch: 900, queue: 1800, messages: 400_000 } as const
export const TEN_KILOBYTES = { valueBytes: 10_240, batch: 90, queue: 180, messages: 60_000 } as const
/** A batch is what is outstanding: with a larger one each batch would wait for the linger. */
export const DELIVER = { mode: 'deliver', batch: 1000, messages: 800_000 } as const
export const SYNC = { mode: 'sync', messages: 800_000 } as const
export const ARRAYS = { mode: 'arrays', arrayLength: 500, callers: 10 } as const
export const KEYED = { keys: 1000, messages: 1_500_000 } as const

export const floorRows: readonly Row[] = [
  row('async, batch of 10,000, bytes'),
  row('async, batch of 10,000, strings', { value: 'string' }),
  row('async, default batch of 200, queue of 10,000', DEFAULT_BATCH),
  row('deliver(), 1,000 outstanding', DELIVER),
  row('sync, 1,000 concurrent', SYNC),
  row('sync, 1,000 concurrent, 5 in flight', { ...SYNC, maxInFlight: 5 }),
  row('arrays of 500', ARRAYS),
  row('values of 1 KB, batch of 900', KILOBYTE),
  row('values of 10 KB, batch of 90', TEN_KILOBYTES),
  row('keyed, 6 partitions', KEYED),
  row('keyed, 1,000 partitions', { ...KEYED, keys: 10_000, messages: 1_000_000 }, { partitions: 1000 }),
]

/** What is sent with 1 and with 5 requests in flight. */
export const inFlightRows: readonly Row[] = [
  row('async, default batch of 200', DEFAULT_BATCH),
  row('sync, 1,000 concurrent', SYNC),
  row('async, keyed, 6 partitions', KEYED),
  row('async, batch of 10,000'),
  row('async, default batch of 200, keyed', { ...DEFAULT_BATCH, keys: 1000 }),
  row('deliver(), 1,000 outstanding', DELIVER),
  row('sync, 1,000 concurrent, keyed', { ...SYNC, keys: 1000 }),
  row('arrays of 500', ARRAYS),
  row('values of 1 KB, batch of 900', KILOBYTE),
]

export const codecRows: readonly Row[] = [
  row('250 bytes, batch of 1,000', {
    ...IN_TURNS,
    content: 'json',
    valueBytes: 250,
    batch: 1000,
    queue: 2000,
    messages: 400_000,
  }),
  row('1 KB, batch of 10,000', { ...IN_TURNS, content: 'json', valueBytes: 1024, messages: 150_000 }),
]

/** What `KafkaProducer` is measured with, and the variant of its program. */
export interface KafkaProducerRow extends Row {
  readonly variant: string
}

/** A callback per record; no more of them than Java's sender thread would let pass, since both share one thread here. */
export const IN_SHORT_TURNS = { callers: 1, turnEvery: 128 } as const

const kafkaRow = (name: string, changes: Partial<Workload>, variant = ''): KafkaProducerRow => {
  return { ...row(name, changes), variant }
}

export const kafkaProducerRows: readonly KafkaProducerRow[] = [
  kafkaRow('a callback per record, bytes', IN_SHORT_TURNS),
  kafkaRow('a callback per record, strings', { ...IN_SHORT_TURNS, value: 'string' }),
  kafkaRow('a callback per record, keyed, 6 partitions', { ...IN_SHORT_TURNS, ...KEYED }),
  kafkaRow('a callback per record, idempotent', IN_SHORT_TURNS, 'idempotent'),
  kafkaRow('a promise per record, 1,000 outstanding', DELIVER),
  kafkaRow('records of 1 KB', { ...IN_SHORT_TURNS, ...KILOBYTE }),
  kafkaRow('records of 10 KB', { ...IN_SHORT_TURNS, ...TEN_KILOBYTES }),
]

/**
 * A small run in which everything went as it should, for the specs of the checker: an idempotent producer that was killed with
 * records under way, and a line of three transactional ones, one killed in a transaction and one fenced in a commit.
 */
import type {
  ProducerHistory,
  ReadBack,
  ReadRecord,
  ReportedTransaction,
  SentOutcome,
  SentRecord,
  TransactionOutcome,
} from './history.js'

type Writable<T> = { -readonly [Key in keyof T]: T[Key] }

export interface RecordedRun {
  readonly producers: (Omit<Writable<ProducerHistory>, 'sent' | 'transactions'> & {
    sent: Writable<SentRecord>[]
    transactions: Writable<ReportedTransaction>[]
  })[]
  readonly read: { records: Writable<ReadRecord>[]; groupOffsets: Map<string, bigint>; blocked: number[] }
}

const PARTITIONS = 2

/** Each call makes a new one, to be changed at will. */
export function recordedRun(): RecordedRun {
  const run: RecordedRun = { producers: [], read: { records: [], groupOffsets: new Map(), blocked: [] } }
  const log = new Log(run.read)
  const plain = producer(run, 'i0', 0, false)
  for (let number = 0; number < 8; number++) {
    log.store(plain, send(plain, number, null, 'acknowledged'))
  }
  log.store(plain, send(plain, 8, null, 'possibly-persisted'))
  send(plain, 9, null, 'possibly-persisted')
  send(plain, 10, null, 'not-persisted')
  log.store(plain, send(plain, 12, null, 'none'))
  send(plain, 13, null, 'none')
  plain.end = 'killed'

  const first = producer(run, 't0', 0, true)
  transaction(first, log, 0, 'committed', 4)
  transaction(first, log, 1, 'aborted', 3)
  transaction(first, log, 2, 'committed', 3)
  transaction(first, log, 3, 'abandoned', 2)
  first.end = 'killed'
  const second = producer(run, 't0', 1, true)
  transaction(second, log, 0, 'committed', 3)
  // Its last commit took effect, though it was fenced before it was answered.
  transaction(second, log, 1, 'unknown', 4, true)
  second.end = 'failed'
  const third = producer(run, 't0', 2, true)
  transaction(third, log, 0, 'unknown', 3, false)
  third.end = 'failed'
  run.read.groupOffsets.set('t0', groupOffset(second, 1))
  return run
}

export const judged = ({ producers, read }: RecordedRun): [readonly ProducerHistory[], ReadBack] => [
  producers,
  read,
]

class Log {
  readonly #read: RecordedRun['read']
  readonly #ends = Array.from({ length: PARTITIONS }, () => 0n)

  constructor(read: RecordedRun['read']) {
    this.#read = read
  }

  store({ name }: RecordedRun['producers'][number], sent: Writable<SentRecord>): void {
    const offset = this.#ends[sent.partition]!
    this.#ends[sent.partition] = offset + 1n
    if (sent.outcome === 'acknowledged') sent.offset = offset
    this.#read.records.push({ partition: sent.partition, offset, producer: name, number: sent.number })
    this.#read.records.sort((a, b) => a.partition - b.partition || Number(a.offset - b.offset))
  }

  /** Where a record is, or a marker, that no consumer of committed records sees. */
  pass(sent: Writable<SentRecord>): void {
    sent.offset = this.#ends[sent.partition]!
    this.#ends[sent.partition] = sent.offset + 1n
  }
}

function producer(run: RecordedRun, chain: string, place: number, isTransactional: boolean) {
  const made: RecordedRun['producers'][number] = {
    name: `${chain}.${place}`,
    chain,
    place,
    isTransactional,
    end: 'closed',
    error: null,
    sent: [],
    transactions: [],
  }
  run.producers.push(made)
  return made
}

function send(
  { sent }: RecordedRun['producers'][number],
  number: number,
  inTransaction: number | null,
  outcome: SentOutcome,
): Writable<SentRecord> {
  const record = { number, partition: number % PARTITIONS, transaction: inTransaction, outcome, offset: -1n }
  sent.push(record)
  return record
}

function transaction(
  by: RecordedRun['producers'][number],
  log: Log,
  number: number,
  outcome: TransactionOutcome,
  records: number,
  isSeen = outcome === 'committed',
): void {
  by.transactions.push({ number, outcome, groupOffset: groupOffset(by, number) })
  for (let i = 0; i < records; i++) {
    const sent = send(by, by.sent.length, number, 'acknowledged')
    if (isSeen) log.store(by, sent)
    else log.pass(sent)
  }
}

const groupOffset = ({ place }: { place: number }, number: number): bigint => BigInt(place * 1000 + number)

/**
 * Judges an exactly-once run (pure): what producers reported against what was read back gives the violations.
 *
 * - lost: reported as stored, or part of a committed transaction, and not there
 * - twice: there more than once, whatever was reported
 * - out of order: behind a record of the same producer and partition that was sent later; with transactions also behind one of
 *   a later producer of its chain
 * - aborted but seen: of a transaction that was aborted, or that nobody asked to commit
 * - half: a transaction whose end the producer does not know is there in part, or without its group offset
 * - misreported: the producer said not stored and it is; another offset; no outcome though it was closed; unknown though
 *   nothing failed; what nobody sent; a partition that cannot be read to its end
 *
 * What was reported as possibly stored may be there or not. It knows no broker, no clock and no file.
 */
import type { ProducerHistory, ReadBack, ReadRecord, ReportedTransaction, SentRecord } from './history.js'

export type ViolationKind = 'lost' | 'twice' | 'outOfOrder' | 'abortedSeen' | 'half' | 'misreported'

export interface Violation {
  readonly kind: ViolationKind
  readonly text: string
}

/** By the number of the record: where it was found, in the order of reading. */
type Found = ReadonlyMap<number, readonly ReadRecord[]>

const NOWHERE: Found = new Map()

export function checkHistory(producers: readonly ProducerHistory[], read: ReadBack): Violation[] {
  const foundBy = groupByProducer(read.records)
  const violations = producers.flatMap((producer) =>
    ofProducer(producer, foundBy.get(producer.name) ?? NOWHERE),
  )
  return [
    ...violations,
    ...unsent(producers, read.records),
    ...outOfOrder(producers, read.records),
    ...groupOffsets(producers, read, foundBy),
    ...read.blocked.map((partition) =>
      violation('misreported', `partition ${partition} cannot be read to its end: a transaction stays open`),
    ),
  ]
}

function violation(kind: ViolationKind, text: string): Violation {
  return { kind, text }
}

function groupByProducer(records: readonly ReadRecord[]): Map<string, Map<number, ReadRecord[]>> {
  const found = new Map<string, Map<number, ReadRecord[]>>()
  for (const record of records) {
    const ofOne = found.get(record.producer) ?? new Map<number, ReadRecord[]>()
    if (ofOne.size === 0) found.set(record.producer, ofOne)
    const places = ofOne.get(record.number)
    if (places) places.push(record)
    else ofOne.set(record.number, [record])
  }
  return found
}

function ofProducer(producer: ProducerHistory, found: Found): Violation[] {
  const violations: Violation[] = []
  const transactions = new Map(producer.transactions.map((one) => [one.number, one]))
  for (const record of producer.sent) {
    const places = found.get(record.number) ?? []
    const name = `${producer.name}/${record.number} in partition ${record.partition}`
    if (places.length > 1) {
      const offsets = places.map(({ offset }) => offset).join(' and ')
      violations.push(violation('twice', `${name} is at offsets ${offsets}`))
    }
    const first = places[0]
    if (first) violations.push(...misplaced(name, record, first))
    const transaction = record.transaction === null ? null : transactions.get(record.transaction)!
    violations.push(...(transaction ? inTransaction(name, transaction, first) : alone(name, record, first)))
    if (record.outcome === 'none' && producer.end !== 'killed') {
      violations.push(violation('misreported', `${name} has no outcome, and its producer ${producer.end}`))
    }
  }
  const records = groupByTransaction(producer.sent)
  for (const one of producer.transactions) {
    violations.push(...ofTransaction(producer, one, records.get(one.number) ?? [], found))
  }
  return violations
}

function groupByTransaction(sent: readonly SentRecord[]): Map<number, SentRecord[]> {
  const records = new Map<number, SentRecord[]>()
  for (const record of sent) {
    if (record.transaction === null) continue
    const ofOne = records.get(record.transaction)
    if (ofOne) ofOne.push(record)
    else records.set(record.transaction, [record])
  }
  return records
}

function misplaced(name: string, sent: SentRecord, { partition, offset }: ReadRecord): Violation[] {
  const isWhereReported =
    partition === sent.partition &&
    (sent.outcome !== 'acknowledged' || sent.offset < 0n || sent.offset === offset)
  if (isWhereReported) return []
  const text = `${name} was reported at offset ${sent.offset} and is in partition ${partition} at ${offset}`
  return [violation('misreported', text)]
}

function alone(name: string, { outcome }: SentRecord, first: ReadRecord | undefined): Violation[] {
  if (outcome === 'acknowledged' && !first) return [violation('lost', `${name} was acknowledged`)]
  if (outcome === 'not-persisted' && first) {
    return [violation('misreported', `${name} was reported as not stored and is at ${first.offset}`)]
  }
  return []
}

function inTransaction(
  name: string,
  { number, outcome }: ReportedTransaction,
  first: ReadRecord | undefined,
): Violation[] {
  if (outcome === 'committed' && !first) {
    return [violation('lost', `${name} belongs to transaction ${number}, which was committed`)]
  }
  if ((outcome === 'aborted' || outcome === 'abandoned') && first) {
    const text = `${name} belongs to transaction ${number}, which was ${outcome}, and is at ${first.offset}`
    return [violation('abortedSeen', text)]
  }
  return []
}

function ofTransaction(
  producer: ProducerHistory,
  { number, outcome }: ReportedTransaction,
  records: readonly SentRecord[],
  found: Found,
): Violation[] {
  const name = `transaction ${number} of ${producer.name}`
  const violations: Violation[] = []
  if (outcome === 'committed' && records.some((record) => record.outcome !== 'acknowledged')) {
    violations.push(violation('misreported', `${name} was committed though a record of it failed`))
  }
  if (outcome !== 'unknown') return violations
  if (producer.end === 'closed') {
    violations.push(violation('misreported', `${name} has no outcome, though its producer did not fail`))
  }
  const seen = records.filter((record) => found.has(record.number)).length
  if (seen > 0 && seen < records.length) {
    violations.push(violation('half', `${seen} of ${records.length} records of ${name} are there`))
  }
  return violations
}

function unsent(producers: readonly ProducerHistory[], records: readonly ReadRecord[]): Violation[] {
  const sentBy = new Map(producers.map(({ name, sent }) => [name, new Set(sent.map(({ number }) => number))]))
  return records
    .filter(({ producer, number }) => !sentBy.get(producer)?.has(number))
    .map(({ producer, number, partition, offset }) =>
      violation('misreported', `${producer}/${number} at ${partition}:${offset} was not sent by anybody`),
    )
}

/** A second copy of a record is a matter of its own, so each counts where it first appears. */
function outOfOrder(producers: readonly ProducerHistory[], records: readonly ReadRecord[]): Violation[] {
  const byName = new Map(producers.map((producer) => [producer.name, producer]))
  const seen = new Set<string>()
  const newest = new Map<string, { place: number; number: number; offset: bigint }>()
  const violations: Violation[] = []
  for (const { partition, offset, producer: name, number } of records) {
    const producer = byName.get(name)
    if (!producer || seen.has(`${name}/${number}`)) continue
    seen.add(`${name}/${number}`)
    // Without transactions nobody fences a producer: what it left behind may be stored after its successor's first record.
    const line = `${partition}:${producer.isTransactional ? producer.chain : name}`
    const last = newest.get(line)
    const isLater =
      !last || producer.place > last.place || (producer.place === last.place && number > last.number)
    if (isLater) {
      newest.set(line, { place: producer.place, number, offset })
    } else {
      const text = `${name}/${number} at ${partition}:${offset} is behind ${producer.chain}.${last.place}/${last.number} at ${last.offset}`
      violations.push(violation('outOfOrder', text))
    }
  }
  return violations
}

/** The group of a chain has the offset of the last transaction that had one and took effect. */
function groupOffsets(
  producers: readonly ProducerHistory[],
  read: ReadBack,
  foundBy: ReadonlyMap<string, Found>,
): Violation[] {
  const expected = new Map<string, bigint>()
  for (const producer of [...producers].sort((a, b) => a.place - b.place)) {
    const found = foundBy.get(producer.name) ?? NOWHERE
    const effective = producer.transactions.filter((one) => tookEffect(producer, one, found))
    for (const { groupOffset } of effective)
      if (groupOffset !== null) expected.set(producer.chain, groupOffset)
  }
  const chains = new Set([...expected.keys(), ...read.groupOffsets.keys()])
  return [...chains]
    .filter((chain) => expected.get(chain) !== read.groupOffsets.get(chain))
    .map((chain) => {
      const [has, ought] = [read.groupOffsets.get(chain) ?? 'none', expected.get(chain) ?? 'none']
      return violation('half', `the group of ${chain} has offset ${has}; its transactions make it ${ought}`)
    })
}

function tookEffect(
  producer: ProducerHistory,
  { number, outcome }: ReportedTransaction,
  found: Found,
): boolean {
  if (outcome !== 'unknown') return outcome === 'committed'
  return producer.sent.some((record) => record.transaction === number && found.has(record.number))
}

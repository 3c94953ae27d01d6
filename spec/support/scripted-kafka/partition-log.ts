/**
 * One partition as its leader keeps it: what was written, and which sequence number each producer writes next.
 *
 * The checks of numbers are those of a broker of 2.5 and newer. A producer of which nothing is known may start with any
 * number; a raised epoch starts at 0; of the last five batches a repeated one is answered as it was the first time.
 *
 * @see KIP-98, KIP-360
 */
import { type DecodedBatch, type DecodedRecord, isTransactional } from './batches.js'
import type { ErrorName } from './error-codes.js'

/** Time of topics with LogAppendTime, in the recordings and here. */
export const LOG_APPEND_TIME_MS = 1_600_000_000_000

const BATCHES_REMEMBERED = 5
const NUMBERS = 2 ** 31

export interface LogEntry {
  offset: number
  record?: DecodedRecord
  marker?: 'COMMIT' | 'ABORT'
  isTransactional?: boolean
  producerId?: number
  producerEpoch?: number
}

export type Appended = { offset: number } | { error: ErrorName }

interface ProducerState {
  epoch: number
  nextSequence: number | undefined
  recent: { baseSequence: number; count: number; offset: number }[]
}

export class PartitionLog {
  readonly entries: LogEntry[] = []
  readonly #isLogAppendTime: boolean
  readonly #producers = new Map<number, ProducerState>()

  constructor(isLogAppendTime: boolean) {
    this.#isLogAppendTime = isLogAppendTime
  }

  /** Writes the batches of one produce request, or none of them. */
  append(batches: readonly DecodedBatch[]): Appended {
    if (batches.length === 0) return { error: 'INVALID_RECORD' }
    if (batches.some(({ crcOk }) => !crcOk)) return { error: 'CORRUPT_MESSAGE' }
    const [batch] = batches
    if (batch?.v2 === undefined) return this.#write(batches)
    if (batches.length > 1 || !hasRightCounts(batch)) return { error: 'INVALID_RECORD' }
    return batch.v2.producerId === -1 ? this.#write(batches) : this.#appendNumbered(batch)
  }

  writeMarker(marker: 'COMMIT' | 'ABORT', producerId: number, producerEpoch: number): void {
    this.entries.push({ offset: this.entries.length, marker, producerId, producerEpoch })
  }

  #appendNumbered(batch: DecodedBatch): Appended {
    const { producerId, producerEpoch, baseSequence, count } = batch.v2!
    const state = this.#producers.get(producerId)
    if (state !== undefined && producerEpoch < state.epoch) return { error: 'INVALID_PRODUCER_EPOCH' }
    const isSameEpoch = state?.epoch === producerEpoch
    const known = isSameEpoch
      ? state.recent.find((past) => past.baseSequence === baseSequence && past.count === count)
      : undefined
    if (known !== undefined) return { offset: known.offset }
    const expected = isSameEpoch ? state.nextSequence : state && 0
    if (expected !== undefined && baseSequence !== expected) return { error: 'OUT_OF_ORDER_SEQUENCE_NUMBER' }
    const written = this.#write([batch])
    const recent = [...(isSameEpoch ? state.recent : []), { baseSequence, count, offset: written.offset }]
    this.#producers.set(producerId, {
      epoch: producerEpoch,
      nextSequence: (baseSequence + count) % NUMBERS,
      recent: recent.slice(-BATCHES_REMEMBERED),
    })
    return written
  }

  #write(batches: readonly DecodedBatch[]): { offset: number } {
    const offset = this.entries.length
    for (const batch of batches) {
      const producer = batch.v2 !== undefined && batch.v2.producerId !== -1 ? producerOf(batch) : {}
      for (const record of batch.records) {
        const ts = this.#isLogAppendTime ? LOG_APPEND_TIME_MS : record.ts
        this.entries.push({ offset: this.entries.length, record: { ...record, ts }, ...producer })
      }
    }
    return { offset }
  }
}

function producerOf(batch: DecodedBatch): Partial<LogEntry> {
  const { producerId, producerEpoch } = batch.v2!
  return { producerId, producerEpoch, ...(isTransactional(batch) && { isTransactional: true }) }
}

/** What a broker refuses with INVALID_RECORD: offsets and counts that contradict each other. */
function hasRightCounts({ v2, records }: DecodedBatch): boolean {
  return (
    v2!.baseOffset === 0 &&
    v2!.count > 0 &&
    v2!.lastOffsetDelta === v2!.count - 1 &&
    records.every(({ off }, index) => off === index)
  )
}

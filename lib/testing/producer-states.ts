/**
 * Which numbers the producers of one partition have written: whether a numbered batch is the next one, one that is
 * stored already, or refused. Decides and remembers; the log is elsewhere.
 *
 * @see KIP-98, ProducerAppendInfo and ProducerStateEntry (Kafka 3.9); docs/reference/wire-protocol.md#idempotence
 */
import type { Era } from './eras.js'

/** Who wrote a batch, and which numbers its records have. */
export interface BatchIdentity {
  readonly producerId: bigint
  readonly producerEpoch: number
  /** Of its first record. */
  readonly baseSequence: number
  readonly count: number
  readonly isTransactional: boolean
}

/** Where a batch is in the log. */
export interface BatchPlace {
  readonly baseOffset: bigint
  /** What the broker answers as the time of the append when the batch comes again: its latest timestamp. */
  readonly timestampMs: number
}

interface RememberedBatch extends BatchPlace {
  readonly baseSequence: number
  readonly lastSequence: number
}

interface ProducerState {
  epoch: number
  /** Of this epoch, oldest first. */
  batches: readonly RememberedBatch[]
}

export type SequenceError = 'OUT_OF_ORDER_SEQUENCE_NUMBER' | 'INVALID_PRODUCER_EPOCH' | 'UNKNOWN_PRODUCER_ID'

export type SequenceCheck =
  | { readonly kind: 'next' }
  | { readonly kind: 'duplicate'; readonly batch: BatchPlace }
  | { readonly kind: 'refused'; readonly error: SequenceError }

const LAST_SEQUENCE = 2 ** 31 - 1
const NO_SEQUENCE = -1
const next: SequenceCheck = { kind: 'next' }
const refused = (error: SequenceError): SequenceCheck => ({ kind: 'refused', error })

export class ProducerStates {
  readonly #states = new Map<bigint, ProducerState>()

  /** @param era - of the leader, which may be another one each time. */
  check(batch: BatchIdentity, { onUnknownProducer }: Era): SequenceCheck {
    const { producerId, producerEpoch, baseSequence } = batch
    const state = this.#states.get(producerId)
    if (!state) return onUnknownProducer === 'store' || baseSequence === 0 ? next : refused(onUnknownProducer)
    if (producerEpoch < state.epoch) return refused('INVALID_PRODUCER_EPOCH')
    if (producerEpoch > state.epoch)
      return baseSequence === 0 ? next : refused('OUT_OF_ORDER_SEQUENCE_NUMBER')
    const lastSequence = lastOf(batch)
    const stored = state.batches.find(
      (past) => past.baseSequence === baseSequence && past.lastSequence === lastSequence,
    )
    if (stored) return { kind: 'duplicate', batch: stored }
    const last = state.batches.at(-1)?.lastSequence ?? NO_SEQUENCE
    if (follows(baseSequence, last)) return next
    // A marker is all that is left of the producer.
    if (last === NO_SEQUENCE)
      return refused(onUnknownProducer === 'store' ? 'OUT_OF_ORDER_SEQUENCE_NUMBER' : onUnknownProducer)
    return refused('OUT_OF_ORDER_SEQUENCE_NUMBER')
  }

  /** Notes a batch that {@link check} found to be the next one. */
  append(batch: BatchIdentity, place: BatchPlace, { rememberedBatches }: Era): void {
    const { producerId, producerEpoch, baseSequence } = batch
    const state = this.#states.get(producerId)
    const before = state?.epoch === producerEpoch ? state.batches : []
    const batches = [...before, { ...place, baseSequence, lastSequence: lastOf(batch) }]
    this.#states.set(producerId, { epoch: producerEpoch, batches: batches.slice(-rememberedBatches) })
  }

  /** Notes the marker that ended a transaction; one of a higher epoch makes the numbers start again. */
  marked(producerId: bigint, epoch: number): void {
    const state = this.#states.get(producerId)
    if (state?.epoch !== epoch) this.#states.set(producerId, { epoch, batches: [] })
  }

  /** The epoch that a producer wrote with last; null where nothing is known of it. */
  epochOf(producerId: bigint): number | null {
    return this.#states.get(producerId)?.epoch ?? null
  }

  /** As when all were idle for `producer.id.expiration.ms`. */
  clear(): void {
    this.#states.clear()
  }
}

/** Numbers start again at 0 behind the last one. */
function lastOf({ baseSequence, count }: BatchIdentity): number {
  return (baseSequence + count - 1) % (LAST_SEQUENCE + 1)
}

function follows(sequence: number, last: number): boolean {
  return sequence === last + 1 || (sequence === 0 && last === LAST_SEQUENCE)
}

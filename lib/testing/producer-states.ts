/**
 * What a partition remembers of producers that number their batches: their epoch and their last five batches, so that one
 * which is sent twice is stored once, and none is stored out of order.
 *
 * @see KIP-98; Kafka's ProducerStateManager
 */

const REMEMBERED = 5
const SEQUENCES = 2 ** 31
/** Where a record batch has these fields. */
const PRODUCER_ID_AT = 43
const EPOCH_AT = 51
const SEQUENCE_AT = 53
const COUNT_AT = 57

interface Kept {
  readonly first: number
  readonly last: number
  readonly offset: bigint
}

interface State {
  epoch: number
  batches: Kept[]
}

/** How a batch is numbered; null without numbers. */
export interface Numbers {
  readonly producerId: bigint
  readonly epoch: number
  readonly first: number
  readonly last: number
}

/** @param batch - of magic 2. */
export function numbersOf(batch: Buffer): Numbers | null {
  const producerId = batch.readBigInt64BE(PRODUCER_ID_AT)
  if (producerId < 0n) return null
  const first = batch.readInt32BE(SEQUENCE_AT)
  const last = (first + batch.readInt32BE(COUNT_AT) - 1) % SEQUENCES
  return { producerId, epoch: batch.readInt16BE(EPOCH_AT), first, last }
}

export class ProducerStates {
  readonly #states = new Map<bigint, State>()

  /** What is to be done with a batch: `append`, or nothing because it is stored at that offset, or it is refused. */
  check({ producerId, epoch, first, last }: Numbers): 'append' | bigint | 'OUT_OF_ORDER' | 'OLD_EPOCH' {
    const state = this.#states.get(producerId)
    // A broker without state takes any number for the first.
    if (!state) return 'append'
    if (epoch < state.epoch) return 'OLD_EPOCH'
    if (epoch > state.epoch) return first === 0 ? 'append' : 'OUT_OF_ORDER'
    const known = state.batches.find((one) => one.first === first && one.last === last)
    if (known) return known.offset
    return first === (state.batches.at(-1)!.last + 1) % SEQUENCES ? 'append' : 'OUT_OF_ORDER'
  }

  stored({ producerId, epoch, first, last }: Numbers, offset: bigint): void {
    const state = this.#states.get(producerId)
    const kept = { first, last, offset }
    if (!state || state.epoch !== epoch) this.#states.set(producerId, { epoch, batches: [kept] })
    else state.batches = [...state.batches, kept].slice(-REMEMBERED)
  }
}

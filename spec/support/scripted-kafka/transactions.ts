/**
 * Producer ids and transactions, as the transaction coordinators of a cluster keep them.
 *
 * Requests arrive decoded and find the right coordinator: who coordinates is checked elsewhere. Both versions of the
 * protocol: with transaction version 2 every end of a transaction raises the epoch.
 *
 * @see KIP-98, KIP-360, KIP-890
 */
import type { ClusterState } from './cluster-state.js'
import type { ErrorName } from './error-codes.js'

export interface ProducerIdentity {
  producerId: number
  producerEpoch: number
}

interface Transaction extends ProducerIdentity {
  transactionalId: string
  /** `topic/partition`, in the order they were added. */
  partitions: Set<string>
  /** Offsets by `topic/partition` and group. */
  groups: Map<string, Map<string, number>>
  isOpen: boolean
  /** How the last one ended, for an answer that was lost. */
  ended: { committed: boolean; by: ProducerIdentity } | undefined
  /** What the last InitProducerId said it had, for the same reason. */
  raisedFrom: ProducerIdentity | undefined
}

const FIRST_PRODUCER_ID = 1000
const LAST_EPOCH = 32_767
const NOBODY: ProducerIdentity = { producerId: -1, producerEpoch: -1 }

export type Identified = ProducerIdentity & { error: ErrorName }

export class Transactions {
  readonly #state: ClusterState
  readonly #byTransactionalId = new Map<string, Transaction>()
  #nextProducerId = FIRST_PRODUCER_ID

  constructor(state: ClusterState) {
    this.#state = state
  }

  /**
   * An id and epoch to write with. A producer that says which it had gets the next epoch of it, unless another one
   * took over; a transaction left open is aborted.
   *
   * @param fenced - the error for one that was taken over, which depends on the version of the request.
   */
  initProducerId(transactionalId: string | null, current: ProducerIdentity, fenced: ErrorName): Identified {
    if (transactionalId === null) return { error: 'NONE', ...this.#newIdentity() }
    const known = this.#byTransactionalId.get(transactionalId)
    if (known === undefined) {
      const identity = this.#newIdentity()
      this.#byTransactionalId.set(transactionalId, newTransaction(transactionalId, identity))
      return { error: 'NONE', ...identity }
    }
    if (current.producerId !== -1) {
      if (known.raisedFrom && isSame(known.raisedFrom, current))
        return { error: 'NONE', ...identityOf(known) }
      if (!isSame(known, current)) return { error: fenced, ...NOBODY }
    }
    if (known.isOpen) this.#end(known, false)
    this.#raiseEpoch(known)
    known.ended = undefined
    known.raisedFrom = current
    return { error: 'NONE', ...identityOf(known) }
  }

  addPartition(transactionalId: string, by: ProducerIdentity, name: string, fenced: ErrorName): ErrorName {
    const found = this.#find(transactionalId, by, fenced)
    if (typeof found === 'string') return found
    open(found)
    found.partitions.add(name)
    return 'NONE'
  }

  addGroup(transactionalId: string, by: ProducerIdentity, group: string, fenced: ErrorName): ErrorName {
    const found = this.#find(transactionalId, by, fenced)
    if (typeof found === 'string') return found
    open(found)
    found.groups.set(group, found.groups.get(group) ?? new Map())
    return 'NONE'
  }

  /** @param mayAdd - the request adds the group by itself (transaction version 2). */
  commitOffsets(
    transactionalId: string,
    by: ProducerIdentity,
    group: string,
    offsets: ReadonlyMap<string, number>,
    mayAdd: boolean,
  ): ErrorName {
    const found = this.#find(transactionalId, by, 'INVALID_PRODUCER_EPOCH')
    if (typeof found === 'string') return found
    if (mayAdd) this.addGroup(transactionalId, by, group, 'INVALID_PRODUCER_EPOCH')
    const pending = found.groups.get(group)
    if (pending === undefined) return 'INVALID_TXN_STATE'
    for (const [name, offset] of offsets) pending.set(name, offset)
    return 'NONE'
  }

  /** What a leader asks before it writes a transactional batch. */
  checkWrite(transactionalId: string | null, by: ProducerIdentity, name: string, mayAdd: boolean): ErrorName {
    const found = this.#find(transactionalId ?? '', by, 'INVALID_PRODUCER_EPOCH')
    if (typeof found === 'string') return found
    if (mayAdd) return this.addPartition(found.transactionalId, by, name, 'INVALID_PRODUCER_EPOCH')
    return found.isOpen && found.partitions.has(name) ? 'NONE' : 'INVALID_TXN_STATE'
  }

  /** @param raises - the answer carries the identity for the next transaction (EndTxn v5, transaction version 2). */
  end(
    transactionalId: string,
    by: ProducerIdentity,
    committed: boolean,
    raises: boolean,
    fenced: ErrorName,
  ): Identified {
    const known = this.#byTransactionalId.get(transactionalId)
    // The answer to a request was lost, and it comes again: with the epoch of then, or under version 2 the raised one.
    if (known && !known.isOpen && known.ended?.committed === committed && isSame(known.ended.by, by))
      return { error: 'NONE', ...identityOf(known) }
    const found = this.#find(transactionalId, by, fenced)
    if (typeof found === 'string') return { error: found, ...NOBODY }
    if (!found.isOpen && !(raises && !committed)) return { error: 'INVALID_TXN_STATE', ...NOBODY }
    this.#end(found, committed)
    found.ended = { committed, by }
    if (raises) this.#raiseEpoch(found)
    return { error: 'NONE', ...identityOf(found) }
  }

  #find(transactionalId: string, by: ProducerIdentity, fenced: ErrorName): Transaction | ErrorName {
    const found = this.#byTransactionalId.get(transactionalId)
    if (found === undefined || found.producerId !== by.producerId) return 'INVALID_PRODUCER_ID_MAPPING'
    return found.producerEpoch === by.producerEpoch ? found : fenced
  }

  #end(transaction: Transaction, committed: boolean): void {
    for (const name of transaction.partitions) {
      const at = name.lastIndexOf('/')
      const partition = this.#state.partition(name.slice(0, at), Number(name.slice(at + 1)))
      const { producerId, producerEpoch } = transaction
      partition?.log.writeMarker(committed ? 'COMMIT' : 'ABORT', producerId, producerEpoch)
    }
    for (const [group, offsets] of committed ? transaction.groups : [])
      for (const [name, offset] of offsets) this.#state.offsets.set(`${group} ${name}`, offset)
    transaction.partitions.clear()
    transaction.groups.clear()
    transaction.isOpen = false
  }

  #raiseEpoch(transaction: Transaction): void {
    if (transaction.producerEpoch + 1 < LAST_EPOCH) transaction.producerEpoch += 1
    else Object.assign(transaction, this.#newIdentity())
  }

  #newIdentity(): ProducerIdentity {
    const producerId = this.#nextProducerId
    this.#nextProducerId += 1
    return { producerId, producerEpoch: 0 }
  }
}

function newTransaction(transactionalId: string, identity: ProducerIdentity): Transaction {
  return {
    transactionalId,
    ...identity,
    partitions: new Set(),
    groups: new Map(),
    isOpen: false,
    ended: undefined,
    raisedFrom: undefined,
  }
}

function open(transaction: Transaction): void {
  transaction.isOpen = true
}

function identityOf({ producerId, producerEpoch }: Transaction): ProducerIdentity {
  return { producerId, producerEpoch }
}

function isSame(a: ProducerIdentity, b: ProducerIdentity): boolean {
  return a.producerId === b.producerId && a.producerEpoch === b.producerEpoch
}

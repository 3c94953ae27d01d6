import { expect } from 'chai'
import { ClusterState } from './cluster-state.js'
import { type ProducerIdentity, Transactions } from './transactions.js'

const FENCED = 'PRODUCER_FENCED'
const NEW: ProducerIdentity = { producerId: -1, producerEpoch: -1 }

describe('Transactions of the scripted brokers', () => {
  let state: ClusterState
  let transactions: Transactions
  let first: ProducerIdentity

  beforeEach(() => {
    state = new ClusterState({ brokers: 1, topics: { t: { partitions: 2 } } })
    transactions = new Transactions(state)
    const { producerId, producerEpoch } = transactions.initProducerId('tx', NEW, FENCED)
    first = { producerId, producerEpoch }
  })

  const markers = (partition: number) =>
    state.partition('t', partition)!.log.entries.map(({ marker }) => marker)

  it('give ids from 1000 on, and the same id with the next epoch to the next producer of a transactional id', () => {
    expect(first).to.deep.equal({ producerId: 1000, producerEpoch: 0 })
    const again = transactions.initProducerId('tx', NEW, FENCED)
    expect(again).to.deep.equal({ error: 'NONE', producerId: 1000, producerEpoch: 1 })
    expect(transactions.initProducerId(null, NEW, FENCED).producerId).to.equal(1001)
  })

  it('write a marker to every partition that was added, and to no other', () => {
    transactions.addPartition('tx', first, 't/1', FENCED)
    transactions.end('tx', first, true, false, FENCED)
    expect([markers(0), markers(1)]).to.deep.equal([[], ['COMMIT']])
  })

  it('abort what a producer left open when the next one comes, and refuse the old one', () => {
    transactions.addPartition('tx', first, 't/0', FENCED)
    transactions.initProducerId('tx', NEW, FENCED)
    expect(markers(0)).to.deep.equal(['ABORT'])
    expect(transactions.addPartition('tx', first, 't/0', FENCED)).to.equal(FENCED)
    expect(transactions.checkWrite('tx', first, 't/0', false)).to.equal('INVALID_PRODUCER_EPOCH')
    expect(transactions.end('tx', first, true, false, FENCED).error).to.equal(FENCED)
  })

  it('refuse to write to a partition that was not added, but add it themselves where the request may', () => {
    expect(transactions.checkWrite('tx', first, 't/0', false)).to.equal('INVALID_TXN_STATE')
    expect(transactions.checkWrite('tx', first, 't/0', true)).to.equal('NONE')
    transactions.end('tx', first, false, false, FENCED)
    expect(markers(0)).to.deep.equal(['ABORT'])
  })

  it('answer a repeated end like the first one, and refuse the opposite', () => {
    transactions.addPartition('tx', first, 't/0', FENCED)
    transactions.end('tx', first, true, false, FENCED)
    expect(transactions.end('tx', first, true, false, FENCED).error).to.equal('NONE')
    expect(transactions.end('tx', first, false, false, FENCED).error).to.equal('INVALID_TXN_STATE')
    expect(markers(0)).to.deep.equal(['COMMIT'])
  })

  it('raise the epoch with each end under transaction version 2, also for a repeated request', () => {
    transactions.addPartition('tx', first, 't/0', FENCED)
    const next = { error: 'NONE', producerId: 1000, producerEpoch: 1 }
    expect(transactions.end('tx', first, true, true, FENCED)).to.deep.equal(next)
    expect(transactions.end('tx', first, true, true, FENCED)).to.deep.equal(next)
  })

  it('give the next epoch to a producer that says which it has, also for a repeated request', () => {
    const next = { error: 'NONE', producerId: 1000, producerEpoch: 1 }
    expect(transactions.initProducerId('tx', first, FENCED)).to.deep.equal(next)
    expect(transactions.initProducerId('tx', first, FENCED)).to.deep.equal(next)
    const stranger = { producerId: 1000, producerEpoch: 7 }
    expect(transactions.initProducerId('tx', stranger, FENCED).error).to.equal(FENCED)
  })

  it('keep offsets when the transaction is committed, and drop them when it is aborted', () => {
    for (const [committed, offset] of [
      [false, 5],
      [true, 9],
    ] as const) {
      transactions.addGroup('tx', first, 'g', FENCED)
      transactions.commitOffsets('tx', first, 'g', new Map([['in/0', offset]]), false)
      transactions.end('tx', first, committed, false, FENCED)
    }
    expect([...state.offsets]).to.deep.equal([['g in/0', 9]])
  })

  it('refuse offsets of a group that was not added', () => {
    const answer = transactions.commitOffsets('tx', first, 'g', new Map(), false)
    expect(answer).to.equal('INVALID_TXN_STATE')
  })
})

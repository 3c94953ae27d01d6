import { expect } from 'chai'
import { TransactionPartitions } from '../../lib/kafka-producer/transaction-partitions.js'

describe('TransactionPartitions', () => {
  it('gives each new partition out once, and has it added when the coordinator has', () => {
    const partitions = new TransactionPartitions()
    for (const index of [0, 1, 0]) partitions.want('t', index)
    expect(partitions.takeNew()).to.deep.equal([
      { topic: 't', partition: 0 },
      { topic: 't', partition: 1 },
    ])
    partitions.want('t', 0)
    expect([partitions.hasNew, partitions.isAdded('t', 0), partitions.hasAdded]).to.deep.equal([
      false,
      false,
      false,
    ])
    partitions.added([{ topic: 't', partition: 0 }])
    partitions.want('t', 0)
    expect([partitions.hasNew, partitions.isAdded('t', 0), partitions.hasAdded]).to.deep.equal([
      false,
      true,
      true,
    ])
  })

  it('has no more added than the coordinator has', () => {
    const partitions = new TransactionPartitions()
    partitions.want('t', 0)
    partitions.takeNew()
    partitions.want('t', 1)
    partitions.takeNew()
    partitions.added([{ topic: 't', partition: 0 }])
    expect([partitions.isAdded('t', 0), partitions.isAdded('t', 1)]).to.deep.equal([true, false])
  })

  it('forgets partitions that were not asked for, and takes them again', () => {
    const partitions = new TransactionPartitions()
    partitions.want('t', 0)
    partitions.dropNew()
    expect(partitions.hasNew).to.equal(false)
    partitions.want('t', 0)
    expect(partitions.hasNew).to.equal(true)
  })

  it('has partitions that add themselves at once', () => {
    const partitions = new TransactionPartitions()
    partitions.addAtOnce('t', 3)
    partitions.addAtOnce('t', 3)
    expect([partitions.isAdded('t', 3), partitions.isAdded('t', 4), partitions.hasNew]).to.deep.equal([
      true,
      false,
      false,
    ])
  })

  it('has none after the end of a transaction', () => {
    const partitions = new TransactionPartitions()
    partitions.addAtOnce('t', 0)
    partitions.want('t', 1)
    partitions.clear()
    expect([partitions.hasNew, partitions.hasAdded, partitions.isAdded('t', 0)]).to.deep.equal([
      false,
      false,
      false,
    ])
  })
})

import { expect } from 'chai'
import {
  choosePartition,
  type PartitionChoice,
} from '../../../lib/kafka-producer/partitioners/choose-partition.js'
import type { Partitioner } from '../../../lib/kafka-producer/partitioners/partitioner.js'

/** A key has its partition whether that has a leader or not. */
const view = { partitionCount: 10, available: [1, 2] }
const fixed: Partitioner = { partition: () => 7 }

describe('choosePartition', () => {
  const rows: [
    title: string,
    partition: number | null,
    key: string | null,
    choice: Partial<PartitionChoice>,
    chosen: number,
  ][] = [
    ['the partition that a record names, whatever the partitioner', 4, 'foobar', { partitioner: fixed }, 4],
    ['the partition of the partitioner, whatever the key', null, 'foobar', { partitioner: fixed }, 7],
    [
      'the partition of the partitioner, though keys are ignored',
      null,
      'foobar',
      { partitioner: fixed, ignoresKeys: true },
      7,
    ],
    ['the hash of the key over all partitions', null, 'foobar', {}, 6],
    ['the hash of an empty key', null, '', {}, 1],
    ['nothing where keys are ignored', null, 'foobar', { ignoresKeys: true }, -1],
    ['nothing without a key', null, null, {}, -1],
  ]
  for (const [title, partition, key, choice, chosen] of rows) {
    it(`a record gets ${title}`, () => {
      const record = { topic: 't', partition, key, value: 'v' }
      const options = { partitioner: null, ignoresKeys: false, ...choice }
      expect(choosePartition(record, key, 'v', view, options)).to.equal(chosen)
    })
  }

  it('a record without the field partition gets that of its key', () => {
    const options = { partitioner: null, ignoresKeys: false }
    expect(choosePartition({ topic: 't', value: 'v' }, Buffer.from('abc'), 'v', view, options)).to.equal(7)
  })
})

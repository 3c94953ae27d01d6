import { expect } from 'chai'
import { partitionName } from '../../lib/produce/partition-batch.js'

describe('partitionName', () => {
  it('is topic, slash, partition', () => {
    expect(partitionName('t', 7)).to.equal('t/7')
  })
})

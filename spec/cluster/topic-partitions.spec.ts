import { expect } from 'chai'
import { TopicPartitions } from '../../lib/cluster/topic-partitions.js'

describe('TopicPartitions', () => {
  const partitions = [7, 2, 11].map((partitionId, i) => ({
    topic: 't',
    partitionId,
    leaderId: i === 0 ? null : i,
  }))

  it('sorts partitions by id and finds them by it, over gaps', () => {
    const topic = new TopicPartitions(partitions)
    expect(topic.partitions.map(({ partitionId }) => partitionId)).to.deep.equal([2, 7, 11])
    expect([2, 7, 11, 3].map((id) => topic.positionOf(id))).to.deep.equal([0, 1, 2, undefined])
  })

  it('knows the positions of those that have a leader', () => {
    expect(new TopicPartitions(partitions).withLeader).to.deep.equal([0, 2])
  })

  it('leaves the list it was given alone', () => {
    const given = [...partitions]
    new TopicPartitions(given)
    expect(given).to.deep.equal(partitions)
  })
})

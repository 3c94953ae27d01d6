import { expect } from 'chai'
import { ClusterMetadata } from '../../lib/cluster/cluster-metadata.js'
import { metadataResponse } from '../support/messages.js'

const BROKERS = [
  { nodeId: 1, host: 'b1', port: 9092 },
  { nodeId: 2, host: 'b2', port: 9092 },
]
const WANTED = new Set(['t'])

interface Leader {
  leaderId: number
  leaderEpoch?: number
}

/** Partitions 0, 1, … of topic t. */
function answer(leaders: readonly Leader[], errorCode = 0) {
  const partitions = leaders.map((leader, index) => ({
    errorCode: 0,
    index,
    leaderEpoch: 5,
    replicas: [1, 2],
    isr: [1],
    ...leader,
  }))
  return metadataResponse({ brokers: BROKERS, topics: [{ errorCode, name: 't', partitions }] })
}

function known(...leaders: Leader[]): ClusterMetadata {
  const cluster = new ClusterMetadata()
  cluster.take(WANTED, answer(leaders))
  return cluster
}

describe('ClusterMetadata', () => {
  it('knows leaders, epochs, replicas and addresses by the newest answer', () => {
    const cluster = known({ leaderId: 1 }, { leaderId: 2 })
    expect(cluster.topic('t')!.partitions()).to.deep.equal([
      { partition: 0, leaderId: 1, leaderEpoch: 5, replicas: [1, 2], inSyncReplicas: [1] },
      { partition: 1, leaderId: 2, leaderEpoch: 5, replicas: [1, 2], inSyncReplicas: [1] },
    ])
    expect(cluster.addressOf(2)).to.deep.equal({ host: 'b2', port: 9092 })
    expect([cluster.topic('other'), cluster.leaderOf('t', 7), cluster.addressOf(3)]).to.deep.equal([
      null,
      null,
      null,
    ])
  })

  it('counts all partitions and lists those with a leader that can be reached', () => {
    const topic = known({ leaderId: -1 }, { leaderId: 2 }, { leaderId: 9 }).topic('t')!
    expect([topic.partitionCount, topic.available]).to.deep.equal([3, [1]])
  })

  it('says whether an answer brought something new', () => {
    const cluster = new ClusterMetadata()
    const take = (...leaders: Leader[]) => cluster.take(WANTED, answer(leaders))
    expect(take({ leaderId: 1 }), 'a new topic').to.equal(true)
    expect(take({ leaderId: 1 }), 'the same again').to.equal(false)
    expect(take({ leaderId: 2, leaderEpoch: 6 }), 'another leader').to.equal(true)
    expect(take({ leaderId: 2, leaderEpoch: 6 }, { leaderId: 1 }), 'another partition').to.equal(true)
  })

  it('passes over a leader of an older epoch', () => {
    const cluster = known({ leaderId: 2, leaderEpoch: 6 })
    cluster.take(WANTED, answer([{ leaderId: 1, leaderEpoch: 5 }]))
    expect(cluster.leaderOf('t', 0)?.leaderId).to.equal(2)
    cluster.take(WANTED, answer([{ leaderId: 1, leaderEpoch: -1 }]))
    expect(cluster.leaderOf('t', 0)?.leaderId, 'brokers without epochs').to.equal(1)
  })

  it('keeps what it knows of a topic beside the error of a newer answer', () => {
    const cluster = known({ leaderId: 1 })
    cluster.take(WANTED, answer([], 29))
    expect([cluster.errorCodeOf('t'), cluster.topic('t')?.partitionCount]).to.deep.equal([29, 1])
    cluster.take(WANTED, answer([{ leaderId: 1 }]))
    expect(cluster.errorCodeOf('t')).to.equal(0)
  })

  it('takes a topic that an answer leaves out for an unknown one, and keeps none that was not asked for', () => {
    const cluster = new ClusterMetadata()
    cluster.take(new Set(['gone']), answer([{ leaderId: 1 }]))
    expect([cluster.errorCodeOf('gone'), cluster.topic('t')]).to.deep.equal([3, null])
  })

  it('takes a new leader that a produce answer names, with its address, until an answer is newer', () => {
    const cluster = known({ leaderId: 1, leaderEpoch: 5 })
    expect(cluster.takeLeader('t', 0, 3, 5, { host: 'b3', port: 9092 }), 'no newer epoch').to.equal(false)
    expect(cluster.takeLeader('t', 0, 3, 6, { host: 'b3', port: 9092 })).to.equal(true)
    expect([cluster.leaderOf('t', 0)?.leaderId, cluster.addressOf(3)?.host]).to.deep.equal([3, 'b3'])
    cluster.take(WANTED, answer([{ leaderId: 1, leaderEpoch: 5 }]))
    expect(cluster.leaderOf('t', 0)?.leaderId).to.equal(3)
  })

  it('takes no new leader whose address nobody knows', () => {
    const cluster = known({ leaderId: 1, leaderEpoch: 5 })
    expect(cluster.takeLeader('t', 0, 3, 6, null)).to.equal(false)
    expect(cluster.leaderOf('t', 0)?.leaderId).to.equal(1)
  })

  it('keeps its brokers where an answer lists none', () => {
    const cluster = known({ leaderId: 1 })
    cluster.take(new Set(), metadataResponse({ brokers: [], topics: [] }))
    expect(cluster.brokerIds).to.deep.equal([1, 2])
  })
})

import { expect } from 'chai'
import type { BrokerAddress } from '../../lib/broker-address.js'
import { type MetadataUpdate, TopicMetadata } from '../../lib/cluster/topic-metadata.js'
import { TopicPartitions } from '../../lib/cluster/topic-partitions.js'
import { MetadataError } from '../../lib/errors.js'
import { countSteps } from '../support/count-steps.js'
import { errorOf, leadersOf } from './support/known-topics.js'
import {
  brokersOf,
  describing,
  type PartialBrokers,
  type PartialTopic,
  topicError,
  topicOf,
} from './support/scripted-source.js'

/** A cache that takes answers, and what they brought. */
class Taking {
  readonly metadata = new TopicMetadata((topic, code) => new MetadataError(`${topic}: ${code}`))
  readonly warnings: string[] = []
  leaders: MetadataUpdate['leaders'] = new Map()
  topicByLeader: MetadataUpdate['topicByLeader'] = new Map()

  /** All of these topics were asked for. */
  take(brokers: PartialBrokers, ...topics: PartialTopic[]): MetadataUpdate {
    const update = this.metadata.take(new Set(topics.map(({ name }) => name)), describing(brokers, ...topics))
    this.warnings.push(...update.warnings)
    this.leaders = update.leaders
    this.topicByLeader = update.topicByLeader
    return update
  }
}

describe('TopicMetadata', () => {
  it('knows nothing before the first answer, and says so', () => {
    const { metadata } = new Taking()
    expect([metadata.isCached('t'), metadata.partitionsOf('t')]).to.deep.equal([false, undefined])
    expect(errorOf(metadata, 't')).to.be.instanceOf(MetadataError)
    expect(errorOf(metadata, 't')).to.include({
      message: 'nothing is known of topic t',
      topic: 't',
      retriable: true,
    })
  })

  it('knows a topic’s partitions and leaders after an answer', () => {
    const made = new Taking()
    made.take(brokersOf(0, 1), topicOf('t', [1, 0], [0, 1]))
    expect(made.metadata.isCached('t')).to.equal(true)
    expect(made.metadata.partitionsOf('t')).to.deep.equal([
      { topic: 't', partitionId: 0, leaderId: 1 },
      { topic: 't', partitionId: 1, leaderId: 0 },
    ])
    expect(made.metadata.lookUp('t')).to.be.instanceOf(TopicPartitions)
  })

  it('takes what an application sets', () => {
    const { metadata } = new Taking()
    metadata.set('t', [{ topic: 't', partitionId: 0, leaderId: 5 }])
    expect([metadata.isCached('t'), leadersOf(metadata, 't')]).to.deep.equal([true, { 0: 5 }])
  })

  it('knows nothing of a topic that was forgotten, neither partitions, id nor error', () => {
    const made = new Taking()
    made.take(brokersOf(0), { ...topicOf('t', [0, 0]), topicId: Buffer.alloc(16, 1) })
    made.take(brokersOf(0), topicError('bad', 3))
    for (const topic of ['t', 'bad']) {
      made.metadata.forget(topic)
      expect(made.metadata.isCached(topic)).to.equal(false)
      expect(errorOf(made.metadata, topic).message).to.equal(`nothing is known of topic ${topic}`)
    }
    expect(made.metadata.topicIdOf('t').some((byte) => byte !== 0)).to.equal(false)
  })

  it('leaves out the leaders of a forgotten topic at the next answer', () => {
    const made = new Taking()
    made.take(brokersOf(0, 1), topicOf('t', [0, 0]))
    made.metadata.forget('t')
    made.take(brokersOf(0, 1), topicOf('u', [0, 1]))
    expect([...made.leaders.keys()]).to.deep.equal([1])
  })

  describe('topic ids', () => {
    const id = Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex')
    const withId = () => ({ ...topicOf('t', [0, 0]), topicId: id })

    it('are kept until an answer tells another one, or none', () => {
      const made = new Taking()
      expect(made.metadata.topicIdOf('t').some((byte) => byte !== 0)).to.equal(false)
      made.take(brokersOf(0), withId())
      expect(Buffer.from(made.metadata.topicIdOf('t'))).to.deep.equal(id)
      made.take(brokersOf(0), topicOf('t', [0, 0]))
      expect(made.metadata.topicIdOf('t').some((byte) => byte !== 0)).to.equal(false)
    })
  })

  describe('a topic with an error', () => {
    it('keeps what was known of it (upstream: the cache survives)', () => {
      const made = new Taking()
      made.take(brokersOf(0), topicOf('t', [0, 0]))
      made.take(brokersOf(0), topicError('t', 5))
      expect(leadersOf(made.metadata, 't')).to.deep.equal({ 0: 0 })
      expect(made.metadata.lookUp('t')).to.be.instanceOf(TopicPartitions)
    })

    it('is forgotten when the topic is there again', () => {
      const made = new Taking()
      made.take(brokersOf(0), topicError('t', 3))
      made.take(brokersOf(0), topicOf('t', [0, 0]))
      expect(made.metadata.lookUp('t')).to.be.instanceOf(TopicPartitions)
    })

    it('hurts no other topic of the same answer', () => {
      const made = new Taking()
      made.take(brokersOf(0), topicError('bad', 3), topicOf('t', [0, 0]))
      expect([made.metadata.isCached('bad'), made.metadata.isCached('t')]).to.deep.equal([false, true])
    })
  })

  describe('a partition', () => {
    it('has no leader where the broker says −1 and 5; the log is to say so', () => {
      const made = new Taking()
      made.take(brokersOf(0), topicOf('t', [0, 0], [1, -1, 5]))
      expect(leadersOf(made.metadata, 't')).to.deep.equal({ 0: 0, 1: null })
      expect(made.warnings).to.deep.equal(['t/1 has no leader at the moment (LEADER_NOT_AVAILABLE)'])
    })

    it('has a leader where the broker says 5 and names one all the same', () => {
      const made = new Taking()
      made.take(brokersOf(0), topicOf('t', [0, 0, 5]))
      expect(leadersOf(made.metadata, 't')).to.deep.equal({ 0: 0 })
    })

    it('keeps its leader with any other error: a replica that is not available does not matter', () => {
      const made = new Taking()
      made.take(brokersOf(0), topicOf('t', [0, 0, 9]))
      expect(leadersOf(made.metadata, 't')).to.deep.equal({ 0: 0 })
      expect(made.warnings).to.deep.equal([])
    })

    it('has no leader where that broker is not listed', () => {
      const made = new Taking()
      made.take(brokersOf(0), topicOf('t', [0, 3]))
      expect(leadersOf(made.metadata, 't')).to.deep.equal({ 0: null })
    })

    for (const id of [-1, -2]) {
      it(`never has broker ${id} as its leader, not even where a broker of that id is listed`, () => {
        const made = new Taking()
        made.take(brokersOf(0, id), topicOf('t', [0, id], [1, 0]))
        expect(leadersOf(made.metadata, 't')).to.deep.equal({ 0: null, 1: 0 })
        expect([...made.leaders.keys()]).to.deep.equal([0])
      })
    }

    it('may have replicas that are not listed', () => {
      const made = new Taking()
      made.take(brokersOf(0), topicOf('t', [0, 0, 0, [0, 7, 8]]))
      expect(leadersOf(made.metadata, 't')).to.deep.equal({ 0: 0 })
    })

    it('may have any id: gaps stay gaps', () => {
      const made = new Taking()
      made.take(brokersOf(0), topicOf('t', [9, 0], [2, 0]))
      expect(leadersOf(made.metadata, 't')).to.deep.equal({ 2: 0, 9: 0 })
    })

    it('that is listed twice counts once, the first time', () => {
      const made = new Taking()
      made.take(brokersOf(0, 1), topicOf('t', [0, 1], [0, 0]))
      expect(made.metadata.partitionsOf('t')).to.deep.equal([{ topic: 't', partitionId: 0, leaderId: 1 }])
    })

    it('with a negative id is none', () => {
      const made = new Taking()
      made.take(brokersOf(0), topicOf('t', [-1, 0], [0, 0]))
      expect(leadersOf(made.metadata, 't')).to.deep.equal({ 0: 0 })
    })

    it('gets another leader with the next answer', () => {
      const made = new Taking()
      made.take(brokersOf(0, 1), topicOf('t', [0, 0]))
      made.take(brokersOf(0, 1), topicOf('t', [0, 1]))
      expect(leadersOf(made.metadata, 't')).to.deep.equal({ 0: 1 })
    })
  })

  // Upstream: AsyncProducerTest.testNoBroker.
  it('caches a topic without partitions, which is an error of its own', () => {
    const made = new Taking()
    made.take(brokersOf(0), topicOf('t'))
    expect(made.metadata.isCached('t')).to.equal(true)
    expect(errorOf(made.metadata, 't')).to.include({
      message: 't has no partitions',
      retriable: true,
      topic: 't',
    })
  })

  describe('the leaders’ addresses', () => {
    function reported(made: Taking): Record<number, BrokerAddress> {
      return Object.fromEntries(made.leaders)
    }

    it('are returned with each answer, for every broker that leads something known', () => {
      const made = new Taking()
      made.take(brokersOf(0, 1, 2), topicOf('t', [0, 0], [1, 1]))
      expect(reported(made)).to.deep.equal({ 0: { host: 'b0', port: 9092 }, 1: { host: 'b1', port: 9092 } })
      made.take(brokersOf(0, 1, 2), topicOf('u', [0, 2]))
      expect(Object.keys(reported(made))).to.deep.equal(['0', '1', '2'])
    })

    it('come with a topic that each leads by this answer, not with one that was known before or has an error', () => {
      const made = new Taking()
      const topicsByLeader = () => Object.fromEntries(made.topicByLeader)
      made.take(brokersOf(0, 1), topicOf('old', [0, 0], [1, 1]))
      expect(topicsByLeader()).to.deep.equal({ 0: 'old', 1: 'old' })
      made.take(
        brokersOf(0, 1, 2),
        { ...topicOf('bad', [0, 0]), errorCode: 5 },
        topicOf('a', [0, 1]),
        topicOf('b', [0, 1], [1, 2]),
      )
      expect(topicsByLeader()).to.deep.equal({ 1: 'a', 2: 'b' })
    })

    it('leave out a broker that leads nothing any more', () => {
      const made = new Taking()
      made.take(brokersOf(0, 1), topicOf('t', [0, 0], [1, 1]))
      made.take(brokersOf(0, 1), topicOf('t', [0, 1], [1, 1]))
      expect(Object.keys(reported(made))).to.deep.equal(['1'])
    })

    it('change with the metadata', () => {
      const made = new Taking()
      made.take(brokersOf(0), topicOf('t', [0, 0]))
      made.take([{ nodeId: 0, host: 'moved', port: 9999 }], topicOf('t', [0, 0]))
      expect(reported(made)).to.deep.equal({ 0: { host: 'moved', port: 9999 } })
    })

    it('stay known where an answer lists a broker no more that still leads a topic it did not ask for', () => {
      const made = new Taking()
      made.take(brokersOf(0, 1), topicOf('t', [0, 0]))
      made.take(brokersOf(1), topicOf('u', [0, 1]))
      expect(reported(made)).to.deep.equal({ 0: { host: 'b0', port: 9092 }, 1: { host: 'b1', port: 9092 } })
    })

    it('may be shared by two ids', () => {
      const made = new Taking()
      const same = [0, 1].map((nodeId) => ({ nodeId, host: 'same', port: 9092 }))
      made.take(same, topicOf('t', [0, 0], [1, 1]))
      expect(reported(made)).to.deep.equal({
        0: { host: 'same', port: 9092 },
        1: { host: 'same', port: 9092 },
      })
    })

    it('are those listed last where an id is listed twice, with a warning', () => {
      const made = new Taking()
      const twice = ['old', 'new'].map((host) => ({ nodeId: 0, host, port: 9092 }))
      made.take(twice, topicOf('t', [0, 0]))
      expect(reported(made)).to.deep.equal({ 0: { host: 'new', port: 9092 } })
      expect(made.warnings).to.deep.equal(['broker id 0 is listed twice; the last address counts'])
    })

    for (const [host, port] of [
      ['', 9092],
      ['b0', 0],
      ['b0', -1],
      ['b0', 65536],
    ] as const) {
      it(`that cannot be connected to are warned about and lead nothing: "${host}":${port}`, () => {
        const made = new Taking()
        made.take([{ nodeId: 0, host, port }, ...brokersOf(1)], topicOf('t', [0, 0], [1, 1]))
        expect(leadersOf(made.metadata, 't')).to.deep.equal({ 0: null, 1: 1 })
        expect(Object.keys(reported(made))).to.deep.equal(['1'])
        expect(made.warnings).to.deep.equal([`broker 0 advertises the unusable address "${host}":${port}`])
      })
    }

    it('cost the same at each answer, however many topics are known', async () => {
      const stepsFor = (topics: number): Promise<number> => {
        const made = new Taking()
        for (let i = 0; i < topics; i++) {
          made.metadata.set(`known ${i}`, [{ topic: `known ${i}`, partitionId: 0, leaderId: i % 3 }])
        }
        return countSteps(async () => made.take(brokersOf(0, 1, 2), topicOf('t', [0, 0])))
      }
      expect((await stepsFor(2000)) / (await stepsFor(1000))).to.be.lessThan(1.1)
    })

    it('are not made up for leaders that an application has set', () => {
      const made = new Taking()
      made.metadata.set('mine', [{ topic: 'mine', partitionId: 0, leaderId: 5 }])
      made.take(brokersOf(0), topicOf('t', [0, 0]))
      expect(reported(made)).to.deep.equal({ 0: { host: 'b0', port: 9092 } })
    })
  })

  describe('what an answer brought', () => {
    /** [topic, hasError, isChanged] */
    const changes = ({ topics }: MetadataUpdate) =>
      topics.map(({ topic, hasError, isChanged }) => [topic, hasError, isChanged])

    it('is a change where a topic, a leader, its address or an id is new', () => {
      const { metadata } = new Taking()
      const wanted = new Set(['t'])
      const id = Buffer.alloc(16, 1)
      const moved = [{ nodeId: 1, host: 'moved', port: 9092 }]
      const answers = [
        describing(brokersOf(0, 1), topicOf('t', [0, 0])),
        describing(brokersOf(0, 1), topicOf('t', [0, 1])),
        describing(moved, topicOf('t', [0, 1])),
        describing(moved, { ...topicOf('t', [0, 1]), topicId: id }),
      ]
      for (const answer of answers) {
        expect(changes(metadata.take(wanted, answer))).to.deep.equal([['t', false, true]])
        expect(changes(metadata.take(wanted, answer))).to.deep.equal([['t', false, false]])
      }
    })

    it('is an error for a topic that has one and for one that is left out', () => {
      const { metadata } = new Taking()
      const answer = describing(brokersOf(0), topicError('bad', 3), topicOf('t', [0, 0]))
      expect(changes(metadata.take(new Set(['absent', 'bad', 't']), answer))).to.deep.equal([
        ['bad', true, false],
        ['t', false, true],
        ['absent', true, false],
      ])
    })

    it('that came unasked is kept of topics that are known, which stay stale', () => {
      const { metadata } = new Taking()
      metadata.set('t', [{ topic: 't', partitionId: 0, leaderId: 0 }])
      metadata.markStale(['t'])
      metadata.learn(['t', 'new'], describing(brokersOf(1), topicOf('t', [0, 1]), topicOf('new', [0, 1])))
      expect(leadersOf(metadata, 't')).to.deep.equal({ 0: 1 })
      expect([metadata.isFresh('t'), metadata.isCached('new')]).to.deep.equal([false, false])
    })
  })
})

import { expect } from 'chai'
import fc from 'fast-check'
import sinon from 'sinon'
import type { TopicPartitions } from '../../lib/cluster/topic-partitions.js'
import { ConnectionError, MetadataError, PartitionerError } from '../../lib/errors.js'
import {
  bindToPartition,
  type CollateContext,
  type Collated,
  partitionAndCollate,
} from '../../lib/handler/partition-and-collate.js'
import type { Partitioner } from '../../lib/handler/partitioners/partitioner.js'
import type { PendingMessage } from '../../lib/handler/pending-message.js'
import { pendingOf, textOf, textsOf } from './support/pending-messages.js'
import { partitionsOf } from './support/topics.js'

const modulo: Partitioner = { partition: (key, count) => Number(key) % count }

interface World {
  topics?: Record<string, Record<number, number | null> | MetadataError>
  partitioner?: Partitioner
  sticky?: Record<string, number>
  random?: () => number
}

function contextOf({
  topics = { t: { 0: 0, 1: 1 } },
  partitioner = modulo,
  sticky = {},
  random,
}: World = {}) {
  const known = new Map<string, TopicPartitions | MetadataError>(
    Object.entries(topics).map(([name, topic]) => [
      name,
      topic instanceof MetadataError ? topic : partitionsOf(name, topic),
    ]),
  )
  return {
    partitioner,
    topic: (name) => known.get(name) ?? new MetadataError(`nothing is known of ${name}`, { topic: name }),
    stickyPartitions: new Map(Object.entries(sticky)),
    random: random ?? (() => 0),
  } satisfies CollateContext
}

/** leader → `topic/partition: texts`. */
function shapeOf({ batchesByLeader }: Collated): Record<number, string[]> {
  return Object.fromEntries(
    [...batchesByLeader].map(([leader, batches]) => [
      leader,
      batches.map(
        ({ topic, partition, messages }) => `${topic}/${partition}: ${textsOf(messages).join(' ')}`,
      ),
    ]),
  )
}

function rejectedOf({ rejections }: Collated): [string, string][] {
  return rejections.map(({ message: pending, error }) => [textOf(pending), `${error.name}: ${error.message}`])
}

describe('partitionAndCollate', () => {
  // Upstream: AsyncProducerTest.testPartitionAndCollateEvents.
  it('makes one batch per partition and groups batches by leader, with partKey before key', () => {
    const context = contextOf({ topics: { topic1: { 0: 0, 1: 1 }, topic2: { 0: 0, 1: 1 } } })
    const collated = partitionAndCollate(
      [
        pendingOf('msg1', { topic: 'topic1', key: 0 }),
        pendingOf('msg2', { topic: 'topic2', key: -99, partKey: 1 }),
        pendingOf('msg3', { topic: 'topic1', key: 2 }),
        pendingOf('msg4', { topic: 'topic1', key: -101, partKey: 3 }),
        pendingOf('msg5', { topic: 'topic2', key: 4 }),
      ],
      context,
    )
    expect(shapeOf(collated)).to.deep.equal({
      0: ['topic1/0: msg1 msg3', 'topic2/0: msg5'],
      1: ['topic2/1: msg2', 'topic1/1: msg4'],
    })
    expect(collated.rejections).to.deep.equal([])
  })

  it('notes the partition on each message', () => {
    const messages = [pendingOf('a', { key: 1 }), pendingOf('b')]
    partitionAndCollate(messages, contextOf({ topics: { t: { 0: 7, 1: 7 } }, random: () => 0.1 }))
    expect(messages.map(({ partition }) => partition)).to.deep.equal([1, 0])
  })

  it('shares one error among messages rejected for the same reason', () => {
    const context = contextOf({ topics: { t: { 0: null, 1: null }, u: { 0: null } } })
    const messages = [0, 1, 0, 1, null, null].map((key) => pendingOf('m', { key }))
    const other = pendingOf('m', { topic: 'u', key: 0 })
    const { rejections } = partitionAndCollate([...messages, other], context)
    expect(rejections).to.have.length(7)
    expect(new Set(rejections.map(({ error }) => error)).size).to.equal(4)
  })

  it('returns nothing without messages', () => {
    const collated = partitionAndCollate([], contextOf())
    expect([collated.batchesByLeader.size, collated.rejections]).to.deep.equal([0, []])
  })

  it('looks each topic up once, also where topics alternate', () => {
    const context = contextOf({ topics: { t: { 0: 0 }, u: { 0: 0 } } })
    const topic = sinon.spy(context.topic)
    const messages = ['t', 'u', 't', 'u'].map((name) => pendingOf(name, { topic: name }))
    partitionAndCollate(messages, { ...context, topic })
    expect(topic.args).to.deep.equal([['t'], ['u']])
  })

  it('accepts topics named like inherited properties', () => {
    const topics = Object.create(null) as Record<string, Record<number, number>>
    for (const name of ['__proto__', 'constructor', 'toString']) topics[name] = { 0: 5 }
    const collated = partitionAndCollate(
      Object.keys(topics).map((topic) => pendingOf('m', { topic })),
      contextOf({ topics }),
    )
    expect(shapeOf(collated)).to.deep.equal({ 5: ['__proto__/0: m', 'constructor/0: m', 'toString/0: m'] })
  })

  describe('for an unknown topic', () => {
    it('rejects its messages with the reason, and batches their neighbours', () => {
      const reason = new MetadataError('topic x is not available', { topic: 'x' })
      const context = contextOf({ topics: { t: { 0: 3 }, x: reason } })
      const collated = partitionAndCollate(
        [
          pendingOf('a'),
          pendingOf('bad', { topic: 'x' }),
          pendingOf('b'),
          pendingOf('worse', { topic: 'x' }),
        ],
        context,
      )
      expect(shapeOf(collated)).to.deep.equal({ 3: ['t/0: a b'] })
      expect(collated.rejections.map(({ error }) => error)).to.deep.equal([reason, reason])
      expect(textsOf(collated.rejections.map(({ message: pending }) => pending))).to.deep.equal([
        'bad',
        'worse',
      ])
    })

    it('does not ask the partitioner', () => {
      const partition = sinon.fake.returns(0)
      partitionAndCollate([pendingOf('a', { key: 1 })], contextOf({ topics: {}, partitioner: { partition } }))
      expect(partition.callCount).to.equal(0)
    })
  })

  describe('with a key', () => {
    it('passes the original key and the number of all partitions to the partitioner', () => {
      const partition = sinon.fake.returns(0)
      const key = { id: 1 }
      const topics = { t: { 0: 0, 1: null, 2: 2 } }
      partitionAndCollate([pendingOf('a', { key })], contextOf({ topics, partitioner: { partition } }))
      expect(partition.args).to.deep.equal([[key, 3]])
    })

    it('calls the partitioner as a method of its object', () => {
      class Fixed {
        readonly answer = 1
        partition(): number {
          return this.answer
        }
      }
      const collated = partitionAndCollate(
        [pendingOf('a', { key: 'k' })],
        contextOf({ partitioner: new Fixed() }),
      )
      expect(shapeOf(collated)).to.deep.equal({ 1: ['t/1: a'] })
    })

    it('takes the partitioner’s answer as a position in the list sorted by id', () => {
      const topics = { t: { 7: 1, 2: 0, 11: 2 } }
      const collated = partitionAndCollate(
        [pendingOf('a', { key: 0 }), pendingOf('b', { key: 1 }), pendingOf('c', { key: 2 })],
        contextOf({ topics }),
      )
      expect(shapeOf(collated)).to.deep.equal({ 0: ['t/2: a'], 1: ['t/7: b'], 2: ['t/11: c'] })
    })

    it('rejects a message for a partition without a leader with a retriable error that names it', () => {
      const topics = { t: { 0: 0, 1: null } }
      const messages = [pendingOf('a', { key: 1 }), pendingOf('b', { key: 0 })]
      const collated = partitionAndCollate(messages, contextOf({ topics }))
      expect(shapeOf(collated)).to.deep.equal({ 0: ['t/0: b'] })
      expect(collated.rejections[0]!.error).to.include({
        name: 'MetadataError',
        message: 't/1 has no leader at the moment',
        retriable: true,
        topic: 't',
        partition: 1,
      })
      expect(messages[0]!.partition).to.equal(1)
    })

    // Upstream: AsyncProducerTest.testInvalidPartition, testPartitioner…; docs/reference/faults.md#one-bad-message.
    for (const [title, answer, named] of [
      ['−1', -1, '-1'],
      ['the number of partitions', 2, '2'],
      ['NaN', Number.NaN, 'NaN'],
      ['a fraction', 1.5, '1.5'],
      ['infinity', Number.POSITIVE_INFINITY, 'Infinity'],
      ['undefined', undefined, 'something of type undefined'],
      ['a numeral', '1', 'something of type string'],
      ['a bigint', 1n, 'something of type bigint'],
      ['a promise', Promise.resolve(1), 'something of type object'],
      ['an object that has no text', Object.create(null), 'something of type object'],
      ['null', null, 'something of type object'],
    ] as const) {
      it(`fails only the message for which the partitioner answers ${title}`, () => {
        const partitioner = { partition: (key: unknown) => (key === 'bad' ? answer : 0) } as Partitioner
        const collated = partitionAndCollate(
          ['a', 'bad', 'b'].map((key) => pendingOf(key, { key })),
          contextOf({ partitioner }),
        )
        expect(shapeOf(collated)).to.deep.equal({ 0: ['t/0: a b'] })
        expect(rejectedOf(collated)).to.deep.equal([
          [
            'bad',
            `PartitionerError: the partitioner answered ${named} for a message to t, where 0 to 1 exist`,
          ],
        ])
        expect(collated.rejections[0]!.error.retriable).to.equal(false)
      })
    }

    it('takes −0 for 0', () => {
      const collated = partitionAndCollate(
        [pendingOf('a', { key: 'k' }), pendingOf('b', { key: 'l' })],
        contextOf({ partitioner: { partition: (key) => (key === 'k' ? -0 : 0) } }),
      )
      expect(shapeOf(collated)).to.deep.equal({ 0: ['t/0: a b'] })
    })

    it('rejects only the message for which the partitioner throws, with the error as cause and without its text', () => {
      const thrown = new TypeError('secret-key')
      const partitioner: Partitioner = {
        partition: (key) => {
          if (key === 'bad') throw thrown
          return 1
        },
      }
      const collated = partitionAndCollate(
        ['bad', 'a'].map((key) => pendingOf(key, { key })),
        contextOf({ partitioner }),
      )
      expect(shapeOf(collated)).to.deep.equal({ 1: ['t/1: a'] })
      expect(collated.rejections[0]!.error).to.be.instanceOf(PartitionerError)
      expect(collated.rejections[0]!.error).to.include({
        message: 'the partitioner threw TypeError for a message to t',
        cause: thrown,
        retriable: false,
      })
    })

    it('passes a KafkaError of the partitioner on', () => {
      const refusal = new PartitionerError('takes bytes')
      const partitioner: Partitioner = {
        partition: () => {
          throw refusal
        },
      }
      const { rejections } = partitionAndCollate([pendingOf('a', { key: 'k' })], contextOf({ partitioner }))
      expect(rejections[0]!.error).to.equal(refusal)
    })

    for (const thrown of ['secret', undefined, null, Object.create(null)]) {
      it(`rejects the message where the partitioner throws a value of type ${typeof thrown}`, () => {
        const partitioner: Partitioner = {
          partition: () => {
            throw thrown
          },
        }
        const { rejections } = partitionAndCollate([pendingOf('a', { key: 'k' })], contextOf({ partitioner }))
        expect(rejections[0]!.error.message).to.equal(
          `the partitioner threw something of type ${typeof thrown} for a message to t`,
        )
      })
    }
  })

  describe('without a key', () => {
    // Upstream: AsyncProducerTest.testRandomPartitioner.
    it('does not call the partitioner', () => {
      const partition = sinon.fake.returns(0)
      const topics = { topic1: { 0: 0 }, topic2: { 0: 0 } }
      const collated = partitionAndCollate(
        [
          pendingOf('a', { topic: 'topic1' }),
          pendingOf('b', { topic: 'topic2' }),
          pendingOf('c', { topic: 'topic1' }),
        ],
        contextOf({ topics, partitioner: { partition } }),
      )
      expect(shapeOf(collated)).to.deep.equal({ 0: ['topic1/0: a c', 'topic2/0: b'] })
      expect(partition.callCount).to.equal(0)
    })

    for (const [chance, partition] of [
      [0, 2],
      [0.3333, 2],
      [0.3334, 5],
      [0.6667, 9],
      [0.9999999999999999, 9],
    ] as const) {
      it(`chooses a random partition with a leader: ${chance} → ${partition}`, () => {
        const topics = { t: { 2: 0, 3: null, 5: 0, 9: 0 } }
        const context = contextOf({ topics, random: () => chance })
        expect(shapeOf(partitionAndCollate([pendingOf('a')], context))).to.deep.equal({
          0: [`t/${partition}: a`],
        })
        expect(context.stickyPartitions.get('t')).to.equal(partition)
      })
    }

    it('keeps the sticky partition within a call and in later ones', () => {
      const random = sinon.fake.returns(0.99)
      const context = contextOf({ random })
      partitionAndCollate([pendingOf('a'), pendingOf('b')], context)
      const later = partitionAndCollate([pendingOf('c')], context)
      expect(shapeOf(later)).to.deep.equal({ 1: ['t/1: c'] })
      expect(random.callCount).to.equal(1)
    })

    it('keeps a sticky partition per topic', () => {
      const context = contextOf({ topics: { t: { 0: 0, 1: 0 }, u: { 0: 0, 1: 0 } }, sticky: { t: 1, u: 0 } })
      const collated = partitionAndCollate([pendingOf('a'), pendingOf('b', { topic: 'u' })], context)
      expect(shapeOf(collated)).to.deep.equal({ 0: ['t/1: a', 'u/0: b'] })
    })

    it('finds the sticky partition by its id where ids have gaps', () => {
      const context = contextOf({ topics: { t: { 4: 0, 8: 1 } }, sticky: { t: 8 } })
      expect(shapeOf(partitionAndCollate([pendingOf('a')], context))).to.deep.equal({ 1: ['t/8: a'] })
    })

    it('chooses a new sticky partition when the old one has no leader', () => {
      const context = contextOf({ topics: { t: { 0: null, 1: 4 } }, sticky: { t: 0 } })
      expect(shapeOf(partitionAndCollate([pendingOf('a')], context))).to.deep.equal({ 4: ['t/1: a'] })
      expect(context.stickyPartitions.get('t')).to.equal(1)
    })

    it('chooses a new sticky partition when the old one does not exist', () => {
      const context = contextOf({ topics: { t: { 0: 4 } }, sticky: { t: 3 } })
      expect(shapeOf(partitionAndCollate([pendingOf('a')], context))).to.deep.equal({ 4: ['t/0: a'] })
    })

    it('rejects with a retriable error when no partition has a leader, and keeps no sticky partition', () => {
      const context = contextOf({ topics: { t: { 0: null, 1: null } } })
      const { rejections } = partitionAndCollate([pendingOf('a')], context)
      expect(rejections[0]!.error).to.include({
        name: 'MetadataError',
        message: 'no partition of t has a leader at the moment',
        retriable: true,
        topic: 't',
      })
      expect(context.stickyPartitions.size).to.equal(0)
    })

    it('partitions by partKey where only that is given', () => {
      const collated = partitionAndCollate([pendingOf('a', { partKey: 3 })], contextOf())
      expect(shapeOf(collated)).to.deep.equal({ 1: ['t/1: a'] })
    })

    describe('and possibly stored by an earlier attempt', () => {
      function ambiguous(partition: number): PendingMessage {
        const pending = pendingOf('again')
        pending.partition = partition
        pending.addAttempt({
          atMs: 0,
          error: new ConnectionError('reset', { persistence: 'possibly-persisted' }),
        })
        return pending
      }

      it('keeps its partition though the sticky partition is another one', () => {
        const context = contextOf({ topics: { t: { 0: 0, 1: 1 } }, sticky: { t: 0 } })
        const collated = partitionAndCollate([ambiguous(1), pendingOf('new')], context)
        expect(shapeOf(collated)).to.deep.equal({ 1: ['t/1: again'], 0: ['t/0: new'] })
        expect(context.stickyPartitions.get('t')).to.equal(0)
      })

      it('is rejected with a retriable error while its partition has no leader', () => {
        const { rejections } = partitionAndCollate(
          [ambiguous(1)],
          contextOf({ topics: { t: { 0: 0, 1: null } } }),
        )
        expect(rejections[0]!.error.message).to.equal('t/1 has no leader at the moment')
      })

      it('moves to the sticky partition when its own does not exist', () => {
        const collated = partitionAndCollate([ambiguous(9)], contextOf({ sticky: { t: 1 } }))
        expect(shapeOf(collated)).to.deep.equal({ 1: ['t/1: again'] })
      })
    })

    it('moves to the sticky partition where the earlier attempt certainly stored nothing', () => {
      const pending = pendingOf('a')
      pending.partition = 1
      pending.addAttempt({ atMs: 0, error: new ConnectionError('refused') })
      expect(shapeOf(partitionAndCollate([pending], contextOf({ sticky: { t: 0 } })))).to.deep.equal({
        0: ['t/0: a'],
      })
    })
  })

  describe('where cycles overlap', () => {
    const keeping = (world: World): CollateContext => ({ ...contextOf(world), keepsPartitions: true })
    const grown = { topics: { t: { 0: 0, 1: 1, 2: 2 } } }

    it('keeps the first partition of a message with a key without calling the partitioner again', () => {
      const a = pendingOf('a', { key: 2 })
      partitionAndCollate([a], keeping({}))
      const partition = sinon.spy(modulo.partition)
      const collated = partitionAndCollate([a], keeping({ ...grown, partitioner: { partition } }))
      expect(shapeOf(collated)).to.deep.equal({ 0: ['t/0: a'] })
      sinon.assert.notCalled(partition)
    })

    it('rejects a message with a key with a retriable error while its partition has no leader', () => {
      const a = Object.assign(pendingOf('a', { key: 1 }), { partition: 0 })
      const { rejections } = partitionAndCollate([a], keeping({ topics: { t: { 0: null, 1: 1 } } }))
      expect(rejections.map(({ error }) => error.retriable)).to.deep.equal([true])
    })

    it('calls the partitioner again for a message whose partition does not exist', () => {
      const a = Object.assign(pendingOf('a', { key: 1 }), { partition: 7 })
      expect(shapeOf(partitionAndCollate([a], keeping({})))).to.deep.equal({ 1: ['t/1: a'] })
    })

    it('calls the partitioner at each attempt where cycles do not overlap, as the original', () => {
      const a = Object.assign(pendingOf('a', { key: 2 }), { partition: 0 })
      expect(shapeOf(partitionAndCollate([a], contextOf(grown)))).to.deep.equal({ 2: ['t/2: a'] })
    })
  })

  describe('for random messages and clusters', () => {
    const leaders = fc.option(fc.integer({ min: 0, max: 3 }), { nil: null })
    const cluster = fc.dictionary(
      fc.constantFrom('t', 'u', 'v'),
      fc.dictionary(fc.integer({ min: 0, max: 20 }).map(String), leaders, { minKeys: 1, maxKeys: 6 }),
      { noNullPrototype: true },
    )
    const messages = fc.array(
      fc.record({
        topic: fc.constantFrom('t', 'u', 'v', 'unknown'),
        key: fc.option(fc.integer({ min: -3, max: 30 }), { nil: null }),
      }),
      { maxLength: 60 },
    )
    /** Throws for some keys, leaves the range for others. */
    const moody: Partitioner = {
      partition: (key, count) => {
        if (key === 13) throw new Error('13')
        return Number(key) % (count + 1)
      },
    }

    it('puts each message into exactly one batch or rejects it, in order, with the right leader and partition', () => {
      fc.assert(
        fc.property(
          cluster,
          messages,
          fc.double({ min: 0, max: 0.999, noNaN: true }),
          (topics, given, chance) => {
            const messages = given.map(({ topic, key }, i) => pendingOf(`${i}`, { topic, key }))
            const context = contextOf({ topics, partitioner: moody, random: () => chance })
            const { batchesByLeader, rejections } = partitionAndCollate(messages, context)
            const batches = [...batchesByLeader].flatMap(([leader, list]) =>
              list.map((batch) => ({ leader, ...batch })),
            )

            const seen = [
              ...batches.flatMap((batch) => batch.messages),
              ...rejections.map(({ message: pending }) => pending),
            ]
            expect(seen).to.have.length(messages.length)
            expect(messages.every((pending) => seen.includes(pending))).to.equal(true)
            expect(new Set(batches.map(({ topic, partition }) => `${topic}/${partition}`)).size).to.equal(
              batches.length,
            )

            for (const { leader, topic, partition, messages: inBatch } of batches) {
              expect(topics[topic]![partition]).to.equal(leader)
              const positions = inBatch.map((pending) => messages.indexOf(pending))
              expect(positions).to.deep.equal([...positions].sort((a, b) => a - b))
              const ids = Object.keys(topics[topic]!).map(Number)
              for (const pending of inBatch) {
                const { partitionKey } = pending.message
                expect(pending.topic).to.equal(topic)
                if (partitionKey !== null)
                  expect(ids[moody.partition(partitionKey, ids.length)]).to.equal(partition)
                else expect(context.stickyPartitions.get(topic)).to.equal(partition)
              }
            }
            const rejectedAt = rejections.map(({ message: pending }) => messages.indexOf(pending))
            expect(rejectedAt).to.deep.equal([...rejectedAt].sort((a, b) => a - b))
          },
        ),
        { numRuns: 300 },
      )
    })
  })
})

describe('bindToPartition', () => {
  function bound(key: number | null, world?: World): number {
    const pending = pendingOf('a', { key })
    bindToPartition(pending, contextOf(world))
    return pending.partition
  }

  it('chooses the partition of a message that has a key, whether or not it has a leader', () => {
    expect(bound(1, { topics: { t: { 0: 0, 5: null } } })).to.equal(5)
  })

  it('does not bind a message without a key', () => {
    expect(bound(null)).to.equal(-1)
  })

  it('does not bind a message of an unknown topic, or without an answer of the partitioner', () => {
    expect([bound(1, { topics: {} }), bound(-1)]).to.deep.equal([-1, -1])
  })
})

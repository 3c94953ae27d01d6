import { expect } from 'chai'
import fc from 'fast-check'
import sinon from 'sinon'
import { MetadataError, PartitionerError } from '../../lib/errors.js'
import { partitionAndCollate } from '../../lib/handler/partition-and-collate.js'
import type { Partitioner } from '../../lib/handler/partitioners/partitioner.js'
import { contextOf, rejectedOf, shapeOf } from './support/collate.js'
import { pendingOf, textsOf } from './support/pending-messages.js'

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

  it('notes no partition on messages that it only looks at, rejected ones included', () => {
    const messages = [pendingOf('a', { key: 0 }), pendingOf('b', { key: 1 }), pendingOf('c')]
    const context = contextOf({ topics: { t: { 0: 7, 1: null } } })
    const { rejections } = partitionAndCollate(messages, context, false)
    expect(rejections.map(({ message }) => message)).to.deep.equal([messages[1]])
    expect(messages.map(({ partition }) => partition)).to.deep.equal([-1, -1, -1])
  })

  it('batches messages of one partition as the list that they come in', () => {
    const messages = ['a', 'b', 'c'].map((value) => pendingOf(value))
    const { batchesByLeader } = partitionAndCollate(messages, contextOf({ topics: { t: { 0: 7 } } }))
    expect(batchesByLeader.get(7)![0]!.messages).to.equal(messages)
  })

  it('leaves a message out of the batch that is rejected after others of one partition', () => {
    const messages = ['a', 'b', 'c'].map((value, i) => pendingOf(value, { key: i % 2 }))
    const collated = partitionAndCollate(messages, contextOf({ topics: { t: { 0: 7, 1: null } } }))
    expect(shapeOf(collated)).to.deep.equal({ 7: ['t/0: a c'] })
    expect(rejectedOf(collated)).to.have.length(1)
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

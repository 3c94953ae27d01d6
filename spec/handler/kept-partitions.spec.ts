import { expect } from 'chai'
import sinon from 'sinon'
import { ConnectionError } from '../../lib/errors.js'
import { bindToPartition, type CollateContext } from '../../lib/handler/choose-partition.js'
import { collateGroups, partitionAndCollate } from '../../lib/handler/partition-and-collate.js'
import type { PendingMessage } from '../../lib/handler/pending-message.js'
import { contextOf, modulo, shapeOf, type World } from './support/collate.js'
import { pendingOf } from './support/pending-messages.js'

describe('partitionAndCollate', () => {
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
})

describe('collateGroups', () => {
  const group = (partition: number, ...values: string[]) => ({
    topic: 't',
    partition,
    messages: values.map((value) =>
      Object.assign(pendingOf(value, partition < 0 ? {} : { key: 1 }), { partition }),
    ),
  })
  const collate = (world: World, ...groups: ReturnType<typeof group>[]) =>
    collateGroups(groups, { ...contextOf(world), keepsPartitions: true })

  it('puts groups into the batches of their partitions in order, and those without one where such messages go', () => {
    const collated = collate(
      { sticky: { t: 1 } },
      group(1, 'a', 'b'),
      group(0, 'c'),
      group(-1, 'd'),
      group(1, 'e'),
    )
    expect(shapeOf(collated)).to.deep.equal({ 0: ['t/0: c'], 1: ['t/1: a b d e'] })
  })

  it('leaves the list of a group as it is when another group goes to the same partition', () => {
    const first = group(0, 'a')
    collate({}, first, group(0, 'b'))
    expect(first.messages).to.have.lengthOf(1)
  })

  it('rejects every message of a group while its partition has no leader', () => {
    const { rejections } = collate({ topics: { t: { 0: null, 1: 1 } } }, group(0, 'a', 'b'))
    expect(rejections.map(({ error }) => error.retriable)).to.deep.equal([true, true])
  })

  it('calls the partitioner for each message of a group whose partition does not exist', () => {
    expect(shapeOf(collate({}, group(7, 'a', 'b')))).to.deep.equal({ 1: ['t/1: a b'] })
  })

  it('rejects every message of a group whose topic is not known', () => {
    expect(collate({ topics: {} }, group(0, 'a', 'b')).rejections).to.have.lengthOf(2)
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

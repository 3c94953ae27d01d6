/** Messages whose partition the user has named. */
import { expect } from 'chai'
import sinon from 'sinon'
import { ConnectionError, UnknownPartitionError } from '../../lib/errors.js'
import { collateGroups, partitionAndCollate } from '../../lib/handler/partition-and-collate.js'
import { contextOf, shapeOf } from './support/collate.js'
import { pendingOf, textsOf } from './support/pending-messages.js'

describe('A message with a given partition', () => {
  it('goes to that partition, with or without a key, and no partitioner is called', () => {
    const partition = sinon.fake.returns(0)
    const context = contextOf({ partitioner: { partition } })
    const collated = partitionAndCollate(
      [pendingOf('a', { partition: 1 }), pendingOf('b', { key: 'k', partition: 1 })],
      context,
    )
    expect(shapeOf(collated)).to.deep.equal({ 1: ['t/1: a b'] })
    expect(partition.callCount).to.equal(0)
  })

  it('leaves the sticky partition of messages without a key as it is', () => {
    const context = contextOf({ sticky: { t: 0 } })
    const messages = [pendingOf('a'), pendingOf('b', { partition: 1 }), pendingOf('c')]
    expect(shapeOf(partitionAndCollate(messages, context))).to.deep.equal({ 0: ['t/0: a c'], 1: ['t/1: b'] })
    expect(context.stickyPartitions.get('t')).to.equal(0)
  })

  it('makes no partition sticky', () => {
    const context = contextOf()
    partitionAndCollate([pendingOf('a', { partition: 1 })], context)
    expect(context.stickyPartitions.size).to.equal(0)
  })

  it('keeps its partition on a retry, though that has no leader any more', () => {
    const message = pendingOf('a', { partition: 1 })
    partitionAndCollate([message], contextOf())
    message.addAttempt({ atMs: 1, error: new ConnectionError('refused') })
    const { rejections } = partitionAndCollate([message], contextOf({ topics: { t: { 0: 0, 1: null } } }))
    expect(rejections.map(({ error }) => error.message)).to.deep.equal(['t/1 has no leader at the moment'])
    expect(message.partition).to.equal(1)
  })

  it('is found by its id where ids have gaps', () => {
    const context = contextOf({ topics: { t: { 2: 0, 5: 7 } } })
    expect(shapeOf(partitionAndCollate([pendingOf('a', { partition: 5 })], context))).to.deep.equal({
      7: ['t/5: a'],
    })
  })

  it('fails alone where its topic has no such partition, and the error says how many there are', () => {
    const messages = [
      pendingOf('a', { partition: 0 }),
      pendingOf('bad', { partition: 2 }),
      pendingOf('b', { partition: 0 }),
      pendingOf('worse', { partition: 2, key: 1 }),
    ]
    const collated = partitionAndCollate(messages, contextOf())
    expect(shapeOf(collated)).to.deep.equal({ 0: ['t/0: a b'] })
    const { rejections } = collated
    expect(textsOf(rejections.map(({ message }) => message))).to.deep.equal(['bad', 'worse'])
    const [{ error }, other] = rejections as [(typeof rejections)[0], (typeof rejections)[0]]
    expect(error).to.be.instanceOf(UnknownPartitionError)
    expect(error).to.include({ topic: 't', partition: 2, partitionCount: 2, retriable: true })
    expect(other.error).to.equal(error)
  })

  it('fails alone in a group whose partition its topic has not', () => {
    const bad = pendingOf('bad', { partition: 2 })
    const good = pendingOf('good', { partition: 0 })
    const groups = [
      { topic: 't', partition: 2, messages: [bad] },
      { topic: 't', partition: 0, messages: [good] },
    ]
    const collated = collateGroups(groups, contextOf())
    expect(shapeOf(collated)).to.deep.equal({ 0: ['t/0: good'] })
    expect(collated.rejections.map(({ message }) => message)).to.deep.equal([bad])
  })
})

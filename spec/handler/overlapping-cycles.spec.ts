/** DefaultEventHandler with more than one request in flight: cycles of several calls beside each other. */
import { expect } from 'chai'
import sinon from 'sinon'
import { DeliveryTimeoutError } from '../../lib/errors.js'
import { BrokerPartitionInfo } from '../../lib/handler/broker-partition-info.js'
import { DefaultEventHandler } from '../../lib/handler/default-event-handler.js'
import { StringEncoder } from '../../lib/handler/encoders/string-encoder.js'
import { silentLogger } from '../../lib/logger.js'
import { turns } from '../network/support/doubles.js'
import { gate } from '../pool/support/fake-sync-producer.js'
import { FakeClusterSource } from './support/fake-cluster-source.js'
import { FakePool } from './support/fake-pool.js'
import { OutcomeKeeper } from './support/outcome-keeper.js'
import { pendingOf } from './support/pending-messages.js'

const NOT_LEADER = 6

class Listener extends OutcomeKeeper {
  onRetry(): void {}
}

/** Topic t has partitions 0 and 1 at brokers 0 and 1. */
function makeHandler() {
  const pool = new FakePool()
  const source = new FakeClusterSource({ t: [0, 1] })
  const listener = new Listener()
  const info = new BrokerPartitionInfo({ source, logger: silentLogger, random: () => 0 })
  const partition = sinon.spy((key: unknown, count: number) => Number(key) % count)
  const handler = new DefaultEventHandler({
    pool: pool.asPool,
    brokerPartitionInfo: info,
    partitioner: { partition },
    encoders: {
      key: { toBytes: (key) => String(key) },
      value: new StringEncoder({ serializerEncoding: 'UTF8' }),
    },
    logger: silentLogger,
    listener,
    maxRetries: 3,
    retryBackoffMs: 100,
    refreshIntervalMs: 600_000,
    maxInFlight: 5,
    random: () => 0,
    acks: 1,
    requestTimeoutMs: 10_000,
    compression: null,
    compressedTopics: new Set(),
  })
  /** `a@1` is value a with key 1. */
  const dispatch = (...texts: string[]): Promise<void> =>
    handler.dispatch(
      texts.map((text) => {
        const [value, key] = text.split('@')
        return pendingOf(value!, { key: key === undefined ? null : Number(key) })
      }),
    )
  return { handler, pool, source, listener, partition, dispatch }
}

describe('DefaultEventHandler with overlapping cycles', () => {
  let clock: sinon.SinonFakeTimers
  beforeEach(() => {
    clock = sinon.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] })
  })

  it('starts a second cycle as soon as the first has chosen its partitions', async () => {
    const { pool, dispatch } = makeHandler()
    const held = gate()
    pool.before = ({ broker }) => (broker === 0 ? held.opened : undefined)
    const first = dispatch('a@0')
    const second = dispatch('b@0', 'c@1')
    await turns(5)
    expect(pool.wire).to.deep.equal(['0: t/0=a', '1: t/1=c'])
    held.open()
    await Promise.all([first, second])
    expect(pool.stored).to.deep.equal({ 't/0': ['a', 'b'], 't/1': ['c'] })
  })

  it('frees a partition for the next cycle when its leader has answered, though another leader has not', async () => {
    const { pool, dispatch } = makeHandler()
    await dispatch('warm@0')
    // What is called in the turn in which something ends is sent together.
    await turns(1)
    const held = gate()
    pool.before = ({ broker }) => (broker === 0 ? held.opened : undefined)
    const first = dispatch('a@0', 'b@1')
    const second = dispatch('c@0', 'd@1')
    await turns(5)
    expect(pool.wire.slice(1)).to.deep.equal(['0: t/0=a', '1: t/1=b', '1: t/1=d'])
    held.open()
    await Promise.all([first, second])
    expect(pool.stored['t/0']).to.deep.equal(['warm', 'a', 'c'])
  })

  it('keeps the partition of a message through its retries, though the topic has grown', async () => {
    const { pool, source, partition, dispatch } = makeHandler()
    await dispatch('warm@2')
    pool.refuse = (set) => (set.texts.includes('a') && pool.requests.length === 2 ? NOT_LEADER : undefined)
    const first = dispatch('a@2')
    await turns(5)
    source.topics.t = [0, 1, 0]
    await clock.tickAsync(100)
    await first
    await dispatch('b@2')
    expect(pool.stored).to.deep.equal({ 't/0': ['warm', 'a'], 't/2': ['b'] })
    sinon.assert.callCount(partition, 3)
  })

  it('ends all cycles on abort(), also those in back-off or waiting for a partition', async () => {
    const { handler, pool, listener, dispatch } = makeHandler()
    await dispatch('warm@0')
    pool.refuse = () => NOT_LEADER
    const cycles = [dispatch('a@0'), dispatch('b@1'), dispatch('c@0')]
    await turns(5)
    expect(pool.wire).to.have.length(3)
    handler.abort(new DeliveryTimeoutError('close gave up'))
    await Promise.all(cycles)
    expect(listener.failed).to.deep.equal({ a: 'close gave up', b: 'close gave up', c: 'close gave up' })
    expect(clock.countTimers()).to.equal(0)
  })

  it('moves messages without a key from a leaderless partition, before later ones', async () => {
    const { pool, source, dispatch } = makeHandler()
    await dispatch('warm')
    await turns(1)
    pool.refuse = (set) => (set.partition === 0 ? NOT_LEADER : undefined)
    source.topics.t = [null, 1]
    const cycles = [dispatch('a'), dispatch('b@1'), dispatch('c')]
    await turns(5)
    expect(pool.wire.slice(1)).to.deep.equal(['0: t/0=a'])
    await clock.tickAsync(1100)
    await Promise.all(cycles)
    expect(pool.stored['t/1']).to.deep.equal(['a', 'b', 'c'])
  })

  it('prepares a large call that waits, and sends what is prepared when its partitions are free', async () => {
    const { handler, pool, partition, dispatch } = makeHandler()
    pool.keepsConnections = true
    await dispatch('warm@0', 'warm@1')
    await turns(1)
    const held = gate()
    pool.before = () => held.opened
    const first = dispatch('a@0', 'b@1')
    const large = Array.from({ length: 2000 }, (_, i) => pendingOf(`c${i}`, { key: i % 2 }))
    const second = handler.dispatch(large)
    await turns(5)
    expect([pool.encodedAhead, pool.sentAhead]).to.deep.equal([2, 0])
    held.open()
    await Promise.all([first, second])
    expect(pool.sentAhead).to.equal(2)
    sinon.assert.callCount(partition, 4 + 2000)
    const odd = large.filter((_, i) => i % 2 === 1).map(({ message }) => message.message)
    expect(pool.stored['t/1']).to.deep.equal(['warm', 'b', ...odd])
  })

  it('DefaultEventHandler sends each leader what was prepared for it when that leader has answered, though another has not', async () => {
    const { handler, pool, dispatch } = makeHandler()
    pool.keepsConnections = true
    await dispatch('warm@0', 'warm@1')
    await turns(1)
    const held = [gate(), gate()]
    pool.before = ({ broker }) => held[broker]!.opened
    const first = dispatch('a@0', 'b@1')
    const large = Array.from({ length: 2000 }, (_, i) => pendingOf(`c${i}`, { key: i % 2 }))
    const second = handler.dispatch(large)
    await turns(5)
    expect([pool.encodedAhead, pool.sentAhead]).to.deep.equal([2, 0])
    held[1]!.open()
    await turns(5)
    expect(pool.sentAhead).to.equal(1)
    held[0]!.open()
    await Promise.all([first, second])
    expect([pool.encodedAhead, pool.sentAhead]).to.deep.equal([2, 2])
    for (const key of [0, 1]) {
      const theirs = large.filter((_, i) => i % 2 === key).map(({ message }) => message.message)
      expect(pool.stored[`t/${key}`]!.slice(2)).to.deep.equal(theirs)
    }
  })
})

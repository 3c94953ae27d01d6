/** DefaultEventHandler.prepare: the cycle after the one that is under way. */
import { expect } from 'chai'
import sinon from 'sinon'
import type { PendingMessage } from '../../lib/handler/pending-message.js'
import { turns } from '../network/support/doubles.js'
import { gate } from '../pool/support/fake-sync-producer.js'
import { makeHandler, messages, NOT_LEADER } from './support/event-handlers.js'

function partitionsOf(all: readonly PendingMessage[]): number[] {
  return all.map(({ partition }) => partition)
}

/** A cycle with message a is under way. */
async function whileUnderWay() {
  const partition = sinon.spy((key: unknown, count: number) => Number(key) % count)
  const toBytes = sinon.spy((value: unknown) => {
    if (value === 'bad') throw new Error('refused')
    return String(value)
  })
  const made = makeHandler({
    partitioner: { partition },
    encoders: { key: { toBytes: (key) => String(key) }, value: { toBytes } },
    retryBackoffMs: 0,
  })
  const { handler, pool } = made
  pool.keepsConnections = true
  await handler.dispatch(messages('warm@0', 'warm@1', 'warm'))
  const held = gate()
  pool.after = async (_, response) => {
    await held.opened
    return response
  }
  const first = handler.dispatch(messages('a@0'))
  await turns(1)
  partition.resetHistory()
  toBytes.resetHistory()
  pool.requests.length = 0
  const goOn = async (): Promise<void> => {
    held.open()
    await first
  }
  return { ...made, goOn, partition, toBytes }
}

describe('DefaultEventHandler with the next cycle prepared', () => {
  it('serializes, partitions and encodes ahead, and sends that when its turn comes', async () => {
    const { goOn, handler, partition, pool, toBytes } = await whileUnderWay()
    const next = messages('b@0', 'c@1', 'd')
    handler.prepare(next)
    expect([toBytes.callCount, partition.callCount, pool.encodedAhead]).to.deep.equal([3, 2, 2])
    await goOn()
    await handler.dispatch(next)
    expect([toBytes.callCount, partition.callCount, pool.sentAhead]).to.deep.equal([3, 2, 2])
    expect(pool.wire).to.deep.equal(['0: t/0=b,d', '1: t/1=c'])
    expect(partitionsOf(next)).to.deep.equal([0, 1, 0])
  })

  it('leaves no trace on messages before their turn', async () => {
    const { goOn, handler, listener, pool } = await whileUnderWay()
    const next = messages('b@0', 'c@1', 'd')
    handler.prepare(next)
    await turns(1)
    expect(partitionsOf(next)).to.deep.equal([-1, -1, -1])
    expect(next.map(({ isSettled }) => isSettled)).to.deep.equal([false, false, false])
    expect(pool.wire).to.deep.equal([])
    expect(listener.serialized.flat()).to.not.include('b')
    await goOn()
    await handler.dispatch(next)
  })

  it('chooses sticky partitions anew where the cycle under way has to be tried again', async () => {
    const { goOn, handler, pool } = await whileUnderWay()
    const next = messages('b', 'c@1')
    handler.prepare(next)
    pool.refuse = (set) => (set.texts.includes('a') && pool.requests.length === 1 ? NOT_LEADER : undefined)
    await goOn()
    await handler.dispatch(next)
    expect(next.every(({ isSettled }) => isSettled)).to.equal(true)
    expect(Object.values(pool.stored).flat()).to.have.members(['warm', 'warm', 'warm', 'a', 'b', 'c'])
  })

  it('begins from nothing where the metadata has changed meanwhile', async () => {
    const { goOn, handler, info, partition, pool } = await whileUnderWay()
    const next = messages('b@0', 'c@1')
    handler.prepare(next)
    info.set('t', [
      { topic: 't', partitionId: 0, leaderId: 1 },
      { topic: 't', partitionId: 1, leaderId: 0 },
    ])
    await goOn()
    await handler.dispatch(next)
    expect(partition.callCount).to.equal(4)
    expect([...pool.wire].sort()).to.deep.equal(['0: t/1=c', '1: t/0=b'])
    expect(pool.sentAhead).to.equal(0)
  })

  it('begins from nothing with other messages', async () => {
    const { goOn, handler, pool } = await whileUnderWay()
    const [b, c] = messages('b@0', 'c@0')
    handler.prepare([b!, c!])
    await goOn()
    await handler.dispatch([b!])
    await handler.dispatch([c!])
    expect([pool.wire, pool.sentAhead]).to.deep.equal([['0: t/0=b', '0: t/0=c'], 0])
  })

  it('prepares only their bytes where a topic has to be asked for', async () => {
    const { goOn, handler, partition, pool, toBytes } = await whileUnderWay()
    const next = messages('b@0', 'u/c')
    handler.prepare(next)
    expect([toBytes.callCount, partition.callCount, pool.encodedAhead]).to.deep.equal([2, 0, 0])
    await goOn()
    await handler.dispatch(next)
    expect([...pool.wire].sort()).to.deep.equal(['0: t/0=b', '2: u/0=c'])
  })

  it('calls an encoder that refuses a message once, and fails the message when its turn comes', async () => {
    const { goOn, handler, listener, toBytes } = await whileUnderWay()
    const next = messages('b@0', 'bad@0')
    handler.prepare(next)
    expect(listener.failed).to.deep.equal({})
    await goOn()
    await handler.dispatch(next)
    expect(toBytes.callCount).to.equal(2)
    expect(Object.keys(listener.failed)).to.deep.equal(['bad'])
    expect(listener.delivered.at(-1)).to.equal('t/0@3: b')
  })

  it('settles nothing and sends nothing where a partitioner throws, before the turn of the message', async () => {
    const { goOn, handler, listener, pool } = await whileUnderWay()
    const next = messages('b@-7', 'c@1')
    handler.prepare(next)
    expect([listener.failed, pool.wire]).to.deep.equal([{}, []])
    await goOn()
    await handler.dispatch(next)
    expect(Object.keys(listener.failed)).to.deep.equal(['b'])
    expect(pool.wire).to.deep.equal(['1: t/1=c'])
  })
})

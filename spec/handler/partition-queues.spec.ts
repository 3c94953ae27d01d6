import { expect } from 'chai'
import { Call } from '../../lib/handler/overlapping-call.js'
import { PartitionQueues } from '../../lib/handler/partition-queues.js'
import type { PendingMessage } from '../../lib/handler/pending-message.js'
import { pendingOf, serialized, textsOf } from './support/pending-messages.js'

function keyed(topic: string, partition: number, value = 'v'): PendingMessage {
  return Object.assign(serialized(value, { topic, key: 'k' }), { partition })
}

function keyless(topic: string, partition: number, value = 'v'): PendingMessage {
  return Object.assign(serialized(value, { topic }), { partition })
}

function ambiguous(pending: PendingMessage): PendingMessage {
  return Object.assign(pending, { isAmbiguous: true })
}

function makeQueues(bind: (pending: PendingMessage) => void = () => {}) {
  const queues = new PartitionQueues({ bind })
  /** @returns whether it goes with the run being collected. */
  const arrive = (pending: PendingMessage, mayGo = true): boolean => {
    const [chunk] = queues.split(new Call([pending], () => {}))
    return queues.arrive(chunk!, mayGo)
  }
  /** Collects a run of this many messages at most. */
  const collect = (most = 100): PendingMessage[] => {
    const messages: PendingMessage[] = []
    queues.collect({
      isComplete: true,
      add: (chunk) => messages.length < most && messages.push(...chunk.messages) > 0,
    })
    queues.endRun()
    return messages
  }
  const settle = (...messages: PendingMessage[]): void => {
    for (const pending of messages) {
      pending.isSettled = true
      queues.update([pending])
    }
  }
  return { queues, arrive, collect, settle }
}

describe('PartitionQueues', () => {
  /** What is on its way, what comes, whether that has to wait. */
  const rows: [string, PendingMessage, PendingMessage, boolean][] = [
    ['a key: the same partition', keyed('t', 1), keyed('t', 1), true],
    ['a key: another partition', keyed('t', 1), keyed('t', 2), false],
    ['a key: another topic', keyed('t', 1), keyed('u', 1), false],
    ['a key, partition not known: any of the topic', keyed('t', -1), keyed('t', 2), true],
    ['a key: one whose partition is not known', keyed('t', 1), keyed('t', -1), true],
    ['no key: any of the topic, since a retry may move it', keyless('t', 1), keyed('t', 2), true],
    ['a key: one without a key', keyed('t', 1), keyless('t', 2), true],
    ['no key: another topic', keyless('t', 1), keyless('u', 1), false],
    ['no key, may be stored already: the same partition', ambiguous(keyless('t', 1)), keyed('t', 1), true],
    ['no key, may be stored already: another partition', ambiguous(keyless('t', 1)), keyed('t', 2), false],
    ['a given partition: the same, with a key', pendingOf('v', { partition: 1 }), keyed('t', 1), true],
    ['a given partition: another one', pendingOf('v', { partition: 1 }), keyed('t', 2), false],
    [
      'a given partition: another given one',
      pendingOf('v', { partition: 1 }),
      pendingOf('v', { partition: 2 }),
      false,
    ],
    [
      'a partition key alone counts as a key',
      Object.assign(serialized('v', { partKey: 'p' }), { partition: 1 }),
      keyed('t', 2),
      false,
    ],
  ]
  for (const [title, there, comes, waits] of rows) {
    it(`${waits ? 'holds back' : 'releases'} messages behind a message of another run with ${title}`, () => {
      const { queues, arrive, collect, settle } = makeQueues()
      expect(arrive(there)).to.equal(true)
      queues.endRun()
      expect(arrive(comes)).to.equal(!waits)
      queues.endRun()
      settle(there)
      expect(collect()).to.deep.equal(waits ? [comes] : [])
    })

    it(`releases messages behind a message with ${title} into the same run`, () => {
      const { queues, arrive, collect, settle } = makeQueues()
      const [first, second] = [there, comes].map((pending) => Object.assign(pending, { isSettled: false }))
      expect(arrive(first!, false)).to.equal(false)
      expect(arrive(second!, false)).to.equal(false)
      expect(collect()).to.have.members([first, second])
      settle(first!, second!)
      expect(arrive(keyless(second!.topic, -1))).to.equal(true)
      queues.endRun()
    })
  }

  it('holds all messages back without a run', () => {
    const { arrive, collect } = makeQueues()
    expect([arrive(keyed('t', 0, 'a'), false), arrive(keyless('u', -1, 'b'), false)]).to.deep.equal([
      false,
      false,
    ])
    expect(textsOf(collect())).to.deep.equal(['a', 'b'])
  })

  it('goes through the partitions in the order in which they became free', () => {
    const { arrive, collect, settle } = makeQueues()
    const [a, b] = [keyed('t', 0, 'a'), keyed('t', 1, 'b')]
    for (const one of [a, b, keyed('t', 0, 'c'), keyed('t', 1, 'd'), keyed('t', 2, 'e')]) arrive(one, false)
    expect(textsOf(collect(2))).to.deep.equal(['a', 'c'])
    expect(textsOf(collect(2))).to.deep.equal(['b', 'd'])
    expect(textsOf(collect(2))).to.deep.equal(['e'])
    settle(b, a)
    expect(collect()).to.deep.equal([])
  })

  it('keeps messages that a full run had no room for at the front', () => {
    const { arrive, collect, settle } = makeQueues()
    const texts = ['a', 'b', 'c']
    const [first, ...others] = texts.map((text) => keyed('t', 0, text))
    for (const one of [first!, ...others]) arrive(one, false)
    expect(collect(1)).to.deep.equal([first])
    expect(collect()).to.deep.equal([])
    settle(first!)
    expect(collect()).to.deep.equal(others)
  })

  it('frees the other partitions of a topic when the message that held the topic is bound to one', () => {
    const { queues, arrive, collect } = makeQueues()
    const there = keyless('t', -1)
    arrive(there)
    queues.endRun()
    for (const one of [keyed('t', 0, 'a'), keyed('t', 1, 'b')]) arrive(one, false)
    expect(collect()).to.deep.equal([])
    ambiguous(Object.assign(there, { partition: 0 }))
    queues.update([there])
    expect(textsOf(collect())).to.deep.equal(['b'])
  })

  it('holds both partitions of a message that moved because its topic shrank', () => {
    const { queues, arrive, collect, settle } = makeQueues()
    const [moved, other] = [keyed('t', 5), keyed('t', 0)]
    arrive(moved)
    queues.endRun()
    arrive(other)
    queues.endRun()
    moved.partition = 0
    queues.update([moved])
    arrive(keyed('t', 0, 'behind both'), false)
    settle(other)
    expect(collect()).to.deep.equal([])
    settle(moved)
    expect(textsOf(collect())).to.deep.equal(['behind both'])
  })

  it('releases together messages that are bound to the same partition at their release', () => {
    let isKnown = false
    const { arrive, collect } = makeQueues((pending) => {
      if (isKnown) pending.partition = 0
    })
    for (const one of [keyed('t', 0, 'a'), keyed('t', -1, 'b'), keyed('t', 0, 'c')]) arrive(one, false)
    isKnown = true
    expect(textsOf(collect())).to.deep.equal(['a', 'b', 'c'])
    expect(collect()).to.deep.equal([])
  })

  it('releases messages behind waiting messages that were settled', () => {
    const { queues, arrive, collect } = makeQueues()
    arrive(keyed('t', 0))
    queues.endRun()
    const [same, all] = [keyed('t', 0), keyless('t', -1)]
    for (const one of [same, all, keyed('t', 1, 'behind them')]) arrive(one, false)
    for (const one of [same, all]) {
      one.isSettled = true
      queues.drop(one)
    }
    expect(textsOf(collect())).to.deep.equal(['behind them'])
  })

  it('makes one chunk of the messages of a call that need the same, divided by one that needs their whole topic', () => {
    const { queues } = makeQueues()
    const call = new Call(
      [
        keyed('t', 0, 'a'),
        keyed('t', 1, 'b'),
        keyed('t', 0, 'c'),
        keyless('t', -1, 'd'),
        keyless('t', -1, 'e'),
        keyed('t', 0, 'f'),
        keyed('u', 0, 'g'),
        keyed('t', 0, 'h'),
      ],
      () => {},
    )
    const chunks = queues.split(call)
    expect(chunks.map(({ messages }) => textsOf(messages).join(' '))).to.deep.equal([
      'a c',
      'b',
      'd e',
      'f h',
      'g',
    ])
    expect(chunks.map(({ topic, partition, size }) => [topic, partition, size])).to.deep.equal([
      ['t', 0, 2],
      ['t', 1, 1],
      ['t', -1, 2],
      ['t', 0, 2],
      ['u', 0, 1],
    ])
  })

  it('calls the end of a call once, when the last of its messages is settled, in flight or not', () => {
    const { queues } = makeQueues()
    let ends = 0
    const messages = [keyed('t', 0, 'a'), keyed('t', 0, 'b'), keyed('t', 1, 'c')]
    for (const chunk of queues.split(new Call(messages, () => void ends++))) queues.arrive(chunk, true)
    Object.assign(messages[0]!, { isSettled: true, isInFlight: true })
    for (const one of messages.slice(1)) one.isSettled = true
    expect(queues.update(messages), 'those that hold nothing any more').to.equal(2)
    expect(ends).to.equal(1)
    messages[0]!.isInFlight = false
    expect(queues.update(messages)).to.equal(1)
    expect(ends).to.equal(1)
  })
})

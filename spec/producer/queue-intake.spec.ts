import { expect } from 'chai'
import { type KafkaError, MetadataError } from '../../lib/errors.js'
import { EventLoopYield } from '../../lib/event-loop.js'
import { SendAbortedError } from '../../lib/failure.js'
import type { PendingMessage } from '../../lib/handler/pending-message.js'
import { MessageQueue } from '../../lib/producer/message-queue.js'
import { QueueIntake } from '../../lib/producer/queue-intake.js'
import { pendingOf } from '../handler/support/pending-messages.js'

const full = new MetadataError('no room')

function makeIntake(capacity: number, timeoutMs: number, batchSize = 200, underWay = 0) {
  const queue = new MessageQueue<PendingMessage>({ capacity, maxBytes: null, bytesOf: () => 0 })
  const refused: [accepted: number, rejected: number][] = []
  let queued = 0
  const intake = new QueueIntake({
    queue,
    timeoutMs,
    batchSize,
    eventLoop: new EventLoopYield(),
    underWay: () => underWay,
    onQueued: () => void queued++,
    refuse: (accepted, rejected): KafkaError => {
      refused.push([accepted, rejected.length])
      return full
    },
  })
  return { queue, intake, refused, queued: () => queued }
}

const messages = (count: number): PendingMessage[] =>
  Array.from({ length: count }, (_, i) => pendingOf(`${i}`))

async function rejection(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => 'resolved',
    (error: unknown) => error,
  )
}

describe('QueueIntake', () => {
  it('queues messages and reports each time that the queue has grown', async () => {
    const { queue, intake, queued } = makeIntake(5, 0)
    await intake.put(pendingOf('a'))
    await intake.putAll(messages(3))
    expect([queue.size, queued()]).to.deep.equal([4, 4])
  })

  it('rejects with the error of what found no room, after the first of a call that was refused', async () => {
    const { queue, intake, refused } = makeIntake(3, 0)
    expect(await rejection(intake.putAll(messages(5)))).to.equal(full)
    expect(refused).to.deep.equal([[3, 2]])
    expect(queue.size).to.equal(3)
  })

  it('makes calls wait for a turn of the event loop where more than 20,000 messages, or two batches, are queued or being sent', async () => {
    for (const [batchSize, underWay, enough] of [
      [200, 0, 20_000],
      [200, 15_000, 5_000],
      [15_000, 0, 30_000],
    ] as const) {
      const { intake } = makeIntake(100_000, 0, batchSize, underWay)
      await intake.putAll(messages(enough))
      let isAccepted = false
      const accepted = intake.putAll(messages(64)).then(() => {
        isAccepted = true
      })
      for (let i = 0; i < 10; i++) await null
      expect(isAccepted, `with batches of ${batchSize}, ${underWay} being sent`).to.equal(false)
      await accepted
    }
  })

  it('lets a call that waits go on when there is room again, and says when none waits any more', async () => {
    const { queue, intake } = makeIntake(2, -1)
    const done = intake.putAll(messages(3))
    let isUnblocked = false
    const unblocked = intake.unblocked().then(() => {
      isUnblocked = true
    })
    await Promise.resolve()
    expect(isUnblocked).to.equal(false)
    queue.take(1)
    await Promise.all([done, unblocked])
    expect(queue.size).to.equal(2)
    await intake.unblocked()
  })

  it('rejects with a SendAbortedError when the signal ends the wait, and refuses nothing itself', async () => {
    const { intake, refused } = makeIntake(1, -1)
    await intake.put(pendingOf('a'))
    const controller = new AbortController()
    const ended = rejection(intake.put(pendingOf('b'), controller.signal))
    controller.abort(new Error('enough'))
    expect(await ended).to.be.instanceOf(SendAbortedError)
    expect(refused).to.deep.equal([])
  })
})

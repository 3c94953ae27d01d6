import { expect } from 'chai'
import { ConnectionError, DeliveryTimeoutError } from '../../lib/errors.js'
import { DeliveryError, FailedToSendMessageError, type MessageFailure } from '../../lib/failure.js'
import { PendingMessage } from '../../lib/handler/pending-message.js'
import { DeliverCall, SendCall } from '../../lib/producer/waiters.js'
import { pendingOf } from '../handler/support/pending-messages.js'

const gone = new ConnectionError('gone', { broker: 'b:1', persistence: 'possibly-persisted' })

function failureOf(
  { message, topic }: PendingMessage,
  partial: Partial<MessageFailure> = {},
): MessageFailure {
  return {
    message,
    topic,
    partition: 0,
    cause: gone,
    persistence: 'not-persisted',
    attempts: [],
    attemptCount: 0,
    ...partial,
  }
}

describe('SendCall', () => {
  function makeCall(...values: string[]) {
    const call = new SendCall()
    const messages = values.map((value) => pendingOf(value, { waiter: call }))
    return { call, messages, done: call.waitFor(messages) }
  }

  async function errorOf(done: Promise<void>): Promise<FailedToSendMessageError> {
    const error = await done.catch((thrown) => thrown)
    expect(error).to.be.instanceOf(FailedToSendMessageError)
    return error
  }

  it('resolves when the last message of the call was delivered, not earlier', async () => {
    const { call, done } = makeCall('a', 'b')
    let isOver = false
    void done.then(() => {
      isOver = true
    })
    call.delivered()
    await new Promise((resolve) => setImmediate(resolve))
    expect(isOver).to.equal(false)
    call.delivered()
    await done
  })

  it('rejects when the last message has its outcome, though an earlier one failed at once', async () => {
    const { call, messages, done } = makeCall('a', 'b')
    call.failed(failureOf(messages[0]!), messages[0]!)
    let isOver = false
    done.catch(() => {
      isOver = true
    })
    await new Promise((resolve) => setImmediate(resolve))
    expect(isOver).to.equal(false)
    call.delivered()
    expect((await errorOf(done)).message).to.equal('1 of 2 messages failed: t/0: gone (1 message)')
  })

  it('rejects with one entry per failed message, in the order of the call', async () => {
    const { call, messages, done } = makeCall('a', 'b', 'c', 'd')
    const failures = messages.map((pending) => failureOf(pending))
    for (const i of [3, 0, 2]) call.failed(failures[i]!, messages[i]!)
    call.delivered()
    expect((await errorOf(done)).failures).to.deep.equal([failures[0], failures[2], failures[3]])
  })

  it('keeps entries of one message object that was given twice apart', async () => {
    const call = new SendCall()
    const { message } = pendingOf('same')
    const messages = [new PendingMessage(message, call), new PendingMessage(message, call)]
    const done = call.waitFor(messages)
    const failures = messages.map((pending, partition) => failureOf(pending, { partition }))
    call.failed(failures[1]!, messages[1]!)
    call.failed(failures[0]!, messages[0]!)
    expect((await errorOf(done)).failures.map(({ partition }) => partition)).to.deep.equal([0, 1])
  })
})

describe('DeliverCall', () => {
  it('resolves with topic, partition and offset', async () => {
    const call = new DeliverCall()
    const pending = pendingOf('a')
    pending.partition = 3
    call.delivered(pending, 2n ** 60n, 'b:1', null)
    expect(await call.done).to.deep.equal({ topic: 't', partition: 3, offset: 2n ** 60n, broker: 'b:1' })
  })

  it('resolves with the timestamp of the broker, where it has one', async () => {
    const call = new DeliverCall()
    call.delivered(pendingOf('a'), 0n, 'b:1', 1_700_000_000_123)
    expect(await call.done).to.include({ timestampMs: 1_700_000_000_123 })
  })

  it('rejects with the failure of the message: its code, persistence, attempts, broker and cause', async () => {
    const call = new DeliverCall()
    const attempts = [{ atMs: 1, broker: 'b:1', error: gone }]
    call.failed(failureOf(pendingOf('secret'), { partition: 4, persistence: 'possibly-persisted', attempts }))
    const error = await call.done.catch((thrown) => thrown)
    expect(error).to.be.instanceOf(DeliveryError)
    expect(error).to.include({
      code: 'KAFKA_CONNECTION',
      persistence: 'possibly-persisted',
      attempts,
      cause: gone,
      broker: 'b:1',
      topic: 't',
      partition: 4,
      retriable: true,
      message: 't/4: gone',
    })
  })

  it('leaves the partition out where none was chosen', async () => {
    const call = new DeliverCall()
    call.failed(failureOf(pendingOf('a'), { partition: -1, cause: new DeliveryTimeoutError('late') }))
    const error = await call.done.catch((thrown) => thrown)
    expect(error).not.to.have.property('partition')
    expect(error.message).to.equal('t: late')
  })
})

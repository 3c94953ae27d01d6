import { expect } from 'chai'
import { ConnectionError, DeliveryTimeoutError } from '../../lib/errors.js'
import { DeliveryError, FailedToSendMessageError, type MessageFailure } from '../../lib/failure.js'
import type { Envelope } from '../../lib/handler/envelope.js'
import { DeliverCall, SendCall } from '../../lib/producer/waiters.js'
import { envelopeOf } from '../handler/support/envelopes.js'

const gone = new ConnectionError('gone', { broker: 'b:1', persistence: 'possibly-persisted' })

function failureOf({ message, topic }: Envelope, partial: Partial<MessageFailure> = {}): MessageFailure {
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
    const envelopes = values.map((value) => envelopeOf(value, { waiter: call }))
    return { call, envelopes, done: call.waitFor(envelopes) }
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
    const { call, envelopes, done } = makeCall('a', 'b')
    call.failed(failureOf(envelopes[0]!), envelopes[0]!)
    let isOver = false
    done.catch(() => {
      isOver = true
    })
    await new Promise((resolve) => setImmediate(resolve))
    expect(isOver).to.equal(false)
    call.delivered()
    expect((await errorOf(done)).message).to.equal('1 of 2 messages failed: t/0: gone (1 message)')
  })

  it('rejects with one entry per failed message, in the order of the call, whatever failed first', async () => {
    const { call, envelopes, done } = makeCall('a', 'b', 'c', 'd')
    const failures = envelopes.map((envelope) => failureOf(envelope))
    for (const i of [3, 0, 2]) call.failed(failures[i]!, envelopes[i]!)
    call.delivered()
    expect((await errorOf(done)).failures).to.deep.equal([failures[0], failures[2], failures[3]])
  })

  it('keeps entries of one message object that was given twice apart', async () => {
    const call = new SendCall()
    const { message } = envelopeOf('same')
    const envelopes = [envelopeOf('x'), envelopeOf('x')].map((envelope) =>
      Object.assign(envelope, { message }),
    )
    const done = call.waitFor(envelopes)
    const failures = envelopes.map((envelope, partition) => failureOf(envelope, { partition }))
    call.failed(failures[1]!, envelopes[1]!)
    call.failed(failures[0]!, envelopes[0]!)
    expect((await errorOf(done)).failures.map(({ partition }) => partition)).to.deep.equal([0, 1])
  })
})

describe('DeliverCall', () => {
  it('resolves with where the message was stored', async () => {
    const call = new DeliverCall()
    const envelope = envelopeOf('a')
    envelope.partition = 3
    call.delivered(envelope, 2n ** 60n, 'b:1', null)
    expect(await call.done).to.deep.equal({ topic: 't', partition: 3, offset: 2n ** 60n, broker: 'b:1' })
  })

  it('resolves with the time at which the broker has stamped the message, where it does', async () => {
    const call = new DeliverCall()
    call.delivered(envelopeOf('a'), 0n, 'b:1', 1_700_000_000_123)
    expect(await call.done).to.include({ timestampMs: 1_700_000_000_123 })
  })

  it('rejects with the failure of the message: its code, persistence, attempts, broker and cause', async () => {
    const call = new DeliverCall()
    const attempts = [{ atMs: 1, broker: 'b:1', error: gone }]
    call.failed(
      failureOf(envelopeOf('secret'), { partition: 4, persistence: 'possibly-persisted', attempts }),
    )
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
    call.failed(failureOf(envelopeOf('a'), { partition: -1, cause: new DeliveryTimeoutError('late') }))
    const error = await call.done.catch((thrown) => thrown)
    expect(error).not.to.have.property('partition')
    expect(error.message).to.equal('t: late')
  })
})

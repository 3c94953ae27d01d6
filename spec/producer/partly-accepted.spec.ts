import { inspect } from 'node:util'
import { expect } from 'chai'
import { type Producer, QueueFullError, SendAbortedError } from '../../lib/index.js'
import { holdUntil } from '../../lib/testing/index.js'
import { gate, rejection, Stage } from '../integration/support/stage.js'

const SECRET = 'secret payload'

describe('A send() of several messages that finds room for some of them', () => {
  let stage: Stage
  let open: () => void

  beforeEach(async () => {
    stage = new Stage({
      'producer.type': 'async',
      'batch.num.messages': 1,
      'queue.buffering.max.messages': 4,
    })
    await stage.start()
    stage.cluster.createTopic('t')
    stage.cluster.createTopic('other')
  })
  afterEach(() => stage.close())

  /** One message in flight, one in the queue: there is room for three. */
  async function nearlyFull(timeoutMs: number): Promise<Producer<unknown, unknown>> {
    const held = gate()
    open = held.open
    stage.cluster.faults.on('Produce', {}, holdUntil(held.opened))
    const producer = stage.producer({ 'queue.enqueue.timeout.ms': timeoutMs })
    await producer.send({ topic: 't', message: 'in flight' })
    await producer.send({ topic: 't', message: 'queued' })
    return producer
  }

  const message = (text: string, topic = 't') => ({ topic, message: `${SECRET} ${text}` })
  const five = [...['a', 'b', 'c', 'd'].map((text) => message(text)), message('e', 'other')]
  const textsOf = (error: QueueFullError | SendAbortedError): string[] =>
    error.rejected.map((rejected) => String(rejected.message).slice(SECRET.length + 1))

  async function refusal(producer: Producer<unknown, unknown>): Promise<QueueFullError> {
    const error = await rejection(producer.send(five))
    expect(error).to.be.instanceOf(QueueFullError)
    return error as unknown as QueueFullError
  }

  it('rejects with how many messages the queue accepted, and with all others in their order', async () => {
    const error = await refusal(await nearlyFull(0))
    expect(error.accepted).to.equal(3)
    expect(textsOf(error)).to.deep.equal(['d', 'e'])
    expect(error.message).to.contain('3 of 5 messages were accepted')
    open()
  })

  it('delivers the messages that were accepted, and sends none that was not', async () => {
    const producer = await nearlyFull(0)
    await refusal(producer)
    open()
    await producer.flush()
    expect(stage.values()).to.deep.equal(['in flight', 'queued', ...five.slice(0, 3).map((m) => m.message)])
    expect(stage.values('other')).to.deep.equal([])
  })

  it('accepts no message behind the first that found no room, even if there is room later', async () => {
    const producer = await nearlyFull(5)
    const error = await refusal(producer)
    expect([error.accepted, textsOf(error)]).to.deep.equal([3, ['d', 'e']])
    open()
    await producer.flush()
    expect(stage.values('other')).to.deep.equal([])
  })

  it('emits "dropped" once for each message that was not accepted, with the error of the call', async () => {
    const producer = await nearlyFull(0)
    const dropped: unknown[] = []
    producer.on('dropped', ({ message, error }) => dropped.push([message, error]))
    const error = await refusal(producer)
    expect(dropped).to.deep.equal(error.rejected.map((rejected) => [rejected, error]))
    open()
  })

  it('counts each message that was not accepted as dropped, under its own topic', async () => {
    const producer = await nearlyFull(0)
    await refusal(producer)
    const counts = producer.metrics().DroppedMessagesPerSec.map(({ tags, count }) => [tags.topic, count])
    expect(Object.fromEntries(counts)).to.deep.equal({ undefined: 2, t: 1, other: 1 })
    expect(producer.metrics().MessagesAccepted[0]!.count).to.equal(5)
    open()
  })

  it('shows none of its messages in the text, the inspection or the JSON of its error', async () => {
    const error = await refusal(await nearlyFull(0))
    const shown = [error.message, inspect(error, { depth: 10, showHidden: true }), JSON.stringify(error)]
    for (const text of shown) expect(text).not.to.contain(SECRET)
    expect(JSON.parse(shown[2]!)).to.include({ accepted: 3 })
    open()
  })

  it('rejects with accepted and rejected messages when a signal ends its wait, and emits no "dropped"', async () => {
    const producer = await nearlyFull(-1)
    let dropped = 0
    producer.on('dropped', () => dropped++)
    const controller = new AbortController()
    const sent = rejection(producer.send(five, { signal: controller.signal }))
    controller.abort()
    const error = (await sent) as unknown as SendAbortedError
    expect(error).to.be.instanceOf(SendAbortedError)
    expect([error.accepted, textsOf(error), dropped]).to.deep.equal([3, ['d', 'e'], 0])
    expect(error.message).to.contain('3 of 5 messages were accepted')
    open()
  })

  it('rejects with the only message of a call in rejected and 0 in accepted', async () => {
    const producer = await nearlyFull(0)
    await refusal(producer)
    const errors = await Promise.all([
      rejection(producer.send(message('x'))),
      rejection(producer.deliver(message('y'))),
    ])
    const [one, other] = errors as unknown as QueueFullError[]
    expect([one!.accepted, textsOf(one!)]).to.deep.equal([0, ['x']])
    expect([other!.accepted, textsOf(other!)]).to.deep.equal([0, ['y']])
    expect(one!.message).to.contain('; the message was not accepted.')
    open()
  })
})

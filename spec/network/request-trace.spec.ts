import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { inspect } from 'node:util'
import { expect } from 'chai'
import sinon from 'sinon'
import { ConnectionError } from '../../lib/errors.js'
import { type RequestMessage, RequestTrace } from '../../lib/network/request-trace.js'
import { produce } from '../../lib/protocol/messages/index.js'
import { PlainMessageSet } from '../../lib/protocol/records/message-set.js'
import { produceRequest, recordOf } from '../support/messages.js'
import { answerTo } from './support/answers.js'
import { clients, TIMEOUT_MS } from './support/clients.js'
import { rejectionOf } from './support/doubles.js'

const CHANNEL = 'kafka-classic-producer:request'

type Published = [event: string, message: RequestMessage]

describe('RequestTrace', () => {
  const all = clients()
  let published: Published[]
  const subscriptions: (() => void)[] = []

  function listenTo(...events: string[]): void {
    for (const event of events) {
      const onMessage = (message: unknown): void => void published.push([event, message as RequestMessage])
      subscribe(`${CHANNEL}:${event}`, onMessage)
      subscriptions.push(() => unsubscribe(`${CHANNEL}:${event}`, onMessage))
    }
  }

  beforeEach(() => {
    published = []
  })

  afterEach(() => {
    for (const unsubscribeOne of subscriptions.splice(0)) unsubscribeOne()
  })

  const start = () => RequestTrace.start('c1', 'b:1', 'Produce', 7, 66)

  it('is null without a subscriber', () => {
    expect(start()).to.equal(null)
  })

  for (const event of ['start', 'end', 'error']) {
    it(`exists with a subscriber to ${event} alone`, () => {
      listenTo(event)
      expect(start()).to.be.instanceOf(RequestTrace)
    })
  }

  it('publishes the start at once, and the end with its duration', async () => {
    const clock = sinon.useFakeTimers({ toFake: ['performance'] })
    listenTo('start', 'end', 'error')
    const trace = start()!
    const reported = { clientId: 'c1', broker: 'b:1', api: 'Produce', correlationId: 7, bytes: 66 }
    expect(published).to.deep.equal([['start', reported]])
    clock.tick(25)
    expect(await trace.follow(Promise.resolve('answer'))).to.equal('answer')
    expect(published[1]).to.deep.equal(['end', { ...reported, durationMs: 25 }])
    expect(published).to.have.length(2)
  })

  it('publishes a failure with its error, and fails with it', async () => {
    listenTo('start', 'end', 'error')
    const error = new ConnectionError('gone')
    expect(await rejectionOf(start()!.follow(Promise.reject(error)))).to.equal(error)
    expect(published.map(([event]) => event)).to.deep.equal(['start', 'error'])
    expect(published[1]![1].error).to.equal(error)
    expect(published[1]![1].durationMs).to.be.at.least(0)
  })

  it('publishes the same object at start and end', async () => {
    listenTo('start', 'end')
    await start()!.follow(Promise.resolve())
    expect(published[0]![1]).to.equal(published[1]![1])
  })

  it('publishes real requests, with and without an answer, without their content', async () => {
    listenTo('start', 'end', 'error')
    const { peer, client } = await all.withPeer((socket, request, nth) => {
      if (nth === 2) socket.write(answerTo(request))
    })
    const records = new PlainMessageSet(0, [recordOf('canary', 'canary')])
    const topics = [{ name: 't', partitions: [{ index: 0, records }] }]
    const request = (acks: number) => produceRequest({ acks, timeoutMs: 1, topics })
    await client.send(produce, request(0), { timeoutMs: TIMEOUT_MS })
    await client.request(produce, request(1), { timeoutMs: TIMEOUT_MS })
    expect(
      published.map(([event, { broker, api, correlationId }]) => [event, broker, api, correlationId]),
    ).to.deep.equal([
      ['start', peer.broker, 'Produce', 0],
      ['end', peer.broker, 'Produce', 0],
      ['start', peer.broker, 'Produce', 1],
      ['end', peer.broker, 'Produce', 1],
    ])
    expect(inspect(published, { depth: 20, showHidden: true })).not.to.include('canary')
  })
})

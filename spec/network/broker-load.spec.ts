/** What a connection and its session have to do, by which others choose whom to ask. */
import { expect } from 'chai'
import { ConnectionError } from '../../lib/errors.js'
import { BrokerSession } from '../../lib/network/broker-session.js'
import { metadata, metadataRequest, produce } from '../../lib/protocol/messages/index.js'
import { knownAs, produceRequest } from '../support/messages.js'
import { wire } from '../support/wire.js'
import { answerTo, headerOf, topicsOf } from './support/answers.js'
import { ask, clients, fakeTimeouts, TIMEOUT_MS } from './support/clients.js'
import { connectorOf } from './support/connectors.js'
import { turns, until } from './support/doubles.js'
import { onRequests, peers } from './support/peer.js'

const unanswered = produceRequest({ acks: 0, timeoutMs: 1, topics: [] })

describe('BrokerClient.load', () => {
  const all = clients()

  it('counts requests from their writing to their answers', async () => {
    const answers: (() => void)[] = []
    const { client } = await all.withPeer(
      (socket, request) => void answers.push(() => socket.write(answerTo(request))),
    )
    expect(client.load).to.equal(0)
    const asked = [ask(client), ask(client)]
    expect(client.load).to.equal(2)
    await until(() => answers.length === 2)
    answers[0]!()
    await asked[0]
    expect(client.load).to.equal(1)
    answers[1]!()
    await asked[1]
    expect(client.load).to.equal(0)
  })

  it('counts requests that have no answer until the broker has answered a later one', async () => {
    const { client } = await all.withPeer((socket, request) => {
      if (headerOf(request).apiKey === metadata.key) socket.write(answerTo(request))
    })
    const sent = client.send(produce, unanswered, { timeoutMs: TIMEOUT_MS })
    expect(client.load, 'while it is written').to.equal(1)
    await sent
    await client.send(produce, unanswered, { timeoutMs: TIMEOUT_MS })
    expect(client.load, 'once both are').to.equal(2)
    await ask(client)
    expect(client.load).to.equal(0)
  })

  it('is infinite while the broker holds requests back', async () => {
    const clock = fakeTimeouts()
    const { client } = await all.withPeer((socket, request) => {
      const { correlationId } = headerOf(request)
      // Metadata v6: throttle time, no broker, no cluster id, no controller, no topic.
      const header = wire().int32(correlationId).int32(400)
      socket.write(header.int32(0).nullableString(null).int32(-1).int32(0).framed())
    })
    await client.request(metadata, metadataRequest(['t']), { timeoutMs: TIMEOUT_MS, version: 6 })
    expect(client.load).to.equal(Number.POSITIVE_INFINITY)
    clock.tick(400)
    expect(client.load).to.equal(0)
  })
})

describe('A BrokerSession that several use', () => {
  const start = peers()
  let session: BrokerSession
  let closings: number

  beforeEach(() => {
    closings = 0
  })
  afterEach(() => session.close())

  /** A broker that answers when the spec lets it, what it was asked, and a session that knows its versions. */
  async function reaching() {
    const requests: Buffer[] = []
    const answers: (() => void)[] = []
    const peer = await start(
      onRequests((socket, request) => {
        requests.push(request)
        answers.push(() => socket.write(answerTo(request)))
      }),
    )
    session = new BrokerSession(peer.address, {
      connector: connectorOf(),
      requestTimeoutMs: TIMEOUT_MS,
      apiVersionsCache: knownAs('0.8.2'),
      onClosed: () => void closings++,
    })
    return { peer, requests, answers }
  }

  it('counts who waits for its connection, and then the requests in flight', async () => {
    const { answers } = await reaching()
    expect(session.load).to.equal(0)
    const waiting = [session.fetchMetadata(['t']), session.fetchMetadata(['u'])]
    expect(session.load, 'while connecting').to.equal(2)
    await until(() => answers.length === 2)
    expect(session.load, 'when both are written').to.equal(2)
    for (const answer of answers) answer()
    await Promise.all(waiting)
    expect(session.load).to.equal(0)
  })

  it('counts nobody any more when connecting has failed', async () => {
    const { peer } = await reaching()
    await peer.close()
    await session.fetchMetadata(['t']).catch(() => {})
    expect(session.load).to.equal(0)
  })

  it('writes a request for metadata in the turn of the call, so that nothing gets in front of it', async () => {
    const { requests, answers } = await reaching()
    const { connection } = await session.ready(['t'])
    const first = session.fetchMetadata(['first'])
    const second = connection.request(metadata, metadataRequest(['second']), { timeoutMs: TIMEOUT_MS })
    await until(() => answers.length === 2)
    expect(requests.map((request) => topicsOf(request)[0])).to.deep.equal(['first', 'second'])
    for (const answer of answers) answer()
    await Promise.all([first, second])
  })

  it('is closed with the last of its users, and says so once', async () => {
    await reaching()
    session.hold()
    session.release()
    expect([session.state, closings]).to.deep.equal(['idle', 0])
    session.release(new ConnectionError('not needed any more'))
    session.close()
    await turns()
    expect([session.state, closings]).to.deep.equal(['closed', 1])
  })
})

import type { Socket } from 'node:net'
import { expect } from 'chai'
import { ConnectionError } from '../../lib/errors.js'
import type { BrokerClient } from '../../lib/network/broker-client.js'
import { BrokerVersions } from '../../lib/network/broker-versions.js'
import {
  type MetadataResponse,
  metadata,
  metadataRequest,
  type ProduceRequest,
  produce,
} from '../../lib/protocol/messages/index.js'
import { produceRequest } from '../support/messages.js'
import { wire } from '../support/wire.js'
import { headerOf } from './support/answers.js'
import { clients, fakeTimeouts, TIMEOUT_MS } from './support/clients.js'
import { rejectionOf, turns, until } from './support/doubles.js'

const THROTTLE_MS = 400

/** Metadata v3 to v7, which begin with the throttle time: no broker, no cluster id, no controller, no topic. */
function throttledAnswer(correlationId: number, throttleTimeMs: number): Buffer {
  return wire()
    .int32(correlationId)
    .int32(throttleTimeMs)
    .int32(0)
    .nullableString(null)
    .int32(-1)
    .int32(0)
    .framed()
}

const unanswered: ProduceRequest = produceRequest({ acks: 0, timeoutMs: 1, topics: [] })

describe('BrokerClient with a quota', () => {
  const all = clients()

  /** A broker that throttles the first answer of a connection, and its client. */
  async function throttling(onRequest: (nth: number) => void = () => {}) {
    return all.withPeer((socket: Socket, request, nth) => {
      onRequest(nth)
      const { apiKey, correlationId } = headerOf(request)
      if (apiKey === metadata.key) socket.write(throttledAnswer(correlationId, nth === 1 ? THROTTLE_MS : 0))
    })
  }

  function ask(client: BrokerClient, version: number): Promise<MetadataResponse> {
    return client.request(metadata, metadataRequest(['t']), { timeoutMs: TIMEOUT_MS, version })
  }

  for (const version of [3, 5, 6, 7]) {
    it(`reports the throttle time of a broker, and resolves the request at once: Metadata v${version}`, async () => {
      fakeTimeouts()
      const { peer, client } = await throttling()
      expect((await ask(client, version)).throttleTimeMs).to.equal(THROTTLE_MS)
      expect(all.throttles).to.deep.equal([[peer.broker, THROTTLE_MS]])
    })
  }

  it('reports nothing for an answer that is not throttled', async () => {
    const { client } = await all.withPeer((socket, request) =>
      socket.write(throttledAnswer(headerOf(request).correlationId, 0)),
    )
    await ask(client, 6)
    expect(all.throttles).to.deep.equal([])
  })

  // KIP-219: since then the broker answers first and does not read on before the time limit has passed.
  it('holds further requests back for the throttle time from Metadata v6 on, and sends them in order', async () => {
    const clock = fakeTimeouts()
    let received = 0
    const { client } = await throttling((nth) => {
      received = nth
    })
    await ask(client, 6)
    const order: number[] = []
    const waiting = [1, 2].map((i) => ask(client, 6).then(() => order.push(i)))
    const written = client.send(produce, unanswered, { timeoutMs: TIMEOUT_MS, version: 3 })
    await clock.tickAsync(THROTTLE_MS - 1)
    await turns()
    expect(received).to.equal(1)
    await clock.tickAsync(1)
    await Promise.all([...waiting, written])
    await until(() => received === 4)
    expect(order).to.deep.equal([1, 2])
  })

  it('does not count the throttle time against the time limit of a request', async () => {
    const clock = fakeTimeouts()
    let received = 0
    const { client } = await throttling((nth) => {
      received = nth
    })
    await ask(client, 6)
    const waiting = client.request(metadata, metadataRequest(['t']), { timeoutMs: 100, version: 6 })
    await clock.tickAsync(THROTTLE_MS)
    await waiting
    expect(received).to.equal(2)
  })

  it('does not count the time in which the broker reads nothing against a request that is not read yet', async () => {
    const clock = fakeTimeouts()
    const arrived: [Socket, Buffer][] = []
    const { client } = await all.withPeer((socket, request) => arrived.push([socket, request]))
    const options = { timeoutMs: 100, version: 6 }
    const asked = [1, 2].map(() => client.request(metadata, metadataRequest(['t']), options))
    await until(() => arrived.length === 2)
    const [[socket, first], [, second]] = arrived as [[Socket, Buffer], [Socket, Buffer]]
    socket.write(throttledAnswer(headerOf(first).correlationId, THROTTLE_MS))
    await asked[0]
    clock.tick(THROTTLE_MS)
    await turns()
    socket.write(throttledAnswer(headerOf(second).correlationId, 0))
    expect(await asked[1]).to.include({ throttleTimeMs: 0 })
  })

  it('does not hold requests back before Metadata v6', async () => {
    fakeTimeouts()
    const { client } = await throttling()
    await ask(client, 5)
    await ask(client, 5)
    expect(all.throttles).to.have.length(1)
  })

  it('fails held-back requests when the connection ends', async () => {
    fakeTimeouts()
    const { client } = await throttling()
    await ask(client, 6)
    const rejected = rejectionOf(ask(client, 6))
    client.close(new ConnectionError('over'))
    expect(await rejected)
      .to.be.instanceOf(ConnectionError)
      .and.include({ persistence: 'not-persisted' })
  })

  it('holds a request back in the version of the broker', async () => {
    const clock = fakeTimeouts()
    const versions: number[] = []
    const { client } = await all.withPeer((socket, request, nth) => {
      const { apiVersion, correlationId } = headerOf(request)
      versions.push(apiVersion)
      socket.write(throttledAnswer(correlationId, nth === 1 ? THROTTLE_MS : 0))
    })
    client.useVersions(BrokerVersions.pinned('2.2'))
    const request = { timeoutMs: TIMEOUT_MS }
    await client.request(metadata, metadataRequest(['t']), request)
    const second = client.request(metadata, metadataRequest(['t']), request)
    await clock.tickAsync(THROTTLE_MS)
    await second
    expect(versions).to.deep.equal([7, 7])
  })
})

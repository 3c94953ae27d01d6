import { expect } from 'chai'
import { ConnectionError } from '../../lib/errors.js'
import { BrokerVersions } from '../../lib/network/broker-versions.js'
import { metadataRequest } from '../../lib/protocol/messages/index.js'
import { metadataResponse } from '../support/messages.js'
import { wire } from '../support/wire.js'
import { headerOf } from './support/answers.js'
import { ask, clients, TIMEOUT_MS } from './support/clients.js'
import { rejectionOf, turns, until } from './support/doubles.js'
import { closingOnEverything, kafka0_9, kafka2_8 } from './support/kinds-of-servers.js'

const nothing = metadataResponse({ brokers: [], topics: [] })

describe('The first two requests of a BrokerClient', () => {
  const all = clients()

  it('resolve with both answers', async () => {
    const { client } = await all.withPeer(kafka2_8)
    const { versions, metadata: answer } = client.probe(metadataRequest(['t']), TIMEOUT_MS)
    expect((await versions)!.apiKeys.map(({ apiKey }) => apiKey)).to.include.members([0, 3, 18])
    expect(await answer).to.deep.equal(nothing)
  })

  it('are sent in one write', async () => {
    const { peer, client } = await all.withPeer(() => {})
    const socket = await peer.socket()
    let first: Buffer | undefined
    socket.once('data', (chunk: Buffer) => {
      first = chunk
    })
    const { versions } = client.probe(metadataRequest(['test']), TIMEOUT_MS)
    versions.catch(() => {})
    await until(() => first !== undefined)
    const questions = wire()
      .raw(wire().requestHeader(18, 0, 0, 'c1').framed())
      .raw(wire().requestHeader(3, 0, 1, 'c1').int32(1).string('test').framed())
    expect(first).to.deep.equal(questions.build())
  })

  it('resolve with null for versions where only Metadata was answered', async () => {
    const { client } = await all.withPeer(kafka0_9)
    const { versions, metadata: answer } = client.probe(metadataRequest(['t']), TIMEOUT_MS)
    expect([await versions, await answer]).to.deep.equal([null, nothing])
  })

  it('fail together when the connection ends, without an unhandled rejection', async () => {
    const { client } = await all.withPeer(closingOnEverything)
    const { versions } = client.probe(metadataRequest(['t']), TIMEOUT_MS)
    expect(await rejectionOf(versions)).to.be.instanceOf(ConnectionError)
    await turns()
  })

  it('fail at once on a connection that has ended', async () => {
    const { client } = await all.withPeer(() => {})
    client.close(new ConnectionError('over'))
    const probe = client.probe(metadataRequest(['t']), TIMEOUT_MS)
    for (const answer of [probe.versions, probe.metadata]) {
      expect((await rejectionOf(answer)).message).to.match(/^the connection to \S+ is closed$/)
    }
  })

  it('leave later requests at version 0 until the versions are set', async () => {
    const seen: number[] = []
    const { client } = await all.withPeer((socket, request) => {
      seen.push(headerOf(request).apiVersion)
      kafka2_8(socket, request)
    })
    await client.probe(metadataRequest(['t']), TIMEOUT_MS).metadata
    await ask(client)
    client.useVersions(BrokerVersions.pinned('0.10.0'))
    expect(client.versions!.release).to.equal('0.10.0')
    const answered = rejectionOf(ask(client))
    await until(() => seen.length === 4)
    expect(seen).to.deep.equal([0, 0, 0, 1])
    client.close(new ConnectionError('over'))
    await answered
  })
})

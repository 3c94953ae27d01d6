import { expect } from 'chai'
import {
  ConnectionError,
  DecodeError,
  DeliveryTimeoutError,
  EncodeError,
  ProducerClosedError,
  RequestTimeoutError,
} from '../../lib/errors.js'
import type { BrokerClient } from '../../lib/network/broker-client.js'
import { metadata, metadataRequest, type ProduceRequest, produce } from '../../lib/protocol/messages/index.js'
import { vectorsOf } from '../protocol/support/vectors.js'
import { metadataResponse, produceRequest } from '../support/messages.js'
import { reading, wire } from '../support/wire.js'
import { answerTo, headerOf, metadataAnswer, topicsOf } from './support/answers.js'
import { ask, clients, fakeTimeouts, TIMEOUT_MS } from './support/clients.js'
import { rejectionOf, stallFor, turns, until } from './support/doubles.js'
import { deadAddress } from './support/peer.js'

/** More than the kernel takes for a peer that does not read. */
const MORE_THAN_BUFFERS = 32 * 1024 * 1024

const nothing = metadataResponse({ brokers: [], topics: [] })

function requestOf(bytes = 1): ProduceRequest {
  const records = Buffer.alloc(bytes)
  return produceRequest({
    acks: 0,
    timeoutMs: 1,
    topics: [{ name: 't', partitions: [{ index: 0, records }] }],
  })
}

describe('BrokerClient', () => {
  const all = clients()

  it('rejects when it cannot connect, and never reports a close', async () => {
    const error = await rejectionOf(all.clientOf(await deadAddress()))
    expect(error).to.be.instanceOf(ConnectionError).and.include({ persistence: 'not-persisted' })
    expect(all.ends).to.deep.equal([])
  })

  it('stops connecting when its signal is aborted', async () => {
    const address = await deadAddress()
    expect((await rejectionOf(all.clientOf(address, AbortSignal.abort()))).message).to.include('was given up')
  })

  describe('request', () => {
    it('sends what the Scala producer sent, and resolves with the decoded answer', async () => {
      const received: Buffer[] = []
      const { client } = await all.withPeer((socket, request) => {
        received.push(request)
        socket.write(metadataAnswer(headerOf(request).correlationId, [{ nodeId: 7, host: 'b', port: 9092 }]))
      })
      expect(await ask(client)).to.deep.equal(
        metadataResponse({ brokers: [{ nodeId: 7, host: 'b', port: 9092 }], topics: [] }),
      )
      expect(received).to.deep.equal([vectorsOf('scala-producer-0.8.2.2')('metadata-request').subarray(4)])
    })

    it('numbers its requests from 0 on each connection', async () => {
      const ids: number[] = []
      const { peer, client } = await all.withPeer((socket, request) => {
        ids.push(headerOf(request).correlationId)
        socket.write(answerTo(request))
      })
      for (let i = 0; i < 3; i++) await ask(client)
      await ask(await all.clientOf(peer.address))
      expect(ids).to.deep.equal([0, 1, 2, 0])
    })

    it('sends the next request before an answer, and assigns each answer to its request', async () => {
      const waiting: Buffer[] = []
      const { client } = await all.withPeer((socket, request) => {
        waiting.push(request)
        if (waiting.length < 3) return
        for (const one of waiting) {
          const nodeId = Number(topicsOf(one)[0])
          socket.write(metadataAnswer(headerOf(one).correlationId, [{ nodeId, host: 'b', port: 1 }]))
        }
      })
      const answers = await Promise.all(['1', '2', '3'].map((topic) => ask(client, topic)))
      expect(answers.map(({ brokers }) => brokers[0]!.nodeId)).to.deep.equal([1, 2, 3])
    })

    it('sends a request that was encoded before, with the correlation id of its turn', async () => {
      const received: Buffer[] = []
      const { client } = await all.withPeer((socket, request) => {
        received.push(request)
        socket.write(answerTo(request))
      })
      const body = metadataRequest(['t'])
      const encoded = client.encode(metadata, body, 0)
      await ask(client, 'other')
      await client.request(metadata, metadataRequest([]), { timeoutMs: TIMEOUT_MS, encoded })
      expect(headerOf(received[1]!)).to.include({ correlationId: 1, apiVersion: 0 })
      expect(topicsOf(received[1]!)).to.deep.equal(['t'])
    })

    it('accepts an answer that comes byte by byte', async () => {
      const { client } = await all.withPeer(async (socket, request) => {
        for (const byte of answerTo(request)) {
          socket.write(Buffer.of(byte))
          await turns(1)
        }
      })
      expect(await ask(client)).to.deep.equal(nothing)
    })

    it('leaves no timer behind once it is answered', async () => {
      const clock = fakeTimeouts()
      const { client } = await all.withPeer((socket, request) => socket.write(answerTo(request)))
      await ask(client)
      expect(clock.countTimers()).to.equal(0)
    })

    it('throws an EncodeError and sends nothing of that request', async () => {
      const { client } = await all.withPeer((socket, request) => socket.write(answerTo(request)))
      expect(() => ask(client, 'x'.repeat(32768))).to.throw(EncodeError)
      expect(await ask(client)).to.deep.equal(nothing)
      expect(client.isOpen).to.equal(true)
    })

    it('tolerates bytes after the last field of an answer, with one warning', async () => {
      const { peer, client } = await all.withPeer((socket, request) =>
        socket.write(wire().raw(answerTo(request).subarray(4)).raw('010203').framed()),
      )
      for (let i = 0; i < 3; i++) expect(await ask(client)).to.deep.equal(nothing)
      expect(all.logger.lines).to.have.length(1)
      expect(all.logger.lines[0]).to.match(new RegExp(`^warn: ${peer.broker} .*\\b3 bytes\\b.* Metadata v0 `))
    })
  })

  it('does not count a stall of this process as a time-out of the broker', async () => {
    const { client } = await all.withPeer((socket, request) => {
      // The kernel has the answer when this returns, and nobody reads it until the time is up.
      socket.write(answerTo(request))
      stallFor(50)
    })
    expect(await ask(client, 't', 20)).to.deep.equal(nothing)
  })

  describe('send', () => {
    function send(client: BrokerClient, bytes?: number, timeoutMs = TIMEOUT_MS): Promise<void> {
      return client.send(produce, requestOf(bytes), { timeoutMs })
    }

    it('resolves when the bytes are written, without an answer, and counts on', async () => {
      const received: Buffer[] = []
      const { client } = await all.withPeer((socket, request) => {
        received.push(request)
        if (headerOf(request).apiKey === 3) socket.write(answerTo(request))
      })
      await send(client)
      await send(client)
      await ask(client)
      expect(
        received.map(headerOf).map(({ apiKey, correlationId }) => [apiKey, correlationId]),
      ).to.deep.equal([
        [0, 0],
        [0, 1],
        [3, 2],
      ])
      const body = reading(received[0]!.subarray(12))
      expect([body.int16(), body.int32()]).to.deep.equal([0, 1])
    })

    it('leaves no timer behind once the bytes are written', async () => {
      const clock = fakeTimeouts()
      const { client } = await all.withPeer(() => {})
      await send(client)
      expect(clock.countTimers()).to.equal(0)
    })

    it('is bounded in time where the peer does not read', async () => {
      const clock = fakeTimeouts()
      const peer = await all.start((socket) => void socket.pause())
      const client = await all.clientOf(peer.address)
      const [first, second] = [rejectionOf(send(client, MORE_THAN_BUFFERS)), rejectionOf(send(client))]
      await turns(50)
      expect(client.isOpen).to.equal(true)
      clock.tick(TIMEOUT_MS)
      for (const error of [await first, await second]) {
        expect(error).to.be.instanceOf(RequestTimeoutError)
        expect(error).to.include({
          message: `${peer.broker} did not read all of a Produce request within 1000 ms`,
          broker: peer.broker,
          persistence: 'possibly-persisted',
        })
      }
      expect(clock.countTimers()).to.equal(0)
    })

    it('resolves for a peer that begins to read late, but in time', async () => {
      const peer = await all.start((socket) => void socket.pause())
      const client = await all.clientOf(peer.address)
      const sent = send(client, MORE_THAN_BUFFERS)
      await turns(20)
      ;(await peer.socket()).resume()
      await sent
    })

    it('fails when the connection ends before all bytes are written: possibly persisted', async () => {
      const peer = await all.start((socket) => void socket.pause())
      const client = await all.clientOf(peer.address)
      const sent = rejectionOf(send(client, MORE_THAN_BUFFERS))
      await turns()
      ;(await peer.socket()).resetAndDestroy()
      expect(await sent)
        .to.be.instanceOf(ConnectionError)
        .and.include({ persistence: 'possibly-persisted' })
      expect(all.ends).to.have.length(1)
    })

    it('reports a connection that the broker closes after the request, without a hint at another protocol', async () => {
      const { peer, client } = await all.withPeer((socket) => socket.end())
      await send(client)
      await until(() => !client.isOpen)
      expect(all.ends.map(({ message }) => message)).to.deep.equal([`${peer.broker} closed the connection`])
    })

    it('throws an EncodeError', async () => {
      const { client } = await all.withPeer(() => {})
      const request = { ...requestOf(), acks: 40_000 }
      expect(() => client.send(produce, request, { timeoutMs: TIMEOUT_MS })).to.throw(EncodeError)
    })
  })

  describe('close', () => {
    for (const Family of [
      ConnectionError,
      RequestTimeoutError,
      DecodeError,
      DeliveryTimeoutError,
      ProducerClosedError,
    ]) {
      it(`fails what waits with the family and text of its reason: ${Family.name}`, async () => {
        const peer = await all.start((socket) => void socket.pause())
        const client = await all.clientOf(peer.address)
        const waiting = [
          ask(client),
          client.send(produce, requestOf(MORE_THAN_BUFFERS), { timeoutMs: TIMEOUT_MS }),
        ]
        client.close(new Family('that was it', { cause: 'why', retriable: false }))
        const errors = await Promise.all(waiting.map(rejectionOf))
        for (const [correlationId, error] of errors.entries()) {
          expect(error).to.be.instanceOf(Family)
          expect(error).to.include({
            message: 'that was it',
            cause: 'why',
            retriable: false,
            correlationId,
            persistence: 'possibly-persisted',
          })
        }
      })
    }

    it('calls its listener once, with the reason', async () => {
      const { client } = await all.withPeer(() => {})
      const reason = new ConnectionError('over')
      client.close(reason)
      client.close(new ConnectionError('again'))
      await turns()
      expect(all.ends).to.deep.equal([reason])
    })
  })
})

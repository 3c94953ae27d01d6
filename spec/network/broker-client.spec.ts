import { once } from 'node:events'
import type { Socket } from 'node:net'
import { expect } from 'chai'
import sinon from 'sinon'
import {
  ConnectionError,
  DecodeError,
  DeliveryTimeoutError,
  EncodeError,
  type KafkaError,
  ProducerClosedError,
  RequestTimeoutError,
} from '../../lib/errors.js'
import { BrokerClient } from '../../lib/network/broker-client.js'
import { metadata, type ProduceRequest, produce } from '../../lib/protocol/messages/index.js'
import { vectorsOf } from '../protocol/support/vectors.js'
import { reading, wire } from '../support/wire.js'
import { answerTo, headerOf, metadataAnswer, topicsOf } from './support/answers.js'
import { type RecordingLogger, recordingLogger, rejectionOf, stallFor, turns } from './support/doubles.js'
import { deadAddress, onRequests, type Peer, peers } from './support/peer.js'

const TIMEOUT_MS = 1000
/** More than the kernel takes for a peer that does not read. */
const MORE_THAN_BUFFERS = 32 * 1024 * 1024

const nothing = { brokers: [], topics: [] }

function produceRequest(bytes = 1): ProduceRequest {
  const records = Buffer.alloc(bytes)
  return { acks: 0, timeoutMs: 1, topics: [{ name: 't', partitions: [{ index: 0, records }] }] }
}

describe('BrokerClient', () => {
  const start = peers()
  const clients: BrokerClient[] = []
  let logger: RecordingLogger
  let onClose: sinon.SinonSpy<[KafkaError], void>

  beforeEach(() => {
    logger = recordingLogger()
    onClose = sinon.spy((_reason: KafkaError) => {})
  })

  afterEach(() => {
    for (const client of clients.splice(0)) client.close(new ConnectionError('the spec is over'))
  })

  async function clientOf(address: Peer['address'], signal?: AbortSignal): Promise<BrokerClient> {
    const settings = {
      clientId: 'c1',
      connectTimeoutMs: TIMEOUT_MS,
      sendBufferBytes: 0,
      maxFrameBytes: 1000,
      logger,
    }
    const client = await BrokerClient.connect(address, settings, onClose, signal)
    clients.push(client)
    return client
  }

  /** A client of a peer that does this with each request. */
  async function withPeer(onRequest: (socket: Socket, request: Buffer, nth: number) => void) {
    const peer = await start(onRequests(onRequest))
    return { peer, client: await clientOf(peer.address) }
  }

  function ask(client: BrokerClient, topic = 't', timeoutMs = TIMEOUT_MS) {
    return client.request(metadata, { topics: [topic] }, { timeoutMs })
  }

  function fakeTimeouts(): sinon.SinonFakeTimers {
    return sinon.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  }

  it('rejects when it cannot connect, and never reports a close', async () => {
    const error = await rejectionOf(clientOf(await deadAddress()))
    expect(error).to.be.instanceOf(ConnectionError).and.include({ persistence: 'not-persisted' })
    expect(onClose.callCount).to.equal(0)
  })

  it('gives up connecting when the signal is aborted', async () => {
    const address = await deadAddress()
    expect((await rejectionOf(clientOf(address, AbortSignal.abort()))).message).to.include('was given up')
  })

  describe('request', () => {
    it('sends what the Scala producer sent, and resolves with the decoded answer', async () => {
      const received: Buffer[] = []
      const { client } = await withPeer((socket, request) => {
        received.push(request)
        socket.write(metadataAnswer(headerOf(request).correlationId, [{ nodeId: 7, host: 'b', port: 9092 }]))
      })
      expect(await ask(client)).to.deep.equal({ brokers: [{ nodeId: 7, host: 'b', port: 9092 }], topics: [] })
      expect(received).to.deep.equal([vectorsOf('scala-producer-0.8.2.2')('metadata-request').subarray(4)])
    })

    it('numbers its requests from 0 on each connection', async () => {
      const ids: number[] = []
      const { peer, client } = await withPeer((socket, request) => {
        ids.push(headerOf(request).correlationId)
        socket.write(answerTo(request))
      })
      for (let i = 0; i < 3; i++) await ask(client)
      await ask(await clientOf(peer.address))
      expect(ids).to.deep.equal([0, 1, 2, 0])
    })

    it('does not wait for an answer before it sends the next request, and gives each its own', async () => {
      const waiting: Buffer[] = []
      const { client } = await withPeer((socket, request) => {
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

    it('takes an answer that comes byte by byte', async () => {
      const { client } = await withPeer(async (socket, request) => {
        for (const byte of answerTo(request)) {
          socket.write(Buffer.of(byte))
          await turns(1)
        }
      })
      expect(await ask(client)).to.deep.equal(nothing)
    })

    it('leaves no timer behind once it is answered', async () => {
      const clock = fakeTimeouts()
      const { client } = await withPeer((socket, request) => socket.write(answerTo(request)))
      await ask(client)
      expect(clock.countTimers()).to.equal(0)
    })

    it('throws what cannot be encoded and sends nothing of it', async () => {
      const { client } = await withPeer((socket, request) => socket.write(answerTo(request)))
      expect(() => ask(client, 'x'.repeat(32768))).to.throw(EncodeError)
      expect(await ask(client)).to.deep.equal(nothing)
      expect(client.isOpen).to.equal(true)
    })

    it('tolerates bytes behind the last field of an answer, and warns of them once', async () => {
      const { peer, client } = await withPeer((socket, request) =>
        socket.write(wire().raw(answerTo(request).subarray(4)).raw('010203').framed()),
      )
      for (let i = 0; i < 3; i++) expect(await ask(client)).to.deep.equal(nothing)
      expect(logger.lines).to.deep.equal([
        `warn: ${peer.broker} sent 3 bytes after the last field of its Metadata v0 answer; they are ignored`,
      ])
    })
  })

  /** Both requests fail like this, the connection is over, and its owner was told once. */
  async function expectEnd(client: BrokerClient, asked: Promise<unknown>[]): Promise<KafkaError[]> {
    const errors = await Promise.all(asked.map(rejectionOf))
    expect(client.isOpen).to.equal(false)
    expect(onClose.callCount).to.equal(1)
    return errors
  }

  describe('does not trust a connection any more after', () => {
    const violations: [title: string, answer: (first: Buffer, second: Buffer) => Buffer, what: RegExp][] = [
      [
        'answers out of order',
        (first, second) => Buffer.concat([answerTo(second), answerTo(first)]),
        /broke the protocol: an answer has correlation id 1, the oldest request has 0$/,
      ],
      [
        "an answer to nobody's request",
        () => metadataAnswer(99),
        /an answer has correlation id 99, the oldest request has 0$/,
      ],
      ['an empty frame', () => wire().framed(), /int32 at byte 0 needs 4 bytes, 0 are left$/],
      ['a negative length', () => wire().int32(-1).build(), /frame length -1 is outside 0\.\.1000$/],
      [
        'a length beyond the limit',
        () => wire().int32(1001).build(),
        /frame length 1001 is outside 0\.\.1000$/,
      ],
      [
        'an answer that ends too early',
        (first) => wire().raw(answerTo(first).subarray(4, -2)).framed(),
        /sent a Metadata v0 answer that cannot be read: .* are left$/,
      ],
      [
        'an answer that announces 2,147,483,632 brokers',
        () => wire().int32(0).int32(0x7ffffff0).raw(Buffer.alloc(80)).framed(),
        /sent a Metadata v0 answer that cannot be read: array at byte 8 announces 2147483632 elements/,
      ],
    ]
    for (const [title, answer, what] of violations) {
      it(title, async () => {
        let first: Buffer
        const { peer, client } = await withPeer((socket, request, nth) => {
          if (nth === 1) first = request
          else socket.write(answer(first, request))
        })
        const errors = await expectEnd(client, [ask(client), ask(client)])
        for (const [correlationId, error] of errors.entries()) {
          expect(error).to.be.instanceOf(DecodeError)
          expect(error).to.include({
            broker: peer.broker,
            correlationId,
            persistence: 'possibly-persisted',
            retriable: true,
          })
          expect(error.message.startsWith(`${peer.broker} `)).to.equal(true)
          expect(error.message).to.match(what)
        }
        await once(await peer.socket(), 'close')
      })
    }

    it('an answer that nobody asked for', async () => {
      const peer = await start((socket) => void socket.resume().write(metadataAnswer(0)))
      const client = await clientOf(peer.address)
      while (client.isOpen) await turns(1)
      expect(onClose.args[0]![0]).to.be.instanceOf(DecodeError)
      expect(onClose.args[0]![0].message).to.equal(
        `${peer.broker} broke the protocol: an answer with correlation id 0 came, and nothing was asked`,
      )
    })

    it('a second answer to one request, which does not spoil the first', async () => {
      const { client } = await withPeer((socket, request) =>
        socket.write(Buffer.concat([answerTo(request), answerTo(request)])),
      )
      expect(await ask(client)).to.deep.equal(nothing)
      while (client.isOpen) await turns(1)
      expect(onClose.args[0]![0]).to.be.instanceOf(DecodeError)
    })

    it('garbage behind an answer, which does not spoil the answer', async () => {
      const { client } = await withPeer((socket, request) =>
        socket.write(Buffer.concat([answerTo(request), Buffer.from('ffffffff', 'hex')])),
      )
      expect(await ask(client)).to.deep.equal(nothing)
      while (client.isOpen) await turns(1)
      expect(onClose.args[0]![0]).to.be.instanceOf(DecodeError)
    })
  })

  describe('says what may be stored when', () => {
    const ends: [title: string, end: (socket: Socket, request: Buffer) => void, what: RegExp][] = [
      ['the broker closes on a request', (socket) => socket.end(), /closed the connection without a word/],
      [
        'the broker closes within its answer',
        (socket, request) => socket.end(answerTo(request).subarray(0, 7)),
        /closed the connection in the middle of a response$/,
      ],
      ['the broker resets', (socket) => socket.resetAndDestroy(), /broke: read ECONNRESET$/],
      [
        'the broker resets within its answer',
        (socket, request) => socket.write(answerTo(request).subarray(0, 7), () => socket.resetAndDestroy()),
        /broke: read ECONNRESET$|in the middle of a response$/,
      ],
    ]
    for (const [title, end, what] of ends) {
      it(`${title}: possibly persisted, for every request that waits`, async () => {
        const { client } = await withPeer((socket, request, nth) => {
          if (nth === 2) end(socket, request)
        })
        const errors = await expectEnd(client, [ask(client), ask(client)])
        for (const [correlationId, error] of errors.entries()) {
          expect(error).to.be.instanceOf(ConnectionError)
          expect(error).to.include({ correlationId, persistence: 'possibly-persisted', retriable: true })
          expect(error.message).to.match(what)
        }
      })
    }

    it('the connection was over before: not persisted', async () => {
      const { peer, client } = await withPeer(() => {})
      client.close(new ConnectionError('over'))
      for (const promise of [
        ask(client),
        client.send(produce, produceRequest(), { timeoutMs: TIMEOUT_MS }),
      ]) {
        const error = await rejectionOf(promise)
        expect(error).to.be.instanceOf(ConnectionError)
        expect(error).to.include({
          message: `the connection to ${peer.broker} is closed`,
          broker: peer.broker,
          persistence: 'not-persisted',
        })
      }
    })
  })

  describe('with a broker that does not answer', () => {
    it('waits as long as it was told, then closes the connection', async () => {
      const clock = fakeTimeouts()
      const { peer, client } = await withPeer(() => {})
      const asked = rejectionOf(ask(client))
      const socket = await peer.socket()
      const ended = once(socket, 'close')
      clock.tick(TIMEOUT_MS - 1)
      await turns()
      expect(client.isOpen).to.equal(true)
      clock.tick(1)
      const error = await asked
      expect(error).to.be.instanceOf(RequestTimeoutError)
      expect(error).to.include({
        message: `${peer.broker} did not answer Metadata within 1000 ms; it has not answered anything yet: is it a Kafka broker?`,
        broker: peer.broker,
        persistence: 'possibly-persisted',
      })
      await ended
      expect(clock.countTimers()).to.equal(0)
    })

    it('does not doubt a broker that has answered before', async () => {
      const clock = fakeTimeouts()
      const { peer, client } = await withPeer((socket, request, nth) => {
        if (nth === 1) socket.write(answerTo(request))
      })
      await ask(client)
      const asked = rejectionOf(ask(client))
      clock.tick(TIMEOUT_MS)
      expect((await asked).message).to.equal(`${peer.broker} did not answer Metadata within 1000 ms`)
    })

    it('fails what else waits on the connection with it', async () => {
      const clock = fakeTimeouts()
      const { client } = await withPeer(() => {})
      const asked = [ask(client), ask(client, 'u', 60_000)]
      clock.tick(TIMEOUT_MS)
      const errors = await expectEnd(client, asked)
      expect(errors.map((error) => [error.name, error.correlationId])).to.deep.equal([
        ['RequestTimeoutError', 0],
        ['RequestTimeoutError', 1],
      ])
    })

    it('is not kept waiting by the beginning of an answer', async () => {
      const clock = fakeTimeouts()
      const { client } = await withPeer((socket, request) => socket.write(answerTo(request).subarray(0, 9)))
      const asked = rejectionOf(ask(client))
      await turns(20)
      clock.tick(TIMEOUT_MS)
      expect(await asked).to.be.instanceOf(RequestTimeoutError)
    })

    it('never gives a late answer to a later request', async () => {
      const clock = fakeTimeouts()
      const arrived: [Socket, Buffer][] = []
      const { client } = await withPeer((socket, request) => arrived.push([socket, request]))
      const asked = rejectionOf(ask(client))
      while (arrived.length === 0) await turns(1)
      clock.tick(TIMEOUT_MS)
      await asked
      const [[socket, request]] = arrived as [[Socket, Buffer]]
      socket.write(answerTo(request))
      const error = await rejectionOf(ask(client))
      expect(error).to.be.instanceOf(ConnectionError).and.include({ persistence: 'not-persisted' })
    })
  })

  it('does not take a stall of this process for a broker that does not answer', async () => {
    const { client } = await withPeer((socket, request) => {
      // The kernel has the answer when this returns, and nobody reads it until the time is up.
      socket.write(answerTo(request))
      stallFor(50)
    })
    expect(await ask(client, 't', 20)).to.deep.equal(nothing)
  })

  describe('send', () => {
    function send(client: BrokerClient, bytes?: number, timeoutMs = TIMEOUT_MS): Promise<void> {
      return client.send(produce, produceRequest(bytes), { timeoutMs })
    }

    it('resolves when the bytes are written, without an answer, and counts on', async () => {
      const received: Buffer[] = []
      const { client } = await withPeer((socket, request) => {
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
      const { client } = await withPeer(() => {})
      await send(client)
      expect(clock.countTimers()).to.equal(0)
    })

    it('is bounded in time where the peer does not read', async () => {
      const clock = fakeTimeouts()
      const peer = await start((socket) => void socket.pause())
      const client = await clientOf(peer.address)
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
      const peer = await start((socket) => void socket.pause())
      const client = await clientOf(peer.address)
      const sent = send(client, MORE_THAN_BUFFERS)
      await turns(20)
      ;(await peer.socket()).resume()
      await sent
    })

    it('fails when the connection ends before all bytes are written: possibly persisted', async () => {
      const peer = await start((socket) => void socket.pause())
      const client = await clientOf(peer.address)
      const sent = rejectionOf(send(client, MORE_THAN_BUFFERS))
      await turns()
      ;(await peer.socket()).resetAndDestroy()
      expect(await sent)
        .to.be.instanceOf(ConnectionError)
        .and.include({ persistence: 'possibly-persisted' })
      expect(onClose.callCount).to.equal(1)
    })

    it('throws what cannot be encoded', async () => {
      const { client } = await withPeer(() => {})
      const request = { ...produceRequest(), acks: 40_000 }
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
        const peer = await start((socket) => void socket.pause())
        const client = await clientOf(peer.address)
        const waiting = [
          ask(client),
          client.send(produce, produceRequest(MORE_THAN_BUFFERS), { timeoutMs: TIMEOUT_MS }),
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

    it('tells the owner once, with the reason', async () => {
      const { client } = await withPeer(() => {})
      const reason = new ConnectionError('over')
      client.close(reason)
      client.close(new ConnectionError('again'))
      await turns()
      expect(onClose.args).to.deep.equal([[reason]])
    })
  })
})

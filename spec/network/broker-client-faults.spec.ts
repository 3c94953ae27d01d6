import { once } from 'node:events'
import type { Socket } from 'node:net'
import { expect } from 'chai'
import { ConnectionError, DecodeError, type KafkaError, RequestTimeoutError } from '../../lib/errors.js'
import type { BrokerClient } from '../../lib/network/broker-client.js'
import { produce } from '../../lib/protocol/messages/index.js'
import { metadataResponse, produceRequest } from '../support/messages.js'
import { wire } from '../support/wire.js'
import { answerTo, metadataAnswer } from './support/answers.js'
import { ask, clients, fakeTimeouts, TIMEOUT_MS } from './support/clients.js'
import { rejectionOf, turns, until } from './support/doubles.js'

const nothing = metadataResponse({ brokers: [], topics: [] })

const noTopics = produceRequest({ acks: 0, timeoutMs: 1, topics: [] })

describe('BrokerClient on faults', () => {
  const all = clients()

  /** Both requests fail like this, the connection has ended, and its listener was called once. */
  async function expectEnd(client: BrokerClient, asked: Promise<unknown>[]): Promise<KafkaError[]> {
    const errors = await Promise.all(asked.map(rejectionOf))
    expect(client.isOpen).to.equal(false)
    expect(all.ends).to.have.length(1)
    return errors
  }

  describe('closes its connection after', () => {
    const violations: [title: string, answer: (first: Buffer, second: Buffer) => Buffer, what: RegExp][] = [
      [
        'answers out of order',
        (first, second) => Buffer.concat([answerTo(second), answerTo(first)]),
        /broke the protocol: an answer has correlation id 1, the oldest request has 0$/,
      ],
      [
        'an answer to an unknown request',
        () => metadataAnswer(99),
        /an answer has correlation id 99, the oldest request has 0$/,
      ],
      ['an empty frame', () => wire().framed(), /int32 at byte 0 needs 4 bytes, 0 left$/],
      ['a negative length', () => wire().int32(-1).build(), /frame length -1 is outside 0\.\.1000$/],
      [
        'a length beyond the limit',
        () => wire().int32(1001).build(),
        /frame length 1001 is outside 0\.\.1000$/,
      ],
      [
        'an answer that ends too early',
        (first) => wire().raw(answerTo(first).subarray(4, -2)).framed(),
        /sent a Metadata v0 answer that cannot be read: .* left$/,
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
        const { peer, client } = await all.withPeer((socket, request, nth) => {
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

    it('an answer without a request', async () => {
      const peer = await all.start((socket) => void socket.resume().write(metadataAnswer(0)))
      const client = await all.clientOf(peer.address)
      await until(() => !client.isOpen)
      expect(all.ends[0]).to.be.instanceOf(DecodeError)
      expect(all.ends[0]!.message).to.equal(
        `${peer.broker} broke the protocol: an answer with correlation id 0 came, but no request is in flight`,
      )
    })

    it('a second answer to one request, and keeps the first', async () => {
      const { client } = await all.withPeer((socket, request) =>
        socket.write(Buffer.concat([answerTo(request), answerTo(request)])),
      )
      expect(await ask(client)).to.deep.equal(nothing)
      await until(() => !client.isOpen)
      expect(all.ends[0]).to.be.instanceOf(DecodeError)
    })

    it('garbage behind an answer, and keeps the answer', async () => {
      const { client } = await all.withPeer((socket, request) =>
        socket.write(Buffer.concat([answerTo(request), Buffer.from('ffffffff', 'hex')])),
      )
      expect(await ask(client)).to.deep.equal(nothing)
      await until(() => !client.isOpen)
      expect(all.ends[0]).to.be.instanceOf(DecodeError)
    })
  })

  describe('reports the persistence of requests when', () => {
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
        const { client } = await all.withPeer((socket, request, nth) => {
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

    it('the connection had ended before: not persisted', async () => {
      const { peer, client } = await all.withPeer(() => {})
      client.close(new ConnectionError('over'))
      for (const promise of [ask(client), client.send(produce, noTopics, { timeoutMs: TIMEOUT_MS })]) {
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
    it('waits for the time limit, then closes the connection', async () => {
      const clock = fakeTimeouts()
      const { peer, client } = await all.withPeer(() => {})
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

    it('adds no hint at another protocol to the time-out of a broker that has answered before', async () => {
      const clock = fakeTimeouts()
      const { peer, client } = await all.withPeer((socket, request, nth) => {
        if (nth === 1) socket.write(answerTo(request))
      })
      await ask(client)
      const asked = rejectionOf(ask(client))
      clock.tick(TIMEOUT_MS)
      expect((await asked).message).to.equal(`${peer.broker} did not answer Metadata within 1000 ms`)
    })

    it('fails all other requests of the connection with it', async () => {
      const clock = fakeTimeouts()
      const { client } = await all.withPeer(() => {})
      const asked = [ask(client), ask(client, 'u', 60_000)]
      clock.tick(TIMEOUT_MS)
      const errors = await expectEnd(client, asked)
      expect(errors.map((error) => [error.name, error.correlationId])).to.deep.equal([
        ['RequestTimeoutError', 0],
        ['RequestTimeoutError', 1],
      ])
    })

    it('counts the time of each request from when it is the oldest on its connection', async () => {
      const clock = fakeTimeouts()
      const arrived: [Socket, Buffer][] = []
      const { client } = await all.withPeer((socket, request) => arrived.push([socket, request]))
      const asked = [ask(client), ask(client), ask(client)]
      await until(() => arrived.length === 3)
      for (const [i, [socket, request]] of arrived.entries()) {
        clock.tick(TIMEOUT_MS - 1)
        await turns()
        socket.write(answerTo(request))
        await asked[i]
      }
      expect(clock.countTimers()).to.equal(0)
    })

    it('lets no request wait longer than its own time limit and those of the requests in front of it', async () => {
      const clock = fakeTimeouts()
      const arrived: [Socket, Buffer][] = []
      const { client } = await all.withPeer((socket, request) => arrived.push([socket, request]))
      const first = ask(client)
      const last = rejectionOf(ask(client))
      await until(() => arrived.length === 2)
      clock.tick(TIMEOUT_MS - 1)
      const [[socket, request]] = arrived as [[Socket, Buffer]]
      socket.write(answerTo(request))
      await first
      clock.tick(TIMEOUT_MS - 1)
      await turns()
      expect(client.isOpen).to.equal(true)
      clock.tick(1)
      expect(await last).to.be.instanceOf(RequestTimeoutError)
    })

    it('times out in the middle of an answer', async () => {
      const clock = fakeTimeouts()
      const { client } = await all.withPeer((socket, request) =>
        socket.write(answerTo(request).subarray(0, 9)),
      )
      const asked = rejectionOf(ask(client))
      await turns(20)
      clock.tick(TIMEOUT_MS)
      expect(await asked).to.be.instanceOf(RequestTimeoutError)
    })

    it('never gives a late answer to a later request', async () => {
      const clock = fakeTimeouts()
      const arrived: [Socket, Buffer][] = []
      const { client } = await all.withPeer((socket, request) => arrived.push([socket, request]))
      const asked = rejectionOf(ask(client))
      await until(() => arrived.length > 0)
      clock.tick(TIMEOUT_MS)
      await asked
      const [[socket, request]] = arrived as [[Socket, Buffer]]
      socket.write(answerTo(request))
      const error = await rejectionOf(ask(client))
      expect(error).to.be.instanceOf(ConnectionError).and.include({ persistence: 'not-persisted' })
    })
  })
})

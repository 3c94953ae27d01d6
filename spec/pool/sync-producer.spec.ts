import { connect, type Socket, type TcpNetConnectOpts } from 'node:net'
import { expect } from 'chai'
import sinon from 'sinon'
import {
  ConnectionError,
  DecodeError,
  DeliveryTimeoutError,
  EncodeError,
  type KafkaError,
  RequestTimeoutError,
} from '../../lib/errors.js'
import { silentLogger } from '../../lib/logger.js'
import {
  answerTimeoutMs,
  SyncProducer,
  type SyncProducerListener,
  type SyncProducerSettings,
} from '../../lib/pool/sync-producer.js'
import type { ProduceRequest } from '../../lib/protocol/messages/index.js'
import { PlainMessageSet } from '../../lib/protocol/records/message-set.js'
import { answerTo, headerOf, topicsOf } from '../network/support/answers.js'
import { rejectionOf, resolvingTo, systemError, turns } from '../network/support/doubles.js'
import { deadAddress, onRequests, type Peer, peers } from '../network/support/peer.js'
import { vectorsOf } from '../protocol/support/vectors.js'

const REQUEST_TIMEOUT_MS = 1000
const PRODUCE = 0
const METADATA = 3
const MORE_THAN_BUFFERS = 32 * 1024 * 1024

/** What the Scala producer sent as `keyed`, but for the correlation id. */
function keyed(acks: number): ProduceRequest {
  const records = new PlainMessageSet([{ key: 'c', value: 'v1' }])
  return { acks, timeoutMs: REQUEST_TIMEOUT_MS, topics: [{ name: 't', partitions: [{ index: 0, records }] }] }
}

/** Tells a producer's story, one line an event. */
class Story implements SyncProducerListener {
  readonly lines: string[] = []

  onConnect(broker: string): void {
    this.lines.push(`connected to ${broker}`)
  }

  onDisconnect(broker: string, reason: KafkaError | null): void {
    this.lines.push(`disconnected from ${broker}: ${reason ? reason.name : 'by us'}`)
  }

  onUnconfirmed(broker: string, requests: number, reason: KafkaError): void {
    this.lines.push(`${requests} unconfirmed at ${broker}: ${reason.name}`)
  }
}

describe('answerTimeoutMs', () => {
  const rows: [requestTimeoutMs: number, answerTimeoutMs: number][] = [
    [1, 101],
    [999, 1099],
    [1500, 1650],
    [10_000, 11_000],
    [60_000, 61_000],
    [2147483647 - 1000, 2147483647],
    [2147483647, 2147483647],
  ]
  for (const [given, expected] of rows) {
    it(`waits ${expected} ms for a broker that may take ${given} ms`, () => {
      expect(answerTimeoutMs(given)).to.equal(expected)
    })
  }
})

describe('SyncProducer', () => {
  const start = peers()
  const producers: SyncProducer[] = []
  let story: Story

  beforeEach(() => {
    story = new Story()
  })

  afterEach(() => {
    for (const producer of producers.splice(0)) producer.close()
  })

  function producerOf(address: Peer['address'], settings: Partial<SyncProducerSettings> = {}): SyncProducer {
    const producer = new SyncProducer(address, {
      clientId: 'c1',
      connectTimeoutMs: 1000,
      requestTimeoutMs: REQUEST_TIMEOUT_MS,
      sendBufferBytes: 0,
      maxFrameBytes: 1000,
      logger: silentLogger,
      listener: story,
      ...settings,
    })
    producers.push(producer)
    return producer
  }

  /** A broker that does this with each request, by default what a broker does, and the keys of the requests it got. */
  async function withBroker(
    onRequest: (socket: Socket, request: Buffer, nth: number) => void = answer,
    settings: Partial<SyncProducerSettings> = {},
  ) {
    const requests: Buffer[] = []
    const peer = await start(
      onRequests((socket, request, nth) => {
        requests.push(request)
        onRequest(socket, request, nth)
      }),
    )
    return { peer, requests, producer: producerOf(peer.address, settings) }
  }

  /** Answers metadata always, and produce requests unless they have acks 0. */
  function answer(socket: Socket, request: Buffer): void {
    const ACKS_AT = 12
    if (headerOf(request).apiKey === METADATA || request.readInt16BE(ACKS_AT) !== 0)
      socket.write(answerTo(request))
  }

  const keysOf = (requests: Buffer[]) => requests.map((request) => headerOf(request).apiKey)

  it('is named after its address and opens no connection before its first request', async () => {
    const { peer, producer } = await withBroker()
    await turns(10)
    expect(producer).to.include({ broker: peer.broker, isConnected: false })
    expect(producer.address).to.deep.equal(peer.address)
    expect(peer.sockets).to.deep.equal([])
  })

  describe('send', () => {
    it('sends what the Scala producer sent and resolves with the answer', async () => {
      const { requests, producer } = await withBroker()
      await producer.fetchMetadata(['t'])
      await producer.fetchMetadata(['t'])
      expect(await producer.send(keyed(1))).to.deep.equal({
        topics: [{ name: 't', partitions: [{ index: 0, errorCode: 0, baseOffset: 42n }] }],
      })
      expect(requests[2]).to.deep.equal(vectorsOf('scala-producer-0.8.2.2')('keyed').subarray(4))
    })

    it('resolves with null when a request without an answer is written', async () => {
      const { requests, producer } = await withBroker()
      expect(await producer.send(keyed(0))).to.equal(null)
      expect(await producer.send(keyed(0), 100)).to.equal(null)
      await producer.confirm('t')
      expect(keysOf(requests)).to.deep.equal([PRODUCE, PRODUCE, METADATA])
    })

    it('waits longer than the broker may take, so that its own time-out arrives', async () => {
      const clock = sinon.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
      const { producer, requests } = await withBroker(() => {})
      const sent = rejectionOf(producer.send(keyed(-1)))
      while (requests.length === 0) await turns(1)
      clock.tick(REQUEST_TIMEOUT_MS + 99)
      await turns()
      expect(producer.isConnected).to.equal(true)
      clock.tick(1)
      expect(await sent)
        .to.be.instanceOf(RequestTimeoutError)
        .and.include({ persistence: 'possibly-persisted' })
    })

    it('rejects what cannot be encoded, and is fit for the next request', async () => {
      const { producer } = await withBroker()
      const tooLong = { ...keyed(1), topics: [{ name: 'x'.repeat(32768), partitions: [] }] }
      expect(await rejectionOf(producer.send(tooLong))).to.be.instanceOf(EncodeError)
      expect(await producer.send(keyed(1))).not.to.equal(null)
    })
  })

  describe('fetchMetadata', () => {
    it('asks for the topics it is given', async () => {
      const { requests, producer } = await withBroker()
      expect(await producer.fetchMetadata(['a', 'b'])).to.deep.equal({ brokers: [], topics: [] })
      expect(topicsOf(requests[0]!)).to.deep.equal(['a', 'b'])
    })

    it('waits as long as request.timeout.ms says', async () => {
      const clock = sinon.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
      const { producer, requests } = await withBroker(() => {})
      const fetched = rejectionOf(producer.fetchMetadata(['t']))
      while (requests.length === 0) await turns(1)
      clock.tick(REQUEST_TIMEOUT_MS - 1)
      await turns()
      expect(producer.isConnected).to.equal(true)
      clock.tick(1)
      expect(await fetched).to.be.instanceOf(RequestTimeoutError)
    })
  })

  describe('connects', () => {
    it('once for requests that come at the same time, and keeps their order', async () => {
      const { peer, requests, producer } = await withBroker()
      await Promise.all([
        producer.fetchMetadata(['a']),
        producer.send(keyed(1)),
        producer.fetchMetadata(['b']),
      ])
      expect(peer.sockets).to.have.length(1)
      expect(keysOf(requests)).to.deep.equal([METADATA, PRODUCE, METADATA])
      expect(story.lines).to.deep.equal([`connected to ${peer.broker}`])
      expect(producer.isConnected).to.equal(true)
    })

    it('rejects all that wait for a connection that cannot be had, none of them persisted, and dials again', async () => {
      const { openSocket, names } = resolvingTo(systemError('ENOTFOUND'))
      const producer = producerOf({ host: 'kafka.invalid', port: 9092 }, { openSocket })
      const errors = await Promise.all(
        [producer.send(keyed(1)), producer.fetchMetadata(['t'])].map(rejectionOf),
      )
      for (const error of errors) {
        expect(error).to.be.instanceOf(ConnectionError).and.include({ persistence: 'not-persisted' })
      }
      expect(names).to.have.length(1)
      await rejectionOf(producer.send(keyed(1)))
      expect(names).to.have.length(2)
      expect(story.lines).to.deep.equal([])
    })

    it('when the broker is there at last', async () => {
      const address = await deadAddress()
      const peer = await start(onRequests(answer))
      const targets = [address.port, peer.address.port]
      const openSocket = (options: TcpNetConnectOpts): Socket =>
        connect({ ...options, port: targets.shift()! })
      const producer = producerOf(address, { openSocket })
      await rejectionOf(producer.send(keyed(1)))
      expect(await producer.send(keyed(1))).not.to.equal(null)
    })

    const failures: [title: string, fail: (socket: Socket, request: Buffer) => void, family: string][] = [
      ['closed the connection', (socket) => socket.end(), 'ConnectionError'],
      ['reset the connection', (socket) => socket.resetAndDestroy(), 'ConnectionError'],
      ['broke the protocol', (socket) => socket.write(Buffer.from('ffffffff', 'hex')), 'DecodeError'],
    ]
    for (const [title, fail, family] of failures) {
      it(`again with the next request after the broker ${title}`, async () => {
        let hasFailed = false
        const { peer, producer } = await withBroker((socket, request) => {
          if (hasFailed) answer(socket, request)
          else fail(socket, request)
          hasFailed = true
        })
        const error = await rejectionOf(producer.send(keyed(1)))
        expect(error).to.include({ name: family, persistence: 'possibly-persisted' })
        expect(producer.isConnected).to.equal(false)
        expect(await producer.send(keyed(1))).not.to.equal(null)
        expect(story.lines).to.deep.equal([
          `connected to ${peer.broker}`,
          `disconnected from ${peer.broker}: ${family}`,
          `connected to ${peer.broker}`,
        ])
      })
    }

    it('again after a time-out, so that a late answer reaches nobody', async () => {
      const clock = sinon.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
      const { peer, requests, producer } = await withBroker((socket, request) => {
        if (requests.length > 1) answer(socket, request)
      })
      const late = rejectionOf(producer.send(keyed(1)))
      while (requests.length === 0) await turns(1)
      clock.tick(answerTimeoutMs(REQUEST_TIMEOUT_MS))
      expect(await late).to.be.instanceOf(RequestTimeoutError)
      expect(await producer.send(keyed(1))).not.to.equal(null)
      expect(peer.sockets).to.have.length(2)
    })

    it('again when an idle connection was closed meanwhile', async () => {
      const { peer, producer } = await withBroker()
      await producer.send(keyed(1))
      ;(await peer.socket()).end()
      while (producer.isConnected) await turns(1)
      expect(await producer.send(keyed(1))).not.to.equal(null)
    })

    it('again when the connection breaks in the moment in which it is made', async () => {
      const peer = await start(onRequests(answer))
      let isFirst = true
      const openSocket = (options: TcpNetConnectOpts): Socket => {
        const socket = connect(options)
        if (isFirst) socket.once('connect', () => socket.destroy(systemError('ECONNRESET')))
        isFirst = false
        return socket
      }
      const producer = producerOf(peer.address, { openSocket })
      const error = await rejectionOf(producer.send(keyed(1)))
      expect(error).to.be.instanceOf(ConnectionError).and.include({ persistence: 'not-persisted' })
      expect(story.lines).to.deep.equal([])
      expect(await producer.send(keyed(1))).not.to.equal(null)
    })
  })

  describe('confirm', () => {
    it('asks nothing where nothing is open', async () => {
      const { peer, requests, producer } = await withBroker()
      await producer.confirm('t')
      expect(peer.sockets).to.deep.equal([])
      await producer.send(keyed(1))
      await producer.confirm('t')
      expect(keysOf(requests)).to.deep.equal([PRODUCE])
    })

    it('returns when the broker has answered something sent after all requests without an answer', async () => {
      const { requests, producer } = await withBroker()
      for (let i = 0; i < 3; i++) await producer.send(keyed(0))
      await producer.confirm('t')
      expect(keysOf(requests)).to.deep.equal([PRODUCE, PRODUCE, PRODUCE, METADATA])
      expect(topicsOf(requests[3]!)).to.deep.equal(['t'])
      await producer.confirm('t')
      expect(requests).to.have.length(4)
    })

    it('does not vouch for what was sent while it waited', async () => {
      let answerConfirm: () => void = () => {}
      const { requests, producer } = await withBroker((socket, request) => {
        if (headerOf(request).apiKey === METADATA) answerConfirm = () => socket.write(answerTo(request))
      })
      await producer.send(keyed(0))
      const confirmed = producer.confirm('t')
      await producer.send(keyed(0))
      while (requests.length < 3) await turns(1)
      answerConfirm()
      await confirmed
      void producer.confirm('t')
      while (requests.length < 4) await turns(1)
      expect(keysOf(requests)).to.deep.equal([PRODUCE, METADATA, PRODUCE, METADATA])
      answerConfirm()
    })

    it('rejects when the broker closes, as it does on an error, and says how many are in doubt', async () => {
      const { peer, producer } = await withBroker((socket, _request, nth) => {
        if (nth === 3) socket.end()
      })
      await producer.send(keyed(0))
      await producer.send(keyed(0))
      const error = await rejectionOf(producer.confirm('t'))
      expect(error).to.be.instanceOf(ConnectionError)
      expect(story.lines.slice(1)).to.deep.equal([
        `2 unconfirmed at ${peer.broker}: ConnectionError`,
        `disconnected from ${peer.broker}: ConnectionError`,
      ])
      await producer.confirm('t')
    })
  })

  describe('tells of requests without an answer that nobody can vouch for', () => {
    it('when the broker closes', async () => {
      const { peer, producer } = await withBroker((socket, _request, nth) => {
        if (nth === 3) socket.end()
      })
      for (let i = 0; i < 3; i++) await producer.send(keyed(0))
      while (producer.isConnected) await turns(1)
      expect(story.lines[1]).to.equal(`3 unconfirmed at ${peer.broker}: ConnectionError`)
    })

    it('but not of those before a round trip', async () => {
      const { peer, producer } = await withBroker()
      await producer.send(keyed(0))
      await producer.send(keyed(0))
      await producer.confirm('t')
      await producer.send(keyed(0))
      ;(await peer.socket()).end()
      while (producer.isConnected) await turns(1)
      expect(story.lines[1]).to.equal(`1 unconfirmed at ${peer.broker}: ConnectionError`)
    })

    it('but not of one that has failed by itself: its sender knows', async () => {
      const peer = await start((socket) => void socket.pause())
      const producer = producerOf(peer.address)
      const records = Buffer.alloc(MORE_THAN_BUFFERS)
      const sent = rejectionOf(
        producer.send({ ...keyed(0), topics: [{ name: 't', partitions: [{ index: 0, records }] }] }),
      )
      while (!producer.isConnected) await turns(1)
      await turns()
      ;(await peer.socket()).resetAndDestroy()
      expect(await sent).to.include({ persistence: 'possibly-persisted' })
      expect(story.lines).to.deep.equal([
        `connected to ${peer.broker}`,
        `disconnected from ${peer.broker}: ConnectionError`,
      ])
    })

    it('but not of one that could not be encoded', async () => {
      const { peer, producer } = await withBroker()
      await producer.send(keyed(1))
      await rejectionOf(producer.send({ ...keyed(0), timeoutMs: 2 ** 31 }))
      ;(await peer.socket()).end()
      while (producer.isConnected) await turns(1)
      expect(story.lines.filter((line) => line.includes('unconfirmed'))).to.deep.equal([])
    })

    it('and starts to count anew with each connection', async () => {
      const { peer, producer } = await withBroker()
      for (const connection of [0, 1]) {
        await producer.send(keyed(0))
        while (peer.sockets.length <= connection) await turns(1)
        peer.sockets[connection]!.end()
        while (producer.isConnected) await turns(1)
      }
      expect(story.lines.filter((line) => line.includes('unconfirmed'))).to.deep.equal(
        Array(2).fill(`1 unconfirmed at ${peer.broker}: ConnectionError`),
      )
    })
  })

  it('drops a connection that its user does not trust, and makes a new one for the next request', async () => {
    const { peer, producer } = await withBroker()
    await producer.send(keyed(1))
    producer.disconnect(new DecodeError('two answers for one partition'))
    expect(producer.isConnected).to.equal(false)
    await producer.send(keyed(1))
    expect(peer.sockets).to.have.length(2)
    expect(story.lines[1]).to.equal(`disconnected from ${peer.broker}: DecodeError`)
  })

  it('has nothing to drop before it is connected', async () => {
    producerOf(await deadAddress()).disconnect(new DecodeError('why'))
    expect(story.lines).to.deep.equal([])
  })

  describe('close', () => {
    it('fails what waits with the reason, and everything later', async () => {
      const { peer, requests, producer } = await withBroker(() => {})
      const waiting = rejectionOf(producer.send(keyed(1)))
      while (requests.length === 0) await turns(1)
      const reason = new DeliveryTimeoutError('close gave up')
      producer.close(reason)
      expect(await waiting).to.be.instanceOf(DeliveryTimeoutError)
      expect(await waiting).to.include({ message: 'close gave up', persistence: 'possibly-persisted' })
      expect(await rejectionOf(producer.send(keyed(1)))).to.equal(reason)
      expect(await rejectionOf(producer.fetchMetadata(['t']))).to.equal(reason)
      expect(peer.sockets).to.have.length(1)
      expect(story.lines[1]).to.equal(`disconnected from ${peer.broker}: by us`)
    })

    it('counts once', async () => {
      const { producer } = await withBroker()
      await producer.send(keyed(1))
      const first = new ConnectionError('first')
      producer.close(first)
      producer.close(new ConnectionError('second'))
      expect(await rejectionOf(producer.send(keyed(1)))).to.equal(first)
      expect(story.lines).to.have.length(2)
    })

    it('says that it was closed from this side where no reason is given', async () => {
      const { peer, producer } = await withBroker()
      producer.close()
      const error = await rejectionOf(producer.send(keyed(1)))
      expect(error).to.be.instanceOf(ConnectionError)
      expect(error.message).to.equal(`the connection to ${peer.broker} was closed from this side`)
      expect(peer.sockets).to.deep.equal([])
    })

    it('ends connecting, and fails what waits for it with the reason: not persisted', async () => {
      const { openSocket } = resolvingTo(null)
      const producer = producerOf({ host: 'kafka', port: 9092 }, { openSocket })
      const waiting = [producer.send(keyed(1)), producer.fetchMetadata(['t'])].map(rejectionOf)
      await turns()
      const reason = new DeliveryTimeoutError('close gave up')
      producer.close(reason)
      expect(await Promise.all(waiting)).to.deep.equal([reason, reason])
      expect(reason.persistence).to.equal('not-persisted')
    })

    it('in the very moment in which the connection is made leaves none behind', async () => {
      const { peer } = await withBroker()
      const reason = new DeliveryTimeoutError('close gave up')
      const openSocket = (options: TcpNetConnectOpts): Socket =>
        connect(options).once('connect', () => process.nextTick(() => producer.close(reason)))
      const producer = producerOf(peer.address, { openSocket })
      expect(await rejectionOf(producer.send(keyed(1)))).to.equal(reason)
      expect(producer.isConnected).to.equal(false)
      expect(story.lines).to.deep.equal([])
    })

    it('does not doubt requests without an answer: who closes has confirmed before', async () => {
      const { producer } = await withBroker()
      await producer.send(keyed(0))
      producer.close()
      await turns()
      expect(story.lines.filter((line) => line.includes('unconfirmed'))).to.deep.equal([])
    })
  })
})

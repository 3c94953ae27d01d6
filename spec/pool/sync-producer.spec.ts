import { once } from 'node:events'
import { connect, type Socket, type TcpNetConnectOpts } from 'node:net'
import { expect } from 'chai'
import sinon from 'sinon'
import {
  ConnectionError,
  DecodeError,
  DeliveryTimeoutError,
  EncodeError,
  RequestTimeoutError,
} from '../../lib/errors.js'
import { answerTimeoutMs } from '../../lib/pool/sync-producer.js'
import { topicsOf } from '../network/support/answers.js'
import { fakeTimeouts } from '../network/support/clients.js'
import { rejectionOf, resolvingTo, systemError, turns, until } from '../network/support/doubles.js'
import { deadAddress, onRequests } from '../network/support/peer.js'
import { vectorsOf } from '../protocol/support/vectors.js'
import { metadataResponse, produceRequest, produceResponse } from '../support/messages.js'
import {
  answer,
  keyed,
  keysOf,
  METADATA,
  PRODUCE,
  REQUEST_TIMEOUT_MS,
  syncProducers,
} from './support/sync-producers.js'

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
  const all = syncProducers()

  it('is named after its address and opens no connection before its first request', async () => {
    const { peer, producer } = await all.withBroker()
    await turns(10)
    expect(producer).to.include({ broker: peer.broker, isConnected: false })
    expect(producer.address).to.deep.equal(peer.address)
    expect(peer.sockets).to.deep.equal([])
  })

  describe('send', () => {
    for (const acks of [1, 0]) {
      it(`reports a request just before its write, when it can still be withheld, acks ${acks}`, async () => {
        const { requests, producer } = await all.withBroker()
        await producer.fetchMetadata(['t'])
        const before = requests.length
        const keptBack = new Error('it came too late')
        const onWriting = (): void => {
          throw keptBack
        }
        expect(await rejectionOf(producer.send(keyed(acks), { onWriting }))).to.equal(keptBack)
        const wanted = sinon.spy()
        await producer.send(keyed(1), { onWriting: wanted })
        expect(wanted.callCount).to.equal(1)
        expect(requests).to.have.length(before + 1)
      })
    }

    it('sends the bytes of the Scala producer and resolves with the answer', async () => {
      const { requests, producer } = await all.withBroker()
      await producer.fetchMetadata(['t'])
      await producer.fetchMetadata(['t'])
      expect(await producer.send(keyed(1))).to.deep.equal(
        produceResponse({
          topics: [{ name: 't', partitions: [{ index: 0, errorCode: 0, baseOffset: 42n }] }],
        }),
      )
      expect(requests[2]).to.deep.equal(vectorsOf('scala-producer-0.8.2.2')('keyed').subarray(4))
    })

    it('resolves with null when a request with acks 0 is written', async () => {
      const { requests, producer } = await all.withBroker()
      expect(await producer.send(keyed(0))).to.equal(null)
      expect(await producer.send(keyed(0), { sizeHint: 100 })).to.equal(null)
      await producer.confirm()
      expect(keysOf(requests)).to.deep.equal([PRODUCE, PRODUCE, METADATA])
    })

    it('waits longer than request.timeout.ms, so that the time-out of the broker arrives', async () => {
      const clock = fakeTimeouts()
      const { producer, requests } = await all.withBroker(() => {})
      const sent = rejectionOf(producer.send(keyed(-1)))
      await until(() => requests.length > 0)
      clock.tick(REQUEST_TIMEOUT_MS + 99)
      await turns()
      expect(producer.isConnected).to.equal(true)
      clock.tick(1)
      expect(await sent)
        .to.be.instanceOf(RequestTimeoutError)
        .and.include({ persistence: 'possibly-persisted' })
    })

    it('rejects a request that cannot be encoded, and sends the next one', async () => {
      const { producer } = await all.withBroker()
      const tooLong = produceRequest({
        acks: 1,
        timeoutMs: 1,
        topics: [{ name: 'x'.repeat(32768), partitions: [] }],
      })
      expect(await rejectionOf(producer.send(tooLong))).to.be.instanceOf(EncodeError)
      expect(await producer.send(keyed(1))).not.to.equal(null)
    })
  })

  describe('reports each produce request at its end', () => {
    const FRAME_BYTES = vectorsOf('scala-producer-0.8.2.2')('keyed').length

    it('with its bytes on the wire and its duration, connecting included', async () => {
      for (const acks of [0, 1]) {
        const { peer, producer } = await all.withBroker()
        await producer.send(keyed(acks))
        expect(all.story.produced.splice(0)).to.deep.equal([[peer.broker, FRAME_BYTES]])
      }
    })

    it('also when it failed, without bytes where it was not encoded', async () => {
      const { peer, producer } = await all.withBroker((socket) => socket.end())
      await rejectionOf(producer.send(keyed(1)))
      expect(all.story.produced.splice(0)).to.deep.equal([[peer.broker, FRAME_BYTES]])
      const unreachable = all.producerOf(await deadAddress())
      await rejectionOf(unreachable.send(keyed(1)))
      expect(all.story.produced.splice(0)).to.deep.equal([[unreachable.broker, null]])
    })

    it('and no metadata request', async () => {
      const { producer } = await all.withBroker()
      await producer.fetchMetadata(['t'])
      expect(all.story.produced).to.deep.equal([])
    })
  })

  describe('fetchMetadata', () => {
    it('requests the given topics', async () => {
      const { requests, producer } = await all.withBroker()
      expect(await producer.fetchMetadata(['a', 'b'])).to.deep.equal(
        metadataResponse({ brokers: [], topics: [] }),
      )
      expect(topicsOf(requests[0]!)).to.deep.equal(['a', 'b'])
    })

    it('waits for request.timeout.ms', async () => {
      const clock = fakeTimeouts()
      const { producer, requests } = await all.withBroker(() => {})
      const fetched = rejectionOf(producer.fetchMetadata(['t']))
      await until(() => requests.length > 0)
      clock.tick(REQUEST_TIMEOUT_MS - 1)
      await turns()
      expect(producer.isConnected).to.equal(true)
      clock.tick(1)
      expect(await fetched).to.be.instanceOf(RequestTimeoutError)
    })
  })

  describe('connects', () => {
    it('ahead of the first request on connect(), and that request uses the connection', async () => {
      const { peer, producer } = await all.withBroker()
      await producer.connect()
      expect(producer.isConnected).to.equal(true)
      await producer.connect()
      await producer.send(keyed(1))
      expect(peer.sockets).to.have.length(1)
    })

    it('in vain to a closed port, and rejects connect()', async () => {
      const error = await rejectionOf(all.producerOf(await deadAddress()).connect())
      expect(error).to.be.instanceOf(ConnectionError)
    })

    it('once for concurrent requests, and keeps their order', async () => {
      const { peer, requests, producer } = await all.withBroker()
      await Promise.all([
        producer.fetchMetadata(['a']),
        producer.send(keyed(1)),
        producer.fetchMetadata(['b']),
      ])
      expect(peer.sockets).to.have.length(1)
      expect(keysOf(requests)).to.deep.equal([METADATA, PRODUCE, METADATA])
      expect(all.story.lines).to.deep.equal([`connected to ${peer.broker}`])
      expect(producer.isConnected).to.equal(true)
    })

    it('again after a failed connect, whose requests are rejected as not-persisted', async () => {
      const { lookup, names } = resolvingTo(systemError('ENOTFOUND'))
      const producer = all.producerOf({ host: 'kafka.invalid', port: 9092 }, { lookup })
      const errors = await Promise.all(
        [producer.send(keyed(1)), producer.fetchMetadata(['t'])].map(rejectionOf),
      )
      for (const error of errors) {
        expect(error).to.be.instanceOf(ConnectionError).and.include({ persistence: 'not-persisted' })
      }
      expect(names).to.have.length(1)
      await rejectionOf(producer.send(keyed(1)))
      expect(names).to.have.length(2)
      expect(all.story.lines).to.deep.equal([])
    })

    it('when the broker has started', async () => {
      const address = await deadAddress()
      const peer = await all.start(onRequests(answer))
      const targets = [address.port, peer.address.port]
      const openSocket = (options: TcpNetConnectOpts): Socket =>
        connect({ ...options, port: targets.shift()! })
      const producer = all.producerOf(address, { openSocket })
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
        const { peer, producer } = await all.withBroker((socket, request) => {
          if (hasFailed) answer(socket, request)
          else fail(socket, request)
          hasFailed = true
        })
        const error = await rejectionOf(producer.send(keyed(1)))
        expect(error).to.include({ name: family, persistence: 'possibly-persisted' })
        expect(producer.isConnected).to.equal(false)
        expect(await producer.send(keyed(1))).not.to.equal(null)
        expect(all.story.lines).to.deep.equal([
          `connected to ${peer.broker}`,
          `disconnected from ${peer.broker}: ${family}`,
          `connected to ${peer.broker}`,
        ])
      })
    }

    it('again after a time-out, so that a late answer is dropped', async () => {
      const clock = fakeTimeouts()
      const { peer, requests, producer } = await all.withBroker((socket, request) => {
        if (requests.length > 1) answer(socket, request)
      })
      const late = rejectionOf(producer.send(keyed(1)))
      await until(() => requests.length > 0)
      clock.tick(answerTimeoutMs(REQUEST_TIMEOUT_MS))
      expect(await late).to.be.instanceOf(RequestTimeoutError)
      expect(await producer.send(keyed(1))).not.to.equal(null)
      expect(peer.sockets).to.have.length(2)
    })

    it('again when an idle connection was closed meanwhile', async () => {
      const { peer, producer } = await all.withBroker()
      await producer.send(keyed(1))
      ;(await peer.socket()).end()
      await until(() => !producer.isConnected)
      expect(await producer.send(keyed(1))).not.to.equal(null)
    })

    it('again when the connection breaks at the moment of its opening', async () => {
      const peer = await all.start(onRequests(answer))
      let isFirst = true
      const openSocket = (options: TcpNetConnectOpts): Socket => {
        const socket = connect(options)
        if (isFirst) socket.once('connect', () => socket.destroy(systemError('ECONNRESET')))
        isFirst = false
        return socket
      }
      const producer = all.producerOf(peer.address, { openSocket })
      const error = await rejectionOf(producer.send(keyed(1)))
      expect(error).to.be.instanceOf(ConnectionError).and.include({ persistence: 'not-persisted' })
      expect(all.story.lines).to.deep.equal([])
      expect(await producer.send(keyed(1))).not.to.equal(null)
    })
  })

  it('drops a connection on request, and opens a new one for the next request', async () => {
    const { peer, producer } = await all.withBroker()
    await producer.send(keyed(1))
    producer.disconnect(new DecodeError('two answers for one partition'))
    expect(producer.isConnected).to.equal(false)
    await producer.send(keyed(1))
    expect(peer.sockets).to.have.length(2)
    expect(all.story.lines[1]).to.equal(`disconnected from ${peer.broker}: DecodeError`)
  })

  it('can be asked to drop its connection before it is connected', async () => {
    all.producerOf(await deadAddress()).disconnect(new DecodeError('why'))
    expect(all.story.lines).to.deep.equal([])
  })

  describe('close', () => {
    it('fails waiting and later requests with the reason', async () => {
      const { peer, requests, producer } = await all.withBroker(() => {})
      const waiting = rejectionOf(producer.send(keyed(1)))
      await until(() => requests.length > 0)
      const reason = new DeliveryTimeoutError('close gave up')
      producer.close(reason)
      expect(await waiting).to.be.instanceOf(DeliveryTimeoutError)
      expect(await waiting).to.include({ message: 'close gave up', persistence: 'possibly-persisted' })
      expect(await rejectionOf(producer.send(keyed(1)))).to.equal(reason)
      expect(await rejectionOf(producer.fetchMetadata(['t']))).to.equal(reason)
      expect(peer.sockets).to.have.length(1)
      expect(all.story.lines[1]).to.equal(`disconnected from ${peer.broker}: by us`)
    })

    it('takes effect once', async () => {
      const { producer } = await all.withBroker()
      await producer.send(keyed(1))
      const first = new ConnectionError('first')
      producer.close(first)
      producer.close(new ConnectionError('second'))
      expect(await rejectionOf(producer.send(keyed(1)))).to.equal(first)
      expect(all.story.lines).to.have.length(2)
    })

    it('has a default reason', async () => {
      const { peer, producer } = await all.withBroker()
      producer.close()
      const error = await rejectionOf(producer.send(keyed(1)))
      expect(error).to.be.instanceOf(ConnectionError)
      expect(error.message).to.equal(`the connection to ${peer.broker} was closed from this side`)
      expect(peer.sockets).to.deep.equal([])
    })

    it('ends connecting, and fails waiting requests with the reason as not-persisted', async () => {
      const { lookup } = resolvingTo(null)
      const producer = all.producerOf({ host: 'kafka', port: 9092 }, { lookup })
      const waiting = [producer.send(keyed(1)), producer.fetchMetadata(['t'])].map(rejectionOf)
      await turns()
      const reason = new DeliveryTimeoutError('close gave up')
      producer.close(reason)
      expect(await Promise.all(waiting)).to.deep.equal([reason, reason])
      expect(reason.persistence).to.equal('not-persisted')
    })

    it('leaves no connection at the moment of its opening', async () => {
      const { peer } = await all.withBroker()
      const reason = new DeliveryTimeoutError('close gave up')
      const openSocket = (options: TcpNetConnectOpts): Socket =>
        connect(options).once('connect', () => process.nextTick(() => producer.close(reason)))
      const producer = all.producerOf(peer.address, { openSocket })
      expect(await rejectionOf(producer.send(keyed(1)))).to.equal(reason)
      await once(await peer.socket(), 'close')
      expect(producer.isConnected).to.equal(false)
      expect(all.story.lines).to.deep.equal([])
    })
  })
})

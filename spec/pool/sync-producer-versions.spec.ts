import type { Socket } from 'node:net'
import { expect } from 'chai'
import sinon from 'sinon'
import type { BrokerAddress } from '../../lib/broker-address.js'
import { ConnectionError, DeliveryTimeoutError } from '../../lib/errors.js'
import { ApiVersionsCache, type VersionSeen } from '../../lib/network/api-versions-cache.js'
import { BrokerVersions } from '../../lib/network/broker-versions.js'
import type { ProduceConnection, SyncProducer, SyncProducerListener } from '../../lib/pool/sync-producer.js'
import { headerOf } from '../network/support/answers.js'
import { rejectionOf, turns, until } from '../network/support/doubles.js'
import {
  API_VERSIONS,
  closingOnEverything,
  kafka0_8,
  kafka0_9,
  kafka2_8,
  listOf2_8,
  silent,
} from '../network/support/kinds-of-servers.js'
import { onRequests } from '../network/support/peer.js'
import { brokerOf, listOf0_10_0, listOf4_1 } from './support/newer-brokers.js'
import { keyed, METADATA, type Options, PRODUCE, syncProducers } from './support/sync-producers.js'

type OnRequest = (socket: Socket, request: Buffer) => void
type Asked = [apiKey: number, apiVersion: number]

const TOPIC_ID = Buffer.alloc(16, 7)
const questions: Asked[] = [
  [API_VERSIONS, 0],
  [METADATA, 0],
]

/** The version of Produce that the broker takes. */
async function versionOf(producer: SyncProducer): Promise<number> {
  return (await producer.ready(['t'])).version
}

function withMetadata(onMetadata: SyncProducerListener['onMetadata']): SyncProducerListener {
  return onMetadata ? { onMetadata } : {}
}

describe('SyncProducer and the versions of its broker', () => {
  const all = syncProducers()
  let seen: VersionSeen[]
  let apiVersionsCache: ApiVersionsCache

  beforeEach(() => {
    seen = []
    apiVersionsCache = new ApiVersionsCache(null, (one) => seen.push(one))
  })

  /** A server whose nth connection does this, further ones the last; and a producer that knows nothing of it. */
  async function reaching(ways: OnRequest[], settings: Options = {}) {
    const asked: Asked[] = []
    let connections = 0
    const peer = await all.start((socket) => {
      const way = ways[Math.min(connections, ways.length - 1)]!
      connections += 1
      onRequests((_, request) => {
        if (socket.destroyed) return
        const { apiKey, apiVersion } = headerOf(request)
        asked.push([apiKey, apiVersion])
        way(socket, request)
      })(socket)
    })
    const another = () => all.producerOf(peer.address, { apiVersionsCache, ...settings })
    return { peer, asked, producer: another(), another }
  }

  /** The connection is gone on both sides. */
  async function lose(producer: SyncProducer): Promise<void> {
    producer.disconnect(new ConnectionError('lost'))
    await until(() => !producer.isConnected)
  }

  describe('ready', () => {
    it('asks the broker the first time, and makes nobody wait from then on', async () => {
      const { asked, producer } = await reaching([kafka2_8])
      const first = producer.ready(['t'])
      expect(first).to.be.instanceOf(Promise)
      const all = [await first, producer.ready(['t']), producer.ready(['u'])]
      expect(all.map((one) => (one as ProduceConnection).version)).to.deep.equal([9, 9, 9])
      expect(asked).to.deep.equal(questions)
    })

    it('asks once for all concurrent callers', async () => {
      const { asked, producer } = await reaching([kafka0_9])
      expect(await Promise.all([1, 2, 3].map(() => versionOf(producer)))).to.deep.equal([1, 1, 1])
      expect(asked).to.deep.equal(questions)
    })

    it('sends no request where the versions are cached or the release is configured', async () => {
      const { asked, producer, another } = await reaching([kafka2_8])
      await producer.ready(['t'])
      expect(await versionOf(another())).to.equal(9)
      const set = await reaching([silent], {
        apiVersionsCache: new ApiVersionsCache(BrokerVersions.pinned('0.11.0')),
      })
      expect(await versionOf(set.producer)).to.equal(3)
      expect([asked, set.asked]).to.deep.equal([questions, []])
    })

    it('caches nothing of a server that does not list its versions', async () => {
      const { peer, producer } = await reaching([closingOnEverything])
      const error = await rejectionOf(versionOf(producer))
      expect(error).to.be.instanceOf(ConnectionError).and.include({ persistence: 'not-persisted' })
      expect([apiVersionsCache.of(peer.broker), producer.isConnected, seen]).to.deep.equal([null, false, []])
      expect(all.story.produced, 'a request that has failed').to.deep.equal([[peer.broker, null]])
    })
  })

  describe('send', () => {
    const rows: [title: string, broker: OnRequest, version: number][] = [
      ['0.8', kafka0_8, 0],
      ['2.8', brokerOf(listOf2_8), 9],
      ['4.1 whose topic ids are not known yet', brokerOf(listOf4_1), 12],
    ]
    for (const [title, broker, version] of rows) {
      it(`uses Produce v${version} with a broker of ${title}`, async () => {
        const { asked, producer } = await reaching([broker])
        const { topics } = (await producer.send(keyed(1)))!
        expect(asked.at(-1)).to.deep.equal([PRODUCE, version])
        expect(topics[0]).to.deep.include({ name: 't' })
        expect(topics[0]!.partitions[0]).to.include({ index: 0, errorCode: 0, baseOffset: 42n })
      })
    }

    it('names topics by id from v13 on where all ids are known, and returns an answer with names', async () => {
      const { asked, producer } = await reaching([brokerOf(listOf4_1, TOPIC_ID)])
      const request = keyed(1)
      const topics = request.topics.map((topic) => ({ ...topic, topicId: TOPIC_ID }))
      const response = await producer.send({ ...request, topics })
      expect(asked.at(-1)).to.deep.equal([PRODUCE, 13])
      expect(response!.topics[0]!.name).to.equal('t')
    })

    it('gives metadata that came with the versions to the listener', async () => {
      const onMetadata = sinon.spy()
      const { producer } = await reaching([brokerOf(listOf2_8)], { listener: withMetadata(onMetadata) })
      await producer.send(keyed(1))
      await producer.send(keyed(1))
      expect(onMetadata.args.map(([topics]) => topics)).to.deep.equal([['t']])
    })
  })

  describe('a connection that records were made for', () => {
    it('is the only one that they are sent over, although the broker was reached anew as another release', async () => {
      const { peer, asked, producer } = await reaching([kafka2_8, brokerOf(listOf0_10_0)])
      const connection = await producer.ready(['t'])
      await lose(producer)
      expect([connection.version, await versionOf(producer), connection.isOpen]).to.deep.equal([9, 2, false])
      for (const acks of [1, 0]) {
        const error = await rejectionOf(connection.send(keyed(acks)))
        expect(error)
          .to.be.instanceOf(ConnectionError)
          .and.include({ retriable: true, persistence: 'not-persisted' })
        expect(error.message).to.equal(`the connection to ${peer.broker} is closed`)
      }
      expect(asked.map(([key]) => key)).not.to.include(PRODUCE)
    })

    it('counts the time of connecting to the request that had to wait for it, and to no other', async () => {
      const clock = sinon.useFakeTimers({ toFake: ['performance'] })
      const times: number[] = []
      const listener = Object.assign(
        withMetadata(() => {}),
        {
          onProduced: (_: string, __: unknown, startMs: number, endMs: number) =>
            void times.push(endMs - startMs),
        },
      )
      const server = brokerOf(listOf2_8)
      const connecting: OnRequest = (socket, request) => {
        if (headerOf(request).apiKey === API_VERSIONS) clock.tick(70)
        server(socket, request)
      }
      const { producer } = await reaching([connecting], { listener })
      const first = await producer.ready(['t'])
      clock.tick(1000)
      await (await producer.ready(['t'])).send(keyed(1))
      await first.send(keyed(1))
      expect(times).to.deep.equal([0, 70])
    })
  })

  describe('after a reconnect', () => {
    const changes: [
      title: string,
      before: OnRequest,
      after: OnRequest,
      expected: [number, number],
      releases: string[],
    ][] = [
      ['newer', kafka0_8, kafka2_8, [0, 9], ['0.8', '2.8']],
      ['older', brokerOf(listOf4_1), kafka0_9, [13, 1], ['4.1', '0.9']],
      ['the same', kafka2_8, kafka2_8, [9, 9], ['2.8']],
    ]
    for (const [title, before, after, expected, releases] of changes) {
      it(`asks again, because the broker may have come back ${title}, and reports a change`, async () => {
        // Kafka 0.8 takes three connections to be known.
        const ways = before === kafka0_8 ? [before, before, before, after] : [before, after]
        const { peer, asked, producer } = await reaching(ways)
        const first = await versionOf(producer)
        await lose(producer)
        const asksBefore = asked.length
        expect([first, await versionOf(producer)]).to.deep.equal(expected)
        expect(asked.slice(asksBefore)).to.deep.equal(questions)
        expect(seen).to.deep.equal(
          releases.map((release, i) => ({ broker: peer.broker, release, previous: releases[i - 1] ?? null })),
        )
      })
    }
  })

  describe('fetchMetadata', () => {
    it('uses the answer of version detection where it is the first request', async () => {
      const { asked, producer } = await reaching([kafka2_8])
      expect((await producer.fetchMetadata(['t'])).topics).to.deep.equal([])
      expect(asked).to.deep.equal(questions)
    })

    it('uses that answer for no other topics, and only once', async () => {
      const { asked, producer } = await reaching([kafka0_9])
      await producer.ready(['t'])
      await producer.fetchMetadata(['u'])
      await producer.fetchMetadata(['t'])
      expect(asked).to.deep.equal([...questions, [METADATA, 0], [METADATA, 0]])
    })
  })

  describe('connect', () => {
    it('requests the given topic', async () => {
      const { asked, producer } = await reaching([kafka2_8])
      await producer.connect('t')
      expect([asked, producer.isConnected]).to.deep.equal([questions, true])
    })

    it('waits for a topic where the versions are unknown, because no topic would mean all', async () => {
      const { peer, producer } = await reaching([kafka2_8])
      await producer.connect()
      expect([peer.sockets, producer.isConnected]).to.deep.equal([[], false])
    })

    it('sends no request where the versions are cached', async () => {
      const { peer, asked, producer } = await reaching([kafka2_8])
      apiVersionsCache.learn(peer.broker, BrokerVersions.v0_9)
      await producer.connect()
      expect([asked, producer.isConnected]).to.deep.equal([[], true])
    })
  })

  describe('with a guessed release', () => {
    const outdated: BrokerAddress[] = []
    const settings = { onOutdated: (address: BrokerAddress) => void outdated.push(address) }
    let clock: sinon.SinonFakeTimers

    beforeEach(() => {
      outdated.length = 0
      clock = sinon.useFakeTimers({ toFake: ['performance'] })
    })

    const before0_9: OnRequest[] = [kafka0_8, kafka0_8, kafka0_8]

    for (const [title, ways] of [
      ['by closing', [...before0_9, kafka2_8]],
      ['by silence', [kafka0_9, kafka2_8]],
    ] as const) {
      it(`asks again with a later message, beside the traffic: ${title}`, async () => {
        const { peer, producer } = await reaching([...ways], settings)
        await producer.ready(['t'])
        clock.tick(2999)
        expect(producer.ready(['t'])).not.to.be.instanceOf(Promise)
        clock.tick(1)
        expect(producer.ready(['t']), 'nothing waits for it').not.to.be.instanceOf(Promise)
        await until(() => outdated.length > 0)
        expect(outdated).to.deep.equal([peer.address])
        expect(apiVersionsCache.of(peer.broker), 'whoever connects anew asks').to.equal(null)
        await until(() => peer.sockets.filter(({ closed }) => !closed).length === 1)
      })
    }

    it('asks a broker that keeps closing twice more, and not again', async () => {
      const { peer, producer } = await reaching([kafka0_8], settings)
      await producer.ready(['t'])
      for (let minutes = 0; minutes < 5; minutes++) {
        clock.tick(60_000)
        producer.ready(['t'])
        await turns(20)
      }
      expect([peer.sockets.length, outdated]).to.deep.equal([before0_9.length + 2, []])
    })

    it('does not ask again where the broker listed its versions', async () => {
      const { peer, producer } = await reaching([kafka2_8], settings)
      await producer.ready(['t'])
      clock.tick(60_000)
      producer.ready(['t'])
      await turns(20)
      expect(peer.sockets).to.have.length(1)
    })

    it('leaves no connection when it is closed during the request', async () => {
      const { peer, producer } = await reaching([...before0_9, silent], settings)
      await producer.ready(['t'])
      clock.tick(3000)
      producer.ready(['t'])
      await until(() => peer.sockets.length === 4)
      producer.close()
      await until(() => peer.sockets.every(({ closed }) => closed))
      expect(outdated).to.deep.equal([])
    })
  })

  it('ends version detection when it is closed', async () => {
    const { asked, producer } = await reaching([silent])
    const asking = rejectionOf(versionOf(producer))
    await until(() => asked.length === 2)
    producer.close(new DeliveryTimeoutError('over'))
    expect((await asking).message).to.equal('over')
  })
})

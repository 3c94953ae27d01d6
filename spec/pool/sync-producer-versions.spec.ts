import type { Socket } from 'node:net'
import { expect } from 'chai'
import sinon from 'sinon'
import { ConnectionError, DeliveryTimeoutError } from '../../lib/errors.js'
import { ApiVersionsCache, type VersionSeen } from '../../lib/network/api-versions-cache.js'
import { BrokerVersions } from '../../lib/network/broker-versions.js'
import type { BrokerAddress } from '../../lib/network/connection.js'
import type { SyncProducer, SyncProducerSettings } from '../../lib/pool/sync-producer.js'
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
import { keyed, METADATA, PRODUCE, syncProducers } from './support/sync-producers.js'

type OnRequest = (socket: Socket, request: Buffer) => void
type Asked = [apiKey: number, apiVersion: number]

const TOPIC_ID = Buffer.alloc(16, 7)
const questions: Asked[] = [
  [API_VERSIONS, 0],
  [METADATA, 0],
]

describe('SyncProducer with version detection', () => {
  const all = syncProducers()
  let seen: VersionSeen[]
  let apiVersionsCache: ApiVersionsCache

  beforeEach(() => {
    seen = []
    apiVersionsCache = new ApiVersionsCache(null, (one) => seen.push(one))
  })

  /** A server whose nth connection does this, further ones the last; and a producer that knows nothing of it. */
  async function reaching(ways: OnRequest[], settings: Partial<SyncProducerSettings> = {}) {
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

  describe('produceVersion', () => {
    it('asks the broker the first time, and returns a number at once later', async () => {
      const { asked, producer } = await reaching([kafka2_8])
      const first = producer.produceVersion(['t'])
      expect(first).to.be.instanceOf(Promise)
      expect([await first, producer.produceVersion(['t']), producer.produceVersion(['u'])]).to.deep.equal([
        9, 9, 9,
      ])
      expect(asked).to.deep.equal(questions)
    })

    it('asks once for all concurrent callers', async () => {
      const { asked, producer } = await reaching([kafka0_9])
      expect(await Promise.all([1, 2, 3].map(() => producer.produceVersion(['t'])))).to.deep.equal([1, 1, 1])
      expect(asked).to.deep.equal(questions)
    })

    it('sends no request where the versions are cached or the release is configured', async () => {
      const { asked, producer, another } = await reaching([kafka2_8])
      await producer.produceVersion(['t'])
      expect(await another().produceVersion(['t'])).to.equal(9)
      const set = await reaching([silent], {
        apiVersionsCache: new ApiVersionsCache(BrokerVersions.pinned('0.11.0')),
      })
      expect(await set.producer.produceVersion(['t'])).to.equal(3)
      expect([asked, set.asked]).to.deep.equal([questions, []])
    })

    it('caches nothing of a server that does not list its versions', async () => {
      const { peer, producer } = await reaching([closingOnEverything])
      const error = await rejectionOf(producer.produceVersion(['t']) as Promise<number>)
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

    it('does not send a request made for another version than the reconnected broker takes', async () => {
      const { peer, asked, producer } = await reaching([kafka2_8, brokerOf(listOf0_10_0)])
      const version = await producer.produceVersion(['t'])
      await lose(producer)
      const error = await rejectionOf(producer.send(keyed(1), { version }))
      expect(error)
        .to.be.instanceOf(ConnectionError)
        .and.include({ retriable: true, persistence: 'not-persisted' })
      expect(error.message).to.equal(
        `${peer.broker} supports Produce v2 since it was reconnected, but the request was made for v9`,
      )
      expect(asked.map(([key]) => key)).not.to.include(PRODUCE)
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
        const first = await producer.produceVersion(['t'])
        await lose(producer)
        const asksBefore = asked.length
        expect([first, await producer.produceVersion(['t'])]).to.deep.equal(expected)
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
      expect(producer.lacksTopicIds, 'v0 tells no topic ids').to.equal(true)
    })

    it('uses that answer for no other topics, and only once', async () => {
      const { asked, producer } = await reaching([kafka0_9])
      await producer.produceVersion(['t'])
      await producer.fetchMetadata(['u'])
      await producer.fetchMetadata(['t'])
      expect(asked).to.deep.equal([...questions, [METADATA, 0], [METADATA, 0]])
    })

    it('needs no second answer where the broker has no topic ids', async () => {
      for (const way of [kafka0_9, brokerOf(listOf0_10_0)]) {
        const { producer } = await reaching([way])
        await producer.fetchMetadata(['t'])
        expect(producer.lacksTopicIds).to.equal(false)
      }
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
        await producer.produceVersion(['t'])
        clock.tick(2999)
        expect(producer.produceVersion(['t'])).to.be.a('number')
        clock.tick(1)
        expect(producer.produceVersion(['t']), 'nothing waits for it').to.be.a('number')
        await until(() => outdated.length > 0)
        expect(outdated).to.deep.equal([peer.address])
        await until(() => peer.sockets.filter(({ closed }) => !closed).length === 1)
      })
    }

    it('asks a broker that keeps closing twice more, and not again', async () => {
      const { peer, producer } = await reaching([kafka0_8], settings)
      await producer.produceVersion(['t'])
      for (let minutes = 0; minutes < 5; minutes++) {
        clock.tick(60_000)
        producer.produceVersion(['t'])
        await turns(20)
      }
      expect([peer.sockets.length, outdated]).to.deep.equal([before0_9.length + 2, []])
    })

    it('does not ask again where the broker listed its versions', async () => {
      const { peer, producer } = await reaching([kafka2_8], settings)
      await producer.produceVersion(['t'])
      clock.tick(60_000)
      producer.produceVersion(['t'])
      await turns(20)
      expect(peer.sockets).to.have.length(1)
    })

    it('leaves no connection when it is closed during the request', async () => {
      const { peer, producer } = await reaching([...before0_9, silent], settings)
      await producer.produceVersion(['t'])
      clock.tick(3000)
      producer.produceVersion(['t'])
      await until(() => peer.sockets.length === 4)
      producer.close()
      await until(() => peer.sockets.every(({ closed }) => closed))
      expect(outdated).to.deep.equal([])
    })
  })

  it('ends version detection when it is closed', async () => {
    const { asked, producer } = await reaching([silent])
    const asking = rejectionOf(producer.produceVersion(['t']) as Promise<number>)
    await until(() => asked.length === 2)
    producer.close(new DeliveryTimeoutError('over'))
    expect((await asking).message).to.equal('over')
  })
})

import { gzipSync } from 'node:zlib'
import { expect } from 'chai'
import sinon from 'sinon'
import type { TestCluster } from '../../lib/testing/index.js'
import type { RawClient } from '../support/scripted/raw-client.js'
import { metadataRequest } from '../support/scripted/raw-requests.js'
import { wire } from '../support/wire.js'
import { gzipMessageSet, messageSet } from '../support/wire-message-set.js'
import { metadataIn, outcomesIn, produceOf, RawStage } from './support/raw-stage.js'

const LIMIT = 200

const good = messageSet([{ value: 'v' }])
const large = messageSet([{ value: 'x'.repeat(LIMIT) }])
const spoiled = messageSet([{ value: 'v' }])
spoiled[spoiled.length - 1]! ^= 1
const gzipOf = (plain: Buffer): Buffer => messageSet([{ value: gzipSync(plain), attributes: 1 }])

// All that is expected here was seen on Kafka 0.8.2.2 (message.max.bytes 200), asked with the same bytes.
describe('A test cluster of era 0.8', () => {
  const stage = new RawStage()
  let cluster: TestCluster
  let client: RawClient

  async function start(options = {}): Promise<void> {
    cluster = await stage.start({ maxMessageBytes: LIMIT, ...options })
    client = await stage.connect(cluster)
  }

  async function produce(...[sets, options]: Parameters<typeof produceOf>): Promise<string[]> {
    client.write(produceOf(sets, options))
    return outcomesIn(await client.answer())
  }

  afterEach(() => stage.close())

  const sets: [what: string, set: Buffer, outcome: string][] = [
    ['a message of exactly the limit', messageSet([{ value: 'x'.repeat(LIMIT - 26) }]), '0@0'],
    ['a message of one byte more', messageSet([{ value: 'x'.repeat(LIMIT - 25) }]), '10@-1'],
    ['a large message behind a good one', Buffer.concat([good, large]), '10@-1'],
    ['a large message before a spoiled one', Buffer.concat([large, spoiled]), '10@-1'],
    ['a spoiled message before a large one', Buffer.concat([spoiled, large]), '2@-1'],
    ['a large message in a small wrapper', gzipMessageSet([{ value: 'x'.repeat(LIMIT) }]), '0@0'],
    ['a wrong checksum in a wrapper', gzipOf(spoiled), '0@0'],
    ['a set without messages', Buffer.alloc(0), '0@-1'],
    ['a set that is truncated in its first message', good.subarray(0, 20), '0@-1'],
    ['a set that is truncated in its second message', Buffer.concat([good, good.subarray(0, 20)]), '0@0'],
    ['an entry of 5 bytes', wire().int64(0).int32(5).raw(Buffer.alloc(5)).build(), '2@-1'],
    ['an entry of a negative size', wire().int64(0).int32(-1).raw(Buffer.alloc(30)).build(), '2@-1'],
    ['a codec that it does not know', messageSet([{ value: 'v', attributes: 4 }]), '-1@-1'],
    ['a wrapper that is not compressed', messageSet([{ value: 'v', attributes: 1 }]), '-1@-1'],
    ['a wrapper without a value', messageSet([{ value: null, attributes: 1 }]), '-1@-1'],
    ['a plain message before a wrapper', Buffer.concat([good, gzipMessageSet([{ value: 'w' }])]), '0@0'],
  ]
  for (const [what, set, outcome] of sets) {
    it(`answers ${outcome} to ${what}`, async () => {
      await start()
      cluster.createTopic('t')
      expect(await produce([['t', 0, set]])).to.deep.equal([`t/0: ${outcome}`])
    })
  }

  it('opens wrappers within wrappers', async () => {
    await start()
    cluster.createTopic('t')
    await produce([['t', 0, gzipOf(gzipMessageSet([{ value: 'a' }, { value: 'b' }]))]])
    expect(await produce([['t', 0, good]])).to.deep.equal(['t/0: 0@2'])
    expect(cluster.messages('t').map(({ value }) => String(value))).to.deep.equal(['a', 'b', 'v'])
  })

  it('keeps the last of two sets for one partition, and answers once', async () => {
    await start()
    cluster.createTopic('t', { partitions: 2 })
    const last = messageSet([{ value: 'last' }])
    expect(
      await produce([
        ['t', 0, good],
        ['t', 1, good],
        ['t', 0, last],
      ]),
    ).to.deep.equal(['t/0: 0@0', 't/1: 0@0'])
    expect(cluster.messageSets('t', 0)).to.deep.equal([last])
  })

  it('treats an illegal topic name in Produce as unknown', async () => {
    await start()
    expect(await produce([['a/b', 0, good]])).to.deep.equal(['a/b/0: 3@-1'])
  })

  it('closes the connection on a null set', async () => {
    await start()
    cluster.createTopic('t')
    client.write(produceOf([['t', 0, null]]))
    await client.closed()
  })

  it('takes acks below -1 as -1', async () => {
    await start()
    cluster.createTopic('t')
    expect(await produce([['t', 0, good]], { acks: -2 })).to.deep.equal(['t/0: 0@0'])
  })

  it('stores with acks 2, and answers 7 with the offset when the time limit of the request has passed', async () => {
    await start()
    cluster.createTopic('t')
    const clock = sinon.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const stored = new Promise((resolve) => cluster.once('stored', resolve))
    const answer = produce(
      [
        ['t', 0, good],
        ['u', 0, good],
      ],
      { acks: 2, timeoutMs: 700 },
    )
    await stored
    await new Promise((resolve) => setImmediate(resolve))
    clock.tick(699)
    expect(clock.countTimers()).to.equal(1)
    clock.tick(1)
    expect(await answer).to.deep.equal(['t/0: 7@0', 'u/0: 3@-1'])
  })

  for (const version of [1, 2, 3, 9, 13]) {
    it(`reads and answers Produce v${version} as v0`, async () => {
      await start()
      cluster.createTopic('t')
      expect(await produce([['t', 0, good]], { version })).to.deep.equal(['t/0: 0@0'])
      expect(cluster.requests[0]?.version).to.equal(version)
    })
  }

  // The real one also answers its own Fetch, Offsets and so on, which are not offered here.
  it('closes the connection on every API but Produce and Metadata', async () => {
    await start()
    for (let key = 1; key <= 75; key++) {
      if (key === 3) continue
      const other = await stage.connect(cluster)
      other.write(wire().requestHeader(key, 0, 1, 'c').framed())
      expect(await other.answer(), `API ${key}`).to.equal(undefined)
    }
    expect(cluster.requests).to.deep.equal([])
  })

  describe('in metadata', () => {
    async function ask(...topics: string[]): Promise<ReturnType<typeof metadataIn>> {
      client.write(metadataRequest(1, ...topics))
      return metadataIn(await client.answer())
    }

    it('lists no brokers until there is a topic, not even in the answer that creates it', async () => {
      await start({ brokers: 2 })
      expect(await ask()).to.deep.equal({ brokers: [], topics: [], partitions: [] })
      expect(await ask('new')).to.deep.equal({ brokers: [], topics: ['new: 5'], partitions: [] })
      const { brokers, topics, partitions } = await ask('new')
      expect(brokers.map(({ id }) => id)).to.deep.equal([0, 1])
      expect([topics, partitions]).to.deep.equal([['new: 0'], ['new/0: 0, 0']])
    })

    it('describes a topic that is requested twice once', async () => {
      await start()
      cluster.createTopic('t')
      expect((await ask('t', 't')).topics).to.deep.equal(['t: 0'])
    })

    for (const name of ['a/b', '', '.', '..', 'z'.repeat(256)]) {
      it(`fails all topics with 17 for the name "${name.slice(0, 5)}" of ${name.length} characters`, async () => {
        await start()
        cluster.createTopic('t')
        expect(await ask(name, 't')).to.deep.equal({
          brokers: [],
          topics: [`${name}: 17`, 't: 17'],
          partitions: [],
        })
        expect(cluster.topics).to.deep.equal(['t'])
      })
    }

    it('answers 3 for an illegal name without automatic creation', async () => {
      await start({ autoCreateTopics: false })
      cluster.createTopic('t')
      expect((await ask('a/b', 't')).topics).to.deep.equal(['a/b: 3', 't: 0'])
    })

    it('creates a topic of 255 characters', async () => {
      await start()
      const name = 'z'.repeat(255)
      expect((await ask(name)).topics).to.deep.equal([`${name}: 5`])
      expect(cluster.topics).to.deep.equal([name])
    })
  })
})

import { expect } from 'chai'
import sinon from 'sinon'
import { MetadataRefresher } from '../../lib/cluster/metadata-refresher.js'
import { TopicMetadata } from '../../lib/cluster/topic-metadata.js'
import { TopicPartitions } from '../../lib/cluster/topic-partitions.js'
import { type KafkaError, MetadataError } from '../../lib/errors.js'
import { errorOf, leadersOf } from './support/known-topics.js'
import {
  brokersOf,
  describing,
  type PartialBrokers,
  type PartialTopic,
  ScriptedSource,
  topicError,
  topicOf,
} from './support/scripted-source.js'

function makeRefresher(source = new ScriptedSource(), random = () => 0) {
  const metadata = new TopicMetadata((topic, code) => new MetadataError(`${topic}: ${code}`))
  const onRefresh = sinon.fake<[readonly string[], KafkaError | null]>()
  const onUpdate = sinon.fake()
  const refresher = new MetadataRefresher({ metadata, source, onUpdate, onRefresh, random })
  return { metadata, onRefresh, onUpdate, refresher, source }
}

type Made = ReturnType<typeof makeRefresher>

/** One refresh from its beginning to its end. */
async function refreshed(
  { refresher, source }: Made,
  brokers: PartialBrokers,
  ...topics: PartialTopic[]
): Promise<void> {
  const done = refresher.refresh(topics.map(({ name }) => name))
  await source.answer(brokers, ...topics)
  await done
}

/** Lets promises that are settled be heard. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

describe('MetadataRefresher', () => {
  describe('refresh', () => {
    it('asks for nothing where no topic is named: that would mean all of them', async () => {
      const { refresher, source } = makeRefresher()
      await refresher.refresh([])
      expect(source.fetched).to.deep.equal([])
    })

    it('is shared by all who ask for topics that are being fetched', async () => {
      const { refresher, source } = makeRefresher()
      const all = [
        refresher.refresh(['a', 'b']),
        refresher.refresh(['b']),
        refresher.refresh(new Set(['a', 'b'])),
      ]
      await source.answer(brokersOf(0), topicOf('a', [0, 0]), topicOf('b', [0, 0]))
      await Promise.all(all)
      await turn()
      expect(source.fetched).to.deep.equal([['a', 'b']])
    })

    it('that has not been sent yet takes in the topics of whoever asks meanwhile', async () => {
      const { refresher, source } = makeRefresher()
      const all = [refresher.refresh(['a']), refresher.refresh(['b']), refresher.refresh(['a', 'c'])]
      await source.answer(brokersOf(0), topicOf('a', [0, 0]), topicOf('b', [0, 0]), topicOf('c', [0, 0]))
      await Promise.all(all)
      expect(source.fetched).to.deep.equal([['a', 'b', 'c']])
    })

    it('that has been sent is followed by one more for other topics, shared by all who ask meanwhile', async () => {
      const { refresher, source } = makeRefresher()
      const first = refresher.refresh(['a'])
      await turn()
      const others = [refresher.refresh(['b']), refresher.refresh(['c', 'a']), refresher.refresh(['b'])]
      await turn()
      expect(source.fetched).to.deep.equal([['a']])
      await source.answer(brokersOf(0), topicOf('a', [0, 0]))
      await first
      await turn()
      expect(source.fetched).to.deep.equal([['a'], ['b', 'c', 'a']])
      await source.answer(brokersOf(0), topicOf('a', [0, 0]), topicOf('b', [0, 0]), topicOf('c', [0, 0]))
      await Promise.all(others)
      expect(source.open).to.deep.equal([])
    })

    it('of the follow-up is shared in turn, and followed by a third', async () => {
      const { refresher, source } = makeRefresher()
      const asked = [refresher.refresh(['a'])]
      await turn()
      asked.push(refresher.refresh(['b']))
      await source.answer(brokersOf(0), topicOf('a', [0, 0]))
      await asked[0]
      await turn()
      asked.push(refresher.refresh(['b']), refresher.refresh(['c']))
      await source.answer(brokersOf(0), topicOf('b', [0, 0]))
      await Promise.all(asked.slice(1, 3))
      await source.answer(brokersOf(0), topicOf('c', [0, 0]))
      await asked[3]
      expect(source.fetched).to.deep.equal([['a'], ['b'], ['c']])
    })

    it('starts anew when the one before has completed', async () => {
      const made = makeRefresher()
      await refreshed(made, brokersOf(0), topicOf('t', [0, 0]))
      await refreshed(made, brokersOf(0), topicOf('t', [0, 0]))
      expect(made.source.fetched).to.deep.equal([['t'], ['t']])
    })

    it('fails for all who share it, and does not stop the one that follows', async () => {
      const { metadata, refresher, source } = makeRefresher()
      const failed = [refresher.refresh(['a']), refresher.refresh(['a'])].map((done) =>
        done.catch((error) => error),
      )
      await turn()
      const next = refresher.refresh(['b'])
      const reason = new MetadataError('nobody answered')
      await source.fail(reason)
      expect(await Promise.all(failed)).to.deep.equal([reason, reason])
      await turn()
      await source.answer(brokersOf(0), topicOf('b', [0, 0]))
      await next
      expect(metadata.isCached('b')).to.equal(true)
    })

    it('that failed can be tried again', async () => {
      const made = makeRefresher()
      const failed = made.refresher.refresh(['t']).catch(() => {})
      await made.source.fail(new MetadataError('nobody answered'))
      await failed
      await refreshed(made, brokersOf(0), topicOf('t', [0, 0]))
      expect(leadersOf(made.metadata, 't')).to.deep.equal({ 0: 0 })
    })

    it('that failed is the reason why nothing is known of a topic, until one succeeds', async () => {
      const made = makeRefresher()
      const reason = new MetadataError('nobody answered')
      const failed = made.refresher.refresh(['t']).catch(() => {})
      await made.source.fail(reason)
      await failed
      expect(errorOf(made.metadata, 't')).to.equal(reason)
      await refreshed(made, brokersOf(0), topicOf('t', [0, 0]))
      expect(made.metadata.lookUp('t')).to.be.instanceOf(TopicPartitions)
    })

    it('that failed keeps what was known', async () => {
      const made = makeRefresher()
      await refreshed(made, brokersOf(0), topicOf('t', [0, 0]))
      const failed = made.refresher.refresh(['t']).catch(() => {})
      await made.source.fail(new MetadataError('nobody answered'))
      await failed
      expect(leadersOf(made.metadata, 't')).to.deep.equal({ 0: 0 })
    })

    it('is reported, with its topics, whether it succeeded or not', async () => {
      const made = makeRefresher()
      await refreshed(made, brokersOf(0), topicOf('a', [0, 0]), topicOf('b', [0, 0]))
      const reason = new MetadataError('nobody answered')
      const failed = made.refresher.refresh(['a']).catch(() => {})
      await made.source.fail(reason)
      await failed
      expect(made.onRefresh.args).to.deep.equal([
        [['a', 'b'], null],
        [['a'], reason],
      ])
    })

    it('keeps only topics that were asked for', async () => {
      const { metadata, refresher, source } = makeRefresher()
      const done = refresher.refresh(['t'])
      await source.answer(
        brokersOf(0),
        topicOf('t', [0, 0]),
        topicOf('unasked', [0, 0]),
        topicError('odd', 3),
      )
      await done
      expect(metadata.isCached('unasked')).to.equal(false)
      expect(errorOf(metadata, 'odd').message).to.equal('nothing is known of topic odd')
    })

    it('leaves a topic that the answer does not mention as it was', async () => {
      const made = makeRefresher()
      await refreshed(made, brokersOf(0), topicOf('t', [0, 0]))
      const done = made.refresher.refresh(['t'])
      await made.source.answer(brokersOf(0))
      await done
      expect(leadersOf(made.metadata, 't')).to.deep.equal({ 0: 0 })
    })
  })

  describe('under a limit', () => {
    let clock: sinon.SinonFakeTimers
    beforeEach(() => {
      clock = sinon.useFakeTimers()
    })

    /** How many requests a caller can make who asks again as soon as it is answered. */
    async function requestsWithin(
      milliseconds: number,
      isRetry: boolean,
      end: (source: ScriptedSource) => void,
    ): Promise<number> {
      const { refresher, source } = makeRefresher()
      let isOver = false
      const asking = (async () => {
        while (!isOver) {
          await refresher.refresh(['t'], isRetry).catch(() => {})
        }
      })()
      for (let ms = 0; ms < milliseconds; ms++) {
        await clock.tickAsync(1)
        if (source.open.length > 0) end(source)
      }
      const count = source.fetched.length
      isOver = true
      refresher.close()
      await clock.tickAsync(1)
      if (source.open.length > 0) end(source)
      await asking
      return count
    }

    const answering =
      (...topics: PartialTopic[]) =>
      (source: ScriptedSource): void =>
        source.open.shift()!.answer(describing(brokersOf(0, 1), ...topics))

    it('starts ten requests a second at most while nobody answers', async () => {
      const fail = (source: ScriptedSource): void => source.open.shift()!.fail(new MetadataError('no'))
      expect(await requestsWithin(2999, false, fail)).to.be.within(20, 30)
    })

    // Two are asked for without a limit, and may be more than a second's ten.
    it('starts ten requests a second at most for a topic whose answers are errors', async () => {
      expect(await requestsWithin(2999, false, answering(topicError('t', 3)))).to.be.within(20, 32)
    })

    it('starts ten requests a second at most for a topic that answers leave out', async () => {
      expect(await requestsWithin(2999, false, answering())).to.be.within(20, 32)
    })

    it('starts ten requests a second at most for retries while the answers stay the same', async () => {
      expect(await requestsWithin(2999, true, answering(topicOf('t', [0, 0])))).to.be.within(20, 33)
    })

    it('starts as many requests as are wanted while they are answered', async () => {
      expect(await requestsWithin(999, false, answering(topicOf('t', [0, 0])))).to.equal(999)
    })

    it('starts as many requests for retries as are wanted while the leader moves each time', async () => {
      let leader = 0
      const move = (source: ScriptedSource): void => {
        leader = 1 - leader
        answering(topicOf('t', [0, leader]))(source)
      }
      expect(await requestsWithin(999, true, move)).to.equal(999)
    })

    it('starts as many requests for retries as are wanted while the leader’s address changes each time', async () => {
      let port = 9092
      const move = (source: ScriptedSource): void => {
        port++
        const brokers = [{ nodeId: 0, host: 'b0', port }]
        source.open.shift()!.answer(describing(brokers, topicOf('t', [0, 0])))
      }
      expect(await requestsWithin(999, true, move)).to.equal(999)
    })

    it('asks for 40 new topics, one after the other, without any pause', async () => {
      const { refresher, source } = makeRefresher()
      for (let i = 0; i < 40; i++) {
        const done = refresher.refresh([`t${i}`])
        await clock.tickAsync(0)
        answering(topicOf(`t${i}`, [0, 0]))(source)
        await done
      }
      expect(performance.now()).to.equal(0)
    })

    /** A source, and a request for a topic that has to wait for its turn. */
    async function withWaiting() {
      const { refresher, source } = makeRefresher()
      for (let i = 0; i < 12; i++) {
        const done = refresher.refresh(['bad'])
        await clock.tickAsync(0)
        answering(topicError('bad', 3))(source)
        await done
      }
      const waiting = refresher.refresh(['bad'])
      await clock.tickAsync(10)
      expect(source.open).to.deep.equal([])
      return { refresher, source, waiting }
    }

    it('lets a request that waits start at once when a new topic joins it', async () => {
      const { refresher, source, waiting } = await withWaiting()
      const joined = refresher.refresh(['new'])
      await clock.tickAsync(0)
      expect(source.fetched.at(-1)).to.deep.equal(['bad', 'new'])
      answering(topicError('bad', 3), topicOf('new', [0, 0]))(source)
      await Promise.all([waiting, joined])
    })

    it('lets a request that waits go on waiting when another repeated failure joins it', async () => {
      const { refresher, source, waiting } = await withWaiting()
      const joined = refresher.refresh(['bad'])
      await clock.tickAsync(500)
      expect(source.open).to.deep.equal([])
      refresher.close()
      await clock.tickAsync(0)
      answering(topicError('bad', 3))(source)
      await Promise.all([waiting, joined])
    })

    it('lets nobody wait any longer once it is closed, nor anybody who asks later; its source has the word', async () => {
      const { refresher, source, waiting } = await withWaiting()
      refresher.close()
      await clock.tickAsync(0)
      expect(clock.countTimers()).to.equal(0)
      for (const isFirst of [true, false]) {
        const asked = isFirst ? waiting : refresher.refresh(['t'])
        await clock.tickAsync(0)
        source.open.shift()!.fail(new MetadataError('closed'))
        expect(
          await asked.then(
            () => 'done',
            (error) => error.message,
          ),
        ).to.equal('closed')
      }
    })

    /** Milliseconds from the end of one request to the next one, when that is asked for at once. */
    async function pauseAfter(end: (source: ScriptedSource) => void): Promise<number> {
      const source = new ScriptedSource()
      const { refresher } = makeRefresher(source, () => 0.999999)
      for (const isLast of [false, true]) {
        const done = refresher.refresh(['t']).catch(() => {})
        await clock.tickAsync(isLast ? 500 : 0)
        if (isLast) break
        source.open.shift()!.fail(new MetadataError('no'))
        await done
      }
      end(source)
      await clock.tickAsync(0)
      const endMs = performance.now()
      const next = refresher.refresh(['t']).catch(() => {})
      while (source.open.length === 0) await clock.tickAsync(1)
      const pauseMs = performance.now() - endMs
      end(source)
      await next
      return Math.round(pauseMs)
    }

    it('waits after failures, longer each time', async () => {
      const fail = (source: ScriptedSource): void => source.open.shift()!.fail(new MetadataError('no'))
      expect(await pauseAfter(fail)).to.be.within(49, 50)
    })

    it('does not wait after a success', async () => {
      const answer = (source: ScriptedSource): void =>
        source.open.shift()!.answer(describing(brokersOf(0), topicOf('t', [0, 0])))
      expect(await pauseAfter(answer)).to.be.at.most(1)
    })
  })

  describe('topic ids', () => {
    const id = Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex')
    const withId = () => ({ ...topicOf('t', [0, 0]), topicId: id })

    it('are asked for once more, beside the traffic, where the first answer has no room for them', async () => {
      const made = makeRefresher()
      made.source.lacksTopicIds = true
      await refreshed(made, brokersOf(0), topicOf('t', [0, 0]))
      await made.source.answer(brokersOf(0), withId())
      await new Promise((resolve) => setImmediate(resolve))
      expect(Buffer.from(made.metadata.topicIdOf('t'))).to.deep.equal(id)
      expect(made.source.fetched).to.deep.equal([['t'], ['t']])
    })

    it('are not asked for again when that fails, and nothing is reported after the end', async () => {
      const made = makeRefresher()
      made.source.lacksTopicIds = true
      await refreshed(made, brokersOf(0), topicOf('t', [0, 0]))
      made.refresher.close()
      await made.source.fail(new MetadataError('closed'))
      await new Promise((resolve) => setImmediate(resolve))
      expect(made.source.fetched).to.have.length(2)
    })
  })
})

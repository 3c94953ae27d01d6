import { expect } from 'chai'
import sinon from 'sinon'
import { BrokerError, KafkaError, MetadataError } from '../../lib/errors.js'
import { BrokerPartitionInfo, TopicPartitions } from '../../lib/handler/broker-partition-info.js'
import type { BrokerAddress } from '../../lib/network/connection.js'
import { countSteps } from '../support/count-steps.js'
import { LogKeeper } from './support/log-keeper.js'
import {
  brokersOf,
  describing,
  type PartialBrokers,
  type PartialTopic,
  ScriptedSource,
  topicError,
  topicOf,
} from './support/scripted-source.js'

function makeInfo() {
  const source = new ScriptedSource()
  const logger = new LogKeeper()
  const onLeaders = sinon.fake<[ReadonlyMap<number, BrokerAddress>, ReadonlyMap<number, string>]>()
  const onRefresh = sinon.fake<[readonly string[], KafkaError | null]>()
  return {
    source,
    logger,
    onLeaders,
    onRefresh,
    info: new BrokerPartitionInfo({ source, logger, onLeaders, onRefresh, random: () => 0 }),
  }
}

type Made = ReturnType<typeof makeInfo>

/** One refresh from its beginning to its end. */
async function refreshed(
  { info, source }: Made,
  brokers: PartialBrokers,
  ...topics: PartialTopic[]
): Promise<void> {
  const done = info.refresh(topics.map(({ name }) => name))
  await source.answer(brokers, ...topics)
  await done
}

/** id → leader. */
function leadersOf(info: BrokerPartitionInfo, topic: string): Record<number, number | null> | undefined {
  const partitions = info.partitionsOf(topic)
  return (
    partitions && Object.fromEntries(partitions.map(({ partitionId, leaderId }) => [partitionId, leaderId]))
  )
}

function errorOf(info: BrokerPartitionInfo, topic: string): KafkaError {
  const found = info.lookUp(topic)
  if (found instanceof KafkaError) return found
  throw new Error(`${topic} is known`)
}

/** Lets the handlers of settled promises run. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

describe('TopicPartitions', () => {
  const partitions = [7, 2, 11].map((partitionId, i) => ({
    topic: 't',
    partitionId,
    leaderId: i === 0 ? null : i,
  }))

  it('sorts partitions by id and finds them by it, over gaps', () => {
    const topic = new TopicPartitions(partitions)
    expect(topic.partitions.map(({ partitionId }) => partitionId)).to.deep.equal([2, 7, 11])
    expect([2, 7, 11, 3].map((id) => topic.positionOf(id))).to.deep.equal([0, 1, 2, undefined])
  })

  it('lists the positions of partitions that have a leader', () => {
    expect(new TopicPartitions(partitions).withLeader).to.deep.equal([0, 2])
  })

  it('does not change the given list', () => {
    const given = [...partitions]
    new TopicPartitions(given)
    expect(given).to.deep.equal(partitions)
  })
})

describe('BrokerPartitionInfo', () => {
  it('has an error for every topic before the first refresh', () => {
    const { info } = makeInfo()
    expect([info.isCached('t'), info.partitionsOf('t')]).to.deep.equal([false, undefined])
    expect(errorOf(info, 't')).to.be.instanceOf(MetadataError)
    expect(errorOf(info, 't')).to.include({
      message: 'nothing is known of topic t',
      topic: 't',
      retriable: true,
    })
  })

  it('returns partitions and leaders of a topic after a refresh', async () => {
    const made = makeInfo()
    await refreshed(made, brokersOf(0, 1), topicOf('t', [1, 0], [0, 1]))
    expect(made.info.isCached('t')).to.equal(true)
    expect(made.info.partitionsOf('t')).to.deep.equal([
      { topic: 't', partitionId: 0, leaderId: 1 },
      { topic: 't', partitionId: 1, leaderId: 0 },
    ])
    expect(made.info.lookUp('t')).to.be.instanceOf(TopicPartitions)
  })

  it('accepts metadata from an application', () => {
    const { info } = makeInfo()
    info.set('t', [{ topic: 't', partitionId: 0, leaderId: 5 }])
    expect([info.isCached('t'), leadersOf(info, 't')]).to.deep.equal([true, { 0: 5 }])
  })

  it('keeps neither partitions, id nor error of a forgotten topic', async () => {
    const made = makeInfo()
    await refreshed(made, brokersOf(0), { ...topicOf('t', [0, 0]), topicId: Buffer.alloc(16, 1) })
    await refreshed(made, brokersOf(0), topicError('bad', 3))
    for (const topic of ['t', 'bad']) {
      made.info.forget(topic)
      expect(made.info.isCached(topic)).to.equal(false)
      expect(errorOf(made.info, topic).message).to.equal(`nothing is known of topic ${topic}`)
    }
    expect(made.info.topicIdOf('t').some((byte) => byte !== 0)).to.equal(false)
  })

  it('leaves out the leaders of a forgotten topic at the next refresh', async () => {
    const made = makeInfo()
    await refreshed(made, brokersOf(0, 1), topicOf('t', [0, 0]))
    made.info.forget('t')
    await refreshed(made, brokersOf(0, 1), topicOf('u', [0, 1]))
    expect([...made.onLeaders.lastCall.args[0].keys()]).to.deep.equal([1])
  })

  describe('refresh', () => {
    it('sends no request without a topic, which would mean all topics', async () => {
      const { info, source } = makeInfo()
      await info.refresh([])
      expect(source.fetched).to.deep.equal([])
    })

    it('is shared by all callers whose topics are being fetched', async () => {
      const { info, source } = makeInfo()
      const all = [info.refresh(['a', 'b']), info.refresh(['b']), info.refresh(new Set(['a', 'b']))]
      await source.answer(brokersOf(0), topicOf('a', [0, 0]), topicOf('b', [0, 0]))
      await Promise.all(all)
      await turn()
      expect(source.fetched).to.deep.equal([['a', 'b']])
    })

    it('covers the topics of later callers before it is sent', async () => {
      const { info, source } = makeInfo()
      const all = [info.refresh(['a']), info.refresh(['b']), info.refresh(['a', 'c'])]
      await source.answer(brokersOf(0), topicOf('a', [0, 0]), topicOf('b', [0, 0]), topicOf('c', [0, 0]))
      await Promise.all(all)
      expect(source.fetched).to.deep.equal([['a', 'b', 'c']])
    })

    it('is followed by one more for other topics, shared by all later callers', async () => {
      const { info, source } = makeInfo()
      const first = info.refresh(['a'])
      await turn()
      const others = [info.refresh(['b']), info.refresh(['c', 'a']), info.refresh(['b'])]
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

    it('is followed by a third one, as the second is shared in turn', async () => {
      const { info, source } = makeInfo()
      const asked = [info.refresh(['a'])]
      await turn()
      asked.push(info.refresh(['b']))
      await source.answer(brokersOf(0), topicOf('a', [0, 0]))
      await asked[0]
      await turn()
      asked.push(info.refresh(['b']), info.refresh(['c']))
      await source.answer(brokersOf(0), topicOf('b', [0, 0]))
      await Promise.all(asked.slice(1, 3))
      await source.answer(brokersOf(0), topicOf('c', [0, 0]))
      await asked[3]
      expect(source.fetched).to.deep.equal([['a'], ['b'], ['c']])
    })

    it('sends a new request after the previous one has ended', async () => {
      const made = makeInfo()
      await refreshed(made, brokersOf(0), topicOf('t', [0, 0]))
      await refreshed(made, brokersOf(0), topicOf('t', [0, 0]))
      expect(made.source.fetched).to.deep.equal([['t'], ['t']])
    })

    it('fails for all its callers, and does not stop the one that follows', async () => {
      const { info, source } = makeInfo()
      const failed = [info.refresh(['a']), info.refresh(['a'])].map((done) => done.catch((error) => error))
      await turn()
      const next = info.refresh(['b'])
      const reason = new MetadataError('nobody answered')
      await source.fail(reason)
      expect(await Promise.all(failed)).to.deep.equal([reason, reason])
      await turn()
      await source.answer(brokersOf(0), topicOf('b', [0, 0]))
      await next
      expect(info.isCached('b')).to.equal(true)
    })

    it('can be repeated after a failure', async () => {
      const made = makeInfo()
      const failed = made.info.refresh(['t']).catch(() => {})
      await made.source.fail(new MetadataError('nobody answered'))
      await failed
      await refreshed(made, brokersOf(0), topicOf('t', [0, 0]))
      expect(leadersOf(made.info, 't')).to.deep.equal({ 0: 0 })
    })

    it('is the reason of a topic’s error after a failure, until one succeeds', async () => {
      const made = makeInfo()
      const reason = new MetadataError('nobody answered')
      const failed = made.info.refresh(['t']).catch(() => {})
      await made.source.fail(reason)
      await failed
      expect(errorOf(made.info, 't')).to.equal(reason)
      await refreshed(made, brokersOf(0), topicOf('t', [0, 0]))
      expect(made.info.lookUp('t')).to.be.instanceOf(TopicPartitions)
    })

    it('keeps cached topics after a failure', async () => {
      const made = makeInfo()
      await refreshed(made, brokersOf(0), topicOf('t', [0, 0]))
      const failed = made.info.refresh(['t']).catch(() => {})
      await made.source.fail(new MetadataError('nobody answered'))
      await failed
      expect(leadersOf(made.info, 't')).to.deep.equal({ 0: 0 })
    })

    it('is reported, with its topics, whether it succeeded or not', async () => {
      const made = makeInfo()
      await refreshed(made, brokersOf(0), topicOf('a', [0, 0]), topicOf('b', [0, 0]))
      const reason = new MetadataError('nobody answered')
      const failed = made.info.refresh(['a']).catch(() => {})
      await made.source.fail(reason)
      await failed
      expect(made.onRefresh.args).to.deep.equal([
        [['a', 'b'], null],
        [['a'], reason],
      ])
    })

    it('keeps only requested topics of an answer', async () => {
      const { info, source } = makeInfo()
      const done = info.refresh(['t'])
      await source.answer(
        brokersOf(0),
        topicOf('t', [0, 0]),
        topicOf('unasked', [0, 0]),
        topicError('odd', 3),
      )
      await done
      expect(info.isCached('unasked')).to.equal(false)
      expect(errorOf(info, 'odd').message).to.equal('nothing is known of topic odd')
    })

    it('keeps a topic that is missing in the answer', async () => {
      const made = makeInfo()
      await refreshed(made, brokersOf(0), topicOf('t', [0, 0]))
      const done = made.info.refresh(['t'])
      await made.source.answer(brokersOf(0))
      await done
      expect(leadersOf(made.info, 't')).to.deep.equal({ 0: 0 })
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
      const { info, source } = makeInfo()
      let isOver = false
      const asking = (async () => {
        while (!isOver) {
          await info.refresh(['t'], isRetry).catch(() => {})
        }
      })()
      for (let ms = 0; ms < milliseconds; ms++) {
        await clock.tickAsync(1)
        if (source.open.length > 0) end(source)
      }
      const count = source.fetched.length
      isOver = true
      info.close()
      await clock.tickAsync(1)
      if (source.open.length > 0) end(source)
      await asking
      return count
    }

    const answering =
      (...topics: PartialTopic[]) =>
      (source: ScriptedSource): void =>
        source.open.shift()!.answer(describing(brokersOf(0, 1), ...topics))

    it('starts at most ten requests a second while no broker answers', async () => {
      const fail = (source: ScriptedSource): void => source.open.shift()!.fail(new MetadataError('no'))
      expect(await requestsWithin(2999, false, fail)).to.be.within(20, 30)
    })

    // Two are asked for without a limit, and may be more than a second's ten.
    it('starts at most ten requests a second for a topic whose answers are errors', async () => {
      expect(await requestsWithin(2999, false, answering(topicError('t', 3)))).to.be.within(20, 32)
    })

    it('starts at most ten requests a second for a topic that is missing in answers', async () => {
      expect(await requestsWithin(2999, false, answering())).to.be.within(20, 32)
    })

    it('starts at most ten requests a second for retries while the answers stay the same', async () => {
      expect(await requestsWithin(2999, true, answering(topicOf('t', [0, 0])))).to.be.within(20, 33)
    })

    it('starts every request at once while answers come', async () => {
      expect(await requestsWithin(999, false, answering(topicOf('t', [0, 0])))).to.equal(999)
    })

    it('starts every request for retries at once while the leader moves each time', async () => {
      let leader = 0
      const move = (source: ScriptedSource): void => {
        leader = 1 - leader
        answering(topicOf('t', [0, leader]))(source)
      }
      expect(await requestsWithin(999, true, move)).to.equal(999)
    })

    it('starts every request for retries at once while the leader’s address changes each time', async () => {
      let port = 9092
      const move = (source: ScriptedSource): void => {
        port++
        const brokers = [{ nodeId: 0, host: 'b0', port }]
        source.open.shift()!.answer(describing(brokers, topicOf('t', [0, 0])))
      }
      expect(await requestsWithin(999, true, move)).to.equal(999)
    })

    it('requests 40 new topics one after the other without a pause', async () => {
      const { info, source } = makeInfo()
      for (let i = 0; i < 40; i++) {
        const done = info.refresh([`t${i}`])
        await clock.tickAsync(0)
        answering(topicOf(`t${i}`, [0, 0]))(source)
        await done
      }
      expect(performance.now()).to.equal(0)
    })

    /** A source, and a request for a topic that has to wait for its turn. */
    async function withWaiting() {
      const { info, source } = makeInfo()
      for (let i = 0; i < 12; i++) {
        const done = info.refresh(['bad'])
        await clock.tickAsync(0)
        answering(topicError('bad', 3))(source)
        await done
      }
      const waiting = info.refresh(['bad'])
      await clock.tickAsync(10)
      expect(source.open).to.deep.equal([])
      return { info, source, waiting }
    }

    it('starts a waiting request at once when a new topic joins it', async () => {
      const { info, source, waiting } = await withWaiting()
      const joined = info.refresh(['new'])
      await clock.tickAsync(0)
      expect(source.fetched.at(-1)).to.deep.equal(['bad', 'new'])
      answering(topicError('bad', 3), topicOf('new', [0, 0]))(source)
      await Promise.all([waiting, joined])
    })

    it('keeps a request waiting when another repeated failure joins it', async () => {
      const { info, source, waiting } = await withWaiting()
      const joined = info.refresh(['bad'])
      await clock.tickAsync(500)
      expect(source.open).to.deep.equal([])
      info.close()
      await clock.tickAsync(0)
      answering(topicError('bad', 3))(source)
      await Promise.all([waiting, joined])
    })

    it('ends all waits on close, and passes later requests to its source', async () => {
      const { info, source, waiting } = await withWaiting()
      info.close()
      await clock.tickAsync(0)
      expect(clock.countTimers()).to.equal(0)
      for (const isFirst of [true, false]) {
        const asked = isFirst ? waiting : info.refresh(['t'])
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
      const info = new BrokerPartitionInfo({ source, logger: new LogKeeper(), random: () => 0.999999 })
      for (const isLast of [false, true]) {
        const done = info.refresh(['t']).catch(() => {})
        await clock.tickAsync(isLast ? 500 : 0)
        if (isLast) break
        source.open.shift()!.fail(new MetadataError('no'))
        await done
      }
      end(source)
      await clock.tickAsync(0)
      const endMs = performance.now()
      const next = info.refresh(['t']).catch(() => {})
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

    it('are kept until an answer has another one, or none', async () => {
      const made = makeInfo()
      expect(made.info.topicIdOf('t').some((byte) => byte !== 0)).to.equal(false)
      await refreshed(made, brokersOf(0), withId())
      expect(Buffer.from(made.info.topicIdOf('t'))).to.deep.equal(id)
      await refreshed(made, brokersOf(0), topicOf('t', [0, 0]))
      expect(made.info.topicIdOf('t').some((byte) => byte !== 0)).to.equal(false)
    })

    it('are requested once more, beside the traffic, where the first answer has no field for them', async () => {
      const made = makeInfo()
      made.source.lacksTopicIds = true
      await refreshed(made, brokersOf(0), topicOf('t', [0, 0]))
      await made.source.answer(brokersOf(0), withId())
      await new Promise((resolve) => setImmediate(resolve))
      expect(Buffer.from(made.info.topicIdOf('t'))).to.deep.equal(id)
      expect(made.source.fetched).to.deep.equal([['t'], ['t']])
    })

    it('are not requested again after a failure, and nothing is reported after close', async () => {
      const made = makeInfo()
      made.source.lacksTopicIds = true
      await refreshed(made, brokersOf(0), topicOf('t', [0, 0]))
      made.info.close()
      await made.source.fail(new MetadataError('closed'))
      await new Promise((resolve) => setImmediate(resolve))
      expect(made.source.fetched).to.have.length(2)
    })
  })

  describe('a topic with an error', () => {
    it('keeps its cached partitions (upstream: the cache survives)', async () => {
      const made = makeInfo()
      await refreshed(made, brokersOf(0), topicOf('t', [0, 0]))
      await refreshed(made, brokersOf(0), topicError('t', 5))
      expect(leadersOf(made.info, 't')).to.deep.equal({ 0: 0 })
      expect(made.info.lookUp('t')).to.be.instanceOf(TopicPartitions)
    })

    for (const [code, name] of [
      [3, 'UNKNOWN_TOPIC_OR_PARTITION'],
      [5, 'LEADER_NOT_AVAILABLE'],
      [-1, 'UNKNOWN_SERVER_ERROR'],
      [999, 'UNKNOWN_999'],
    ] as const) {
      it(`has a retriable error and a WARN line with code ${code}`, async () => {
        const made = makeInfo()
        await refreshed(made, brokersOf(0), topicError('t', code))
        const error = errorOf(made.info, 't')
        expect(error).to.be.instanceOf(MetadataError)
        expect(error).to.include({ topic: 't', retriable: true, persistence: 'not-persisted' })
        expect(error.message).to.match(new RegExp(`^topic t is not available: ${name} \\(${code}\\)`))
        expect(made.logger.at('warn')).to.deep.equal([error.message])
      })
    }

    for (const [code, name] of [
      [17, 'INVALID_TOPIC_EXCEPTION'],
      [29, 'TOPIC_AUTHORIZATION_FAILED'],
    ] as const) {
      it(`has a non-retriable error with code ${code}`, async () => {
        const made = makeInfo()
        await refreshed(made, brokersOf(0), topicError('t', code))
        expect(errorOf(made.info, 't')).to.be.instanceOf(BrokerError)
        expect(errorOf(made.info, 't')).to.include({
          code: `KAFKA_BROKER_${name}`,
          retriable: false,
          persistence: 'not-persisted',
        })
      })
    }

    it('is logged with the meaning of its code, where that is known', async () => {
      const made = makeInfo()
      await refreshed(made, brokersOf(0), topicError('a', 5), topicError('b', 77))
      expect(made.logger.at('warn')).to.deep.equal([
        'topic a is not available: LEADER_NOT_AVAILABLE (5): an election or the creation of the topic is under way',
        'topic b is not available: STALE_BROKER_EPOCH (77)',
      ])
    })

    it('has no error after an answer without one', async () => {
      const made = makeInfo()
      await refreshed(made, brokersOf(0), topicError('t', 3))
      await refreshed(made, brokersOf(0), topicOf('t', [0, 0]))
      expect(made.info.lookUp('t')).to.be.instanceOf(TopicPartitions)
    })

    it('does not affect other topics of the same answer', async () => {
      const made = makeInfo()
      await refreshed(made, brokersOf(0), topicError('bad', 3), topicOf('t', [0, 0]))
      expect([made.info.isCached('bad'), made.info.isCached('t')]).to.deep.equal([false, true])
    })

    it('has its name escaped and shortened in the log', async () => {
      const made = makeInfo()
      await refreshed(made, brokersOf(0), topicError(`\u001b${'t'.repeat(300)}`, 3))
      expect(made.logger.at('warn')[0]).to.contain('\\u{1b}ttt').and.not.contain('t'.repeat(201))
    })
  })

  describe('a partition', () => {
    it('has no leader where the broker answers −1 and 5, which is logged at WARN', async () => {
      const made = makeInfo()
      await refreshed(made, brokersOf(0), topicOf('t', [0, 0], [1, -1, 5]))
      expect(leadersOf(made.info, 't')).to.deep.equal({ 0: 0, 1: null })
      expect(made.logger.at('warn')).to.have.length(1)
      expect(made.logger.at('warn')[0]).to.contain('t/1').and.contain('LEADER_NOT_AVAILABLE')
    })

    it('has a leader where the broker answers 5 with a leader id', async () => {
      const made = makeInfo()
      await refreshed(made, brokersOf(0), topicOf('t', [0, 0, 5]))
      expect(leadersOf(made.info, 't')).to.deep.equal({ 0: 0 })
    })

    it('keeps its leader with any other error, such as an unavailable replica', async () => {
      const made = makeInfo()
      await refreshed(made, brokersOf(0), topicOf('t', [0, 0, 9]))
      expect(leadersOf(made.info, 't')).to.deep.equal({ 0: 0 })
      expect(made.logger.at('warn')).to.deep.equal([])
    })

    it('has no leader where that broker is not listed', async () => {
      const made = makeInfo()
      await refreshed(made, brokersOf(0), topicOf('t', [0, 3]))
      expect(leadersOf(made.info, 't')).to.deep.equal({ 0: null })
    })

    for (const id of [-1, -2]) {
      it(`never has broker ${id} as its leader, not even where a broker of that id is listed`, async () => {
        const made = makeInfo()
        await refreshed(made, brokersOf(0, id), topicOf('t', [0, id], [1, 0]))
        expect(leadersOf(made.info, 't')).to.deep.equal({ 0: null, 1: 0 })
        expect([...made.onLeaders.lastCall.args[0].keys()]).to.deep.equal([0])
      })
    }

    it('may have replicas that are not listed', async () => {
      const made = makeInfo()
      await refreshed(made, brokersOf(0), topicOf('t', [0, 0, 0, [0, 7, 8]]))
      expect(leadersOf(made.info, 't')).to.deep.equal({ 0: 0 })
    })

    it('may have any id: gaps stay gaps', async () => {
      const made = makeInfo()
      await refreshed(made, brokersOf(0), topicOf('t', [9, 0], [2, 0]))
      expect(leadersOf(made.info, 't')).to.deep.equal({ 2: 0, 9: 0 })
    })

    it('counts once, with its first entry, where it is listed twice', async () => {
      const made = makeInfo()
      await refreshed(made, brokersOf(0, 1), topicOf('t', [0, 1], [0, 0]))
      expect(made.info.partitionsOf('t')).to.deep.equal([{ topic: 't', partitionId: 0, leaderId: 1 }])
    })

    it('is ignored where its id is negative', async () => {
      const made = makeInfo()
      await refreshed(made, brokersOf(0), topicOf('t', [-1, 0], [0, 0]))
      expect(leadersOf(made.info, 't')).to.deep.equal({ 0: 0 })
    })

    it('gets another leader with the next refresh', async () => {
      const made = makeInfo()
      await refreshed(made, brokersOf(0, 1), topicOf('t', [0, 0]))
      await refreshed(made, brokersOf(0, 1), topicOf('t', [0, 1]))
      expect(leadersOf(made.info, 't')).to.deep.equal({ 0: 1 })
    })
  })

  // Upstream: AsyncProducerTest.testNoBroker.
  it('caches a topic without partitions, which is an error of its own', async () => {
    const made = makeInfo()
    await refreshed(made, brokersOf(0), topicOf('t'))
    expect(made.info.isCached('t')).to.equal(true)
    expect(errorOf(made.info, 't')).to.include({
      message: 't has no partitions',
      retriable: true,
      topic: 't',
    })
  })

  describe('the leaders’ addresses', () => {
    function reported(made: Made): Record<number, BrokerAddress> {
      return Object.fromEntries(made.onLeaders.lastCall.args[0])
    }

    it('are reported after each refresh, for every broker that leads a cached partition', async () => {
      const made = makeInfo()
      await refreshed(made, brokersOf(0, 1, 2), topicOf('t', [0, 0], [1, 1]))
      expect(reported(made)).to.deep.equal({ 0: { host: 'b0', port: 9092 }, 1: { host: 'b1', port: 9092 } })
      await refreshed(made, brokersOf(0, 1, 2), topicOf('u', [0, 2]))
      expect(Object.keys(reported(made))).to.deep.equal(['0', '1', '2'])
    })

    it('come with a topic that each broker leads by this answer', async () => {
      const made = makeInfo()
      const topicsByLeader = () => Object.fromEntries(made.onLeaders.lastCall.args[1])
      await refreshed(made, brokersOf(0, 1), topicOf('old', [0, 0], [1, 1]))
      expect(topicsByLeader()).to.deep.equal({ 0: 'old', 1: 'old' })
      await refreshed(
        made,
        brokersOf(0, 1, 2),
        { ...topicOf('bad', [0, 0]), errorCode: 5 },
        topicOf('a', [0, 1]),
        topicOf('b', [0, 1], [1, 2]),
      )
      expect(topicsByLeader()).to.deep.equal({ 1: 'a', 2: 'b' })
    })

    it('leave out a broker that leads nothing', async () => {
      const made = makeInfo()
      await refreshed(made, brokersOf(0, 1), topicOf('t', [0, 0], [1, 1]))
      await refreshed(made, brokersOf(0, 1), topicOf('t', [0, 1], [1, 1]))
      expect(Object.keys(reported(made))).to.deep.equal(['1'])
    })

    it('change with the metadata', async () => {
      const made = makeInfo()
      await refreshed(made, brokersOf(0), topicOf('t', [0, 0]))
      await refreshed(made, [{ nodeId: 0, host: 'moved', port: 9999 }], topicOf('t', [0, 0]))
      expect(reported(made)).to.deep.equal({ 0: { host: 'moved', port: 9999 } })
    })

    it('are kept for an unlisted broker that still leads a topic outside the request', async () => {
      const made = makeInfo()
      await refreshed(made, brokersOf(0, 1), topicOf('t', [0, 0]))
      await refreshed(made, brokersOf(1), topicOf('u', [0, 1]))
      expect(reported(made)).to.deep.equal({ 0: { host: 'b0', port: 9092 }, 1: { host: 'b1', port: 9092 } })
    })

    it('may be shared by two ids', async () => {
      const made = makeInfo()
      const same = [0, 1].map((nodeId) => ({ nodeId, host: 'same', port: 9092 }))
      await refreshed(made, same, topicOf('t', [0, 0], [1, 1]))
      expect(reported(made)).to.deep.equal({
        0: { host: 'same', port: 9092 },
        1: { host: 'same', port: 9092 },
      })
    })

    it('are those listed last where an id is listed twice, with a warning', async () => {
      const made = makeInfo()
      const twice = ['old', 'new'].map((host) => ({ nodeId: 0, host, port: 9092 }))
      await refreshed(made, twice, topicOf('t', [0, 0]))
      expect(reported(made)).to.deep.equal({ 0: { host: 'new', port: 9092 } })
      expect(made.logger.at('warn')).to.deep.equal(['broker id 0 is listed twice; the last address counts'])
    })

    for (const [host, port] of [
      ['', 9092],
      ['b0', 0],
      ['b0', -1],
      ['b0', 65536],
    ] as const) {
      it(`are ignored with a warning where they are unusable: "${host}":${port}`, async () => {
        const made = makeInfo()
        await refreshed(made, [{ nodeId: 0, host, port }, ...brokersOf(1)], topicOf('t', [0, 0], [1, 1]))
        expect(leadersOf(made.info, 't')).to.deep.equal({ 0: null, 1: 1 })
        expect(Object.keys(reported(made))).to.deep.equal(['1'])
        expect(made.logger.at('warn')).to.deep.equal([
          `broker 0 advertises the unusable address "${host}":${port}`,
        ])
      })
    }

    it('need the same number of steps at each refresh, however many topics are cached', async () => {
      const stepsFor = (topics: number): Promise<number> => {
        const made = makeInfo()
        for (let i = 0; i < topics; i++) {
          made.info.set(`known ${i}`, [{ topic: `known ${i}`, partitionId: 0, leaderId: i % 3 }])
        }
        return countSteps(() => refreshed(made, brokersOf(0, 1, 2), topicOf('t', [0, 0])))
      }
      expect((await stepsFor(2000)) / (await stepsFor(1000))).to.be.lessThan(1.1)
    })

    it('are missing for leaders that an application has set', async () => {
      const made = makeInfo()
      made.info.set('mine', [{ topic: 'mine', partitionId: 0, leaderId: 5 }])
      await refreshed(made, brokersOf(0), topicOf('t', [0, 0]))
      expect(reported(made)).to.deep.equal({ 0: { host: 'b0', port: 9092 } })
    })
  })
})

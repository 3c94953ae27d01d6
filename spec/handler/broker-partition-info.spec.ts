import { expect } from 'chai'
import sinon from 'sinon'
import type { BrokerAddress } from '../../lib/broker-address.js'
import { TopicPartitions } from '../../lib/cluster/topic-partitions.js'
import { BrokerError, type KafkaError, MetadataError } from '../../lib/errors.js'
import { BrokerPartitionInfo } from '../../lib/handler/broker-partition-info.js'
import { errorOf, leadersOf } from '../cluster/support/known-topics.js'
import {
  brokersOf,
  describing,
  type PartialBrokers,
  type PartialTopic,
  ScriptedSource,
  topicError,
  topicOf,
} from '../cluster/support/scripted-source.js'
import { LogKeeper } from './support/log-keeper.js'

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

describe('BrokerPartitionInfo', () => {
  it('knows a topic’s partitions and leaders after a refresh', async () => {
    const made = makeInfo()
    await refreshed(made, brokersOf(0, 1), topicOf('t', [1, 0], [0, 1]))
    expect(made.info.isCached('t')).to.equal(true)
    expect(made.info.partitionsOf('t')).to.deep.equal([
      { topic: 't', partitionId: 0, leaderId: 1 },
      { topic: 't', partitionId: 1, leaderId: 0 },
    ])
    expect(made.info.lookUp('t')).to.be.instanceOf(TopicPartitions)
  })

  it('hands on what an answer that came unasked says of its leaders', async () => {
    const made = makeInfo()
    await refreshed(made, brokersOf(0, 1), topicOf('t', [0, 0]))
    made.info.learn(['t'], describing(brokersOf(0, 1), topicOf('t', [0, 1])))
    expect(leadersOf(made.info, 't')).to.deep.equal({ 0: 1 })
    expect(made.onLeaders.lastCall.args).to.deep.equal([
      new Map([[1, { host: 'b1', port: 9092 }]]),
      new Map([[1, 't']]),
    ])
  })

  it('calls onLeaders before those who wait for a refresh go on, and onRefresh', async () => {
    const made = makeInfo()
    await refreshed(made, brokersOf(0), topicOf('t', [0, 0]))
    expect(made.onLeaders.calledOnce && made.onLeaders.calledBefore(made.onRefresh)).to.equal(true)
  })

  it('warns of a partition without a leader', async () => {
    const made = makeInfo()
    await refreshed(made, brokersOf(0), topicOf('t', [0, -1, 5]))
    expect(made.logger.at('warn')).to.have.length(1)
  })

  describe('a topic with an error', () => {
    for (const [code, name] of [
      [3, 'UNKNOWN_TOPIC_OR_PARTITION'],
      [5, 'LEADER_NOT_AVAILABLE'],
      [-1, 'UNKNOWN_SERVER_ERROR'],
      [999, 'UNKNOWN_999'],
    ] as const) {
      it(`has a retriable error with code ${code}, an INFO line, and a WARN line from the second answer on`, async () => {
        const made = makeInfo()
        await refreshed(made, brokersOf(0), topicError('t', code))
        const error = errorOf(made.info, 't')
        expect(error).to.be.instanceOf(MetadataError)
        expect(error).to.include({ topic: 't', retriable: true, persistence: 'not-persisted' })
        expect(error.message).to.match(new RegExp(`^topic t is not available: ${name} \\(${code}\\)`))
        expect(made.logger.at('info')).to.deep.equal([error.message])
        expect(made.logger.at('warn')).to.deep.equal([])
        for (let i = 0; i < 2; i++) await refreshed(made, brokersOf(0), topicError('t', code))
        expect(made.logger.at('info')).to.have.length(1)
        expect(made.logger.at('warn')).to.deep.equal([error.message, error.message])
      })
    }

    it('has a WARN line at once where asking again does not help', async () => {
      const made = makeInfo()
      await refreshed(made, brokersOf(0), topicError('t', 17))
      expect(made.logger.at('warn')).to.have.length(1)
    })

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
      expect(made.logger.at('info')).to.deep.equal([
        'topic a is not available: LEADER_NOT_AVAILABLE (5): an election or the creation of the topic is under way',
        'topic b is not available: STALE_BROKER_EPOCH (77)',
      ])
    })

    it('has its name escaped and shortened in the log', async () => {
      const made = makeInfo()
      await refreshed(made, brokersOf(0), topicError(`\u001b${'t'.repeat(300)}`, 3))
      expect(made.logger.at('info')[0]).to.contain('\\u{1b}ttt').and.not.contain('t'.repeat(201))
    })
  })
})

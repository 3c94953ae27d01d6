/** What the producer makes of metadata, over the wire: docs/reference/faults.md#metadata-that-is-wrong-or-missing. */
import { expect } from 'chai'
import { Producer } from '../../lib/index.js'
import { LogKeeper } from '../handler/support/log-keeper.js'
import { metadataRequests, produceRequests, sets } from '../support/scripted/recording.js'
import type { ClusterScript, PartitionScript, Rule } from '../support/scripted/script.js'
import { ScriptedCluster } from '../support/scripted/scripted-cluster.js'
import { eventually, rejection, Stage } from './support/stage.js'

const byKey = { ByKey: { partition: (key: unknown) => Number(key) } }
const partitionByKey = {
  'partitioner.class': 'ByKey',
  'key.serializer.class': 'kafka.serializer.IntegerEncoder',
}

describe('A producer with the metadata of a scripted cluster', () => {
  let cluster: ScriptedCluster
  let producer: Producer<unknown, unknown>
  let log: LogKeeper

  async function start(script: ClusterScript, rules: Rule[] = [], properties: Record<string, unknown> = {}) {
    cluster = await ScriptedCluster.start(script, rules)
    log = new LogKeeper()
    producer = new Producer<unknown, unknown>(
      {
        'metadata.broker.list': cluster.addresses(),
        'serializer.class': 'kafka.serializer.StringEncoder',
        'request.required.acks': 1,
        'request.timeout.ms': 1000,
        'retry.backoff.ms': 2,
        // A cluster of 0.8, and what is asked of it is counted here.
        'broker.version': '0.8.2',
        ...partitionByKey,
        ...properties,
      },
      { logger: log, classes: byKey },
    )
  }
  afterEach(async () => {
    await producer.close({ timeoutMs: 0 })
    await cluster.close()
  })

  function topicOf(...partitions: PartitionScript[]): ClusterScript['topics'] {
    return { t: { partitions } }
  }

  /** `broker: topic/partition`, of each produce request. */
  function produced(): string[] {
    return produceRequests(cluster.recording).map(
      ({ broker, body }) =>
        `${broker}: ${sets(body)
          .map(({ topic, partition }) => `${topic}/${partition}`)
          .join(' ')}`,
    )
  }

  it('retries a keyed message until its partition has a leader, and sends its neighbours at once', async () => {
    const leaderAppears: Rule = {
      on: 'metadata',
      nth: 3,
      before: [{ leader: { topic: 't', partition: 1, to: 1 } }],
    }
    await start({ brokers: 2, topics: topicOf({ id: 0, leader: 0 }, { id: 1, leader: -1 }) }, [leaderAppears])
    await producer.send([0, 1, 0].map((key) => ({ topic: 't', key, message: 'm' })))
    expect(produced()).to.deep.equal(['0: t/0', '1: t/1'])
    expect(metadataRequests(cluster.recording)).to.have.length(3)
  })

  it('sends messages without a key to a partition that has a leader', async () => {
    await start({
      brokers: 2,
      topics: topicOf({ id: 0, leader: -1 }, { id: 1, leader: 1 }, { id: 2, leader: -1 }),
    })
    for (let i = 0; i < 5; i++) await producer.send({ topic: 't', message: 'm' })
    expect(new Set(produced())).to.deep.equal(new Set(['1: t/1']))
  })

  it('fails only the messages of a partition that never has a leader, with an error that names it', async () => {
    await start({ brokers: 1, topics: topicOf({ id: 0, leader: 0 }, { id: 1, leader: -1 }) })
    const good = producer.send({ topic: 't', key: 0, message: 'm' })
    const error = await rejection(producer.deliver({ topic: 't', key: 1, message: 'm' }))
    await good
    expect(error).to.include({ code: 'KAFKA_METADATA', persistence: 'not-persisted', partition: 1 })
    expect(error.message).to.contain('t/1 has no leader')
    expect(error.attempts).to.have.length(4)
  })

  it('spaces and counts attempts where metadata names a stale leader for ever', async () => {
    await start({ brokers: 2, topics: topicOf({ id: 0, leader: 0 }) }, [{ on: 'produce', error: 6 }], {
      'message.send.max.retries': 3,
      'retry.backoff.ms': 20,
    })
    const error = await rejection(producer.deliver({ topic: 't', key: 0, message: 'm' }))
    expect(error).to.include({ code: 'KAFKA_BROKER_NOT_LEADER_OR_FOLLOWER' })
    const times = produceRequests(cluster.recording).map(({ atMs }) => atMs)
    expect(times).to.have.length(4)
    for (let i = 1; i < times.length; i++) expect(times[i]! - times[i - 1]!).to.be.at.least(19)
    expect(metadataRequests(cluster.recording)).to.have.length(4)
  })

  it('treats a partition whose leader is not listed as leaderless until it is listed', async () => {
    const listed: Rule = { on: 'metadata', nth: 2, before: [{ list: 1 }] }
    await start({ brokers: 2, unlisted: [1], topics: topicOf({ id: 0, leader: 1 }) }, [listed])
    await producer.send({ topic: 't', key: 0, message: 'm' })
    expect(produced()).to.deep.equal(['1: t/0'])
  })

  it('gives the partitioner the number of listed partitions where ids have gaps, and takes its answer as a position', async () => {
    await start({ brokers: 1, topics: topicOf({ id: 3, leader: 0 }, { id: 9, leader: 0 }) })
    await producer.send([0, 1].map((key) => ({ topic: 't', key, message: 'm' })))
    expect(produced()).to.deep.equal(['0: t/3 t/9'])
    const error = await rejection(producer.deliver({ topic: 't', key: 3, message: 'm' }))
    expect(error).to.include({ code: 'KAFKA_PARTITIONER' })
  })

  // Upstream: AsyncProducerTest.testNoBroker.
  it('fails messages of a topic without partitions after the retries', async () => {
    await start({ brokers: 1, topics: topicOf() }, [], { 'message.send.max.retries': 1 })
    const error = await rejection(producer.deliver({ topic: 't', message: 'm' }))
    expect(error.message).to.contain('t has no partitions')
    expect(produced()).to.deep.equal([])
  })

  // Golden f22.
  it('keeps cached partitions after a topic error', async () => {
    await start(
      { brokers: 1, topics: topicOf({ id: 0, leader: 0 }) },
      [{ on: 'metadata', from: 2, topicError: 5 }],
      {
        'topic.metadata.refresh.interval.ms': 0,
      },
    )
    for (let i = 0; i < 3; i++) await producer.send({ topic: 't', key: 0, message: 'm' })
    expect(produced()).to.have.length(3)
  })

  // Golden f01.
  it('asks another broker of the list where some are dead', async () => {
    await start({ brokers: 4, down: [0, 1, 2], topics: topicOf({ id: 0, leader: 3 }) })
    await producer.send({ topic: 't', key: 0, message: 'm' })
    expect(produced()).to.deep.equal(['3: t/0'])
  })

  it('asks learned brokers when all of the list are gone', async () => {
    await start({ brokers: 3, topics: topicOf({ id: 0, leader: 1 }) })
    await producer.close()
    producer = new Producer<unknown, unknown>(
      {
        'metadata.broker.list': cluster.address(0),
        'serializer.class': 'kafka.serializer.StringEncoder',
        'request.required.acks': 1,
        'retry.backoff.ms': 2,
        // A cluster of 0.8, and what is asked of it is counted here.
        'broker.version': '0.8.2',
        ...partitionByKey,
      },
      { logger: log, classes: byKey },
    )
    await producer.send({ topic: 't', key: 0, message: 'before' })
    await cluster.apply({ down: 0 }, { leader: { topic: 't', partition: 0, to: 2 } })
    await producer.send({ topic: 't', key: 0, message: 'after' })
    expect(produced().at(-1)).to.equal('2: t/0')
  })

  for (const [title, advertised, named] of [
    ['no host', { host: '' }, 'broker 0 advertises the unusable address ""'],
    ['port 0', { port: 0 }, 'broker 0 advertises the unusable address "127.0.0.1":0'],
  ] as const) {
    it(`sends nothing to a broker that advertises ${title}, and logs the address`, async () => {
      await start({ brokers: 1, advertise: { 0: advertised }, topics: topicOf({ id: 0, leader: 0 }) }, [], {
        'message.send.max.retries': 1,
      })
      const error = await rejection(producer.deliver({ topic: 't', key: 0, message: 'm' }))
      expect(error).to.include({ code: 'KAFKA_METADATA', persistence: 'not-persisted' })
      expect(log.at('warn').join('\n')).to.contain(named)
    })
  }

  it('names an advertised address that refuses connections in the error, IPv6 in brackets', async () => {
    await start(
      { brokers: 1, advertise: { 0: { host: '::1', port: 1 } }, topics: topicOf({ id: 0, leader: 0 }) },
      [],
      {
        'message.send.max.retries': 0,
      },
    )
    const error = await rejection(producer.deliver({ topic: 't', key: 0, message: 'm' }))
    expect(error).to.include({ code: 'KAFKA_CONNECTION', broker: '[::1]:1', persistence: 'not-persisted' })
    expect(error.message).to.contain('cannot connect to [::1]:1')
  })
})

describe('A producer with the metadata of a test cluster', () => {
  let stage: Stage
  beforeEach(() => {
    stage = new Stage()
  })
  afterEach(() => stage.close())

  for (const type of ['sync', 'async'] as const) {
    it(`delivers the first message to a topic that is created automatically, ${type} mode`, async () => {
      await stage.start({ brokers: 2, defaultPartitions: 3 })
      const producer = stage.producer({ 'producer.type': type })
      expect(await producer.deliver({ topic: 'fresh', message: 'm' })).to.include({
        topic: 'fresh',
        offset: 0n,
      })
    })

    it(`fails messages to a deleted topic with UNKNOWN_TOPIC_OR_PARTITION, ${type} mode`, async () => {
      await stage.start({ autoCreateTopics: false })
      stage.cluster.createTopic('t')
      const producer = stage.producer({ 'producer.type': type })
      await producer.deliver({ topic: 't', message: 'm' })
      stage.cluster.deleteTopic('t')
      const error = await rejection(producer.deliver({ topic: 't', message: 'm' }))
      expect(error).to.include({
        code: 'KAFKA_BROKER_UNKNOWN_TOPIC_OR_PARTITION',
        persistence: 'not-persisted',
        retriable: true,
      })
      expect(error.attempts).to.have.length(4)
    })

    // librdkafka tests/0107-topic_recreate.c.
    it(`delivers the next message to a topic that was deleted and created again, ${type} mode`, async () => {
      await stage.start({ autoCreateTopics: false })
      stage.cluster.createTopic('t', { partitions: 2 })
      const producer = stage.producer({ 'producer.type': type })
      await producer.deliver({ topic: 't', key: 'k', message: 'm' })
      stage.cluster.deleteTopic('t')
      stage.cluster.createTopic('t', { partitions: 1 })
      expect(await producer.deliver({ topic: 't', key: 'k', message: 'm' })).to.include({
        partition: 0,
        offset: 0n,
      })
    })
  }

  it('uses the new partitions of a topic from the next refresh on', async () => {
    await stage.start()
    stage.cluster.createTopic('t', { partitions: 1 })
    const producer = stage.producer({ 'topic.metadata.refresh.interval.ms': 0 })
    const key = 'a'
    expect(await producer.deliver({ topic: 't', key, message: 'm' })).to.include({ partition: 0 })
    stage.cluster.addPartitions('t', 3)
    await producer.deliver({ topic: 't', key, message: 'm' })
    // Java's hash code of "a" is 97.
    await eventually(() => stage.cluster.requests.filter(({ api }) => api === 'Metadata').length >= 2)
    expect(await producer.deliver({ topic: 't', key, message: 'm' })).to.include({ partition: 1 })
  })

  describe('with a refresh interval of 0', () => {
    let producer: Producer<unknown, unknown>
    const metadataRequestsMade = (): number =>
      stage.cluster.requests.filter(({ api }) => api === 'Metadata').length

    beforeEach(async () => {
      // Of a release whose first answer has all there is: nothing is asked for twice.
      await stage.start({ brokers: 2, era: '1.1' })
      stage.cluster.createTopic('t', { leaders: [0] })
      producer = stage.producer({
        'topic.metadata.refresh.interval.ms': 0,
        'message.send.max.retries': 0,
      })
      // Each new connection asks for metadata as well.
      await producer.send({ topic: 't', message: 'm' })
      stage.cluster.clearRequests()
    })

    it('requests metadata before each of 100 consecutive sends', async () => {
      for (let i = 0; i < 100; i++) await producer.send({ topic: 't', message: 'm' })
      expect(metadataRequestsMade()).to.equal(100)
    })

    it('sends no message to a leader that moved before the send', async () => {
      for (let i = 0; i < 20; i++) {
        stage.cluster.moveLeader('t', 0, i % 2)
        await producer.deliver({ topic: 't', message: 'm' })
      }
      expect(stage.values()).to.have.length(21)
    })

    it('requests metadata once for concurrent sends', async () => {
      await Promise.all(Array.from({ length: 100 }, () => producer.send({ topic: 't', message: 'm' })))
      expect(metadataRequestsMade()).to.be.within(1, 3)
    })
  })

  it('requests metadata of many new topics in one request', async () => {
    await stage.start({ brokers: 2, era: '1.1' })
    const producer = stage.producer()
    const names = Array.from({ length: 200 }, (_, i) => `t${i}`)
    for (const name of names) stage.cluster.createTopic(name)
    await Promise.all(names.map((topic) => producer.deliver({ topic, message: 'm' })))
    expect(stage.cluster.requests.filter(({ api }) => api === 'Metadata')).to.have.length.within(1, 3)
  })

  for (const era of ['0.8', '2.8', '3.9', '4.3'] as const) {
    it(`does not request a deleted topic when another topic gets a new leader, Kafka ${era}`, async () => {
      await stage.start({ brokers: 2, era })
      for (const topic of ['old', 'new']) stage.cluster.createTopic(topic, { leaders: [0] })
      const producer = stage.producer({ 'metadata.broker.list': `127.0.0.1:${stage.cluster.broker(0).port}` })
      await producer.deliver({ topic: 'old', message: 'm' })
      await producer.deliver({ topic: 'new', message: 'm' })
      stage.cluster.deleteTopic('old')
      let connections = 0
      stage.cluster.on('connection', () => connections++)
      stage.cluster.moveLeader('new', 0, 1)
      await producer.deliver({ topic: 'new', message: 'm' })
      expect(connections).to.be.above(0)
      expect(stage.cluster.topics).to.not.include('old')
    })
  }

  for (const acks of [0, 1, -1]) {
    it(`requests metadata before the next message after a failure without retries, acks ${acks}`, async () => {
      await stage.start({ brokers: 2 })
      stage.cluster.createTopic('t', { leaders: [0] })
      const producer = stage.producer({ 'request.required.acks': acks, 'message.send.max.retries': 0 })
      const send = (message: string) => producer.deliver({ topic: 't', key: 'k', message })
      await send('before')
      await producer.flush()
      stage.cluster.moveLeader('t', 0, 1)
      await send('refused').catch(() => {})
      await producer.flush().catch(() => {})
      await send('after')
      await producer.flush()
      expect(stage.values()).to.deep.equal(['before', 'after'])
    })
  }

  // Golden f30.
  it('finds a leader that comes back at another port', async () => {
    await stage.start({ brokers: 2, failover: false })
    stage.cluster.createTopic('t', { leaders: [0] })
    const producer = stage.producer()
    await producer.deliver({ topic: 't', message: 'before' })
    const { port } = stage.cluster.broker(0)
    await stage.cluster.stopBroker(0)
    await stage.cluster.startBroker(0, { port: 0 })
    expect(stage.cluster.broker(0).port).not.to.equal(port)
    expect(await producer.deliver({ topic: 't', message: 'after' })).to.include({ offset: 1n })
  })

  // docs/decisions/0000-classic-producer.md#d4
  it('keeps connections and produce requests through a refresh', async () => {
    await stage.start({ brokers: 2 })
    stage.cluster.createTopic('t', { partitions: 2 })
    const producer = stage.producer({ 'topic.metadata.refresh.interval.ms': 1 })
    await producer.send(['a', 'b', 'c', 'd'].map((key) => ({ topic: 't', key, message: 'm' })))
    let connections = 0
    stage.cluster.on('connection', () => connections++)
    let refreshes = 0
    producer.on('refresh', () => refreshes++)
    while (refreshes < 5) await producer.send({ topic: 't', key: 'a', message: 'm' })
    expect(connections).to.equal(0)
  })
})

/**
 * Scenarios of Kafka 0.8.2.2's own tests that need brokers, under the names they have there. Those that need none are in
 * spec/handler and spec/producer, marked "Upstream:".
 */
import { expect } from 'chai'
import {
  BrokerSession,
  ConfigError,
  Connector,
  KeyedMessage,
  type Producer,
  SyncProducer,
} from '../../lib/index.js'
import { silentLogger } from '../../lib/logger.js'
import type { ProduceRequest, ProduceResponse } from '../../lib/protocol/messages/index.js'
import { errorCode, noAnswer } from '../../lib/testing/index.js'
import { knownAs, produceRequest } from '../support/messages.js'
import { messageSet } from '../support/wire-message-set.js'
import { rejection, Stage } from './support/stage.js'

/** Bytes of an entry of a message set beside its value, the key being null. */
const ENTRY_OVERHEAD = 26

describe('ProducerTest', () => {
  let stage: Stage
  beforeEach(async () => {
    stage = new Stage()
    await stage.start({ brokers: 2, defaultPartitions: 4, failover: false })
  })
  afterEach(() => stage.close())

  const address = (broker: number): string => `127.0.0.1:${stage.cluster.broker(broker).port}`

  /** Partition = length of the key, modulo: upstream's StaticPartitioner. */
  const staticPartitioner = {
    Static: { partition: (key: unknown, count: number) => String(key).length % count },
  }

  function make(properties: Record<string, unknown>): Producer<unknown, unknown> {
    return stage.producer({ 'partitioner.class': 'Static', ...properties }, staticPartitioner)
  }

  describe('testUpdateBrokerPartitionInfo', () => {
    it('fails the send with only dead brokers in the list', async () => {
      const producer = make({
        'metadata.broker.list': '127.0.0.1:1,127.0.0.1:2',
        'message.send.max.retries': 0,
      })
      const error = await rejection(producer.send(new KeyedMessage('new-topic', 'test', 'test1')))
      expect(error).to.include({ code: 'KAFKA_FAILED_TO_SEND', persistence: 'not-persisted' })
      expect(error.message).to.contain('127.0.0.1:1').and.contain('127.0.0.1:2')
    })

    it('succeeds with a dead and a live broker in the list', async () => {
      const producer = make({ 'metadata.broker.list': `127.0.0.1:1,${address(0)}` })
      await producer.send(new KeyedMessage('new-topic', 'test', 'test1'))
    })

    it('succeeds with two live brokers in the list', async () => {
      await make({}).send(new KeyedMessage('new-topic', 'test', 'test1'))
    })
  })

  it('testSendToNewTopic: two keyed messages are stored with key and value, with acks −1', async () => {
    stage.cluster.createTopic('new-topic', { partitions: 1 })
    const producer = make({ 'request.required.acks': -1 })
    await producer.send(new KeyedMessage('new-topic', 'test', 'test1'))
    await producer.send(new KeyedMessage('new-topic', 'test', 'test2'))
    expect(
      stage.cluster.messages('new-topic').map(({ key, value }) => [String(key), String(value)]),
    ).to.deep.equal([
      ['test', 'test1'],
      ['test', 'test2'],
    ])
  })

  it('testSendToNewTopic: acks 3 is refused', () => {
    expect(() => make({ 'request.required.acks': 3 })).to.throw(ConfigError)
  })

  it('testSendWithDeadBroker: fails while the leader is down, and only the first message is stored', async () => {
    stage.cluster.createTopic('new-topic', { leaders: [0, 0, 0, 0] })
    const producer = make({ 'message.send.max.retries': 0 })
    await producer.send(new KeyedMessage('new-topic', 'test', 'test1'))
    await stage.cluster.stopBroker(0)
    const error = await rejection(producer.send(new KeyedMessage('new-topic', 'test', 'test1')))
    expect(error).to.include({ code: 'KAFKA_FAILED_TO_SEND' })
    await stage.cluster.startBroker(0)
    expect(stage.values('new-topic')).to.deep.equal(['test1'])
    await producer.send(new KeyedMessage('new-topic', 'test', 'test2'))
  })

  it('testAsyncSendCanCorrectlyFailWithTimeout: fails without an answer, not before the time-out', async () => {
    stage.cluster.createTopic('new-topic')
    const producer = make({ 'request.timeout.ms': 100, 'message.send.max.retries': 0 })
    await producer.send(new KeyedMessage('new-topic', 'test', 'test'))
    stage.cluster.faults.on('Produce', {}, noAnswer())
    const start = performance.now()
    const error = await rejection(producer.send(new KeyedMessage('new-topic', 'test', 'test')))
    expect(performance.now() - start).to.be.at.least(100)
    expect(error).to.include({ code: 'KAFKA_FAILED_TO_SEND', persistence: 'possibly-persisted' })
  })

  it('testSendNullMessage: a null value with a key is stored', async () => {
    await make({}).send(new KeyedMessage('new-topic', 'key', null))
    const [message] = stage.cluster.messages('new-topic')
    expect([String(message!.key), message!.value]).to.deep.equal(['key', null])
  })
})

describe('SyncProducerTest', () => {
  const MAX_MESSAGE_BYTES = 10_000
  let stage: Stage
  let producer: SyncProducer
  beforeEach(async () => {
    stage = new Stage()
    await stage.start({ autoCreateTopics: false, maxMessageBytes: MAX_MESSAGE_BYTES })
    stage.cluster.createTopic('test')
    producer = make()
  })
  afterEach(async () => {
    producer.close()
    await stage.close()
  })

  function make(requestTimeoutMs = 500): SyncProducer {
    const connector = new Connector({
      clientId: '',
      logger: silentLogger,
      connectTimeoutMs: () => 500,
      sendBufferBytes: 0,
      maxFrameBytes: 1_000_000,
    })
    const address = { host: '127.0.0.1', port: stage.cluster.broker(0).port }
    const apiVersionsCache = knownAs('0.8.2')
    const session = new BrokerSession(address, { connector, requestTimeoutMs, apiVersionsCache })
    return new SyncProducer(session, { requestTimeoutMs })
  }

  function request(acks: number, topics: readonly string[], valueBytes = 10): ProduceRequest {
    const records = messageSet([{ value: 'x'.repeat(valueBytes) }])
    return produceRequest({
      acks,
      timeoutMs: 500,
      topics: topics.map((name) => ({ name, partitions: [{ index: 0, records }] })),
    })
  }

  function shapeOf(response: ProduceResponse | null): [string, number, bigint][] {
    return response!.topics.map(({ name, partitions: [answer] }) => [
      name,
      answer!.errorCode,
      answer!.baseOffset,
    ])
  }

  it('testReachableServer: three requests on one instance', async () => {
    for (let i = 0; i < 3; i++) {
      expect(shapeOf(await producer.send(request(1, ['test'])))).to.deep.equal([['test', 0, BigInt(i)]])
    }
  })

  it('testEmptyProduceRequest: an answer without entries', async () => {
    expect(shapeOf(await producer.send(request(1, [])))).to.deep.equal([])
  })

  it('testMessageSizeTooLarge: code 10 and offset −1 over the limit, stored at it', async () => {
    const largest = MAX_MESSAGE_BYTES - ENTRY_OVERHEAD
    expect(shapeOf(await producer.send(request(1, ['test'], largest + 1)))).to.deep.equal([['test', 10, -1n]])
    expect(shapeOf(await producer.send(request(1, ['test'], largest)))).to.deep.equal([['test', 0, 0n]])
  })

  it('testMessageSizeTooLargeWithAckZero: the send returns; the broker closes, and the next one connects anew', async () => {
    expect(await producer.send(request(0, ['test'], MAX_MESSAGE_BYTES))).to.equal(null)
    for (let turns = 0; turns < 1000 && producer.isConnected; turns++) {
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(shapeOf(await producer.send(request(1, ['test'])))).to.deep.equal([['test', 0, 0n]])
    expect(new Set(stage.cluster.requests.map(({ connection }) => connection))).to.have.property('size', 2)
  })

  it('testProduceCorrectlyReceivesResponse: each topic has its own answer', async () => {
    const topics = ['topic1', 'topic2', 'topic3']
    expect(shapeOf(await producer.send(request(1, topics)))).to.deep.equal(
      topics.map((name) => [name, 3, -1n]),
    )
    stage.cluster.createTopic('topic1')
    stage.cluster.createTopic('topic3')
    expect(shapeOf(await producer.send(request(1, topics)))).to.deep.equal([
      ['topic1', 0, 0n],
      ['topic2', 3, -1n],
      ['topic3', 0, 0n],
    ])
  })

  it('testProducerCanTimeout: fails without an answer, not before the time-out', async () => {
    const impatient = make(100)
    stage.cluster.faults.on('Produce', {}, noAnswer())
    const start = performance.now()
    const error = await rejection(impatient.send(request(1, ['test'])))
    expect(error).to.include({ code: 'KAFKA_REQUEST_TIMEOUT', persistence: 'possibly-persisted' })
    expect(performance.now() - start).to.be.at.least(100)
    impatient.close()
  })

  it('testProduceRequestWithNoResponse: acks 0 has no answer', async () => {
    expect(await producer.send(request(0, ['test']))).to.equal(null)
  })

  it('testNotEnoughReplicas: code 19 is handed on', async () => {
    stage.cluster.faults.on('Produce', {}, errorCode(19))
    expect(shapeOf(await producer.send(request(-1, ['test'])))).to.deep.equal([['test', 19, -1n]])
  })
})

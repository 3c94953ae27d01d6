/** What a broker refuses, and that nothing else suffers from it. */
import { randomBytes } from 'node:crypto'
import { expect } from 'chai'
import { BrokerError, TimeoutError } from '../../../../../lib/index.js'
import type { ContractCase, ContractContext, ExpectedTopic } from '../../contract-case.js'
import { rejectionOf } from '../../rejection.js'
import { recordLike, sendAll } from './sent-records.js'

const AUTO_CREATED = 'kafka-producer-auto-created'
const UNKNOWN = 'kafka-producer-never-created'
const LARGE_TOPIC = 'kafka-producer-too-large'
const DIVIDED_TOPIC = 'kafka-producer-divided'
const BYTES = { 'value.serializer': 'org.apache.kafka.common.serialization.ByteArraySerializer' }
/** More than message.max.bytes of the broker, which is 1,000,012. */
const TOO_LARGE_BYTES = 1_500_000
const MORE_THAN_THE_BROKER_TAKES = { 'max.request.size': 4_000_000, 'batch.size': 3_000_000, 'linger.ms': 50 }

async function sendAroundTooLarge({ kafkaProducer }: ContractContext): Promise<ExpectedTopic> {
  const producer = kafkaProducer({ ...BYTES, ...MORE_THAN_THE_BROKER_TAKES })
  const record = (value: Buffer) => ({ topic: LARGE_TOPIC, partition: 0, value })
  const good = Array.from({ length: 19 }, (_, i) => record(Buffer.from(`${i}`)))
  const [before, error, after] = await Promise.all([
    sendAll(producer, good.slice(0, 7)),
    rejectionOf(Promise.resolve(producer.send(recordLike(record(randomBytes(TOO_LARGE_BYTES)))))),
    sendAll(producer, good.slice(7)),
  ])
  expect(error).to.be.instanceOf(BrokerError)
  expect(error).to.include({
    code: 'KAFKA_BROKER_MESSAGE_TOO_LARGE',
    persistence: 'not-persisted',
    topic: LARGE_TOPIC,
    partition: 0,
  })
  return { topic: LARGE_TOPIC, records: [...before, ...after] }
}

/** Each record is small enough, their batch is not. */
async function sendTooMuch({ kafkaProducer }: ContractContext): Promise<ExpectedTopic> {
  const producer = kafkaProducer({ ...BYTES, ...MORE_THAN_THE_BROKER_TAKES, 'compression.type': 'gzip' })
  const records = Array.from({ length: 20 }, (_, i) => {
    return { topic: DIVIDED_TOPIC, partition: 0, key: `${i}`, value: randomBytes(100_000) }
  })
  return { topic: DIVIDED_TOPIC, records: await sendAll(producer, records), codec: 'gzip' }
}

export const refusalCases: readonly ContractCase[] = [
  {
    name: 'unknown topic, auto-created',
    title: 'stores the first record to a topic that the broker then creates',
    group: 'unknown topic',
    write: async ({ kafkaProducer }) => {
      const record = { topic: AUTO_CREATED, key: 'k', value: 'first' }
      const records = await sendAll(kafkaProducer(), [record])
      expect(records[0]!.offset).to.equal(0n)
      return { topics: [{ topic: AUTO_CREATED, records, isText: true }] }
    },
  },
  {
    name: 'unknown topic, refused',
    title: 'fails a record to a topic that does not exist and is not created, with its name',
    group: 'unknown topic',
    needsNoAutoCreation: true,
    write: async ({ kafkaProducer }) => {
      const producer = kafkaProducer({ 'max.block.ms': 1500 })
      const error = await rejectionOf(Promise.resolve(producer.send({ topic: UNKNOWN, value: 'lost' })))
      expect(error).to.be.instanceOf(TimeoutError)
      expect((error as TimeoutError).persistence).to.equal('not-persisted')
      expect((error as Error).message).to.contain(UNKNOWN)
      return {}
    },
  },
  {
    name: 'too large',
    title: 'stores the good records around one that is too large',
    group: 'too large',
    topics: [LARGE_TOPIC],
    write: async (context) => ({ topics: [await sendAroundTooLarge(context)] }),
  },
  {
    name: 'batch too large',
    title: 'stores all records of a batch that is too large, in parts',
    group: 'too large',
    topics: [DIVIDED_TOPIC],
    write: async (context) => ({ topics: [await sendTooMuch(context)] }),
  },
]

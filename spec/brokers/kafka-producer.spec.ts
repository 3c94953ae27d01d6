/**
 * KafkaProducer and a real broker that is killed and started again. What else it stores, and how, is in the contract
 * (`contract/cases/kafka-producer`).
 */
import { expect } from 'chai'
import { KafkaProducer, type RecordMetadata } from '../../lib/index.js'
import { KafkaCluster, type StoredRecordInFull } from './support/index.js'

const STRINGS = 'org.apache.kafka.common.serialization.StringSerializer'
const quiet = { debug() {}, info() {}, warn() {}, error() {} }

const text = (value: Buffer | null): string | null => value?.toString() ?? null

for (const version of ['0.11.0.3', '2.8.2', '4.3.1']) {
  describe(`KafkaProducer on a real Kafka ${version}`, () => {
    let cluster: KafkaCluster

    before(async () => {
      cluster = await KafkaCluster.start({ version })
    })
    after(() => cluster.stop())

    it(`KafkaProducer stores each record once and in order though its connections end, on Kafka ${version}`, async () => {
      const topic = 'idempotent'
      await cluster.createTopic(topic, { partitions: 3 })
      await using producer = new KafkaProducer<string, string>(
        {
          'bootstrap.servers': cluster.bootstrap.join(','),
          'key.serializer': STRINGS,
          'value.serializer': STRINGS,
          'linger.ms': 0,
        },
        { logger: quiet },
      )
      const futures: PromiseLike<RecordMetadata>[] = []
      for (let i = 0; i < 2000; i++) {
        futures.push(producer.send({ topic, key: `k${i % 10}`, value: `v${i}` }))
        if (i % 100 === 0) await producer.send({ topic, key: 'k0', value: `v${i}-awaited` })
        if (i === 500) await cluster.killBroker(1)
        if (i === 501) await cluster.startBroker(1)
      }
      await Promise.all(futures)
      const stored = await cluster.readTopic(topic)
      const values = stored.map(({ value }) => text(value)!)
      expect(values.length).to.equal(2020)
      expect(new Set(values).size).to.equal(2020)
      expect(orderedByKey(stored)).to.equal(true)
    })
  })
}

/** Whether the numbers in the values of each key ascend. */
function orderedByKey(records: readonly StoredRecordInFull[]): boolean {
  const last = new Map<string, number>()
  for (const { key, value } of records) {
    const number = Number(/\d+/.exec(text(value) ?? '')?.[0])
    const name = text(key) ?? ''
    if (number < (last.get(name) ?? -1)) return false
    last.set(name, number)
  }
  return true
}

/** Of Kafka's KafkaProducerTest: what a partitioner that changes its mind for a new batch means for a transaction. */
import { expect } from 'chai'
import { KafkaProducer } from '../../lib/kafka-producer/kafka-producer.js'
import type { Partitioner } from '../../lib/kafka-producer/partitioners/partitioner.js'
import { recordingLogger } from '../config/recording-logger.js'
import { ScriptedKafka } from '../support/scripted-kafka/scripted-kafka.js'

const STRINGS = 'org.apache.kafka.common.serialization.StringSerializer'

describe('A transaction of KafkaProducer whose partitioner is asked again before a batch begins', () => {
  const left: number[] = []

  /** Stays with a partition until a batch of it is full. */
  class Sticky implements Partitioner {
    #partition = 0
    partition(): number {
      return this.#partition
    }
    onNewBatch(_topic: string, _cluster: unknown, previousPartition: number): void {
      left.push(previousPartition)
      this.#partition = previousPartition + 1
    }
  }

  it('announces the partition that the record goes to alone, and not the one that the partitioner left', async () => {
    const kafka = await ScriptedKafka.start({ brokers: 1, topics: { t: { partitions: 3 } } }, [])
    const producer = new KafkaProducer<string, string>(
      {
        'bootstrap.servers': kafka.addresses(),
        'key.serializer': STRINGS,
        'value.serializer': STRINGS,
        'transactional.id': 'x',
        'partitioner.class': 'own.Sticky',
        'client.defaults': '3.9',
        'linger.ms': 0,
      },
      { logger: recordingLogger(), classes: { 'own.Sticky': Sticky } },
    )
    try {
      await producer.initTransactions()
      producer.beginTransaction()
      const { partition } = await producer.send({ topic: 't', value: 'a' })
      await producer.commitTransaction()
      expect([left, partition]).to.deep.equal([[0], 1])
      const announced = kafka.seen.filter((one) => 'api' in one && one.api === 'AddPartitionsToTxn')
      expect(announced).to.have.lengthOf(1)
      expect(JSON.stringify(announced[0], (_, value) => (typeof value === 'bigint' ? String(value) : value)))
        .to.include('"partitions":[1]')
        .and.not.include('"partitions":[0')
    } finally {
      await producer.close({ timeoutMs: 0 })
      await kafka.close()
    }
  })
})

/** @confluentinc/kafka-javascript, native: the promise of each call is its outcome; librdkafka batches them. */
import { drive, type Target } from '../support/drive.js'
import { measured } from '../support/measured.js'
import { brokers, firstAnswer, nothingToFlush, peer, plan, valuesOf } from './peer.js'

interface Confluent {
  readonly KafkaJS: {
    readonly Kafka: new (
      options: object,
    ) => { producer(options: object): { connect(): Promise<void>; send(record: object): Promise<unknown> } }
    readonly logLevel: { readonly ERROR: number }
  }
}

const { KafkaJS } = peer<Confluent>('@confluentinc/kafka-javascript')
const { acks, lingerMs, batch } = plan.workload
const producer = new KafkaJS.Kafka({ kafkaJS: { brokers, logLevel: KafkaJS.logLevel.ERROR } }).producer({
  kafkaJS: { acks },
  'linger.ms': lingerMs,
  'batch.num.messages': batch,
})
await producer.connect()
const bytesOf = (value: Buffer | string): Buffer => (typeof value === 'string' ? Buffer.from(value) : value)
const target: Target = {
  one: ({ topic, message }) => producer.send({ topic, messages: [{ value: bytesOf(message) }] }),
  several: (messages) => producer.send({ topic: messages[0]!.topic, messages: valuesOf(messages) }),
  flush: nothingToFlush,
}
await firstAnswer(target)
await measured(plan.workload.messages, drive(plan.workload, target))
process.exit(0)

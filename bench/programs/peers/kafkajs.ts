/** kafkajs: each call is a request of its own. */
import { drive, type Target } from '../support/drive.js'
import { measured } from '../support/measured.js'
import { brokers, firstAnswer, nothingToFlush, peer, plan, valuesOf } from './peer.js'

interface KafkaJs {
  readonly Kafka: new (
    options: object,
  ) => { producer(options: object): { connect(): Promise<void>; send(record: object): Promise<unknown> } }
  readonly logLevel: { readonly ERROR: number }
  readonly Partitioners: { readonly DefaultPartitioner: unknown }
}

const { Kafka, logLevel, Partitioners } = peer<KafkaJs>('kafkajs')
const producer = new Kafka({
  brokers,
  logLevel: logLevel.ERROR,
  ...(plan.tls && { ssl: { ca: [plan.tls.ca] } }),
}).producer({
  createPartitioner: Partitioners.DefaultPartitioner,
})
await producer.connect()
const { acks } = plan.workload
const target: Target = {
  one: ({ topic, message }) => producer.send({ topic, acks, messages: [{ value: message }] }),
  several: (messages) => producer.send({ topic: messages[0]!.topic, acks, messages: valuesOf(messages) }),
  flush: nothingToFlush,
}
await firstAnswer(target)
await measured(plan.workload.messages, drive(plan.workload, target))
process.exit(0)

import { peer } from './peer.js'
import { clientArguments, sendOneByOne, timed } from './traffic.js'

interface KafkaJs {
  Kafka: new (
    options: object,
  ) => {
    producer(): {
      connect(): Promise<void>
      disconnect(): Promise<void>
      send(record: object): Promise<unknown>
    }
  }
  logLevel: { ERROR: number }
}

const { Kafka, logLevel } = peer<KafkaJs>('kafkajs')
const { bootstrap, messages, value } = clientArguments()
const producer = new Kafka({ brokers: bootstrap.split(','), logLevel: logLevel.ERROR }).producer()
await producer.connect()
await timed(messages, (count) =>
  sendOneByOne(count, 1000, () => producer.send({ topic: 'bench', acks: 1, messages: [{ value }] })),
)
await producer.disconnect()
process.disconnect?.()

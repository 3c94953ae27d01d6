/** kafka-node: each call is a request of its own. */
import { promisify } from 'node:util'
import { drive, type Target } from '../support/drive.js'
import { measured } from '../support/measured.js'
import { firstAnswer, nothingToFlush, peer, plan } from './peer.js'

interface KafkaNode {
  readonly KafkaClient: new (options: object) => object
  readonly HighLevelProducer: new (
    client: object,
    options: object,
  ) => {
    on(event: string, listener: (error: Error) => void): void
    send(messages: readonly object[], then: (error: Error | null) => void): void
  }
}

const { KafkaClient, HighLevelProducer } = peer<KafkaNode>('kafka-node')
const client = new KafkaClient({ kafkaHost: plan.bootstrap })
const producer = new HighLevelProducer(client, { requireAcks: plan.workload.acks })
producer.on('error', (error) => {
  throw error
})
await new Promise<void>((resolve) => producer.on('ready', () => resolve()))
const send = promisify(producer.send.bind(producer))
const target: Target = {
  one: ({ topic, message }) => send([{ topic, messages: message }]),
  several: (messages) =>
    send([{ topic: messages[0]!.topic, messages: messages.map(({ message }) => message) }]),
  flush: nothingToFlush,
}
await firstAnswer(target)
await measured(plan.workload.messages, drive(plan.workload, target))
process.exit(0)

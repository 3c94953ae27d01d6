import { promisify } from 'node:util'
import { peer } from './peer.js'
import { clientArguments, sendOneByOne, timed } from './traffic.js'

interface KafkaNode {
  KafkaClient: new (options: object) => { close(): void }
  HighLevelProducer: new (
    client: object,
    options: object,
  ) => {
    on(event: string, listener: () => void): void
    send(messages: readonly object[], then: (error: Error | null) => void): void
  }
}

const { KafkaClient, HighLevelProducer } = peer<KafkaNode>('kafka-node')
const { bootstrap, messages, value } = clientArguments()
const client = new KafkaClient({ kafkaHost: bootstrap })
const producer = new HighLevelProducer(client, { requireAcks: 1 })
await new Promise<void>((resolve) => producer.on('ready', resolve))
const send = promisify(producer.send.bind(producer))
await timed(messages, (count) => sendOneByOne(count, 1000, () => send([{ topic: 'bench', messages: value }])))
client.close()
process.disconnect?.()

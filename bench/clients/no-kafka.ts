import { peer } from './peer.js'
import { clientArguments, sendOneByOne, timed } from './traffic.js'

interface NoKafka {
  Producer: new (
    options: object,
  ) => {
    init(): Promise<unknown>
    end(): Promise<unknown>
    send(message: object): Promise<unknown>
  }
}

const { Producer } = peer<NoKafka>('no-kafka')
const { bootstrap, messages, value } = clientArguments()
const producer = new Producer({ connectionString: bootstrap, requiredAcks: 1, logger: { logLevel: 1 } })
await producer.init()
await timed(messages, (count) =>
  sendOneByOne(count, 1000, () => producer.send({ topic: 'bench', partition: 0, message: { value } })),
)
await producer.end()
process.disconnect?.()

import { peerModule } from './peer.js'
import { clientArguments, sendOneByOne, timed } from './traffic.js'

interface Platformatic {
  Producer: new (options: object) => { send(request: object): Promise<unknown>; close(): Promise<void> }
  stringSerializers: object
}

const { Producer, stringSerializers: serializers } = await peerModule<Platformatic>('@platformatic/kafka')
const { bootstrap, messages, value } = clientArguments()
const producer = new Producer({ clientId: 'bench', bootstrapBrokers: bootstrap.split(','), serializers })
await timed(messages, (count) =>
  sendOneByOne(count, 1000, () => producer.send({ acks: 1, messages: [{ topic: 'bench', value }] })),
)
await producer.close()
process.disconnect?.()

/** @platformatic/kafka: each call is a request of its own. */
import { drive, type Target } from '../support/drive.js'
import { measured } from '../support/measured.js'
import { brokers, firstAnswer, nothingToFlush, peerModule, plan } from './peer.js'

interface Platformatic {
  readonly Producer: new (options: object) => { send(request: object): Promise<unknown> }
}

const { Producer } = await peerModule<Platformatic>('@platformatic/kafka')
const producer = new Producer({ clientId: 'bench', bootstrapBrokers: brokers })
const { acks } = plan.workload
const target: Target = {
  one: ({ topic, message }) => producer.send({ acks, messages: [{ topic, value: message }] }),
  several: (messages) =>
    producer.send({ acks, messages: messages.map(({ topic, message }) => ({ topic, value: message })) }),
  flush: nothingToFlush,
}
await firstAnswer(target)
await measured(plan.workload.messages, drive(plan.workload, target))
process.exit(0)

/** no-kafka: calls share requests for 10 ms at most, its default. */
import { drive, type Target } from '../support/drive.js'
import { measured } from '../support/measured.js'
import { firstAnswer, nothingToFlush, peer, plan } from './peer.js'

interface NoKafka {
  readonly Producer: new (
    options: object,
  ) => { init(): Promise<unknown>; send(message: object | object[]): Promise<unknown> }
}

const { Producer } = peer<NoKafka>('no-kafka')
const producer = new Producer({
  connectionString: plan.bootstrap,
  requiredAcks: plan.workload.acks,
  logger: { logLevel: 1 },
})
await producer.init()
const target: Target = {
  one: ({ topic, message }) => producer.send({ topic, partition: 0, message: { value: message } }),
  several: (messages) =>
    producer.send(
      messages.map(({ topic, message }) => ({ topic, partition: 0, message: { value: message } })),
    ),
  flush: nothingToFlush,
}
await firstAnswer(target)
await measured(plan.workload.messages, drive(plan.workload, target))
process.exit(0)

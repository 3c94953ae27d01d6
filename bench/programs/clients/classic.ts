/**
 * The product: `Producer` of a built folder. Variant `timed`: one call after the other, each one timed. Variant `stubbed`:
 * everything that counts is replaced by nothing.
 */
import { drive, driveTimed, type Message } from '../support/drive.js'
import { measured } from '../support/measured.js'
import { planOfProcess } from '../support/plan.js'
import { productOf, propertiesOf, stubMetrics } from '../support/product.js'

const plan = planOfProcess()
const { workload } = plan
const { Producer } = productOf(plan)
if (plan.variant === 'stubbed') stubMetrics(plan)
const producer = new Producer(propertiesOf(plan))

if (plan.variant === 'timed') {
  const latenciesUs: number[] = []
  const one = (message: Message): Promise<unknown> => producer.send(message)
  await measured(workload.messages, driveTimed(workload, latenciesUs, one), latenciesUs)
} else {
  const one =
    workload.mode === 'deliver'
      ? (message: Message) => producer.deliver(message)
      : (message: Message) => producer.send(message)
  const several = (messages: Message[]): Promise<unknown> => producer.send(messages)
  await measured(workload.messages, drive(workload, { one, several, flush: () => producer.flush() }))
}
await producer.close()
process.exit(0)

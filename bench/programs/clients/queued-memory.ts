/**
 * What a queued message costs: an async producer that has no reason to send yet takes one message less than its batch, and the
 * heap is looked at before and after. Needs `--expose-gc`. Variant `own`: each message has a value of its own, made for it.
 */
import { messageSource } from '../support/drive.js'
import { report } from '../support/measured.js'
import { planOfProcess } from '../support/plan.js'
import { productOf, propertiesOf } from '../support/product.js'

export interface QueuedMemory {
  readonly messages: number
  /** JavaScript heap and memory of buffers, per message. */
  readonly bytesPerMessage: number
  readonly rssGrowthMb: number
}

const NEVER_MS = 3_600_000

const plan = planOfProcess()
const { workload } = plan
const { Producer } = productOf(plan)
const producer = new Producer({ ...propertiesOf(plan), 'queue.buffering.max.ms': String(NEVER_MS) })
const next = messageSource(workload)
const messages = workload.batch - 1

function ownValue(index: number): Buffer | string {
  const text = `${index} `.padEnd(workload.valueBytes, 'x')
  // Concatenated strings keep their parts; a copy is what an application would have read from somewhere.
  const bytes = Buffer.from(text)
  return workload.value === 'string' ? bytes.toString('latin1') : bytes
}

function usedBytes(): number {
  global.gc!()
  global.gc!()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

const sends: Promise<unknown>[] = []
const rss = process.memoryUsage.rss()
const before = usedBytes()
for (let i = 0; i < messages; i++) {
  const message = next()
  const sent = producer.send(plan.variant === 'own' ? { ...message, message: ownValue(i) } : message)
  // Some hundreds at a time: an application does not keep the promises of what is accepted.
  if (sends.push(sent) === 500) await Promise.all(sends.splice(0))
}
await Promise.all(sends.splice(0))
const found: QueuedMemory = {
  messages,
  bytesPerMessage: (usedBytes() - before) / messages,
  rssGrowthMb: (process.memoryUsage.rss() - rss) / 2 ** 20,
}
await report(found)
process.exit(0)

/**
 * An outage: a source that awaits each `send()` goes on at a fixed rate while all brokers are gone, until the queue is full, and then
 * waits. The parent takes the brokers away at `begin`, and answers when they are back. Variant: messages per second. The
 * values are the numbers from 0 on.
 */
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { messageSource } from '../support/drive.js'
import { report } from '../support/measured.js'
import { planOfProcess } from '../support/plan.js'
import { productOf, propertiesOf } from '../support/product.js'

export interface OutageMemory {
  readonly sent: number
  readonly delivered: number
  readonly failed: number
  /** After a second of the same traffic, before the outage. */
  readonly idleRssMb: number
  readonly peakRssMb: number
  /** When all is delivered and nothing has been sent for some seconds. */
  readonly afterRssMb: number
  /** By the clock; the first after half a second of the outage. */
  readonly firstDeliveryAtMs: number
  /** Of a core, while the brokers were gone; the source's own share is in it. */
  readonly cpuShare: number
}

const MB = 2 ** 20
const TICK_MS = 10
const STEADY_MS = 2000
const QUIET_MS = 3000
/** What was in flight may still be answered. */
const IN_FLIGHT_MS = 500

const plan = planOfProcess()
const perSecond = Number(plan.variant)
const { Producer } = productOf(plan)
const producer = new Producer({
  ...propertiesOf(plan),
  'request.timeout.ms': '3000',
  'message.send.max.retries': '1000000',
  'retry.backoff.ms': '100',
})
const next = messageSource(plan.workload)
let [sent, delivered, failed] = [0, 0, 0]
let goneAtMs = Number.POSITIVE_INFINITY
let firstDeliveryAtMs = 0
producer.on('delivered', ({ messages }) => {
  delivered += messages.length
  if (firstDeliveryAtMs === 0 && Date.now() > goneAtMs + IN_FLIGHT_MS) firstDeliveryAtMs = Date.now()
})
producer.on('failed', ({ failures }) => {
  failed += failures.length
})

let isOver = false
let peak = 0
async function traffic(): Promise<void> {
  const startMs = performance.now()
  let due = 0
  while (!isOver) {
    for (const now = ((performance.now() - startMs) / 1000) * perSecond; due < now && !isOver; due++) {
      await producer.send({ ...next(), message: String(sent).padEnd(plan.workload.valueBytes) })
      sent++
    }
    // What was due while the queue was full is not made up for.
    due = ((performance.now() - startMs) / 1000) * perSecond
    peak = Math.max(peak, process.memoryUsage.rss())
    await sleep(TICK_MS)
  }
}

const running = traffic()
await sleep(STEADY_MS)
const idleRssMb = process.memoryUsage.rss() / MB
goneAtMs = Date.now()
await report('begin')
const cpu = process.cpuUsage()
const goneMs = performance.now()
await once(process, 'message')
const { user, system } = process.cpuUsage(cpu)
const cpuShare = (user + system) / 1000 / (performance.now() - goneMs)
await sleep(STEADY_MS)
isOver = true
await running
await producer.flush()
await sleep(QUIET_MS)
const found: OutageMemory = {
  sent,
  delivered,
  failed,
  idleRssMb,
  peakRssMb: Math.max(peak, process.memoryUsage.rss()) / MB,
  afterRssMb: process.memoryUsage.rss() / MB,
  firstDeliveryAtMs,
  cpuShare,
}
await report(found)
process.exit(0)

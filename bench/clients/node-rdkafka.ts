/**
 * Native. Fire and forget, which is the fastest it has, or with a report of each delivery (`…-reports`); the flush of
 * all belongs to the time.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { peer } from './peer.js'
import { clientArguments, timed } from './traffic.js'

interface NodeRdkafka {
  Producer: new (
    settings: object,
    topicSettings: object,
  ) => {
    connect(): void
    disconnect(): void
    once(event: 'ready', listener: () => void): void
    on(event: 'delivery-report', listener: (error: Error | null) => void): void
    setPollInterval(milliseconds: number): void
    produce(topic: string, partition: null, value: Buffer, key: null, timestampMs: number): void
    flush(timeoutMs: number, then: (error: Error | null) => void): void
  }
}

const QUEUE_FULL = -184

const { Producer } = peer<NodeRdkafka>('node-rdkafka')
const { variant, bootstrap, messages, value } = clientArguments()
const doReport = variant.endsWith('-reports')
const producer = new Producer(
  {
    'metadata.broker.list': bootstrap,
    'linger.ms': 5,
    'batch.num.messages': 10_000,
    ...(doReport && { dr_cb: true }),
  },
  { acks: 1 },
)
const ready = new Promise<void>((resolve) => producer.once('ready', resolve))
producer.connect()
await ready
producer.setPollInterval(100)
const flush = promisify(producer.flush.bind(producer))

/** @returns false when its queue is full. */
function didProduce(): boolean {
  try {
    producer.produce('bench', null, Buffer.from(value), null, Date.now())
    return true
  } catch (error) {
    if ((error as { code?: number }).code !== QUEUE_FULL) throw error
    return false
  }
}

let reported = 0
if (doReport) producer.on('delivery-report', () => reported++)

await timed(messages, async (count) => {
  reported = 0
  for (let i = 0; i < count; i++) while (!didProduce()) await delay(1)
  await flush(60_000)
  while (doReport && reported < count) await delay(1)
})
producer.disconnect()
process.disconnect?.()

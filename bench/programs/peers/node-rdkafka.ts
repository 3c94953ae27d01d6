/**
 * node-rdkafka, native, with threads of its own. Variant `reports`: each message has a delivery report; otherwise nothing is
 * known of a message, which is the fastest that it has. The loop lets others have their turn every thousand messages.
 */
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises'
import { promisify } from 'node:util'
import { messageSource } from '../support/drive.js'
import { measured } from '../support/measured.js'
import { peer, plan } from './peer.js'

interface NodeRdkafka {
  readonly Producer: new (
    settings: object,
    topicSettings: object,
  ) => {
    connect(): void
    once(event: 'ready' | 'event.error', listener: (error: Error) => void): void
    on(event: 'delivery-report', listener: (error: Error | null) => void): void
    setPollInterval(milliseconds: number): void
    produce(topic: string, partition: null, value: Buffer, key: null, timestampMs: number): void
    flush(timeoutMs: number, then: (error: Error | null) => void): void
  }
}

const QUEUE_FULL = -184
const MESSAGES_PER_TURN = 1000

const { Producer } = peer<NodeRdkafka>('node-rdkafka')
const { workload, bootstrap, variant, tls } = plan
const hasReports = variant === 'reports'
const producer = new Producer(
  {
    'metadata.broker.list': bootstrap,
    'linger.ms': workload.lingerMs,
    'batch.num.messages': workload.batch,
    ...(tls && { 'security.protocol': 'ssl', 'ssl.ca.pem': tls.ca }),
    ...(hasReports && { dr_cb: true }),
  },
  { acks: workload.acks },
)
const ready = new Promise((resolve) => producer.once('ready', resolve))
producer.connect()
await ready
producer.setPollInterval(10)
const flush = promisify(producer.flush.bind(producer))

/** @returns false when its queue is full. */
function didProduce(topic: string, value: Buffer): boolean {
  try {
    producer.produce(topic, null, value, null, Date.now())
    return true
  } catch (error) {
    if ((error as { code?: number }).code !== QUEUE_FULL) throw error
    return false
  }
}

let reported = 0
if (hasReports) producer.on('delivery-report', () => reported++)
const next = messageSource(workload)

await measured(workload.messages, async (messages) => {
  reported = 0
  for (let i = 0; i < messages; i++) {
    const { topic, message } = next()
    while (!didProduce(topic, message as Buffer)) await sleep(1)
    if (i % MESSAGES_PER_TURN === 0) await turn()
  }
  await flush(60_000)
  while (hasReports && reported < messages) await sleep(1)
})
process.exit(0)

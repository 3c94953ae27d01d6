/**
 * Claim: with all brokers gone for ten seconds nothing accepted is lost, the wait costs next to nothing, and delivery
 * goes on at once when they are back.
 *
 * Three real 0.8.2.2 brokers are killed under 2,000 messages a second into an async producer (acks −1, a queue of
 * 100,000), and started again. What was stored is read back with Kafka's own record reader.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { Producer } from '../lib/index.js'
import { silentLogger } from '../lib/logger.js'
import { KafkaCluster } from '../spec/brokers/support/index.js'

const TOPIC = 'outage'
const PER_SECOND = 2000
const VALUE_BYTES = 100
const TICK_MS = 10
const STEADY_MS = 3000

/** Sends at a fixed rate, and counts the outcomes. */
class Traffic {
  accepted = 0
  delivered = 0
  failed = 0
  peakRssMb = 0
  readonly #producer: Producer<string, string>
  #timer: NodeJS.Timeout | undefined

  constructor(producer: Producer<string, string>) {
    this.#producer = producer
    producer.on('delivered', ({ messages }) => {
      this.delivered += messages.length
    })
    producer.on('failed', ({ failures }) => {
      this.failed += failures.length
    })
  }

  start(): void {
    const start = performance.now()
    let due = 0
    this.#timer = setInterval(() => {
      for (const now = ((performance.now() - start) / 1000) * PER_SECOND; due < now; due++) this.#sendOne()
      this.peakRssMb = Math.max(this.peakRssMb, process.memoryUsage().rss / 2 ** 20)
    }, TICK_MS)
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  async nextDelivery(): Promise<void> {
    await new Promise((resolve) => this.#producer.once('delivered', resolve))
  }

  #sendOne(): void {
    const message = String(this.accepted).padEnd(VALUE_BYTES)
    void this.#producer.send({ topic: TOPIC, key: `key ${this.accepted % 60}`, message })
    this.accepted++
  }
}

export async function run(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({ args: [...args], options: { seconds: { type: 'string', default: '10' } } })
  const cluster = await KafkaCluster.start({ version: '0.8.2.2', brokers: 3 })
  try {
    await cluster.createTopic(TOPIC, { partitions: 6, replicationFactor: 3 })
    await measure(cluster, Number(values.seconds) * 1000)
  } finally {
    await cluster.stop()
  }
}

async function measure(cluster: KafkaCluster, outageMs: number): Promise<void> {
  const producer = new Producer<string, string>(
    {
      'metadata.broker.list': cluster.bootstrap.join(','),
      'serializer.class': 'kafka.serializer.StringEncoder',
      'producer.type': 'async',
      'queue.buffering.max.ms': 20,
      'queue.buffering.max.messages': 100_000,
      'queue.enqueue.timeout.ms': -1,
      'request.required.acks': -1,
      'request.timeout.ms': 3000,
      'message.send.max.retries': 1_000_000,
      'retry.backoff.ms': 100,
    },
    { logger: silentLogger },
  )
  const traffic = new Traffic(producer)
  traffic.start()
  await sleep(STEADY_MS)
  const rssMb = traffic.peakRssMb

  await Promise.all(cluster.brokerIds.map((id) => cluster.killBroker(id)))
  const cpu = process.cpuUsage()
  const start = performance.now()
  await sleep(outageMs)
  const { user, system } = process.cpuUsage(cpu)
  const cpuPercent = (user + system) / 10 / (performance.now() - start)

  const delivery = traffic.nextDelivery().then(() => performance.now())
  for (const id of cluster.brokerIds) await cluster.startBroker(id)
  await cluster.waitForLeaders(TOPIC)
  const backMs = performance.now()
  const recoveryMs = Math.max(0, (await delivery) - backMs)

  await sleep(STEADY_MS)
  traffic.stop()
  await producer.close()
  const stored = new Set((await cluster.readTopic(TOPIC)).map(({ value }) => Number(value))).size
  const { accepted, delivered, failed } = traffic
  console.log(`accepted ${accepted}, delivered ${delivered}, failed ${failed}, lost ${delivered - stored}`)
  console.log(`CPU while the brokers were gone: ${cpuPercent.toFixed(1)} %, the traffic's own share included`)
  console.log(`memory before ${rssMb.toFixed(0)} MB, at most ${traffic.peakRssMb.toFixed(0)} MB`)
  console.log(`first delivery ${recoveryMs.toFixed(0)} ms after all partitions had leaders again`)
}

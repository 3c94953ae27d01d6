/**
 * Claim: over a high-latency network several requests in flight raise throughput, and order stays.
 *
 * The same messages through one producer with `max.in.flight.requests.per.connection` 1 and 5, against three real
 * 0.8.2.2 brokers behind 10 ms each way: async with keys, async without, sync with 100 calls at a time. Rounds are
 * interleaved. Offsets of a partition have to rise with the order of sending, or the bench fails.
 */
import { Producer } from '../lib/index.js'
import { silentLogger } from '../lib/logger.js'
import { startDelayed } from './support/latency-proxy.js'

const TOPIC = 'in-flight'
const DELAY_MS = 10
const MESSAGES = 20_000
const SYNC_MESSAGES = 4000
const SYNC_CALLS = 100
const ROUNDS = 3
const KEYS = 60

interface Traffic {
  readonly name: string
  readonly type: 'sync' | 'async'
  readonly hasKeys: boolean
  readonly messages: number
}

const traffics: readonly Traffic[] = [
  { name: 'async, with keys', type: 'async', hasKeys: true, messages: MESSAGES },
  { name: 'async, without keys', type: 'async', hasKeys: false, messages: MESSAGES },
  {
    name: `sync, ${SYNC_CALLS} calls at a time, with keys`,
    type: 'sync',
    hasKeys: true,
    messages: SYNC_MESSAGES,
  },
]

/** @returns messages per second. */
async function measure(bootstrap: string, traffic: Traffic, maxInFlight: number): Promise<number> {
  const producer = new Producer<string | null, string>(
    {
      'metadata.broker.list': bootstrap,
      'serializer.class': 'kafka.serializer.StringEncoder',
      'producer.type': traffic.type,
      'request.required.acks': 1,
      'queue.buffering.max.ms': 5,
      'max.in.flight.requests.per.connection': maxInFlight,
    },
    { logger: silentLogger },
  )
  const lastOffset = new Map<number, bigint>()
  let next = 0
  const sendNext = async (): Promise<void> => {
    const index = next++
    const key = traffic.hasKeys ? `key ${index % KEYS}` : null
    const { partition, offset } = await producer.deliver({
      topic: TOPIC,
      key,
      message: `${index}`.padEnd(100),
    })
    if (offset <= (lastOffset.get(partition) ?? -1n)) throw new Error(`message ${index} has been overtaken`)
    lastOffset.set(partition, offset)
  }
  await sendNext()
  const startMs = performance.now()
  const call = async (): Promise<void> => {
    while (next < traffic.messages) await sendNext()
  }
  // As many as the queue takes, so that it is never empty; sync calls wait for their own answer.
  const calls = traffic.type === 'async' ? traffic.messages : SYNC_CALLS
  await Promise.all(Array.from({ length: calls }, call))
  const seconds = (performance.now() - startMs) / 1000
  await producer.close()
  return traffic.messages / seconds
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!
}

export async function run(): Promise<void> {
  const network = await startDelayed(TOPIC, DELAY_MS)
  try {
    network.slowDown()
    console.log(`${2 * DELAY_MS} ms there and back, three brokers, six partitions; 5 in flight against 1`)
    for (const traffic of traffics) {
      const [one, five]: [number[], number[]] = [[], []]
      for (let round = 0; round < ROUNDS; round++) {
        one.push(await measure(network.bootstrap, traffic, 1))
        five.push(await measure(network.bootstrap, traffic, 5))
      }
      console.log(`${traffic.name}: × ${(median(five) / median(one)).toFixed(2)}`)
    }
  } finally {
    await network.stop()
  }
}

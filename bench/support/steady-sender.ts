/**
 * Sends at a fixed rate, one message at a time, and tells how long each took; one process per habit.
 *
 * A round runs for each message `{ seconds }` from the parent and is answered with its samples. Messages are due at
 * fixed times: one that has to wait for the one before it counts from when it was due. With several lanes each lane is
 * a producer of its own, which is how a slow road gets enough samples without two messages of a lane being under way.
 */
import { Pacer } from '../../lib/cli-perf/pacer.js'
import { Producer } from '../../lib/index.js'
import type { BrokerAddress } from '../../lib/network/connection.js'
import { ProducerPool } from '../../lib/pool/producer-pool.js'

export interface SenderPlan {
  /** `topic.metadata.refresh.interval.ms`. */
  readonly refreshIntervalMs: number
  /** Whether each refresh replaces every connection, as the Scala producer does. */
  readonly rebuilds: boolean
  readonly bootstrap: string
  readonly topic: string
  /** Of all lanes together. */
  readonly perSecond: number
  readonly lanes: number
}

/** When the message was due in its round, and how long it took from then. */
export type Sample = readonly [dueMs: number, latencyMs: number]

const KEYS = 60
const VALUE = 'x'.repeat(100)

const plan = JSON.parse(process.argv[2]!) as SenderPlan
if (plan.rebuilds) rebuildAtEachRefresh()
const producers = Array.from(
  { length: plan.lanes },
  () =>
    new Producer<string, string>({
      'metadata.broker.list': plan.bootstrap,
      'serializer.class': 'kafka.serializer.StringEncoder',
      'producer.type': 'sync',
      'request.required.acks': 1,
      'topic.metadata.refresh.interval.ms': plan.refreshIntervalMs,
    }),
)

/** No public option does this: a pool that first follows a cluster without leaders keeps nothing. */
function rebuildAtEachRefresh(): void {
  const { update } = ProducerPool.prototype
  ProducerPool.prototype.update = function (this: ProducerPool, leaders: ReadonlyMap<number, BrokerAddress>) {
    update.call(this, new Map())
    update.call(this, leaders)
  }
}

async function sendLane(lane: number, startMs: number, endMs: number, samples: Sample[]): Promise<void> {
  const { perSecond, lanes, topic } = plan
  const pacer = new Pacer({ perSecond, threads: lanes, threadId: lane, startMs })
  for (let i = lane; ; i++) {
    const waitMs = pacer.waitMs(performance.now())
    if (waitMs > 0) {
      await new Promise((resolve) => setTimeout(resolve, waitMs))
      pacer.woke(performance.now())
    }
    const dueMs = pacer.take()
    if (dueMs >= endMs) return
    await producers[lane]!.send({ topic, key: `key-${i % KEYS}`, message: VALUE })
    samples.push([dueMs - startMs, performance.now() - dueMs])
  }
}

process.on('message', async ({ seconds }: { seconds: number }) => {
  const samples: Sample[] = []
  const startMs = performance.now()
  const lanes = producers.map((_, lane) => sendLane(lane, startMs, startMs + seconds * 1000, samples))
  await Promise.all(lanes)
  process.send!(samples)
})
process.on('disconnect', async () => {
  await Promise.all(producers.map((producer) => producer.close()))
  process.exit(0)
})
process.send!('ready')

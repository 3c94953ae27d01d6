/**
 * Sends at a fixed rate, one message at a time, and tells how long each took; one process per habit.
 *
 * Each {@link Round} that the parent asks for is answered with its samples. Messages are due at fixed times: one that has
 * to wait for the one before it counts from when it was due. With several producers each sends one message at a time,
 * which is how a slow network gets enough samples without two messages of one producer being under way.
 */

import type { BrokerAddress } from '../../lib/broker-address.js'
import { Pacer } from '../../lib/cli-perf/pacer.js'
import { Producer } from '../../lib/index.js'
import { ProducerPool } from '../../lib/pool/producer-pool.js'

export interface SenderPlan {
  /** `topic.metadata.refresh.interval.ms`. */
  readonly refreshIntervalMs: number
  /** Whether each refresh replaces every connection, as the Scala producer does. */
  readonly rebuilds: boolean
  readonly bootstrap: string
  readonly topic: string
  readonly producerCount: number
}

export interface Round {
  readonly seconds: number
  /** Of all producers together; null: each sends the next message when the one before it is acknowledged. */
  readonly perSecond: number | null
}

/** When the message was due in its round, and how long it took from then. */
export type Sample = readonly [dueMs: number, latencyMs: number]

const KEYS = 60
const VALUE = 'x'.repeat(100)

const plan = JSON.parse(process.argv[2]!) as SenderPlan
if (plan.rebuilds) rebuildAtEachRefresh()
const producers = Array.from(
  { length: plan.producerCount },
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

async function sendFrom(index: number, round: Round, startMs: number, samples: Sample[]): Promise<void> {
  const { topic } = plan
  const endMs = startMs + round.seconds * 1000
  const pacer = round.perSecond === null ? null : paced(index, round.perSecond, startMs)
  for (let i = index; performance.now() < endMs; i++) {
    if (pacer) await untilDue(pacer)
    const dueMs = pacer?.take() ?? performance.now()
    await producers[index]!.send({ topic, key: `key-${i % KEYS}`, message: VALUE })
    samples.push([dueMs - startMs, performance.now() - dueMs])
  }
}

function paced(index: number, perSecond: number, startMs: number): Pacer {
  return new Pacer({ perSecond, threads: plan.producerCount, threadId: index, startMs })
}

async function untilDue(pacer: Pacer): Promise<void> {
  let waitMs = pacer.waitMs(performance.now())
  if (waitMs <= 0) return
  // Timers may be early by a fraction of a millisecond.
  for (; waitMs > 0; waitMs = pacer.waitMs(performance.now())) {
    await new Promise((resolve) => setTimeout(resolve, Math.ceil(waitMs)))
  }
  pacer.woke(performance.now())
}

process.on('message', async (round: Round) => {
  const samples: Sample[] = []
  const startMs = performance.now()
  await Promise.all(producers.map((_, index) => sendFrom(index, round, startMs, samples)))
  process.send!(samples)
})
process.on('disconnect', async () => {
  await Promise.all(producers.map((producer) => producer.close()))
  process.exit(0)
})
process.send!('ready')

/**
 * Sends at a fixed rate, one message at a time, and tells its parent how long each took; one process per habit.
 *
 * Each {@link Round} that the parent asks for is answered with its samples. Messages are due at fixed times: one that has
 * to wait for the one before it counts from when it was due. With several producers each sends one message at a time,
 * which is how a slow network gets enough samples without two messages of one producer being under way.
 */
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { report } from '../support/measured.js'
import type { Product } from '../support/product.js'

export interface SenderPlan {
  /** Folder of a built product. */
  readonly product: string
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
export type Latency = readonly [dueMs: number, latencyMs: number]

/** The part of a pool that metadata updates; internal to the library, and replaced here. */
interface Pool {
  readonly ProducerPool: { readonly prototype: { update(leaders: ReadonlyMap<number, unknown>): void } }
}

const KEYS = 60
const VALUE = 'x'.repeat(100)

const plan = JSON.parse(process.argv[2]!) as SenderPlan
const product = createRequire(import.meta.url)(join(plan.product, 'dist/lib/index.js')) as Product & Pool
if (plan.rebuilds) rebuildAtEachRefresh()
const producers = Array.from(
  { length: plan.producerCount },
  () =>
    new product.Producer({
      'metadata.broker.list': plan.bootstrap,
      'serializer.class': 'kafka.serializer.StringEncoder',
      'producer.type': 'sync',
      'request.required.acks': '1',
      'topic.metadata.refresh.interval.ms': String(plan.refreshIntervalMs),
    }),
)

/** No public option does this: a pool that first follows a cluster without leaders keeps nothing. */
function rebuildAtEachRefresh(): void {
  const { prototype } = product.ProducerPool
  const { update } = prototype
  prototype.update = function (leaders): void {
    update.call(this, new Map())
    update.call(this, leaders)
  }
}

async function sendFrom(index: number, round: Round, startMs: number, samples: Latency[]): Promise<void> {
  const { topic, producerCount } = plan
  const endMs = startMs + round.seconds * 1000
  const everyMs = round.perSecond === null ? 0 : (1000 * producerCount) / round.perSecond
  let dueMs = startMs + (index * everyMs) / producerCount
  for (let i = index; performance.now() < endMs; i++) {
    const fromMs = everyMs === 0 ? performance.now() : await dueAt(dueMs)
    dueMs += everyMs
    await producers[index]!.send({ topic, key: `key-${i % KEYS}`, message: VALUE })
    samples.push([fromMs - startMs, performance.now() - fromMs])
  }
}

/** @returns from when on the message counts: a timer that is late is not the producer's doing. */
async function dueAt(dueMs: number): Promise<number> {
  if (performance.now() >= dueMs) return dueMs
  // Timers may be early by a fraction of a millisecond.
  while (performance.now() < dueMs) await sleep(Math.ceil(dueMs - performance.now()))
  return performance.now()
}

process.on('message', async (round: Round) => {
  const samples: Latency[] = []
  const startMs = performance.now()
  await Promise.all(producers.map((_, index) => sendFrom(index, round, startMs, samples)))
  await report(samples)
})
process.on('disconnect', async () => {
  await Promise.all(producers.map((producer) => producer.close()))
  process.exit(0)
})
await report('ready')

/** A test cluster and the producers of one spec, and the end of them all. */
import { type Classes, Producer } from '../../../lib/index.js'
import { TestCluster, type TestClusterOptions } from '../../../lib/testing/index.js'
import { LogKeeper } from '../../handler/support/log-keeper.js'

type Properties = Readonly<Record<string, unknown>>

export class Stage {
  readonly log = new LogKeeper()
  readonly #producers: Producer<unknown, unknown>[] = []
  readonly #properties: Properties
  #cluster: TestCluster | null = null

  /** @param properties - of all producers. */
  constructor(properties: Properties = {}) {
    this.#properties = properties
  }

  get cluster(): TestCluster {
    if (!this.#cluster) throw new Error('the spec started no cluster')
    return this.#cluster
  }

  async start(options?: TestClusterOptions): Promise<TestCluster> {
    this.#cluster = await TestCluster.start({ era: '0.8', ...options })
    return this.#cluster
  }

  /** Strings, acks 1, short waits; `properties` win. */
  producer(properties: Properties = {}, classes: Classes = {}): Producer<unknown, unknown> {
    const producer = new Producer<unknown, unknown>(
      {
        'metadata.broker.list': this.#cluster?.bootstrap ?? '127.0.0.1:1',
        'serializer.class': 'kafka.serializer.StringEncoder',
        'request.required.acks': 1,
        'request.timeout.ms': 2000,
        'retry.backoff.ms': 1,
        'queue.buffering.max.ms': 5,
        ...this.#properties,
        ...properties,
      },
      { logger: this.log, classes },
    )
    this.#producers.push(producer)
    return producer
  }

  /** `partition: values` of a topic, partitions without messages left out. */
  stored(topic = 't'): Record<number, string[]> {
    const byPartition: Record<number, string[]> = {}
    for (const { partition, value } of this.cluster.messages(topic)) {
      byPartition[partition] ??= []
      byPartition[partition].push(String(value))
    }
    return byPartition
  }

  /** Values of a topic by partition and offset, without their partitions. */
  values(topic = 't'): string[] {
    return Object.values(this.stored(topic)).flat()
  }

  /** How many produce requests arrived. */
  get produceRequests(): number {
    return this.cluster.requests.filter(({ api }) => api === 'Produce').length
  }

  async close(): Promise<void> {
    await Promise.all(this.#producers.splice(0).map((producer) => producer.close({ timeoutMs: 0 })))
    await this.#cluster?.close()
    this.#cluster = null
  }
}

/** Both ways to get the versions of a 0.8 broker: detection, the default, and broker.version. */
export const waysToKnow = ['auto', '0.8.2'] as const

/** Each mode with each of these. */
export const modes = (['sync', 'async'] as const).flatMap((type) =>
  waysToKnow.map((version) => ({ type, version })),
)

/** Resolves as soon as the condition holds, and rejects when that takes longer than two seconds. */
export async function eventually(condition: () => boolean, what = 'what was waited for'): Promise<void> {
  const deadlineMs = performance.now() + 2000
  while (!condition()) {
    if (performance.now() > deadlineMs) throw new Error(`${what} did not happen within two seconds`)
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
}

/** What a promise is rejected with. */
export async function rejection(promise: Promise<unknown>): Promise<Error & Record<string, unknown>> {
  try {
    await promise
  } catch (error) {
    return error as Error & Record<string, unknown>
  }
  throw new Error('the promise was not rejected')
}

/** A promise and the function that resolves it. */
export function gate(): { opened: Promise<void>; open: () => void } {
  let open!: () => void
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { opened, open }
}

/**
 * Makes one call for each item, each in a turn of the event loop of its own: calls of one turn are sent together, and so are those
 * of the turn in which something ends.
 *
 * @returns what the calls have returned, not awaited.
 */
export async function inTurns<T, R>(
  items: readonly T[],
  call: (item: T, position: number) => Promise<R>,
): Promise<Promise<R>[]> {
  const calls: Promise<R>[] = []
  for (const [i, item] of items.entries()) {
    calls.push(call(item, i))
    await new Promise((resolve) => setImmediate(resolve))
  }
  return calls
}

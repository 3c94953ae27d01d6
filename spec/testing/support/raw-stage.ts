/** A test cluster and hand-written clients of one spec, and the end of them all. */
import { TestCluster, type TestClusterOptions } from '../../../lib/testing/index.js'
import { RawClient } from '../../support/scripted/raw-client.js'
import { reading, wire } from '../../support/wire.js'

export class RawStage {
  readonly #closers: (() => Promise<unknown>)[] = []

  async start(options?: TestClusterOptions): Promise<TestCluster> {
    const cluster = await TestCluster.start({ era: '0.8', ...options })
    this.#closers.push(() => cluster.close())
    return cluster
  }

  async connect(cluster: TestCluster, broker = 0): Promise<RawClient> {
    const client = await RawClient.connect(cluster.broker(broker).port)
    this.#closers.push(() => client.close())
    return client
  }

  async close(): Promise<void> {
    for (const closer of this.#closers.splice(0).reverse()) await closer()
  }
}

/** A produce request of these sets: `[topic, partition, set]`, each in a topic entry of its own. */
export function produceOf(
  sets: readonly (readonly [topic: string, partition: number, set: Buffer | null])[],
  { acks = 1, timeoutMs = 1000, version = 0 } = {},
): Buffer {
  return wire()
    .requestHeader(0, version, 5, 'c1')
    .int16(acks)
    .int32(timeoutMs)
    .array(sets, (to, [topic, partition, set]) =>
      to.string(topic).array([partition], (entry, id) => entry.int32(id).bytes(set)),
    )
    .framed()
}

/** `topic/partition: code@offset` of each partition in a produce answer. */
export function outcomesIn(answer: Buffer | undefined): string[] {
  const from = reading(answer!)
  from.int32()
  const topics = from.array((entry) => {
    const topic = entry.string()
    return entry.array(
      (partition) => `${topic}/${partition.int32()}: ${partition.int16()}@${partition.int64()}`,
    )
  })
  from.end()
  return topics.flat()
}

export interface DescribedMetadata {
  brokers: { id: number; host: string; port: number }[]
  /** `topic: code` */
  topics: string[]
  /** `topic/partition: code, leader` */
  partitions: string[]
}

export function metadataIn(answer: Buffer | undefined): DescribedMetadata {
  const from = reading(answer!)
  from.int32()
  const brokers = from.array((broker) => ({
    id: broker.int32(),
    host: broker.string(),
    port: broker.int32(),
  }))
  const partitions: string[] = []
  const topics = from.array((topic) => {
    const code = topic.int16()
    const name = topic.string()
    topic.array((partition) => {
      const [error, id, leader] = [partition.int16(), partition.int32(), partition.int32()]
      partitions.push(`${name}/${id}: ${error}, ${leader}`)
      partition.array((replica) => replica.int32())
      partition.array((replica) => replica.int32())
    })
    return `${name}: ${code}`
  })
  from.end()
  return { brokers, topics, partitions }
}

/** Messages of one partition that go to its leader together, whoever the messages belong to. */
import type { BatchProducer } from '../protocol/records/record-batch.js'
import type { RecordBody } from '../protocol/records/record-body.js'

export interface PartitionBatch<M extends RecordBody = RecordBody> {
  readonly topic: string
  readonly partition: number
  readonly messages: readonly M[]
  /** Magic 2 only. Default: none, as without idempotence. */
  readonly producer?: BatchProducer
  /**
   * It has numbers, and an attempt with it may be stored: it is sent as it is, with messages that have their outcome, until it is
   * answered. Default false, as without idempotence.
   */
  readonly mayBeStored?: boolean
}

/** `topic/partition`, unique because a partition has no slash. */
export function partitionName(topic: string, partition: number): string {
  return `${topic}/${partition}`
}

/** Values by topic and partition. No names are put together for it: with many partitions those cost more than all else. */
export class PartitionMap<V> {
  readonly #topics = new Map<string, Map<number, V>>()

  get(topic: string, partition: number): V | undefined {
    return this.#topics.get(topic)?.get(partition)
  }

  set(topic: string, partition: number, value: V): void {
    let partitions = this.#topics.get(topic)
    if (!partitions) {
      partitions = new Map()
      this.#topics.set(topic, partitions)
    }
    partitions.set(partition, value)
  }
}

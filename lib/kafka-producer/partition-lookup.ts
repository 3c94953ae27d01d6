/** What `partitionsFor` does: waits for the metadata of a topic, within `max.block.ms`. */
import type { ClusterMetadata, ClusterPartition } from '../cluster/cluster-metadata.js'
import { AuthenticationError, ProducerClosedError } from '../errors.js'
import type { Changes } from './changes.js'
import { causeOf, isFinal } from './intake-errors.js'
import type { ProducerMetadata } from './producer-metadata.js'
import { IllegalArgumentError, TimeoutError } from './record-errors.js'

/** One partition, as metadata describes it. */
export interface PartitionInfo {
  readonly topic: string
  readonly partition: number
  /** Broker id; null while there is no leader. */
  readonly leader: number | null
  readonly replicas: readonly number[]
  readonly inSyncReplicas: readonly number[]
}

export interface PartitionLookupOptions {
  readonly metadata: ProducerMetadata
  readonly cluster: ClusterMetadata
  readonly changes: Changes
  readonly maxBlockMs: number
  /** There is something for the sender to look at. */
  wake(): void
}

export class PartitionLookup {
  readonly #options: PartitionLookupOptions

  constructor(options: PartitionLookupOptions) {
    this.#options = options
  }

  /**
   * @param isClosed - whether the producer is: what is known is still said then.
   * @throws {TimeoutError} after `max.block.ms`; `cause` is what brokers said of the topic. What waiting does not help against is
   *   thrown as it is. @throws {ProducerClosedError}
   */
  async find(topic: string, isClosed: () => boolean): Promise<readonly PartitionInfo[]> {
    if (typeof topic !== 'string' || topic === '') {
      throw new IllegalArgumentError('partitionsFor() takes the name of a topic')
    }
    const { metadata, cluster, changes, maxBlockMs, wake } = this.#options
    const deadlineMs = performance.now() + maxBlockMs
    for (;;) {
      const view = isClosed() ? cluster.topic(topic) : metadata.use(topic, performance.now()).view
      if (view && view.partitionCount > 0) return view.partitions().map((one) => infoOf(topic, one))
      if (isClosed()) throw new ProducerClosedError()
      const cause = causeOf(cluster, topic) ?? metadata.lastError
      if (isFinal(cluster.errorCodeOf(topic)) || cause instanceof AuthenticationError) throw cause
      const leftMs = deadlineMs - performance.now()
      if (leftMs <= 0) {
        const text = `nothing is known of the topic after max.block.ms=${maxBlockMs}`
        throw new TimeoutError(text, { topic, cause: cause ?? undefined })
      }
      if (cause) metadata.requestUpdate()
      wake()
      await changes.next(leftMs)
    }
  }
}

function infoOf(
  topic: string,
  { partition, leaderId, replicas, inSyncReplicas }: ClusterPartition,
): PartitionInfo {
  return { topic, partition, leader: leaderId < 0 ? null : leaderId, replicas, inSyncReplicas }
}

/**
 * The cluster as the newest answers describe it: brokers by id, topics with their partitions, leaders and leader epochs.
 * A cache of plain values that asks nobody and waits for nothing.
 *
 * Unlike `TopicMetadata`, which keeps the rules of the classic producer, it knows leader epochs: what is older than what is
 * known is passed over, and produce answers may name new leaders (KIP-951).
 *
 * @see Kafka's Metadata and MetadataSnapshot 4.3; KIP-320, KIP-951
 */
import { type BrokerAddress, isReachable } from '../broker-address.js'
import { hasTopicId, type MetadataResponse, NO_TOPIC_ID } from '../protocol/messages/index.js'

const NONE = 0
/** The answer left the topic out. */
const UNKNOWN_TOPIC_OR_PARTITION = 3
const NO_LEADER = -1
const NO_EPOCH = -1

export interface ClusterPartition {
  readonly partition: number
  /** −1 while there is none, or none that can be reached. */
  readonly leaderId: number
  /** −1 where the broker has none to say. */
  readonly leaderEpoch: number
  readonly replicas: readonly number[]
  readonly inSyncReplicas: readonly number[]
}

/** One topic; a newer answer makes a new one. */
export class ClusterTopic {
  readonly topicId: Uint8Array
  readonly partitionCount: number
  /** Partitions with a leader, ascending. */
  readonly available: readonly number[]
  readonly #partitions: ReadonlyMap<number, ClusterPartition>

  constructor(topicId: Uint8Array, partitions: ReadonlyMap<number, ClusterPartition>) {
    this.topicId = topicId
    this.#partitions = partitions
    this.partitionCount = partitions.size
    this.available = [...partitions.values()]
      .filter(({ leaderId }) => leaderId !== NO_LEADER)
      .map(({ partition }) => partition)
      .sort((a, b) => a - b)
  }

  partition(index: number): ClusterPartition | undefined {
    return this.#partitions.get(index)
  }

  /** By number. */
  partitions(): ClusterPartition[] {
    return [...this.#partitions.values()].sort((a, b) => a.partition - b.partition)
  }

  /** The same with another partition in place of one. */
  with(partition: ClusterPartition): ClusterTopic {
    return new ClusterTopic(this.topicId, new Map(this.#partitions).set(partition.partition, partition))
  }
}

export class ClusterMetadata {
  readonly #addressById = new Map<number, BrokerAddress>()
  readonly #topics = new Map<string, ClusterTopic>()
  /** Of topics whose last answer was an error. */
  readonly #errorCodes = new Map<string, number>()

  /** null where nothing is known of it. */
  topic(name: string): ClusterTopic | null {
    return this.#topics.get(name) ?? null
  }

  /** The code that the topic was answered with last; 0 for none. */
  errorCodeOf(topic: string): number {
    return this.#errorCodes.get(topic) ?? NONE
  }

  topicIdOf(topic: string): Uint8Array {
    return this.#topics.get(topic)?.topicId ?? NO_TOPIC_ID
  }

  /** Who leads a partition; null while nobody does. */
  leaderOf(topic: string, partition: number): ClusterPartition | null {
    const found = this.#topics.get(topic)?.partition(partition)
    return found && found.leaderId !== NO_LEADER ? found : null
  }

  addressOf(brokerId: number): BrokerAddress | null {
    return this.#addressById.get(brokerId) ?? null
  }

  get brokerIds(): number[] {
    return [...this.#addressById.keys()]
  }

  /** Keeps nothing of a topic. */
  forget(topic: string): void {
    this.#topics.delete(topic)
    this.#errorCodes.delete(topic)
  }

  /**
   * Takes an answer.
   *
   * @param wanted - the topics that were asked for. Only they are kept, so a broker cannot make this grow.
   * @returns whether something that was asked for has become known or is other than before.
   */
  take(wanted: ReadonlySet<string>, response: MetadataResponse): boolean {
    this.#takeBrokers(response)
    const left = new Set(wanted)
    let isChanged = false
    for (const topic of response.topics) {
      const { name, errorCode } = topic
      if (name === null || !left.delete(name)) continue
      if (errorCode === NONE) {
        this.#errorCodes.delete(name)
        if (this.#takeTopic(name, topic)) isChanged = true
      } else {
        this.#errorCodes.set(name, errorCode)
      }
    }
    for (const name of left) this.#errorCodes.set(name, UNKNOWN_TOPIC_OR_PARTITION)
    return isChanged
  }

  /**
   * A broker that does not lead a partition any more has named who does.
   *
   * @param address - of the new leader, where the answer has it.
   * @returns whether that is news.
   */
  takeLeader(
    topic: string,
    partition: number,
    leaderId: number,
    leaderEpoch: number,
    address: BrokerAddress | null,
  ): boolean {
    const known = this.#topics.get(topic)
    const before = known?.partition(partition)
    if (!known || !before || leaderEpoch <= before.leaderEpoch) return false
    if (address && isReachable(address)) this.#addressById.set(leaderId, address)
    if (!this.#addressById.has(leaderId)) return false
    this.#topics.set(topic, known.with({ ...before, leaderId, leaderEpoch }))
    return true
  }

  #takeBrokers({ brokers }: MetadataResponse): void {
    const reachable = brokers.filter((broker) => broker.nodeId >= 0 && isReachable(broker))
    if (reachable.length === 0) return
    this.#addressById.clear()
    for (const { nodeId, host, port } of reachable) this.#addressById.set(nodeId, { host, port })
  }

  #takeTopic(name: string, { topicId, partitions }: MetadataResponse['topics'][number]): boolean {
    const known = this.#topics.get(name)
    const isSameTopic = known !== undefined && isSameId(known.topicId, topicId)
    let isChanged = known === undefined || partitions.length !== known.partitionCount
    const found = new Map<number, ClusterPartition>()
    for (const { index, leaderId, leaderEpoch, replicas, isr } of partitions) {
      if (index < 0) continue
      const before = known?.partition(index)
      const isOlder =
        isSameTopic && leaderEpoch !== NO_EPOCH && leaderEpoch < (before?.leaderEpoch ?? NO_EPOCH)
      const taken =
        isOlder && before
          ? before
          : {
              partition: index,
              leaderId: this.#addressById.has(leaderId) ? leaderId : NO_LEADER,
              leaderEpoch,
              replicas,
              inSyncReplicas: isr,
            }
      if (taken.leaderId !== before?.leaderId || taken.leaderEpoch !== before.leaderEpoch) isChanged = true
      found.set(index, taken)
    }
    // The answer's buffer is large and would be kept by a view.
    this.#topics.set(name, new ClusterTopic(Uint8Array.from(topicId), found))
    return isChanged
  }
}

/** A topic without an id is taken for the same as before. */
function isSameId(a: Uint8Array, b: Uint8Array): boolean {
  return !hasTopicId(a) || !hasTopicId(b) || Buffer.compare(a, b) === 0
}

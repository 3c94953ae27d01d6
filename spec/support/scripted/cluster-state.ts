/**
 * What a scripted cluster knows: topics, leaders, who is listed, how much was stored. No sockets.
 *
 * Brokers share it, so a leader that moves has moved for all of them at once; a real cluster needs a moment.
 */
import type { ClusterScript, PartitionScript, TopicScript } from './script.js'

const errorCodes = { none: 0, unknownTopicOrPartition: 3, leaderNotAvailable: 5, notLeader: 6 } as const

export interface MetadataPartition {
  error: number
  partition: number
  leader: number
  replicas: number[]
  isr: number[]
}

export interface MetadataTopic {
  error: number
  topic: string
  partitions: MetadataPartition[]
}

export class ClusterState {
  readonly #topics: Map<string, TopicScript>
  readonly #unlisted: Set<number>
  readonly #autoCreate: ClusterScript['autoCreate']
  /** Topic → metadata answers that still say "being created". */
  readonly #pendingAnswersByTopic = new Map<string, number>()
  readonly #endOffsetByPartition = new Map<string, number>()

  constructor(script: ClusterScript) {
    this.#topics = new Map(Object.entries(structuredClone(script.topics ?? {})))
    this.#unlisted = new Set(script.unlisted)
    this.#autoCreate = structuredClone(script.autoCreate)
  }

  isListed(broker: number): boolean {
    return !this.#unlisted.has(broker)
  }

  setListed(broker: number, listed: boolean): void {
    if (listed) this.#unlisted.delete(broker)
    else this.#unlisted.add(broker)
  }

  setTopic(name: string, topic: TopicScript): void {
    this.#topics.set(name, structuredClone(topic))
  }

  /** Throws where the script names a partition that is not there: a script is wrong, not a client. */
  setLeader(topic: string, partition: number, leader: number): void {
    const script = this.#partition(topic, partition)
    if (script === undefined) throw new Error(`the script moves ${topic}-${partition}, which does not exist`)
    script.leader = leader
  }

  /** What metadata says of a topic now; asking for an unknown one advances its automatic creation. */
  describe(topic: string): MetadataTopic {
    const script = this.#topics.get(topic) ?? this.#create(topic)
    if (script === undefined) {
      const error = this.#autoCreate ? errorCodes.leaderNotAvailable : errorCodes.unknownTopicOrPartition
      return { error, topic, partitions: [] }
    }
    return {
      error: script.error ?? errorCodes.none,
      topic,
      partitions: script.partitions.map(describePartition),
    }
  }

  topicNames(): string[] {
    return [...this.#topics.keys()]
  }

  /** The code with which `broker` answers a produce request for this partition. */
  produceError(topic: string, partition: number, broker: number): number {
    const script = this.#partition(topic, partition)
    if (script === undefined) return errorCodes.unknownTopicOrPartition
    return script.leader === broker ? errorCodes.none : errorCodes.notLeader
  }

  /** Stores `count` messages; returns the offset of the first. */
  append(topic: string, partition: number, count: number): number {
    const key = `${topic}-${partition}`
    const baseOffset = this.#endOffsetByPartition.get(key) ?? 0
    this.#endOffsetByPartition.set(key, baseOffset + count)
    return baseOffset
  }

  #partition(topic: string, partition: number): PartitionScript | undefined {
    return this.#topics.get(topic)?.partitions.find(({ id }) => id === partition)
  }

  #create(topic: string): TopicScript | undefined {
    if (this.#autoCreate === undefined) return undefined
    const pending = this.#pendingAnswersByTopic.get(topic) ?? this.#autoCreate.after
    if (pending > 0) {
      this.#pendingAnswersByTopic.set(topic, pending - 1)
      return undefined
    }
    this.setTopic(topic, this.#autoCreate.topic)
    return this.#topics.get(topic)
  }
}

function describePartition(script: PartitionScript): MetadataPartition {
  const replicas = script.replicas ?? (script.leader === -1 ? [] : [script.leader])
  return {
    error: script.error ?? (script.leader === -1 ? errorCodes.leaderNotAvailable : errorCodes.none),
    partition: script.id,
    leader: script.leader,
    replicas,
    isr: script.isr ?? replicas,
  }
}

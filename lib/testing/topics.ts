/** The topics of a test cluster: their partitions, leaders and logs. Shared by its brokers. */
import { randomBytes } from 'node:crypto'
import { printable } from '../errors.js'
import { refuseUnknownFields } from './known-fields.js'
import { PartitionLog } from './partition-log.js'

export interface TopicOptions {
  /** Default: one per entry of `leaders`, else the cluster's `defaultPartitions`. */
  partitions?: number
  /** Broker id per partition, null for none. Default: spread over the brokers. */
  leaders?: readonly (number | null)[]
  /** Default: the cluster's `maxMessageBytes`. */
  maxMessageBytes?: number
  /** Whose time messages keep, from magic 1 on: the client's or the broker's. Default `CreateTime`. */
  timestampType?: 'CreateTime' | 'LogAppendTime'
  /** With `compact` messages need a key. Nothing is compacted. Default `delete`. */
  cleanupPolicy?: 'delete' | 'compact'
}

const topicOptionNames: readonly string[] = [
  'partitions',
  'leaders',
  'maxMessageBytes',
  'timestampType',
  'cleanupPolicy',
] satisfies (keyof TopicOptions)[]

export interface Partition {
  readonly id: number
  leader: number | null
  /** Counts the leaders. */
  leaderEpoch: number
  readonly log: PartitionLog
}

export interface Topic {
  readonly name: string
  /** Sixteen bytes; a topic that is deleted and created again has others. */
  readonly id: Buffer
  readonly maxMessageBytes: number
  readonly timestampType: 'CreateTime' | 'LogAppendTime'
  readonly cleanupPolicy: 'delete' | 'compact'
  readonly partitions: Partition[]
}

const TOPIC_ID_BYTES = 16
const LEGAL_NAME = /^[a-zA-Z0-9._-]{1,255}$/

/** Whether Kafka would make a topic of this name. */
export function isLegalTopicName(name: string): boolean {
  return LEGAL_NAME.test(name) && name !== '.' && name !== '..'
}

export class Topics {
  readonly #brokerIds: readonly number[]
  readonly #defaults: { readonly partitions: number; readonly maxMessageBytes: number }
  readonly #topics = new Map<string, Topic>()
  #hadAny = false

  constructor(brokerIds: readonly number[], defaults: { partitions: number; maxMessageBytes: number }) {
    this.#brokerIds = brokerIds
    this.#defaults = defaults
  }

  get names(): string[] {
    return [...this.#topics.keys()]
  }

  /** Whether there has been a topic, deleted or not. */
  get hadAny(): boolean {
    return this.#hadAny
  }

  find(name: string): Topic | undefined {
    return this.#topics.get(name)
  }

  withId(id: Uint8Array): Topic | undefined {
    return [...this.#topics.values()].find((topic) => topic.id.equals(id))
  }

  /** @throws {RangeError} when there is none of this name. */
  get(name: string): Topic {
    const topic = this.#topics.get(name)
    if (topic) return topic
    throw new RangeError(`the test cluster has no topic ${name}; it has ${this.names.join(', ') || 'none'}`)
  }

  /** @throws {RangeError} when it exists, or the options make no topic. */
  create(name: string, options: TopicOptions = {}): Topic {
    if (this.#topics.has(name)) throw new RangeError(`the test cluster already has a topic ${name}`)
    if (!isLegalTopicName(name))
      throw new RangeError(`${printable(name)} is no name that Kafka gives a topic`)
    refuseUnknownFields('a topic', options, topicOptionNames)
    const count = options.partitions ?? options.leaders?.length ?? this.#defaults.partitions
    if (!Number.isInteger(count) || count < 1)
      throw new RangeError(`a topic has 1 partition or more, not ${count}`)
    const { maxMessageBytes = this.#defaults.maxMessageBytes, leaders } = options
    if (leaders && leaders.length !== count)
      throw new RangeError(`topic ${name} has ${count} partitions and ${leaders.length} leaders`)
    const { timestampType = 'CreateTime', cleanupPolicy = 'delete' } = options
    const id = randomBytes(TOPIC_ID_BYTES)
    const topic: Topic = { name, id, maxMessageBytes, timestampType, cleanupPolicy, partitions: [] }
    for (let i = 0; i < count; i++) topic.partitions.push(this.#partition(i, leaders))
    this.#topics.set(name, topic)
    this.#hadAny = true
    return topic
  }

  addPartitions(name: string, count: number): void {
    const { partitions } = this.get(name)
    for (let i = 0; i < count; i++) partitions.push(this.#partition(partitions.length))
  }

  delete(name: string): void {
    this.get(name)
    this.#topics.delete(name)
  }

  /** @throws {RangeError} when there is no such topic or partition. */
  partition(name: string, id: number): Partition {
    const { partitions } = this.get(name)
    const partition = partitions[id]
    if (partition) return partition
    throw new RangeError(`topic ${name} has partitions 0 to ${partitions.length - 1}, not ${id}`)
  }

  /** @param leader - null for none. @throws {RangeError} for a broker that does not exist. */
  moveLeader(name: string, id: number, leader: number | null): void {
    this.#requireBroker(leader)
    lead(this.partition(name, id), leader)
  }

  /** Gives the partitions whose leader `isDown` to the brokers in `to`, in turn; leaves them when that is empty. */
  moveLeadersFrom(isDown: (broker: number) => boolean, to: readonly number[]): void {
    if (to.length === 0) return
    let turn = 0
    for (const { partitions } of this.#topics.values()) {
      for (const partition of partitions) {
        if (partition.leader !== null && isDown(partition.leader)) lead(partition, to[turn++ % to.length]!)
      }
    }
  }

  #partition(id: number, leaders?: readonly (number | null)[]): Partition {
    const leader = leaders ? leaders[id]! : this.#brokerIds[id % this.#brokerIds.length]!
    this.#requireBroker(leader)
    return { id, leader, leaderEpoch: 0, log: new PartitionLog(id) }
  }

  #requireBroker(id: number | null): void {
    if (id !== null && !this.#brokerIds.includes(id))
      throw new RangeError(`there is no broker ${id}; the test cluster has ${this.#brokerIds.join(', ')}`)
  }
}

function lead(partition: Partition, leader: number | null): void {
  partition.leader = leader
  partition.leaderEpoch++
}

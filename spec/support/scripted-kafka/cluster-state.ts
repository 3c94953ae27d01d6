/** What the brokers of a scripted cluster know together: topics, leaders, coordinators, features. No I/O. */
import type { ErrorName } from './error-codes.js'
import { PartitionLog } from './partition-log.js'
import type { Change, ClusterScript, TopicScript } from './script.js'

export interface PartitionState {
  leader: number
  leaderEpoch: number
  error: ErrorName | undefined
  log: PartitionLog
}

export interface TopicState {
  name: string
  /** base64url, as in decoded requests. */
  id: string
  error: ErrorName | undefined
  isLogAppendTime: boolean
  partitions: PartitionState[]
}

export type CoordinatorKind = 'txn' | 'group'

export const NO_TOPIC_ID = 'AAAAAAAAAAAAAAAAAAAAAA'

export class ClusterState {
  readonly brokerCount: number
  readonly release: string
  readonly hasLeaderHints: boolean
  readonly topics = new Map<string, TopicState>()
  readonly features: Map<string, number>
  readonly unlisted: Set<number>
  /** Committed offsets by `group topic/partition`. */
  readonly offsets = new Map<string, number>()
  readonly #firstEpoch: number
  readonly #coordinators: Map<string, number>
  readonly #autoCreate: Map<string, { left: number; partitions: TopicScript['partitions'] }>

  constructor(script: ClusterScript) {
    this.brokerCount = script.brokers
    this.release = script.kafka ?? '3.9'
    this.hasLeaderHints = script.leaderHints ?? true
    this.features = new Map(Object.entries(script.features ?? {}))
    this.unlisted = new Set(script.unlisted)
    this.#firstEpoch = script.firstEpoch ?? 0
    this.#coordinators = new Map(Object.entries(script.coordinators ?? {}))
    this.#autoCreate = new Map(
      Object.entries(script.autoCreate ?? {}).map(([name, { after, partitions }]) => [
        name,
        { left: after, partitions },
      ]),
    )
    for (const [name, topic] of Object.entries(script.topics ?? {})) this.#addTopic(name, topic)
  }

  /** TV2 of KIP-890. */
  get isTransactionVersion2(): boolean {
    return (this.features.get('transaction.version') ?? 0) >= 2
  }

  topicOfId(id: string): TopicState | undefined {
    return [...this.topics.values()].find((topic) => topic.id === id)
  }

  /** A topic that metadata was asked for; counts towards its creation. */
  lookUp(name: string): TopicState | 'being created' | undefined {
    const created = this.#autoCreate.get(name)
    if (this.topics.has(name) || created === undefined) return this.topics.get(name)
    if (created.left > 0) {
      created.left -= 1
      return 'being created'
    }
    this.#addTopic(name, { partitions: created.partitions })
    return this.topics.get(name)
  }

  partition(topic: string, index: number): PartitionState | undefined {
    return this.topics.get(topic)?.partitions[index]
  }

  /** Transactions are with broker 0, groups with broker 1 where there is one. */
  coordinator(kind: CoordinatorKind, id: string): number {
    const otherwise = kind === 'txn' ? 0 : 1 % this.brokerCount
    return this.#coordinators.get(`${kind}:${id}`) ?? otherwise
  }

  /** The part of a change that concerns no socket. */
  apply(change: Change): void {
    for (const [name, leader] of Object.entries(change.leader ?? {})) this.#setLeader(name, leader)
    for (const [name, broker] of Object.entries(change.coordinator ?? {}))
      this.#coordinators.set(name, broker)
    for (const [name, level] of Object.entries(change.features ?? {})) this.features.set(name, level)
    for (const [name, topic] of Object.entries(change.topics ?? {})) this.#addTopic(name, topic)
    for (const broker of [change.unlist ?? []].flat()) this.unlisted.add(broker)
    for (const broker of [change.list ?? []].flat()) this.unlisted.delete(broker)
  }

  #setLeader(name: string, leader: number): void {
    const at = name.lastIndexOf('/')
    const partition = this.partition(name.slice(0, at), Number(name.slice(at + 1)))
    if (partition === undefined)
      throw new Error(`the script moves the leader of ${name}, which does not exist`)
    partition.leader = leader
    partition.leaderEpoch += 1
  }

  #addTopic(name: string, { partitions, error, timestampType }: TopicScript): void {
    const leaders =
      typeof partitions === 'number'
        ? Array.from({ length: partitions }, (_, index) => index % this.brokerCount)
        : partitions
    const isLogAppendTime = timestampType === 'LogAppendTime'
    const known = this.topics.get(name)
    this.topics.set(name, {
      name,
      id: known?.id ?? this.#newTopicId(name),
      error,
      isLogAppendTime,
      partitions: leaders.map((given, index) => {
        const { leader, error: ofPartition } = typeof given === 'number' ? { leader: given } : { ...given }
        return {
          leader,
          leaderEpoch: this.#firstEpoch,
          error: ofPartition,
          log: known?.partitions[index]?.log ?? new PartitionLog(isLogAppendTime),
        }
      }),
    })
  }

  /** The id that the recorded clusters gave: the number of the topic and the hash of its name. */
  #newTopicId(name: string): string {
    const id = Buffer.from('4b504f00000000000000000000001000', 'hex')
    id.writeUInt32BE(this.topics.size + 1, 4)
    const hash = [...Buffer.from(name)].reduce((sum, byte) => (Math.imul(31, sum) + byte) | 0, 0)
    id.writeUInt32BE((0x1000 + hash) >>> 0, 12)
    return id.toString('base64url')
  }
}

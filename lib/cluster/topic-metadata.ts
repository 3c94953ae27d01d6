/**
 * What is known of topics: their partitions, leaders, ids, and the leaders' addresses. A cache of plain values: it takes
 * answers and says what they changed, and neither asks, waits nor logs.
 *
 * A topic-level error keeps what was known before.
 *
 * @see docs/reference/classic-producer.md#brokerpartitioninfo
 */
import isEqual from 'lodash/isEqual.js'
import uniqBy from 'lodash/uniqBy.js'
import type { BrokerAddress } from '../broker-address.js'
import { type KafkaError, MetadataError, printable } from '../errors.js'
import { errorCode } from '../protocol/error-code.js'
import { hasTopicId, type MetadataResponse, NO_TOPIC_ID } from '../protocol/messages/index.js'
import { LeaderAddresses, type LiveBrokers } from './leader-addresses.js'
import { type PartitionAndLeader, TopicPartitions } from './topic-partitions.js'

const NONE = 0
const LEADER_NOT_AVAILABLE = 5

type TopicAnswer = MetadataResponse['topics'][number] & { name: string }

/** What an answer said of one topic that was asked for. */
export interface TopicUpdate {
  readonly topic: string
  /** Its answer was an error, or left it out. */
  readonly hasError: boolean
  /** Its partitions, a leader, a leader's address or its id differ from what was known. */
  readonly isChanged: boolean
}

/** What an answer brought. */
export interface MetadataUpdate {
  /** Of the topics that were asked for. */
  readonly topics: readonly TopicUpdate[]
  /** Lines for the log, at INFO: what the next answer will nearly always say otherwise, as of a topic that is being created. */
  readonly notes: readonly string[]
  /** Lines for the log, at WARN. */
  readonly warnings: readonly string[]
  /** Addresses of all brokers that lead a known partition, by broker id; none for leaders that an application has set. */
  readonly leaders: ReadonlyMap<number, BrokerAddress>
  /** A topic that a broker leads by this answer; none for a leader of other topics only. */
  readonly topicByLeader: ReadonlyMap<number, string>
}

export class TopicMetadata {
  readonly #errorOf: (topic: string, code: number) => KafkaError
  readonly #topics = new Map<string, TopicPartitions>()
  readonly #topicIds = new Map<string, Uint8Array>()
  readonly #errors = new Map<string, KafkaError>()
  readonly #addresses = new LeaderAddresses()
  /** Topics whose leaders may have moved since they were asked for. */
  readonly #stale = new Set<string>()

  /** @param errorOf - the error of a topic that was answered with this code. */
  constructor(errorOf: (topic: string, code: number) => KafkaError) {
    this.#errorOf = errorOf
  }

  /** What is known of a topic, or the reason why nothing is. */
  lookUp(topic: string): TopicPartitions | KafkaError {
    const known = this.#topics.get(topic)
    if (known && known.partitions.length > 0) return known
    if (known) return new MetadataError(`${printable(topic)} has no partitions`, { topic })
    return (
      this.#errors.get(topic) ?? new MetadataError(`nothing is known of topic ${printable(topic)}`, { topic })
    )
  }

  /** Partitions of a topic, sorted by id, or undefined when nothing is known of it. */
  partitionsOf(topic: string): readonly PartitionAndLeader[] | undefined {
    return this.#topics.get(topic)?.partitions
  }

  /** The id that newer brokers know a topic by; all zero where it is not known. */
  topicIdOf(topic: string): Uint8Array {
    return this.#topicIds.get(topic) ?? NO_TOPIC_ID
  }

  isCached(topic: string): boolean {
    return this.#topics.has(topic)
  }

  /** Whether a topic is known and nothing has put that in doubt: see {@link markStale}. */
  isFresh(topic: string): boolean {
    return this.#topics.has(topic) && !this.#stale.has(topic)
  }

  /** Address of a partition's leader; null while there is none, undefined where nothing is known. */
  leaderOf(topic: string, partitionId: number): BrokerAddress | null | undefined {
    const known = this.#topics.get(topic)
    const position = known?.positionOf(partitionId)
    if (position === undefined) return undefined
    const { leaderId } = known!.partitions[position]!
    return leaderId === null ? null : this.#addresses.of(leaderId)
  }

  /** What is known of these topics is not to be relied on before they have been asked for again. */
  markStale(topics: Iterable<string>): void {
    for (const topic of topics) if (this.#topics.has(topic)) this.#stale.add(topic)
  }

  /** Keeps nothing of a topic; its leaders' addresses go with the next answer. */
  forget(topic: string): void {
    this.#addresses.replace(this.partitionsOf(topic) ?? [], [])
    this.#topics.delete(topic)
    this.#topicIds.delete(topic)
    this.#errors.delete(topic)
    this.#stale.delete(topic)
  }

  /** For tests and for applications that bring their own knowledge. */
  set(topic: string, partitions: readonly PartitionAndLeader[]): void {
    this.#put(topic, new TopicPartitions(partitions))
  }

  /** Nobody answered: the reason why nothing is known of those of these topics that are not known. */
  failed(topics: Iterable<string>, error: KafkaError): void {
    for (const topic of topics) if (!this.#topics.has(topic)) this.#errors.set(topic, error)
  }

  /**
   * Takes an answer.
   *
   * @param wanted - the topics that were asked for. Only they are kept, so a broker cannot make this grow.
   */
  take(wanted: ReadonlySet<string>, response: MetadataResponse): MetadataUpdate {
    const notes: string[] = []
    const warnings: string[] = []
    const live = this.#addresses.take(response.brokers, warnings)
    const left = new Set(wanted)
    const topics: TopicUpdate[] = []
    for (const topic of response.topics) {
      if (!isNamed(topic) || !wanted.has(topic.name)) continue
      left.delete(topic.name)
      topics.push(this.#takeTopic(topic, live, notes, warnings))
    }
    for (const topic of left) topics.push({ topic, hasError: true, isChanged: false })
    return this.#update(topics, notes, warnings, response)
  }

  /**
   * Takes what an answer says of topics that are known already. It came unasked, so it makes no stale topic fresh; and
   * in v0, so it has no topic ids and takes none away.
   */
  learn(topics: readonly string[], response: MetadataResponse): MetadataUpdate {
    const warnings: string[] = []
    const live = this.#addresses.take(response.brokers, warnings)
    const known = new Set(topics.filter((topic) => this.#topics.has(topic)))
    for (const topic of response.topics) {
      if (isNamed(topic) && known.has(topic.name) && topic.errorCode === NONE) {
        this.#put(topic.name, partitionsIn(topic, live.ids))
      }
    }
    return this.#update([], [], warnings, response)
  }

  #update(
    topics: readonly TopicUpdate[],
    notes: readonly string[],
    warnings: readonly string[],
    response: MetadataResponse,
  ): MetadataUpdate {
    const leaders = this.#addresses.all()
    return { topics, notes, warnings, leaders, topicByLeader: topicByLeader(response.topics) }
  }

  #put(name: string, topic: TopicPartitions): void {
    this.#addresses.replace(this.partitionsOf(name) ?? [], topic.partitions)
    this.#topics.set(name, topic)
  }

  #takeTopic(answer: TopicAnswer, live: LiveBrokers, notes: string[], warnings: string[]): TopicUpdate {
    const { name: topic, errorCode: code } = answer
    if (code !== NONE) {
      const error = this.#errorOf(topic, code)
      // The first question creates a topic, and its answer says that there is none yet.
      const isFirst = error.retriable && !this.#errors.has(topic)
      ;(isFirst ? notes : warnings).push(error.message)
      this.#errors.set(topic, error)
      return { topic, hasError: true, isChanged: false }
    }
    this.#errors.delete(topic)
    this.#stale.delete(topic)
    const known = this.#topics.get(topic)
    const hasNewId = this.#takeId(answer)
    const found = partitionsIn(answer, live.ids)
    warnOfMissingLeaders(answer, warnings)
    this.#put(topic, found)
    const isChanged = hasNewId || !known?.isSameAs(found) || found.isLedByAny(live.moved)
    return { topic, hasError: false, isChanged }
  }

  /**
   * A topic that was deleted and created again has another id; a broker that gives none knows no ids.
   *
   * @returns whether it is another one than before.
   */
  #takeId({ name, topicId }: TopicAnswer): boolean {
    if (!hasTopicId(topicId)) return this.#topicIds.delete(name)
    const isNew = !isEqual(this.#topicIds.get(name), Uint8Array.from(topicId))
    // The answer's buffer is large and would be kept by a view.
    this.#topicIds.set(name, Uint8Array.from(topicId))
    return isNew
  }
}

function partitionsIn(topic: TopicAnswer, live: ReadonlySet<number>): TopicPartitions {
  const partitions = topic.partitions
    .filter(({ index }) => index >= 0)
    .map(({ index, leaderId }) => ({
      topic: topic.name,
      partitionId: index,
      leaderId: live.has(leaderId) ? leaderId : null,
    }))
  return new TopicPartitions(uniqBy(partitions, 'partitionId'))
}

function warnOfMissingLeaders({ name, partitions }: TopicAnswer, warnings: string[]): void {
  for (const { index, errorCode: code } of partitions) {
    if (code !== LEADER_NOT_AVAILABLE) continue
    warnings.push(`${printable(name)}/${index} has no leader at the moment (${errorCode(code).name})`)
  }
}

/** Only of topics without an error: one that is named here is known to exist. */
function topicByLeader(topics: MetadataResponse['topics']): Map<number, string> {
  const byLeader = new Map<number, string>()
  for (const topic of topics) {
    if (!isNamed(topic) || topic.errorCode !== NONE) continue
    for (const { leaderId } of topic.partitions) {
      if (leaderId >= 0 && !byLeader.has(leaderId)) byLeader.set(leaderId, topic.name)
    }
  }
  return byLeader
}

function isNamed(topic: MetadataResponse['topics'][number]): topic is TopicAnswer {
  return topic.name !== null
}

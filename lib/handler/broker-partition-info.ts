/**
 * What is known of topics: their partitions, leaders, and the leaders' addresses. Cached until a refresh says more;
 * one refresh runs at a time and is shared by all who wait.
 *
 * A topic-level error keeps what was known before. Decides nothing about when to refresh.
 *
 * @see classic-producer reference §7.3; design D4, D5
 */
import _ from 'lodash'
import { type KafkaError, MetadataError, printable } from '../errors.js'
import type { Logger } from '../logger.js'
import type { BrokerAddress } from '../network/connection.js'
import { isReachable } from '../pool/metadata-source.js'
import { errorCode } from '../protocol/error-code.js'
import { hasTopicId, type MetadataResponse, NO_TOPIC_ID } from '../protocol/messages/index.js'
import { brokerError, verdictOn } from './produce-verdict.js'
import { RefreshLimiter } from './refresh-limiter.js'

export interface PartitionAndLeader {
  readonly topic: string
  readonly partitionId: number
  /** null while there is none. */
  readonly leaderId: number | null
}

const NONE = 0
type TopicAnswer = MetadataResponse['topics'][number] & { name: string }
const LEADER_NOT_AVAILABLE = 5

/** A topic's partitions, sorted by id; ids may have gaps, positions have not. */
export class TopicPartitions {
  readonly partitions: readonly PartitionAndLeader[]
  /** Positions of the partitions that have a leader. */
  readonly withLeader: readonly number[]
  readonly #positionById: ReadonlyMap<number, number>

  constructor(partitions: readonly PartitionAndLeader[]) {
    this.partitions = _.sortBy(partitions, 'partitionId')
    this.withLeader = this.partitions.flatMap(({ leaderId }, position) =>
      leaderId === null ? [] : [position],
    )
    this.#positionById = new Map(this.partitions.map(({ partitionId }, position) => [partitionId, position]))
  }

  positionOf(partitionId: number): number | undefined {
    return this.#positionById.get(partitionId)
  }
}

/** Fetches metadata; a MetadataSource, or a stand-in. */
export interface MetadataFetcher {
  fetch(topics: readonly string[]): Promise<MetadataResponse>
  /** Whether asking again would tell more. Default: no. */
  readonly isShort?: boolean
}

export interface BrokerPartitionInfoOptions {
  readonly source: MetadataFetcher
  readonly logger: Logger
  /** Called after each refresh with the addresses of all brokers that lead a known partition. */
  readonly onLeaders?: (leaders: ReadonlyMap<number, BrokerAddress>) => void
  /** Default: Math.random. */
  readonly random?: () => number
  /** Called after each refresh. */
  readonly onRefresh?: (topics: readonly string[], error: KafkaError | null) => void
}

interface Refresh {
  readonly topics: Set<string>
  /** Once it is, further topics have to go into the next one. */
  isSent: boolean
  /** Asks again for what a short answer left out; not followed by another one. */
  isFollowUp: boolean
  done: Promise<void>
}

export class BrokerPartitionInfo {
  readonly #options: BrokerPartitionInfoOptions
  readonly #topics = new Map<string, TopicPartitions>()
  readonly #topicIds = new Map<string, Uint8Array>()
  readonly #errors = new Map<string, KafkaError>()
  readonly #addresses = new Map<number, BrokerAddress>()
  /** Broker id → how many partitions known here it leads; counted as topics change, since there may be many of them. */
  readonly #ledCountByBroker = new Map<number, number>()
  readonly #limiter: RefreshLimiter
  #endTurn = (): void => {}
  #isClosed = false
  #running: Refresh | null = null
  #next: Refresh | null = null

  constructor(options: BrokerPartitionInfoOptions) {
    this.#options = options
    this.#limiter = new RefreshLimiter(options.random)
  }

  /** Lets no request wait for its turn any more; what is asked for after this fails by its source. */
  close(): void {
    this.#isClosed = true
    this.#endTurn()
  }

  /** Partitions of a topic, sorted by id, or undefined when nothing is known of it. */
  partitionsOf(topic: string): readonly PartitionAndLeader[] | undefined {
    return this.#topics.get(topic)?.partitions
  }

  /** The id that newer brokers know a topic by; all zero where it is not known. */
  topicIdOf(topic: string): Uint8Array {
    return this.#topicIds.get(topic) ?? NO_TOPIC_ID
  }

  /** Some topic that is known, or null. */
  get topicInUse(): string | null {
    return this.#topics.keys().next().value ?? null
  }

  isCached(topic: string): boolean {
    return this.#topics.has(topic)
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

  /** For tests and for applications that bring their own knowledge. */
  set(topic: string, partitions: readonly PartitionAndLeader[]): void {
    this.#put(topic, new TopicPartitions(partitions))
  }

  #put(name: string, topic: TopicPartitions): void {
    this.#countLed(this.#topics.get(name)?.partitions ?? [], -1)
    this.#countLed(topic.partitions, 1)
    this.#topics.set(name, topic)
  }

  #countLed(partitions: readonly PartitionAndLeader[], by: number): void {
    for (const { leaderId } of partitions) {
      if (leaderId === null) continue
      const count = (this.#ledCountByBroker.get(leaderId) ?? 0) + by
      if (count > 0) this.#ledCountByBroker.set(leaderId, count)
      else this.#ledCountByBroker.delete(leaderId)
    }
  }

  /**
   * Fetches these topics. A refresh under way that covers them all is shared; else one more follows it, which is
   * shared by all who ask meanwhile.
   *
   * @throws {MetadataError} when no broker answered. A topic's own error is no failure here: see {@link lookUp}.
   */
  refresh(topics: Iterable<string>): Promise<void> {
    const wanted = [...topics]
    if (wanted.length === 0) return Promise.resolve()
    this.#running ??= this.#start(Promise.resolve())
    const running = this.#running
    const isTooLate = running.isSent && !wanted.every((topic) => running.topics.has(topic))
    if (isTooLate) this.#next ??= this.#start(running.done)
    const refresh = isTooLate ? this.#next! : running
    for (const topic of wanted) refresh.topics.add(topic)
    return refresh.done
  }

  /** @param previous - ends before this one begins, well or badly. */
  #start(previous: Promise<void>): Refresh {
    const refresh: Refresh = { topics: new Set(), isSent: false, isFollowUp: false, done: previous }
    refresh.done = previous
      .catch(() => {})
      .then(() => this.#fetch(refresh))
      .finally(() => {
        this.#running = this.#next
        this.#next = null
      })
    return refresh
  }

  async #fetch(refresh: Refresh): Promise<void> {
    await this.#turn()
    // Read after the wait: whoever asked meanwhile for other topics is served as well.
    refresh.isSent = true
    const { topics } = refresh
    const names = [...topics]
    const { source, onRefresh } = this.#options
    try {
      this.#take(await source.fetch(names), topics)
      this.#limiter.succeeded()
    } catch (error) {
      this.#limiter.failed(performance.now())
      for (const name of names) if (!this.#topics.has(name)) this.#errors.set(name, error as KafkaError)
      if (!this.#isClosed) onRefresh?.(names, error as KafkaError)
      throw error
    }
    onRefresh?.(names, null)
    if (source.isShort && !refresh.isFollowUp) void refresh.done.then(() => this.#followUp(names))
  }

  /** Beside the traffic, for the topic ids that the first answer of a broker has no room for. */
  #followUp(names: readonly string[]): void {
    if (this.#isClosed) return
    // Another refresh that has begun meanwhile asks over the same connection, and tells as much.
    const isFirst = this.#running === null
    this.refresh(names).catch(() => {})
    if (isFirst) this.#running!.isFollowUp = true
  }

  /** Waits until the limiter lets a request start, or until nobody wants it any more. */
  async #turn(): Promise<void> {
    const waitMs = this.#limiter.waitMs(performance.now())
    if (waitMs > 0 && !this.#isClosed) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, waitMs)
        this.#endTurn = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
    this.#limiter.started(performance.now())
  }

  /** Only what was asked for is kept, so a broker cannot make this grow. */
  #take(response: MetadataResponse, asked: ReadonlySet<string>): void {
    const live = this.#liveBrokers(response)
    for (const topic of response.topics)
      if (isNamed(topic) && asked.has(topic.name)) this.#takeTopic(topic, live)
    this.#options.onLeaders?.(this.#leaders())
  }

  #liveBrokers(response: MetadataResponse): Set<number> {
    const ids = new Set<number>()
    for (const broker of response.brokers) {
      const { nodeId, host, port } = broker
      // −1 stands for "no leader"; whoever lists such a broker must not make it one.
      if (nodeId < 0) continue
      if (!isReachable(broker)) {
        this.#options.logger.warn(
          `broker ${nodeId} advertises the unusable address "${printable(host)}":${port}`,
        )
        continue
      }
      if (ids.has(nodeId))
        this.#options.logger.warn(`broker id ${nodeId} is listed twice; the last address counts`)
      ids.add(nodeId)
      this.#addresses.set(nodeId, { host, port })
    }
    return ids
  }

  #takeTopic(topic: TopicAnswer, live: ReadonlySet<number>): void {
    const { name, errorCode: code } = topic
    if (code !== NONE) {
      const error = this.#topicError(name, code)
      this.#errors.set(name, error)
      this.#options.logger.warn(error.message)
      return
    }
    this.#errors.delete(name)
    this.#takeId(topic)
    const partitions = topic.partitions
      .filter(({ index }) => index >= 0)
      .map(({ index, leaderId }) => ({
        topic: name,
        partitionId: index,
        leaderId: live.has(leaderId) ? leaderId : null,
      }))
    this.#warnOfMissingLeaders(topic)
    this.#put(name, new TopicPartitions(_.uniqBy(partitions, 'partitionId')))
  }

  /** A topic that was deleted and created again has another id; a broker that tells none knows of no ids. */
  #takeId({ name, topicId }: TopicAnswer): void {
    // The answer's buffer is large and would be kept by a view.
    if (hasTopicId(topicId)) this.#topicIds.set(name, Uint8Array.from(topicId))
    else this.#topicIds.delete(name)
  }

  #warnOfMissingLeaders({ name, partitions }: TopicAnswer): void {
    for (const { index, errorCode: code } of partitions) {
      if (code !== LEADER_NOT_AVAILABLE) continue
      this.#options.logger.warn(
        `${printable(name)}/${index} has no leader at the moment (${errorCode(code).name})`,
      )
    }
  }

  #topicError(topic: string, code: number): KafkaError {
    if (verdictOn(code) === 'fail') return brokerError(code, { broker: 'the cluster', topic, acks: 1 })
    const { name, description } = errorCode(code)
    const why = description && `: ${description}`
    return new MetadataError(`topic ${printable(topic)} is not available: ${name} (${code})${why}`, { topic })
  }

  /** Addresses of all brokers that lead something known here; of those that an application has set there are none. */
  #leaders(): Map<number, BrokerAddress> {
    const leaders = new Map<number, BrokerAddress>()
    for (const id of this.#ledCountByBroker.keys()) {
      const address = this.#addresses.get(id)
      if (address) leaders.set(id, address)
    }
    return leaders
  }
}

function isNamed(topic: MetadataResponse['topics'][number]): topic is TopicAnswer {
  return topic.name !== null
}

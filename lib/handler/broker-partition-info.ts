/**
 * What is known of topics: their partitions, leaders, and the leaders' addresses. Cached until a refresh says more;
 * one refresh runs at a time and is shared by all who wait.
 *
 * A topic-level error keeps what was known before. Decides nothing about when to refresh.
 *
 * @see docs/reference/classic-producer.md#brokerpartitioninfo; docs/decisions/0000-classic-producer.md#d4, #d5
 */
import _ from 'lodash'
import { type KafkaError, MetadataError, printable } from '../errors.js'
import type { Logger } from '../logger.js'
import type { BrokerAddress } from '../network/connection.js'
import { isReachable } from '../pool/metadata-source.js'
import { actionOn, brokerError } from '../produce/produce-errors.js'
import { errorCode } from '../protocol/error-code.js'
import { hasTopicId, type MetadataResponse, NO_TOPIC_ID } from '../protocol/messages/index.js'
import { RefreshLimiter } from './refresh-limiter.js'
import { RepeatedFailures } from './repeated-failures.js'
import { type PartitionAndLeader, TopicPartitions } from './topic-partitions.js'

export { type PartitionAndLeader, TopicPartitions }

const NONE = 0
type TopicAnswer = MetadataResponse['topics'][number] & { name: string }
const LEADER_NOT_AVAILABLE = 5

/** Fetches metadata; a MetadataSource, or a stand-in. */
export interface MetadataFetcher {
  fetch(topics: readonly string[]): Promise<MetadataResponse>
  /** Whether asking again would tell more. Default: no. */
  readonly lacksTopicIds?: boolean
}

export interface BrokerPartitionInfoOptions {
  readonly source: MetadataFetcher
  readonly logger: Logger
  /**
   * Called after each refresh.
   *
   * @param leaders - the addresses of all brokers that lead a known partition, by broker id.
   * @param topicByLeader - a topic that a broker leads by the newest answer; none for a leader of other topics only.
   */
  readonly onLeaders?: (
    leaders: ReadonlyMap<number, BrokerAddress>,
    topicByLeader: ReadonlyMap<number, string>,
  ) => void
  /** Default: Math.random. */
  readonly random?: () => number
  /** Called after each refresh. */
  readonly onRefresh?: (topics: readonly string[], error: KafkaError | null) => void
}

interface LiveBrokers {
  readonly ids: ReadonlySet<number>
  /** Those with another address than before. */
  readonly moved: ReadonlySet<number>
}

interface Refresh {
  readonly topics: Set<string>
  /** Those that were asked for because an attempt has failed. */
  readonly retried: Set<string>
  /** Nothing was asked for but topics that are repeated failures: the limit applies. */
  isRepeat: boolean
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
  /** Topics whose leaders may have moved since they were asked for. */
  readonly #stale = new Set<string>()
  /** Broker id → how many partitions known here it leads; counted as topics change, since there may be many of them. */
  readonly #ledCountByBroker = new Map<number, number>()
  readonly #limiter: RefreshLimiter
  readonly #repeatedFailures = new RepeatedFailures()
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

  isCached(topic: string): boolean {
    return this.#topics.has(topic)
  }

  /** Whether a topic is known and nothing has put that in doubt: see {@link markStale}. */
  isFresh(topic: string): boolean {
    return this.#topics.has(topic) && !this.#stale.has(topic)
  }

  /** What is known of these topics is not to be relied on before they have been asked for again. */
  markStale(topics: Iterable<string>): void {
    for (const topic of topics) if (this.#topics.has(topic)) this.#stale.add(topic)
  }

  /** Address of a partition's leader; null while there is none, undefined where nothing is known. */
  leaderOf(topic: string, partitionId: number): BrokerAddress | null | undefined {
    const known = this.#topics.get(topic)
    const position = known?.positionOf(partitionId)
    if (position === undefined) return undefined
    const { leaderId } = known!.partitions[position]!
    return leaderId === null ? null : this.#addresses.get(leaderId)
  }

  /**
   * Takes what an answer says of topics that are known already. It came unasked, so it makes no stale topic fresh; and
   * in v0, so it tells no topic ids and takes none away.
   */
  learn(topics: readonly string[], response: MetadataResponse): void {
    const live = this.#liveBrokers(response)
    const known = new Set(topics.filter((topic) => this.#topics.has(topic)))
    for (const topic of response.topics) {
      if (isNamed(topic) && known.has(topic.name) && topic.errorCode === NONE) {
        this.#put(topic.name, this.#partitionsIn(topic, live.ids))
      }
    }
    this.#options.onLeaders?.(this.#leaders(), topicByLeader(response.topics))
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

  /** Keeps nothing of a topic; its leaders' addresses go with the next refresh. */
  forget(topic: string): void {
    this.#countLed(this.#topics.get(topic)?.partitions ?? [], -1)
    this.#topics.delete(topic)
    this.#topicIds.delete(topic)
    this.#errors.delete(topic)
    this.#stale.delete(topic)
    this.#repeatedFailures.forget(topic)
  }

  /**
   * Fetches these topics. A refresh under way that covers them all is shared; else one more follows it, which is
   * shared by all who ask meanwhile.
   *
   * @param isRetry - an attempt has failed with what is known. Where the answers go on being the same, they are
   *   asked for less often.
   * @throws {MetadataError} when no broker answered. A topic's own error is no failure here: see {@link lookUp}.
   */
  refresh(topics: Iterable<string>, isRetry = false): Promise<void> {
    const wanted = [...topics]
    if (wanted.length === 0) return Promise.resolve()
    const nowMs = performance.now()
    const isRepeat = wanted.every((topic) => this.#repeatedFailures.isRepeat(topic, isRetry, nowMs))
    this.#running ??= this.#start(Promise.resolve())
    const running = this.#running
    const isTooLate = running.isSent && !wanted.every((topic) => running.topics.has(topic))
    if (isTooLate) this.#next ??= this.#start(running.done)
    const refresh = isTooLate ? this.#next! : running
    for (const topic of wanted) refresh.topics.add(topic)
    if (isRetry) for (const topic of wanted) refresh.retried.add(topic)
    if (!isRepeat) this.#endWaiting(refresh)
    return refresh.done
  }

  /** @param previous - ends before this one begins, well or badly. */
  #start(previous: Promise<void>): Refresh {
    const refresh: Refresh = {
      topics: new Set(),
      retried: new Set(),
      isRepeat: true,
      isSent: false,
      isFollowUp: false,
      done: previous,
    }
    refresh.done = previous
      .catch(() => {})
      .then(() => this.#fetch(refresh))
      .finally(() => {
        this.#running = this.#next
        this.#next = null
      })
    return refresh
  }

  /** Somebody asks for something new: a request that waits for its turn as a repetition waits no longer. */
  #endWaiting(refresh: Refresh): void {
    if (!refresh.isRepeat) return
    refresh.isRepeat = false
    if (refresh === this.#running) this.#endTurn()
  }

  async #fetch(refresh: Refresh): Promise<void> {
    await this.#turn(refresh)
    // Read after the wait: whoever asked meanwhile for other topics is served as well.
    refresh.isSent = true
    const { topics } = refresh
    const names = [...topics]
    const { source, onRefresh } = this.#options
    try {
      const response = await source.fetch(names)
      this.#limiter.succeeded()
      this.#take(response, refresh)
    } catch (error) {
      this.#limiter.failed(performance.now())
      for (const name of names) if (!this.#topics.has(name)) this.#errors.set(name, error as KafkaError)
      if (!this.#isClosed) onRefresh?.(names, error as KafkaError)
      throw error
    }
    onRefresh?.(names, null)
    if (source.lacksTopicIds && !refresh.isFollowUp) void refresh.done.then(() => this.#followUp(names))
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
  async #turn(refresh: Refresh): Promise<void> {
    for (;;) {
      // Looked at anew after each wait: somebody may have asked for something that is not to wait.
      const waitMs = this.#limiter.waitMs(performance.now(), refresh.isRepeat)
      if (waitMs === 0 || this.#isClosed) break
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, waitMs)
        this.#endTurn = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
    this.#limiter.started(performance.now(), refresh.isRepeat)
  }

  /** Only what was asked for is kept, so a broker cannot make this grow. */
  #take(response: MetadataResponse, refresh: Refresh): void {
    const live = this.#liveBrokers(response)
    const left = new Set(refresh.topics)
    for (const topic of response.topics) {
      if (!isNamed(topic) || !refresh.topics.has(topic.name)) continue
      left.delete(topic.name)
      this.#takeTopic(topic, live, refresh.retried)
    }
    const nowMs = performance.now()
    for (const topic of left) this.#repeatedFailures.hadError(topic, nowMs)
    if (refresh.isRepeat) this.#judge(refresh)
    this.#options.onLeaders?.(this.#leaders(), topicByLeader(response.topics))
  }

  /** After a repetition: whether the next one has to wait longer. */
  #judge({ topics, retried }: Refresh): void {
    const nowMs = performance.now()
    const isRepeatedFailure = [...topics].some((topic) =>
      this.#repeatedFailures.isRepeat(topic, retried.has(topic), nowMs),
    )
    if (isRepeatedFailure) this.#limiter.wasFruitless(nowMs)
    else this.#limiter.wasFruitful()
  }

  #liveBrokers(response: MetadataResponse): LiveBrokers {
    const ids = new Set<number>()
    const moved = new Set<number>()
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
      if (!_.isEqual(this.#addresses.get(nodeId), { host, port })) moved.add(nodeId)
      this.#addresses.set(nodeId, { host, port })
    }
    return { ids, moved }
  }

  #takeTopic(topic: TopicAnswer, live: LiveBrokers, retried: ReadonlySet<string>): void {
    const { name, errorCode: code } = topic
    if (code !== NONE) {
      const error = this.#topicError(name, code)
      this.#errors.set(name, error)
      this.#repeatedFailures.hadError(name, performance.now())
      this.#options.logger.warn(error.message)
      return
    }
    this.#errors.delete(name)
    this.#stale.delete(name)
    const known = this.#topics.get(name)
    const hasNewId = this.#takeId(topic)
    const found = this.#partitionsIn(topic, live.ids)
    this.#warnOfMissingLeaders(topic)
    this.#put(name, found)
    const isChanged = hasNewId || !known?.isSameAs(found) || found.isLedByAny(live.moved)
    this.#repeatedFailures.wasAnswered(name, isChanged)
    if (!isChanged && retried.has(name)) this.#repeatedFailures.wasUnchanged(name, performance.now())
  }

  #partitionsIn(topic: TopicAnswer, live: ReadonlySet<number>): TopicPartitions {
    const partitions = topic.partitions
      .filter(({ index }) => index >= 0)
      .map(({ index, leaderId }) => ({
        topic: topic.name,
        partitionId: index,
        leaderId: live.has(leaderId) ? leaderId : null,
      }))
    return new TopicPartitions(_.uniqBy(partitions, 'partitionId'))
  }

  /**
   * A topic that was deleted and created again has another id; a broker that gives none knows no ids.
   *
   * @returns whether it is another one than before.
   */
  #takeId({ name, topicId }: TopicAnswer): boolean {
    if (!hasTopicId(topicId)) return this.#topicIds.delete(name)
    const isNew = !_.isEqual(this.#topicIds.get(name), Uint8Array.from(topicId))
    // The answer's buffer is large and would be kept by a view.
    this.#topicIds.set(name, Uint8Array.from(topicId))
    return isNew
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
    if (actionOn(code) === 'fail') return brokerError(code, { broker: 'the cluster', topic, acks: 1 })
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

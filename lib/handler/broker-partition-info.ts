/**
 * What is known of topics, under the original's name: the cache and its refresher as one object. Decides nothing about
 * when to refresh.
 *
 * @see docs/reference/classic-producer.md#brokerpartitioninfo; docs/decisions/0000-classic-producer.md#d4, #d5
 */
import type { BrokerAddress } from '../broker-address.js'
import { type MetadataFetcher, MetadataRefresher } from '../cluster/metadata-refresher.js'
import { type MetadataUpdate, TopicMetadata } from '../cluster/topic-metadata.js'
import type { PartitionAndLeader, TopicPartitions } from '../cluster/topic-partitions.js'
import { type KafkaError, MetadataError, printable } from '../errors.js'
import type { Logger } from '../logger.js'
import { actionOn, brokerError } from '../produce/produce-errors.js'
import { errorCode } from '../protocol/error-code.js'
import type { MetadataResponse } from '../protocol/messages/index.js'

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

export class BrokerPartitionInfo {
  readonly #options: BrokerPartitionInfoOptions
  readonly #metadata = new TopicMetadata(topicError)
  readonly #refresher: MetadataRefresher

  constructor(options: BrokerPartitionInfoOptions) {
    const { source, random, onRefresh } = options
    this.#options = options
    this.#refresher = new MetadataRefresher({
      metadata: this.#metadata,
      source,
      onUpdate: (update) => this.#report(update),
      ...(onRefresh && { onRefresh }),
      ...(random && { random }),
    })
  }

  /** Lets no request wait for its turn any more; what is asked for after this fails by its source. */
  close(): void {
    this.#refresher.close()
  }

  /** Partitions of a topic, sorted by id, or undefined when nothing is known of it. */
  partitionsOf(topic: string): readonly PartitionAndLeader[] | undefined {
    return this.#metadata.partitionsOf(topic)
  }

  /** The id that newer brokers know a topic by; all zero where it is not known. */
  topicIdOf(topic: string): Uint8Array {
    return this.#metadata.topicIdOf(topic)
  }

  isCached(topic: string): boolean {
    return this.#metadata.isCached(topic)
  }

  /** Whether a topic is known and nothing has put that in doubt: see {@link markStale}. */
  isFresh(topic: string): boolean {
    return this.#metadata.isFresh(topic)
  }

  /** What is known of these topics is not to be relied on before they have been asked for again. */
  markStale(topics: Iterable<string>): void {
    this.#metadata.markStale(topics)
  }

  /** Address of a partition's leader; null while there is none, undefined where nothing is known. */
  leaderOf(topic: string, partitionId: number): BrokerAddress | null | undefined {
    return this.#metadata.leaderOf(topic, partitionId)
  }

  /** Takes what an answer that came unasked says of topics that are known already; it makes no stale topic fresh. */
  learn(topics: readonly string[], response: MetadataResponse): void {
    this.#report(this.#metadata.learn(topics, response))
  }

  /** What is known of a topic, or the reason why nothing is. */
  lookUp(topic: string): TopicPartitions | KafkaError {
    return this.#metadata.lookUp(topic)
  }

  /** For tests and for applications that bring their own knowledge. */
  set(topic: string, partitions: readonly PartitionAndLeader[]): void {
    this.#metadata.set(topic, partitions)
  }

  /** Keeps nothing of a topic; its leaders' addresses go with the next refresh. */
  forget(topic: string): void {
    this.#metadata.forget(topic)
    this.#refresher.forget(topic)
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
    return this.#refresher.refresh(topics, isRetry)
  }

  #report({ notes, warnings, leaders, topicByLeader }: MetadataUpdate): void {
    for (const note of notes) this.#options.logger.info(note)
    for (const warning of warnings) this.#options.logger.warn(warning)
    this.#options.onLeaders?.(leaders, topicByLeader)
  }
}

/** The error of a topic that was answered with a code: for good where a produce answer with it would be. */
function topicError(topic: string, code: number): KafkaError {
  if (actionOn(code) === 'fail') return brokerError(code, { broker: 'the cluster', topic, acks: 1 })
  const { name, description } = errorCode(code)
  const why = description && `: ${description}`
  return new MetadataError(`topic ${printable(topic)} is not available: ${name} (${code})${why}`, { topic })
}

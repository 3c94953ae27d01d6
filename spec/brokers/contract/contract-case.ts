/**
 * What a case of the contract is: messages to write with one of the producers, and what a broker must hold afterwards.
 *
 * Cases are written first, all of them, and read back together at the end, because each start of a reader costs a
 * second. So a case does not look at the broker itself: it says what must be there, or throws at once when the
 * producer's answer is wrong.
 */
import type { KafkaProducer, Logger, Producer, ProducerOptions } from '../../../lib/index.js'
import { isAtLeast } from '../support/index.js'

export interface ExpectedHeader {
  readonly name: string
  readonly value: Buffer | null
}

export interface ExpectedRecord {
  readonly partition: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  /** Default none. */
  readonly headers?: readonly ExpectedHeader[]
  /** One time, or the first and last that will do. Default: any. */
  readonly timestampMs?: bigint | readonly [first: bigint, last: bigint] | undefined
  /** As the producer reported it. Default: any. */
  readonly offset?: bigint
}

/** In the order of the tables. */
export const PRODUCERS = ['Producer', 'KafkaProducer'] as const
export type ProducerName = (typeof PRODUCERS)[number]

/** All that a topic must hold. */
export interface ExpectedTopic {
  readonly topic: string
  /** In the order of sending; compared per partition, so nothing else may be there. */
  readonly records: readonly ExpectedRecord[]
  /** What each record must be compressed with. Default `none`. */
  readonly codec?: string
  /** Keys and values are ASCII without line breaks: the tools of the broker's own version read it too. Default false. */
  readonly isText?: boolean
  /** Whether each record has the id of its producer and a number, as with idempotence. Default: either will do. */
  readonly isNumbered?: boolean
  /** How many different producer epochs the records have. Default: any number. */
  readonly epochs?: number
  /** What the console consumer of the broker's own version must see with `read_committed`. Default: it is not asked. */
  readonly committed?: readonly ExpectedRecord[]
}

export interface CaseOutcome {
  /** Default none. */
  readonly topics?: readonly ExpectedTopic[]
  /** What the table shows in place of a tick: what was measured or found, such as `17 ms`. */
  readonly figure?: string
}

/** How thorough a run is: `short` is what every build does. */
export type Scope = 'short' | 'full'

export interface ContractContext {
  /** Of the broker, such as `0.8.2.2`. */
  readonly version: string
  readonly scope: Scope
  /** `host:port` of the only broker. */
  readonly address: string
  /**
   * A producer for this broker: StringEncoder, acks 1, auto-detected version, quiet. It is closed after the case,
   * with up to 20 s for what it still holds.
   */
  producer<K = string, V = string>(settings?: ProducerSettings, options?: ProducerOptions): Producer<K, V>
  /** Likewise a KafkaProducer: StringSerializer, everything else as by default. */
  kafkaProducer<K = string, V = string>(settings?: ProducerSettings, logger?: Logger): KafkaProducer<K, V>
}

export type ProducerSettings = Readonly<Record<string, string | number | boolean>>

export interface ContractCase {
  /** Who writes. Default `Producer`. */
  readonly producer?: ProducerName
  /** Row of the table; each producer has its own. */
  readonly name: string
  /** A sentence without its subject, which is the producer. */
  readonly title: string
  /** Column of the short table. */
  readonly group: string
  /** The figure depends on the machine, so a busy one is no reason to replace an earlier one. Default false. */
  readonly isTiming?: boolean
  /** First version that can do it. Default: all. */
  readonly since?: string
  /** First version that is no longer concerned. Default: all are. */
  readonly before?: string
  /** Topics that must exist, with {@link PARTITIONS} partitions each. Default none. */
  readonly topics?: readonly string[]
  /** Settings of those topics. Default none. */
  readonly topicConfig?: Readonly<Record<string, string>>
  /** True: runs after the others, on a broker that does not create topics by itself. Default false. */
  readonly needsNoAutoCreation?: boolean
  readonly write: (context: ContractContext) => Promise<CaseOutcome>
}

/** Of every topic of the contract; one of the counts in spec/vectors/partitions. */
export const PARTITIONS = 3

export function producerOf({ producer = 'Producer' }: Pick<ContractCase, 'producer'>): ProducerName {
  return producer
}

export function appliesTo({ since, before }: ContractCase, version: string): boolean {
  if (since !== undefined && !isAtLeast(version, since)) return false
  return before === undefined || !isAtLeast(version, before)
}

/** Message format in which a broker of this version keeps what the producer writes. */
export function magicOf(version: string): number {
  if (isAtLeast(version, '0.11')) return 2
  return isAtLeast(version, '0.10') ? 1 : 0
}

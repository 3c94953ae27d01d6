/**
 * What a case of the contract is: messages to write with the producer, and what a broker must hold afterwards.
 *
 * Cases are written first, all of them, and read back together at the end, because each start of a reader costs a
 * second. So a case does not look at the broker itself: it says what must be there, or throws at once when the
 * producer's answer is wrong.
 */
import type { Producer, ProducerOptions } from '../../../lib/index.js'
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

/** All that a topic must hold. */
export interface ExpectedTopic {
  readonly topic: string
  /** In the order of sending; compared per partition, so nothing else may be there. */
  readonly records: readonly ExpectedRecord[]
  /** What each record must be compressed with. Default `none`. */
  readonly codec?: string
  /** Keys and values are ASCII without line breaks: the tools of the broker's own version read it too. Default false. */
  readonly isText?: boolean
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
}

export type ProducerSettings = Readonly<Record<string, string | number>>

export interface ContractCase {
  /** Row of the table. */
  readonly name: string
  /** A sentence without its subject, which is the producer. */
  readonly title: string
  /** Column of the short table. */
  readonly group: string
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

export function appliesTo({ since, before }: ContractCase, version: string): boolean {
  if (since !== undefined && !isAtLeast(version, since)) return false
  return before === undefined || !isAtLeast(version, before)
}

/** Message format in which a broker of this version keeps what the producer writes. */
export function magicOf(version: string): number {
  if (isAtLeast(version, '0.11')) return 2
  return isAtLeast(version, '0.10') ? 1 : 0
}

/**
 * The attempts of one cycle: metadata, partitionAndCollate, one dispatch per leader in parallel, then a back-off and the
 * next one with what is left, until every message has its outcome.
 *
 * What is asked for and when is decided in `cycle-metadata.ts`, which message goes where in `partition-and-collate.ts`, and
 * what an answer means in `lib/produce/read-answer.ts`. Knows no other cycle.
 *
 * @see docs/reference/classic-producer.md#the-cycle; docs/decisions/0000-classic-producer.md#d1, #d2, #d3
 */

import { ConfigError, type KafkaError } from '../errors.js'
import type { FailedAttempt } from '../failure.js'
import type { BrokerPartitionInfo } from './broker-partition-info.js'
import type { CollateContext } from './choose-partition.js'
import type { CycleListener } from './cycle-listener.js'
import type { CycleLog } from './cycle-log.js'
import type { CycleMetadata } from './cycle-metadata.js'
import { CycleWaits } from './cycle-waits.js'
import { hasSettled } from './in-flight-messages.js'
import type { LeaderDispatch } from './leader-dispatch.js'
import { NextCycle } from './next-cycle.js'
import type { Outcomes } from './outcomes.js'
import type { OnProgress } from './overlapping-dispatch.js'
import {
  collateGroups,
  type MessageGroup,
  partitionAndCollate,
  type Rejection,
} from './partition-and-collate.js'
import type { PendingMessage } from './pending-message.js'
import type { Retry } from './retries.js'
import type { TimeLimits } from './time-limits.js'

export interface CycleAttemptsOptions {
  readonly brokerPartitionInfo: BrokerPartitionInfo
  readonly metadata: CycleMetadata
  readonly collateContext: CollateContext
  readonly leaders: LeaderDispatch
  readonly outcomes: Outcomes
  readonly log: CycleLog
  readonly listener: Required<CycleListener>
  /** `message.send.max.retries`; attempts are one more. */
  readonly maxRetries: number
  readonly retryBackoffMs: number
}

/** Messages that have to be tried again → their last attempt, which has failed. */
type AttemptByMessage = ReadonlyMap<PendingMessage, FailedAttempt>

const noFailures: AttemptByMessage = new Map()

export class CycleAttempts {
  readonly #options: CycleAttemptsOptions
  readonly #waits = new CycleWaits()
  readonly #next: NextCycle
  #abortedFor: KafkaError | null = null

  constructor(options: CycleAttemptsOptions) {
    this.#options = options
    this.#next = new NextCycle(options.collateContext, options.leaders)
  }

  /** Whether {@link abort} was called. */
  get isAborted(): boolean {
    return this.#abortedFor !== null
  }

  /** No attempt and no back-off begins any more; what has no outcome then fails with this reason. */
  abort(reason: KafkaError): void {
    this.#abortedFor ??= reason
    this.#waits.end()
    this.#next.forget()
  }

  /** Does what it can of a cycle with these serialized messages before its turn has come; see {@link NextCycle}. */
  prepare(messages: readonly PendingMessage[], groups: readonly MessageGroup[] | null): void {
    const topics = topicsOf(groups ?? messages)
    if (this.isAborted || !this.#options.metadata.isKnown(topics)) return
    this.#next.prepare(messages, topics, groups)
  }

  /** What was prepared is not needed, or does not hold any more. */
  forgetPrepared(): void {
    this.#next.forget()
  }

  /**
   * Ends when every message is settled and nothing of them is under way.
   *
   * @param limits - of these messages; settles them whatever is waited for here.
   * @param onProgress - called whenever messages may have been settled or bound to a partition, where that was not done before
   *   this is called.
   * @param groups - the same messages in the same order, where they keep their partitions.
   */
  async run(
    messages: readonly PendingMessage[],
    limits: TimeLimits | null,
    onProgress?: OnProgress,
    groups: readonly MessageGroup[] | null = null,
  ): Promise<void> {
    limits?.check()
    let outstanding = limits ? unsettled(messages) : messages
    let failures: AttemptByMessage = noFailures
    for (let attempts = 0; outstanding.length > 0; attempts++) {
      const remaining = this.#options.maxRetries + 1 - attempts
      if (this.#abortedFor || remaining <= 0) {
        this.#giveUp(outstanding, failures, attempts)
        break
      }
      const asking =
        attempts > 0
          ? this.#pause(outstanding, attempts, remaining, limits)
          : this.#prepareMetadata(outstanding === messages && groups ? groups : outstanding, limits)
      if (asking) await asking
      if (limits) outstanding = unsettled(outstanding)
      if (outstanding.length === 0 || this.#abortedFor) continue
      const grouped = outstanding === messages ? groups : null
      failures = await this.#attempt(
        outstanding,
        grouped,
        limits !== null,
        asking !== null,
        attempts,
        onProgress,
      )
      outstanding = stillOpen(outstanding, failures)
      if (outstanding.length > 0 && !this.#abortedFor) this.#options.listener.onAttemptFailed()
    }
  }

  /** @returns what is to be waited for, or null. */
  #prepareMetadata(
    outstanding: readonly { readonly topic: string }[],
    limits: TimeLimits | null,
  ): Promise<void> | null {
    const refresh = this.#options.metadata.prepare(topicsOf(outstanding))
    return refresh && this.#waits.forAnswer(refresh, limits)
  }

  /** Between attempts: waits, then asks anew for the topics that are left. */
  async #pause(
    outstanding: readonly PendingMessage[],
    attempts: number,
    remaining: number,
    limits: TimeLimits | null,
  ): Promise<void> {
    const { listener, log, metadata, retryBackoffMs } = this.#options
    const topics = [...topicsOf(outstanding)]
    const messages = outstanding.length
    log.retrying(messages, retryBackoffMs, remaining)
    listener.onRetry({ attempts, remaining, messages, topics, backoffMs: retryBackoffMs })
    await this.#waits.backOff(retryBackoffMs, limits)
    const left = limits ? unsettled(outstanding) : outstanding
    if (this.#abortedFor || left.length === 0) return
    await this.#waits.forAnswer(metadata.askAnew(topicsOf(left)), limits)
  }

  /**
   * @param groups - of the same messages in the same order, where there are some.
   * @param mayExpire - whether some of the messages have a time limit.
   * @param hasAsked - more is known of their topics than when they came.
   * @param attempts - that were made before.
   * @returns the messages that have to be tried again, and the attempt that has failed; all others are settled.
   */
  async #attempt(
    outstanding: readonly PendingMessage[],
    groups: readonly MessageGroup[] | null,
    mayExpire: boolean,
    hasAsked: boolean,
    attempts: number,
    onProgress?: OnProgress,
  ): Promise<AttemptByMessage> {
    const { collateContext, leaders, log } = this.#options
    const { batchesByLeader, rejections } =
      this.#next.take(outstanding, groups) ??
      (groups ? collateGroups(groups, collateContext) : partitionAndCollate(outstanding, collateContext))
    log.sending(outstanding.length, batchesByLeader.size)
    log.unassigned(rejections, attempts > 0)
    const failures = this.#take(rejections)
    const sending = [...batchesByLeader].map(([leaderId, batches]) => {
      const sent = leaders.dispatch(leaderId, batches, mayExpire)
      if (!onProgress) return sent
      return sent.then((retries) => {
        onProgress(batches)
        return retries
      })
    })
    if (hasAsked || rejections.length > 0) onProgress?.()
    for (const { batch, attempt } of await (sending.length === 1 ? sending[0]! : allOf(sending))) {
      for (const message of batch.messages) failures.set(message, attempt)
    }
    return failures
  }

  /** Messages without a place: some will never have one, the others are to be tried again. */
  #take(rejections: readonly Rejection[]): Map<PendingMessage, FailedAttempt> {
    const failures = new Map<PendingMessage, FailedAttempt>()
    const nonRetriable = new Map<PendingMessage, KafkaError>()
    const attemptByError = new Map<KafkaError, FailedAttempt>()
    for (const { message, error } of rejections) {
      if (!error.retriable) {
        nonRetriable.set(message, error)
        continue
      }
      const attempt = attemptByError.get(error) ?? { atMs: Date.now(), error }
      attemptByError.set(error, attempt)
      message.addAttempt(attempt)
      failures.set(message, attempt)
    }
    this.#options.outcomes.failed([...nonRetriable.keys()], (message) => nonRetriable.get(message)!)
    return failures
  }

  #giveUp(outstanding: readonly PendingMessage[], failures: AttemptByMessage, attempts: number): void {
    const { brokerPartitionInfo, log, outcomes } = this.#options
    const reason = this.#abortedFor
    if (!reason) {
      log.gaveUp(outstanding, attempts, noAttemptsLeft(failures.get(outstanding[0]!)))
      // No attempt follows that would ask for them, but the next message should not meet the same leader.
      brokerPartitionInfo.markStale(topicsOf(outstanding))
    }
    outcomes.failed(outstanding, (message) => reason ?? noAttemptsLeft(failures.get(message)))
  }
}

/** All of them have ended before anything else happens to their messages, also when one of them failed. */
async function allOf(sending: readonly Promise<readonly Retry[]>[]): Promise<readonly Retry[]> {
  const retries: Retry[] = []
  for (const sent of await Promise.allSettled(sending)) {
    if (sent.status === 'rejected') throw sent.reason
    for (const retry of sent.value) retries.push(retry)
  }
  return retries
}

/** Those that have to be tried again, in their order; without those whose time limit had passed meanwhile. */
function stillOpen(
  messages: readonly PendingMessage[],
  failures: AttemptByMessage,
): readonly PendingMessage[] {
  if (failures.size === 0) return []
  return messages.filter((message) => failures.has(message) && !message.isSettled)
}

/** The same list where none is settled. */
function unsettled(messages: readonly PendingMessage[]): readonly PendingMessage[] {
  if (!hasSettled(messages)) return messages
  return messages.filter(({ isSettled }) => !isSettled)
}

function topicsOf(messages: readonly { readonly topic: string }[]): Set<string> {
  const topics = new Set<string>()
  let last: string | null = null
  for (let i = 0; i < messages.length; i++) {
    const { topic } = messages[i]!
    if (topic === last) continue
    topics.add(topic)
    last = topic
  }
  return topics
}

/** @param last - the attempt that has failed, if any was made. */
function noAttemptsLeft(last: FailedAttempt | undefined): KafkaError {
  const key = 'message.send.max.retries'
  return last?.error ?? new ConfigError(`${key} is negative, so no attempt was made`, key)
}

/**
 * What a cycle logs, at the levels of the original. Counts, topics and reasons; never a key or a payload.
 *
 * @see docs/reference/classic-producer.md#log-lines; docs/WHERE-WE-DIFFER.md#log-lines
 */

import partition from 'lodash/partition.js'
import uniq from 'lodash/uniq.js'
import { counted } from '../counted.js'
import { type KafkaError, printable } from '../errors.js'
import { hasDebug, type Logger } from '../logger.js'
import type { Rejection } from './partition-and-collate.js'
import type { PendingMessage } from './pending-message.js'

/** Topics that a line names; the others are counted. */
const MAX_NAMED = 10

export class CycleLog {
  readonly #logger: Logger

  constructor(logger: Logger) {
    this.#logger = logger
  }

  /** An encoder refused these messages; in sync mode the call has been rejected with its error. */
  refused(count: number): void {
    this.#logger.error(`${counted(count, 'message')} could not be serialized and failed`)
  }

  sending(messages: number, leaders: number): void {
    if (!hasDebug(this.#logger)) return
    this.#logger.debug(`sending ${counted(messages, 'message')} to ${counted(leaders, 'leader')}`)
  }

  /**
   * Messages without a partition or leader: WARN where a retry may help, ERROR where it cannot. INFO before the first retry:
   * that is how a topic looks which is being created.
   *
   * @param isRetry - default true.
   */
  unassigned(rejections: readonly Rejection[], isRetry = true): void {
    if (rejections.length === 0) return
    const [retriable, nonRetriable] = partition(rejections, ({ error }) => error.retriable)
    // A refresh that failed has been logged already; only other reasons are news.
    const first = retriable[0]?.error
    if (first && first.cause === undefined) {
      const text = `${counted(retriable.length, 'message')} could not be assigned to a leader; the first: ${first.message}`
      if (isRetry) this.#logger.warn(text)
      else this.#logger.info(text)
    }
    if (nonRetriable.length > 0) {
      this.#logger.error(
        `${counted(nonRetriable.length, 'message')} could not be assigned to a partition and failed; the first: ` +
          nonRetriable[0]!.error.message,
      )
    }
  }

  retrying(messages: number, backoffMs: number, remaining: number): void {
    this.#logger.info(
      `retrying ${counted(messages, 'message')} in ${backoffMs} ms, ${counted(remaining, 'attempt')} left`,
    )
  }

  /** Nothing is lost by it: what is known goes on being used, and messages that fail have a line of their own. */
  refreshFailed(error: Error): void {
    this.#logger.warn(`metadata could not be refreshed: ${error.message}`)
  }

  /** No attempt is left. */
  gaveUp(messages: readonly PendingMessage[], attempts: number, first: KafkaError): void {
    const topics = uniq(messages.map(({ topic }) => topic))
    const named = topics.slice(0, MAX_NAMED).map((topic) => printable(topic))
    const more = topics.length > MAX_NAMED ? ` and ${counted(topics.length - MAX_NAMED, 'more topic')}` : ''
    this.#logger.error(
      `${counted(messages.length, 'message')} to ${named.join(', ')}${more} failed after ${counted(attempts, 'attempt')}; ` +
        `the first: ${first.message}`,
    )
  }

  closing(): void {
    this.#logger.info('closing all connections')
  }
}

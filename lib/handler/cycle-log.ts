/**
 * What a cycle logs, at the levels of the original. Counts, topics and reasons; never a key or a payload.
 *
 * @see docs/reference/classic-producer.md#log-lines; docs/WHERE-WE-DIFFER.md#log-lines
 */
import _ from 'lodash'
import { type KafkaError, printable } from '../errors.js'
import type { Logger } from '../logger.js'
import type { Rejection } from './partition-and-collate.js'
import type { PendingMessage } from './pending-message.js'

/** Topics that a line names; the others are counted. */
const MAX_NAMED = 10

export class CycleLog {
  readonly #logger: Logger

  constructor(logger: Logger) {
    this.#logger = logger
  }

  /** By an encoder; in sync mode the call has been rejected with it. */
  refused(count: number): void {
    this.#logger.error(`${count} messages could not be serialized and were given up`)
  }

  sending(messages: number, leaders: number): void {
    this.#logger.debug(`sending ${messages} messages to ${leaders} leaders`)
  }

  /** Messages without a place: WARN while that may change, ERROR where it cannot. */
  unassigned(rejections: readonly Rejection[]): void {
    if (rejections.length === 0) return
    const [retriable, nonRetriable] = _.partition(rejections, ({ error }) => error.retriable)
    // A refresh that failed has been logged already; only other reasons are news.
    const first = retriable[0]?.error
    if (first && first.cause === undefined) {
      this.#logger.warn(
        `${retriable.length} messages could not be assigned to a leader; the first: ${first.message}`,
      )
    }
    if (nonRetriable.length > 0) {
      this.#logger.error(
        `${nonRetriable.length} messages could not be assigned to a partition and were given up; the first: ` +
          nonRetriable[0]!.error.message,
      )
    }
  }

  retrying(messages: number, backoffMs: number, remaining: number): void {
    this.#logger.info(
      `${messages} messages are tried again in ${backoffMs} ms, ${remaining} attempts are left`,
    )
  }

  refreshFailed(error: Error): void {
    this.#logger.error(`metadata could not be refreshed: ${error.message}`)
  }

  /** Attempts are used up. */
  gaveUp(messages: readonly PendingMessage[], attempts: number, first: KafkaError): void {
    const topics = _.uniq(messages.map(({ topic }) => topic))
    const named = topics.slice(0, MAX_NAMED).map((topic) => printable(topic))
    const more = topics.length > MAX_NAMED ? ` and ${topics.length - MAX_NAMED} more topics` : ''
    this.#logger.error(
      `${messages.length} messages to ${named.join(', ')}${more} were given up after ${attempts} attempts; ` +
        `the first: ${first.message}`,
    )
  }

  closing(): void {
    this.#logger.info('closing all connections')
  }
}

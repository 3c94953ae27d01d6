/**
 * What users call for transactions: begins a call, waits for its end within `max.block.ms`, and counts the time. What is allowed when
 * is decided by the {@link TransactionManager}.
 */
import type { KafkaError } from '../errors.js'
import type { Logger } from '../logger.js'
import { LONGEST_TIMER_MS } from '../timers.js'
import { IllegalStateError } from './errors.js'
import type { KafkaProducerMetrics, TimedCall } from './producer-metrics.js'
import { IllegalArgumentError, TimeoutError } from './record-errors.js'
import type { TransactionManager } from './transaction-manager.js'
import type { ConsumerGroup } from './transaction-requests.js'
import type { TransactionalResult } from './transactional-result.js'

export interface TransactionCallsOptions {
  /** null without idempotence. */
  readonly transactions: TransactionManager | null
  readonly maxBlockMs: number
  readonly metrics: KafkaProducerMetrics
  readonly logger: Logger
  /** There is something for the sender to look at. */
  wake(): void
}

/** A producer, of which a transaction is a part. */
interface Transactor {
  beginTransaction(): void
  commitTransaction(): Promise<void>
  abortTransaction(): Promise<void>
}

/** Operations of transactions → what their time is counted as. */
const timedCalls: ReadonlyMap<string, TimedCall> = new Map([
  ['initTransactions', 'txnInitMs'],
  ['sendOffsetsToTransaction', 'txnSendOffsetsMs'],
  ['commitTransaction', 'txnCommitMs'],
  ['abortTransaction', 'txnAbortMs'],
])

/** An unknown member may not name a generation: it would be taken for one of an earlier time. */
const NO_MEMBER = ''

export class TransactionCalls {
  readonly #options: TransactionCallsOptions

  constructor(options: TransactionCallsOptions) {
    this.#options = options
  }

  /** @throws {IllegalStateError | TransactionFailedError | ProducerFencedError} */
  beginTransaction(): void {
    const startMs = performance.now()
    this.#transactions('beginTransaction').beginTransaction()
    this.#options.metrics.timeSpent('txnBeginMs', performance.now() - startMs)
  }

  /**
   * @throws {TimeoutError} when it has not ended in time: it goes on, and the same call waits for it again. Else what `begin` throws,
   *   and what the call ends with.
   */
  async call(begin: (transactions: TransactionManager) => TransactionalResult): Promise<void> {
    const { metrics, maxBlockMs, wake } = this.#options
    const startMs = performance.now()
    const result = begin(this.#transactions('a transaction'))
    wake()
    await endOrTimeout(result, maxBlockMs)
    const call = timedCalls.get(result.operation)
    if (call) metrics.timeSpent(call, performance.now() - startMs)
    if (!result.isDone) {
      throw new TimeoutError(
        `${result.operation}() has not ended within max.block.ms=${maxBlockMs}; call it again to wait for it`,
      )
    }
    result.markSeen()
    if (result.error) throw result.error
  }

  /** Runs `work` between begin and commit; aborts where that or the commit fails, and rethrows. */
  async within<Producer extends Transactor, T>(
    producer: Producer,
    work: (producer: Producer) => T | Promise<T>,
  ): Promise<T> {
    producer.beginTransaction()
    try {
      const result = await work(producer)
      await producer.commitTransaction()
      return result
    } catch (error) {
      if (this.#options.transactions?.isOpen) {
        await producer
          .abortTransaction()
          .catch((failure: KafkaError) =>
            this.#options.logger.warn(`a transaction could not be aborted: ${failure.message}`),
          )
      }
      throw error
    }
  }

  #transactions(operation: string): TransactionManager {
    const { transactions } = this.#options
    if (transactions) return transactions
    throw new IllegalStateError(`${operation} needs the setting transactional.id`)
  }
}

async function endOrTimeout(result: TransactionalResult, timeoutMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  await new Promise<void>((resolve) => {
    timer = setTimeout(resolve, Math.min(timeoutMs, LONGEST_TIMER_MS))
    result.onDone(resolve)
  })
  clearTimeout(timer)
}

/** @throws {IllegalArgumentError} for a group that no consumer can have. */
export function groupOf(group: string | ConsumerGroup): ConsumerGroup {
  const given = typeof group === 'string' ? { groupId: group } : group
  if (given === null || typeof given !== 'object' || typeof given.groupId !== 'string') {
    throw new IllegalArgumentError('sendOffsetsToTransaction() takes the group of the consumer')
  }
  const whole = { generationId: -1, memberId: NO_MEMBER, groupInstanceId: null, ...given }
  if (whole.generationId > 0 && whole.memberId === NO_MEMBER) {
    throw new IllegalArgumentError('a generation of a group belongs to a member: memberId is missing')
  }
  return whole
}

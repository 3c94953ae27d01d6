/**
 * The outcome of one record: what `send()` returns. A promise is made only where somebody asks for one, so a record whose
 * outcome nobody looks at costs no promise, and its failure is no unhandled rejection.
 *
 * Life of one: waiting for memory or metadata → appended to a batch → outcome known → released. The outcomes of a batch
 * are known before the first callback of it is called, and released after the last one.
 */
import { KafkaError, RequestTimeoutError } from '../errors.js'
import type { Stored } from '../produce/read-answer.js'
import { LONGEST_TIMER_MS } from '../timers.js'
import { IllegalArgumentError } from './record-errors.js'
import type { RecordHeaders } from './record-headers.js'
import { RecordMetadata } from './record-metadata.js'

/** What `send()` returns; `await` it, or leave it. */
export interface RecordFuture extends PromiseLike<RecordMetadata> {
  catch<R = never>(
    onRejected?: ((error: KafkaError) => R | PromiseLike<R>) | null,
  ): Promise<RecordMetadata | R>
  finally(onSettled?: (() => void) | null): Promise<RecordMetadata>
  /**
   * The outcome, waited for at most this many milliseconds; without a limit like `then`. The record is sent all the same.
   *
   * @throws {RequestTimeoutError} by rejection, when the time limit has passed.
   * @throws {IllegalArgumentError} by rejection, for a limit that is no number from 0 on.
   */
  get(timeoutMs?: number): Promise<RecordMetadata>
  /**
   * Settles when the record is in the buffer, which is when the `send()` of the Java client returns: await it to send no
   * faster than the brokers take. Rejects if the record failed before that.
   */
  readonly appended: Promise<void>
  /** Whether the outcome is known and its callback was called. */
  readonly isDone: boolean
}

/**
 * Called once for each record with its outcome: metadata and null, or, where it failed, metadata whose numbers are −1 and
 * the error. Must be quick: all sending waits for it. What it throws is logged.
 */
export type Callback = (metadata: RecordMetadata, error: KafkaError | null) => void

class Deferred<T> {
  readonly promise: Promise<T>
  resolve!: (value: T) => void
  reject!: (error: KafkaError) => void

  constructor() {
    this.promise = new Promise((resolve, reject) => {
      this.resolve = resolve
      this.reject = reject
    })
  }
}

/** The promises that somebody asked for. */
interface Asked {
  outcome: Deferred<RecordMetadata> | null
  appended: Deferred<void> | null
}

const UNKNOWN_PARTITION = -1

export class FutureRecordMetadata implements RecordFuture {
  readonly topic: string
  readonly callback: Callback | null
  /** −1 until it is chosen. */
  partition: number
  timestampMs = -1
  keyBytes = -1
  valueBytes = -1
  /** For interceptors; null where there are none. */
  headers: RecordHeaders | null = null
  /** Position in its batch; −1 until it is in one. */
  index = -1
  isDone = false
  #result: Stored | KafkaError | null = null
  #asked: Asked | null = null

  constructor(topic: string, partition: number = UNKNOWN_PARTITION, callback: Callback | null = null) {
    this.topic = topic
    this.partition = partition
    this.callback = callback
  }

  // biome-ignore lint/suspicious/noThenProperty: a future may be awaited, without being a promise.
  then<A = RecordMetadata, B = never>(
    onFulfilled?: ((metadata: RecordMetadata) => A | PromiseLike<A>) | null,
    onRejected?: ((error: KafkaError) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.#promise().then(onFulfilled, onRejected)
  }

  catch<R = never>(
    onRejected?: ((error: KafkaError) => R | PromiseLike<R>) | null,
  ): Promise<RecordMetadata | R> {
    return this.#promise().catch(onRejected)
  }

  finally(onSettled?: (() => void) | null): Promise<RecordMetadata> {
    return this.#promise().finally(onSettled)
  }

  async get(timeoutMs?: number): Promise<RecordMetadata> {
    if (timeoutMs === undefined || this.isDone) return this.#promise()
    if (!(timeoutMs >= 0))
      throw new IllegalArgumentError(`get() takes milliseconds from 0 on, not ${timeoutMs}`)
    let timer: NodeJS.Timeout | undefined
    const timeout = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(this.#lateError(timeoutMs)), Math.min(timeoutMs, LONGEST_TIMER_MS))
    })
    try {
      return await Promise.race([this.#promise(), timeout])
    } finally {
      clearTimeout(timer)
    }
  }

  get appended(): Promise<void> {
    if (this.isAppended) return Promise.resolve()
    if (this.isDone) return Promise.reject(this.error)
    const asked = this.#ask()
    asked.appended ??= new Deferred()
    return asked.appended.promise
  }

  get isAppended(): boolean {
    return this.index >= 0
  }

  /** Whether anybody looks at the outcome: there is a callback, or a promise was asked for. */
  get isObserved(): boolean {
    return this.callback !== null || (this.#asked !== null && this.#asked.outcome !== null)
  }

  /** Whether the outcome is known, though it may not be released yet. */
  get isSettled(): boolean {
    return this.#result !== null
  }

  /** null unless it failed. */
  get error(): KafkaError | null {
    return this.#result instanceof KafkaError ? this.#result : null
  }

  /** The record is in a batch, at this position. Call it once the fields are those of the record. */
  markAppended(index: number): void {
    this.index = index
    this.#asked?.appended?.resolve()
  }

  /** The batch is stored, beginning there; call {@link release} when all callbacks were called. */
  succeed(stored: Stored): void {
    this.#result = stored
  }

  /** The record is not stored, or nobody knows; call {@link release} afterwards. */
  fail(error: KafkaError): void {
    this.#result = error
  }

  /** Where the record is stored; of a failed one the topic, and the partition where it was chosen. */
  metadata(): RecordMetadata {
    const stored = this.#result
    if (stored === null || stored instanceof KafkaError)
      return RecordMetadata.ofFailed(this.topic, this.partition)
    const { baseOffset, timestampMs } = stored
    return new RecordMetadata(
      this.topic,
      this.partition,
      baseOffset < 0n ? -1n : baseOffset + BigInt(this.index),
      timestampMs ?? this.timestampMs,
      this.keyBytes,
      this.valueBytes,
    )
  }

  /** Lets those who wait have the outcome. */
  release(): void {
    this.isDone = true
    const asked = this.#asked
    if (!asked) return
    if (!this.isAppended) asked.appended?.reject(this.error!)
    if (asked.outcome) this.#settle(asked.outcome)
  }

  #ask(): Asked {
    this.#asked ??= { outcome: null, appended: null }
    return this.#asked
  }

  #promise(): Promise<RecordMetadata> {
    const asked = this.#ask()
    if (!asked.outcome) {
      asked.outcome = new Deferred()
      if (this.isDone) this.#settle(asked.outcome)
    }
    return asked.outcome.promise
  }

  #settle({ resolve, reject }: Deferred<RecordMetadata>): void {
    const { error } = this
    if (error) reject(error)
    else resolve(this.metadata())
  }

  #lateError(timeoutMs: number): RequestTimeoutError {
    const text = `the outcome of the record was not known after ${timeoutMs} ms; it is still being sent`
    const { topic, partition } = this
    return new RequestTimeoutError(text, {
      topic,
      persistence: 'possibly-persisted',
      ...(partition >= 0 && { partition }),
    })
  }
}

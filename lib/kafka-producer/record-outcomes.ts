/**
 * How records end: interceptors first, then the callback, then whoever awaits the future; of a batch all callbacks before the
 * first future. What a callback throws is logged.
 *
 * Counts failures that nobody looks at; {@link RecordOutcomes.reportUnobserved} logs them together.
 */
import { counted } from '../counted.js'
import { asKafkaError, type KafkaError, printable } from '../errors.js'
import type { Logger } from '../logger.js'
import { nameOfThrown } from '../name-of-thrown.js'
import type { Stored } from '../produce/read-answer.js'
import type { ProducerInterceptors } from './interceptors.js'
import type { FutureRecordMetadata } from './record-future.js'
import { RecordHeaders } from './record-headers.js'

/** Different failures that are counted by themselves until they are logged. */
const MAX_KINDS = 20
/** Failed records that are kept until it is known whether anybody looks at them. */
const MAX_UNDECIDED = 10_000

export class RecordOutcomes {
  readonly #interceptors: ProducerInterceptors | null
  readonly #logger: Logger
  #unobserved = new Map<string, { records: number; text: string }>()
  /** Nobody has looked yet: who awaits what `send()` returns does so only afterwards. */
  #undecided: FutureRecordMetadata[] = []

  /** @param interceptors - null for none. */
  constructor(interceptors: ProducerInterceptors | null, logger: Logger) {
    this.#interceptors = interceptors
    this.#logger = logger
  }

  /** The records of a batch are stored, one after the other from there on. */
  succeeded(futures: readonly FutureRecordMetadata[], stored: Stored): void {
    for (const future of futures) future.succeed(stored)
    this.#finish(futures)
  }

  /** Records have failed, each with its own error or all with the same. */
  failed(
    futures: readonly FutureRecordMetadata[],
    error: KafkaError | ((index: number) => KafkaError),
  ): void {
    for (const [i, future] of futures.entries()) future.fail(typeof error === 'function' ? error(i) : error)
    this.#finish(futures)
    for (const future of futures) if (!future.isObserved) this.#undecided.push(future)
    if (this.#undecided.length > MAX_UNDECIDED) this.#decide()
  }

  /** Whether there may be something to report. */
  get hasUnobserved(): boolean {
    return this.#undecided.length > 0 || this.#unobserved.size > 0
  }

  /** Logs at ERROR what failed since the last call and had neither a callback nor anybody who asked. */
  reportUnobserved(): void {
    this.#decide()
    this.#log()
  }

  #decide(): void {
    const undecided = this.#undecided
    this.#undecided = []
    for (const future of undecided) if (!future.isObserved) this.#count(future)
  }

  #log(): void {
    if (this.#unobserved.size === 0) return
    const kinds = this.#unobserved
    this.#unobserved = new Map()
    for (const { records, text } of kinds.values()) {
      this.#logger.error(`${counted(records, 'record')} failed that nobody awaits: ${text}`)
    }
  }

  /** Callbacks may send, flush and close: everything is decided by then. */
  #finish(futures: readonly FutureRecordMetadata[]): void {
    for (const future of futures) {
      if (!this.#interceptors && !future.callback) continue
      const metadata = future.metadata()
      this.#interceptors?.onAcknowledgement(metadata, future.error, future.headers ?? NO_HEADERS)
      if (!future.callback) continue
      try {
        future.callback(metadata, future.error)
      } catch (thrown) {
        const what = asKafkaError(thrown)?.message ?? nameOfThrown(thrown)
        this.#logger.error(`the callback of a record for ${printable(future.topic)} threw: ${what}`)
      }
    }
    for (const future of futures) future.release()
  }

  #count({ topic, error }: FutureRecordMetadata): void {
    const { code, message } = error!
    const kind = `${topic} ${code}`
    const known = this.#unobserved.get(kind)
    if (known) {
      known.records++
      return
    }
    if (this.#unobserved.size >= MAX_KINDS) this.#log()
    this.#unobserved.set(kind, { records: 1, text: `${printable(topic)}: ${message}` })
  }
}

const NO_HEADERS = RecordHeaders.from(null)
NO_HEADERS.setReadOnly()

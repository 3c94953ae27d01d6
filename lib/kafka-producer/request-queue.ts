/**
 * The requests of transactions that wait (*policy*): which goes next, to whom, after which pause, one at a time. Finds
 * coordinators on the way, and repeats what can be repeated; what is left of an answer is returned.
 *
 * @see Kafka's TransactionManager and Sender 4.3
 */
import type { KafkaError } from '../errors.js'
import { Fifo } from '../fifo.js'
import { coordinatorOf, type FindCoordinatorResponse } from '../protocol/messages/index.js'
import { codesIn, type Step, stepForAll, withoutDone } from './transaction-answers.js'
import {
  type CoordinatorKind,
  findCoordinatorFor,
  PRIORITIES,
  type TransactionRequest,
} from './transaction-requests.js'

/** While the last transaction is being completed, the first partition of the next one is asked for at this pace. */
const CONCURRENT_TRANSACTIONS = 51
const SHORT_BACKOFF_MS = 20
/**
 * Refusals in a row, such as COORDINATOR_LOAD_IN_PROGRESS, after which a coordinator is looked for again. Usually it gets over it. But a
 * 2.8.2 whose ZooKeeper session ends while it loads its log answers that for ever, also when another has long been elected.
 */
const REFUSALS_BEFORE_SEARCH = 10

export interface Coordinator {
  readonly nodeId: number
  readonly host: string
  readonly port: number
}

/** A request that has its turn. Report how it ended before asking for another. */
export interface OutgoingRequest {
  readonly request: TransactionRequest
  /** Where to send it; null for any broker. */
  readonly to: Coordinator | null
  /** How long to wait before. */
  readonly afterMs: number
}

/** What an answer means for the transaction; `repeated` for nothing yet. */
export interface Outcome {
  readonly step: Step | 'repeated'
  /** The code that counts. */
  readonly code: number
}

interface Waiting {
  readonly request: TransactionRequest
  readonly afterMs: number
}

export interface RequestQueueOptions {
  readonly retryBackoffMs: number
}

export class RequestQueue {
  readonly #retryBackoffMs: number
  readonly #coordinators = new Map<CoordinatorKind, { key: string; coordinator: Coordinator }>()
  /** By priority. Callers decide how many offsets wait. */
  readonly #waiting: readonly Fifo<Waiting>[] = Array.from({ length: PRIORITIES }, () => new Fifo<Waiting>())
  #inFlight: TransactionRequest | null = null
  #refusals = 0

  constructor({ retryBackoffMs }: RequestQueueOptions) {
    this.#retryBackoffMs = retryBackoffMs
  }

  get hasInFlight(): boolean {
    return this.#inFlight !== null
  }

  coordinator(kind: CoordinatorKind): Coordinator | null {
    return this.#coordinators.get(kind)?.coordinator ?? null
  }

  add(request: TransactionRequest, afterMs = 0): void {
    this.#waiting[request.priority]!.push({ request, afterMs })
  }

  /** The next in turn, which stays where it is. */
  peek(): TransactionRequest | null {
    return this.#first?.peek()?.request ?? null
  }

  /** Takes the next in turn out, unsent. */
  take(): TransactionRequest | null {
    return this.#first?.shift()?.request ?? null
  }

  /** Puts the next in turn in flight, or FindCoordinator in its place where that is not known. */
  send(): OutgoingRequest | null {
    const next = this.peek()
    if (!next || this.#inFlight) return null
    const { coordinator: kind, key } = next
    const known = kind && this.#coordinators.get(kind)
    if (kind && known?.key !== key) this.add(findCoordinatorFor(kind, key))
    const { request, afterMs } = this.#first!.shift()!
    this.#inFlight = request
    return { request, to: request.coordinator && (known?.coordinator ?? null), afterMs }
  }

  /** @param isFirst - the transaction has no partitions yet. */
  answered(request: TransactionRequest, version: number, response: unknown, isFirst: boolean): Outcome {
    this.#land(request)
    const { step, code } = stepForAll(request.kind, codesIn(request, version, response))
    this.#refusals = step === 'retry' ? this.#refusals + 1 : 0
    if (step === 'findCoordinator' || step === 'retry') {
      if (step === 'findCoordinator' || this.#refusals % REFUSALS_BEFORE_SEARCH === 0) this.#forget(request)
      const isShort = isFirst && code === CONCURRENT_TRANSACTIONS && request.kind === 'AddPartitionsToTxn'
      const rest = request.kind === 'TxnOffsetCommit' ? withoutDone(request, response) : request
      this.add(rest, isShort ? Math.min(SHORT_BACKOFF_MS, this.#retryBackoffMs) : this.#retryBackoffMs)
      return { step: 'repeated', code }
    }
    if (step === 'done' && request.kind === 'FindCoordinator') {
      this.#learn(request, version, response as FindCoordinatorResponse)
    }
    return { step, code }
  }

  /** No answer came, or the broker could not be reached: the coordinator may have moved. */
  unanswered(request: TransactionRequest): void {
    this.#land(request)
    this.#forget(request)
    this.add(request, this.#retryBackoffMs)
  }

  /** It could not be sent at all, and is not repeated. */
  dropped(request: TransactionRequest): void {
    this.#land(request)
  }

  /** Ends everything, what is in flight included; only an answer to it is still expected. */
  close(error: KafkaError): void {
    const result = this.#inFlight?.result
    this.clear(error, false)
    result?.end(error)
  }

  /** Ends everything that waits, but searches for coordinators if `keepsSearches`. */
  clear(error: KafkaError, keepsSearches: boolean): void {
    const ended = this.#waiting.slice(keepsSearches ? 1 : 0).flatMap((waiting) => waiting.take(waiting.size))
    for (const { request } of ended) request.result?.end(error)
  }

  get #first(): Fifo<Waiting> | undefined {
    return this.#waiting.find(({ size }) => size > 0)
  }

  #land(request: TransactionRequest): void {
    if (this.#inFlight !== request) throw new RangeError(`${request.kind} is not in flight`)
    this.#inFlight = null
  }

  #forget({ coordinator }: TransactionRequest): void {
    if (coordinator) this.#coordinators.delete(coordinator)
  }

  #learn({ key, body }: TransactionRequest, version: number, response: FindCoordinatorResponse): void {
    const kind = (body as { keyType: number }).keyType === 1 ? 'transaction' : 'group'
    const { nodeId, host, port } = coordinatorOf(response, version, key)!
    this.#coordinators.set(kind, { key, coordinator: { nodeId, host, port } })
  }
}

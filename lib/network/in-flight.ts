/**
 * The requests of one connection that wait for their answers, oldest first.
 *
 * Kafka answers a connection's requests in order, so an answer belongs to the oldest one or the peer is at fault.
 * A request moves `pending → sent → completed | failed` and never back.
 *
 * Brokers handle one request of a connection at a time, so each one's time counts from when it is the oldest: a slow
 * broker is not taken for a dead one because several requests are in flight, and a dead one shows after the limit of
 * the oldest. No request waits longer than its own limit and those of the requests in front of it, together.
 */
import { DecodeError, type KafkaError } from '../errors.js'
import { correlationIdOf } from '../protocol/request-response.js'
import { LONGEST_TIMER_MS } from '../timers.js'
import { startDeadline } from './deadline.js'

type State = 'pending' | 'sent' | 'completed' | 'failed'

export interface Answered {
  onAnswer(frame: Buffer): void
  /** For a request that some brokers never answer: the next one has been answered. */
  onPassedOver?(): void
  /** @param wasWritten - true when all bytes of the request may have reached the broker. */
  onFailure(reason: KafkaError, wasWritten: boolean): void
}

export class InFlightRequest {
  readonly correlationId: number
  readonly #answered: Answered
  #state: State = 'pending'
  #limit: { readonly timeoutMs: number; onExpired(): void } | null = null
  #cancelDeadline: (() => void) | undefined

  constructor(correlationId: number, answered: Answered) {
    this.correlationId = correlationId
    this.#answered = answered
  }

  get isSettled(): boolean {
    return this.#state === 'completed' || this.#state === 'failed'
  }

  /** Bytes have been handed to the socket; from here on a failure is ambiguous. */
  sent(): void {
    this.#move('pending', 'sent')
  }

  /** Calls `onExpired` when the answer has not come this long after {@link startClock}; see {@link startDeadline}. */
  expireAfter(timeoutMs: number, onExpired: () => void): void {
    this.#limit = { timeoutMs, onExpired }
  }

  /** @param pausedMs - while the broker does not read, before the time limit begins. A second call does nothing. */
  startClock(pausedMs = 0): void {
    if (!this.#limit || this.#cancelDeadline || this.isSettled) return
    const { timeoutMs, onExpired } = this.#limit
    this.#cancelDeadline = startDeadline(Math.min(LONGEST_TIMER_MS, timeoutMs + pausedMs), onExpired)
  }

  complete(frame: Buffer): void {
    this.#move('sent', 'completed')
    this.#answered.onAnswer(frame)
  }

  get mayBePassedOver(): boolean {
    return this.#answered.onPassedOver !== undefined
  }

  passOver(): void {
    this.#move('sent', 'completed')
    this.#answered.onPassedOver?.()
  }

  fail(reason: KafkaError): void {
    const wasWritten = this.#state === 'sent'
    this.#move(this.#state, 'failed')
    this.#answered.onFailure(reason, wasWritten)
  }

  #move(from: State, to: State): void {
    if (this.#state !== from || this.isSettled) {
      throw new Error(`request ${this.correlationId} is ${this.#state} and cannot become ${to}`)
    }
    this.#state = to
    if (to !== 'sent') this.#cancelDeadline?.()
  }
}

export class InFlight {
  readonly #requests: InFlightRequest[] = []
  readonly #pausedMs: () => number

  /** @param pausedMs - for how much longer the broker reads nothing. Default: it always reads. */
  constructor(pausedMs: () => number = () => 0) {
    this.#pausedMs = pausedMs
  }

  get size(): number {
    return this.#requests.length
  }

  add(request: InFlightRequest): void {
    this.#requests.push(request)
  }

  /**
   * Gives a frame to the oldest request, or to the one after it where the oldest may be passed over.
   *
   * @throws {DecodeError} when nothing waits, or the correlation id is another's; close the connection then.
   */
  answer(frame: Buffer): void {
    const correlationId = correlationIdOf(frame)
    this.#passOver(correlationId)
    const oldest = this.#requests[0]
    if (!oldest)
      throw new DecodeError(
        `an answer with correlation id ${correlationId} came, but no request is in flight`,
      )
    if (oldest.correlationId !== correlationId) {
      const text = `an answer has correlation id ${correlationId}, the oldest request has ${oldest.correlationId}`
      throw new DecodeError(text, { correlationId: oldest.correlationId })
    }
    this.#requests.shift()
    oldest.complete(frame)
    this.startClock()
  }

  /** To be called after a request has been added and has its time limit: the clock of the oldest one runs. */
  startClock(): void {
    this.#requests[0]?.startClock(this.#pausedMs())
  }

  /** Ends the oldest request when it may stay unanswered and the next one is answered. */
  #passOver(correlationId: number): void {
    const [oldest, next] = this.#requests
    if (!oldest?.mayBePassedOver || next?.correlationId !== correlationId) return
    this.#requests.shift()
    oldest.passOver()
  }

  /** Fails all that wait, oldest first, with what `reasonFor` says of each. */
  failAll(reasonFor: (request: InFlightRequest) => KafkaError): void {
    for (const request of this.#requests.splice(0)) request.fail(reasonFor(request))
  }
}

/**
 * Confirms what a SyncProducer has written with acks 0: a round trip behind it on the same connection, when somebody
 * asks for it and a second after the first unconfirmed write.
 *
 * When the connection ends before that, it reports how much is in doubt. Sends nothing again.
 *
 * @see docs/decisions/0000-classic-producer.md#d9
 */
import { ConnectionError, type KafkaError } from '../errors.js'
import type { ReadyConnection } from '../network/ready-connection.js'
import { metadata, metadataRequest, type ProduceRequest } from '../protocol/messages/index.js'
import { type Unconfirmed, UnconfirmedWrites } from './unconfirmed-writes.js'

/**
 * While requests with acks 0 are written, a round trip follows so often: it bounds what a broken connection leaves in
 * doubt, and finds a broker that has fallen silent.
 */
const CONFIRM_INTERVAL_MS = 1000

/** Of Metadata: from here on a list of no topics asks for none; before, for all there are. */
const VERSION_WITHOUT_TOPICS = 1

export class WriteConfirmation {
  readonly #timeoutMs: number
  readonly #onUnconfirmed: (unconfirmed: Unconfirmed, reason: KafkaError) => void
  readonly #writes = new UnconfirmedWrites()
  /** Of the latest write. */
  #connection: ReadyConnection | null = null
  /** Of the latest write. */
  #topic = ''
  /** The latest one, while it is under way. */
  #roundTrip: Promise<void> | null = null
  #timer: NodeJS.Timeout | undefined

  /**
   * @param timeoutMs - limit for the answer of a round trip.
   * @param onUnconfirmed - called when the connection has ended with writes that nothing confirms.
   */
  constructor(timeoutMs: number, onUnconfirmed: (unconfirmed: Unconfirmed, reason: KafkaError) => void) {
    this.#timeoutMs = timeoutMs
    this.#onUnconfirmed = onUnconfirmed
  }

  /** The bytes of a request with acks 0 are in the kernel's hands. */
  written(connection: ReadyConnection, request: ProduceRequest, messages: number): void {
    this.#writes.add(request, messages)
    this.#topic = request.topics[0]?.name ?? ''
    const { broker, isOpen } = connection
    if (!isOpen) {
      this.#report(new ConnectionError(`the connection to ${broker} ended`, { broker }))
      return
    }
    if (this.#connection !== connection) {
      this.#connection = connection
      connection.onEnd((reason) => this.#report(reason))
    }
    this.#confirmInTime()
  }

  /**
   * To be called before a request that has an answer is written: any answer proves that the broker has read what was
   * written before.
   *
   * @returns to be called with the answer; null where nothing is unconfirmed.
   */
  mark(): (() => void) | null {
    return this.#writes.isEmpty ? null : this.#writes.mark()
  }

  /**
   * Returns once the broker has answered a request that was sent after all writes. Does nothing when nothing is
   * unconfirmed. Calls at the same time share a round trip where that proves as much.
   *
   * @throws {ConnectionError | RequestTimeoutError | DecodeError} then nobody knows.
   */
  async confirm(): Promise<void> {
    if (this.#writes.isEmpty || !this.#connection) return
    if (!this.#roundTrip || this.#writes.hasNew) this.#roundTrip = this.#ask(this.#connection)
    await this.#roundTrip
  }

  #confirmInTime(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      if (this.#writes.isEmpty) return
      // When it fails, the connection ends and that is reported.
      this.confirm().then(undefined, () => {})
      this.#confirmInTime()
    }, CONFIRM_INTERVAL_MS)
  }

  /** Asks for no topic where that is possible: it costs least, and creates none that was deleted meanwhile. */
  #ask(connection: ReadyConnection): Promise<void> {
    const topics = connection.knows(metadata, VERSION_WITHOUT_TOPICS) ? [] : [this.#topic]
    const confirmed = this.#writes.mark()
    const options = { timeoutMs: this.#timeoutMs }
    const done = connection.request(metadata, metadataRequest(topics), options).then(confirmed)
    const forget = (): void => {
      if (this.#roundTrip === done) this.#roundTrip = null
    }
    done.then(forget, forget)
    return done
  }

  #report(reason: KafkaError): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#connection = null
    if (!this.#writes.isEmpty) this.#onUnconfirmed(this.#writes.takeAll(), reason)
  }
}

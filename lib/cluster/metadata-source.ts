/**
 * Where metadata comes from: the brokers of `metadata.broker.list`, shuffled, and when none of them answers, brokers
 * that earlier answers named. The broker that answered last is asked first while its connection is open, so a refresh
 * costs no new connection. Brokers that are busy with other requests are asked after those that are not. While a broker takes long,
 * the next one is asked beside it, and the first answer counts.
 *
 * Shares its sessions with all who send requests to the same brokers. Keeps no topic metadata; one fetch at a time is
 * the caller's business.
 *
 * @see docs/decisions/0000-classic-producer.md#d5; docs/decisions/0006-one-session-per-broker.md;
 * docs/reference/classic-producer.md#where-metadata-comes-from (the original opened a new connection for each fetch and
 * never asked learned brokers)
 */

import isEqual from 'lodash/isEqual.js'
import randomly from 'lodash/shuffle.js'
import uniqBy from 'lodash/uniqBy.js'
import { addressText, type BrokerAddress, isReachable } from '../broker-address.js'
import { counted } from '../counted.js'
import {
  AuthenticationError,
  ConnectionError,
  type KafkaError,
  MetadataError,
  printable,
  SslAuthenticationError,
} from '../errors.js'
import type { Logger } from '../logger.js'
import type { BrokerSession, FetchedMetadata } from '../network/broker-session.js'
import { errorCode } from '../protocol/error-code.js'
import type { MetadataResponse } from '../protocol/messages/index.js'
import type { BrokerSessions } from './broker-sessions.js'
import { firstAnswer } from './first-answer.js'
import { inOrderOfAsking } from './metadata-candidates.js'

const NONE = 0
/** A round trip takes a third of a second at worst, and a first answer three of them; a broker that hangs takes `request.timeout.ms`. */
const PATIENCE_MS = 1000
/** What was learned of the cluster is of no use any more (KIP-1102). */
const REBOOTSTRAP_REQUIRED = 129

export interface MetadataSourceOptions {
  readonly bootstrap: readonly BrokerAddress[]
  /** The bootstrap brokers under the names by which they are asked; never rejects. Default: those that were given. */
  readonly canonicalBootstrap?: () => Promise<readonly BrokerAddress[]>
  /** Of the producer; others hold sessions of it as well. */
  readonly sessions: BrokerSessions
  readonly logger: Logger
  /** The setting with the list, for texts. Default: `metadata.broker.list`. */
  readonly listKey?: string
  /**
   * Whether a broker is asked again whose first answer lacks leader epochs or topic ids, before the caller gets one. Default:
   * no, {@link MetadataSource.lacksTopicIds} says so.
   */
  readonly isComplete?: boolean
  /** Order in which the bootstrap brokers are tried. Default: shuffled. */
  readonly shuffle?: (brokers: readonly BrokerAddress[]) => BrokerAddress[]
}

export class MetadataSource {
  readonly #options: MetadataSourceOptions
  /** Has answered last; held. */
  #current: BrokerSession | null = null
  /** What is being asked, with what ends the wait for its answer; held. */
  readonly #asking = new Map<BrokerSession, (reason: KafkaError) => void>()
  /** Ends the waits for all others when a broker has answered; nobody else sees it. */
  readonly #overtaken = new ConnectionError('another broker has answered first')
  #lacksTopicIds = false
  #learned: BrokerAddress[] = []
  /** Brokers that gave no metadata when they were last asked, as text; none that is no candidate any more. */
  #failed = new Set<string>()
  #closedFor: KafkaError | null = null

  constructor(options: MetadataSourceOptions) {
    this.#options = options
  }

  /**
   * @param topics - at least one.
   * @throws {AuthenticationError} when no broker answered, and one did not let this client in.
   * @throws {MetadataError} when no broker answered; names each one with what it did, `cause` is the last failure.
   */
  async fetch(topics: readonly string[]): Promise<MetadataResponse> {
    const failures: string[] = []
    let cause: unknown
    let refusal: AuthenticationError | null = null
    const { canonicalBootstrap, bootstrap: given } = this.#options
    const bootstrap = canonicalBootstrap ? await canonicalBootstrap() : given
    const response = await firstAnswer(
      this.#candidates(bootstrap),
      async (address) => {
        try {
          return await this.#ask(address, topics)
        } catch (error) {
          this.#failed.add(addressText(address))
          if (error !== this.#overtaken && !this.#closedFor) {
            cause = error
            if (error instanceof AuthenticationError) refusal ??= error
            failures.push(this.#failureOf(topics, error as Error))
          }
          throw error
        }
      },
      PATIENCE_MS,
    )
    if (this.#closedFor) throw this.#closedFor
    if (response) return response
    const text = `no broker of ${this.#listText()} gives metadata: ${failures.join('; ')}`
    throw refusal ? refused(text, refusal) : new MetadataError(text, { cause })
  }

  /** Logs it. @returns its text. */
  #failureOf(topics: readonly string[], { message }: Error): string {
    this.#options.logger.warn(`fetching metadata of ${counted(topics.length, 'topic')} failed: ${message}`)
    return message
  }

  /** Whether the last answer says less than the same broker would say now: it came as the first one, in v0. */
  get lacksTopicIds(): boolean {
    return this.#lacksTopicIds
  }

  /** The session of this address was renewed: the old one is not used for further fetches. */
  renew(address: BrokerAddress): void {
    const before = this.#current
    if (!before || !isEqual(before.address, address)) return
    this.#current = this.#options.sessions.hold(address)
    before.release()
  }

  /** Releases its sessions; a fetch under way fails with `reason`, and so does a later one. */
  close(reason: KafkaError): void {
    if (this.#closedFor) return
    this.#closedFor = reason
    this.#giveUpAll(reason)
    this.#current?.release(reason)
    this.#current = null
  }

  #candidates(bootstrap: readonly BrokerAddress[]): BrokerAddress[] {
    const { shuffle = randomly } = this.#options
    const current = this.#current?.isConnected ? this.#current.address : null
    const all = uniqBy([...(current ? [current] : []), ...shuffle(bootstrap), ...this.#learned], addressText)
    this.#failed = new Set(all.map(addressText).filter((broker) => this.#failed.has(broker)))
    return inOrderOfAsking(
      all.map((address) => ({
        address,
        // Only the same broker would say more: another one's first answer is as short.
        load: address === current && this.#lacksTopicIds ? 0 : this.#loadOf(address),
        hasFailed: this.#failed.has(addressText(address)),
      })),
    )
  }

  /** What is there already: the connection of the broker that has answered last, or a session that others hold. */
  #known(address: BrokerAddress): BrokerSession | undefined {
    const current = this.#current
    if (current?.isConnected && isEqual(current.address, address)) return current
    return this.#options.sessions.find(address)
  }

  #loadOf(address: BrokerAddress): number {
    return this.#known(address)?.load ?? 0
  }

  /** One use of the broker's session, or of another one where that is busy: its answers come in order. */
  #sessionOf(address: BrokerAddress): BrokerSession {
    const { sessions } = this.#options
    if (this.#loadOf(address) > 0) return sessions.holdApart(address)
    return this.#known(address)?.hold() ?? sessions.hold(address)
  }

  /** @throws `#overtaken` when another broker answered before this one. */
  async #ask(address: BrokerAddress, topics: readonly string[]): Promise<MetadataResponse> {
    if (this.#closedFor) throw this.#closedFor
    const session = this.#sessionOf(address)
    this.#options.logger.info(
      `fetching metadata of ${counted(topics.length, 'topic')} from ${session.broker}`,
    )
    try {
      const { response, lacksTopicIds } = await this.#answerOf(session, topics)
      this.#check(address, response)
      this.#asking.delete(session)
      this.#giveUpAll(this.#overtaken)
      this.#current?.release()
      this.#current = session
      this.#lacksTopicIds = lacksTopicIds
      this.#learn(response)
      this.#failed.delete(addressText(address))
      return response
    } catch (error) {
      // Unless whoever gave it up has done it.
      if (this.#asking.delete(session)) session.release()
      throw error
    }
  }

  /** Rejects at once when it is given up, whoever else waits on the session. */
  #answerOf(session: BrokerSession, topics: readonly string[]): Promise<FetchedMetadata> {
    return new Promise((resolve, reject) => {
      this.#asking.set(session, reject)
      this.#fetch(session, topics).then(resolve, reject)
    })
  }

  #giveUpAll(reason: KafkaError): void {
    const all = [...this.#asking]
    this.#asking.clear()
    for (const [session, giveUp] of all) {
      giveUp(reason)
      session.release(reason)
    }
  }

  async #fetch(session: BrokerSession, topics: readonly string[]): Promise<FetchedMetadata> {
    const first = await session.fetchMetadata(topics)
    const hasTopics = first.response.topics.some(({ errorCode: code }) => code === NONE)
    return first.lacksEpochs && hasTopics && this.#options.isComplete ? session.fetchMetadata(topics) : first
  }

  /** From v13 on a broker may refuse as a whole. */
  #check(address: BrokerAddress, { errorCode: code }: MetadataResponse): void {
    if (code === NONE) return
    if (this.#current && isEqual(this.#current.address, address)) {
      this.#current.release()
      this.#current = null
    }
    if (code === REBOOTSTRAP_REQUIRED) this.#learned = []
    const { name } = errorCode(code)
    throw new MetadataError(`${addressText(address)} answered Metadata with ${name} (${code})`)
  }

  #learn(response: MetadataResponse): void {
    if (response.brokers.length === 0) return
    this.#learned = response.brokers.filter(isReachable).map(({ host, port }) => ({ host, port }))
  }

  #listText(): string {
    const { bootstrap, listKey = 'metadata.broker.list' } = this.#options
    return `${listKey}=${printable(bootstrap.map(addressText).join(','))}`
  }
}

/** Waiting does not help against it, whatever the other brokers did. */
function refused(text: string, cause: AuthenticationError): AuthenticationError {
  if (cause instanceof SslAuthenticationError) return new SslAuthenticationError(text, { cause })
  const { mechanism } = cause
  return new AuthenticationError(text, { cause, ...(mechanism !== undefined && { mechanism }) })
}

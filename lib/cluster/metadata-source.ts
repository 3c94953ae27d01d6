/**
 * Where metadata comes from: the brokers of `metadata.broker.list`, shuffled, and when none of them answers, brokers
 * that earlier answers named. The broker that answered last is asked first while its connection is open, so a refresh
 * costs no new connection. Brokers that are busy with other requests are asked after those that are not.
 *
 * Shares its sessions with all who send requests to the same brokers. Keeps no topic metadata; one fetch at a time is
 * the caller's business.
 *
 * @see docs/decisions/0000-classic-producer.md#d5; docs/decisions/0006-one-session-per-broker.md;
 * docs/reference/classic-producer.md#where-metadata-comes-from (the original opened a new connection for each fetch and
 * never asked learned brokers)
 */

import _ from 'lodash'
import { addressText, type BrokerAddress, isReachable } from '../broker-address.js'
import { counted } from '../counted.js'
import {
  AuthenticationError,
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
import { inOrderOfAsking } from './metadata-candidates.js'

const NONE = 0
/** What was learned of the cluster is of no use any more (KIP-1102). */
const REBOOTSTRAP_REQUIRED = 129

export interface MetadataSourceOptions {
  readonly bootstrap: readonly BrokerAddress[]
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
  /** While it is asked; held. */
  #asking: BrokerSession | null = null
  #giveUp = (_reason: KafkaError): void => {}
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
    for (const address of this.#candidates()) {
      if (this.#closedFor) throw this.#closedFor
      try {
        const response = await this.#ask(address, topics)
        this.#check(address, response)
        this.#learn(response)
        this.#failed.delete(addressText(address))
        return response
      } catch (error) {
        if (this.#closedFor) throw this.#closedFor
        this.#failed.add(addressText(address))
        cause = error
        if (error instanceof AuthenticationError) refusal ??= error
        const { message } = error as Error
        failures.push(message)
        this.#options.logger.warn(
          `fetching metadata of ${counted(topics.length, 'topic')} failed: ${message}`,
        )
      }
    }
    if (this.#closedFor) throw this.#closedFor
    const text = `no broker of ${this.#listText()} gives metadata: ${failures.join('; ')}`
    throw refusal ? refused(text, refusal) : new MetadataError(text, { cause })
  }

  /** Whether the last answer says less than the same broker would say now: it came as the first one, in v0. */
  get lacksTopicIds(): boolean {
    return this.#lacksTopicIds
  }

  /** The session of this address was renewed: the old one is not used for further fetches. */
  renew(address: BrokerAddress): void {
    const before = this.#current
    if (!before || !_.isEqual(before.address, address)) return
    this.#current = this.#options.sessions.hold(address)
    before.release()
  }

  /** Releases its sessions; a fetch under way fails with `reason`, and so does a later one. */
  close(reason: KafkaError): void {
    if (this.#closedFor) return
    this.#closedFor = reason
    this.#asking?.release(reason)
    this.#current?.release(reason)
    this.#asking = null
    this.#current = null
    this.#giveUp(reason)
  }

  #candidates(): BrokerAddress[] {
    const { bootstrap, shuffle = _.shuffle } = this.#options
    const current = this.#current?.isConnected ? this.#current.address : null
    const all = _.uniqBy(
      [...(current ? [current] : []), ...shuffle(bootstrap), ...this.#learned],
      addressText,
    )
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
    if (current?.isConnected && _.isEqual(current.address, address)) return current
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

  async #ask(address: BrokerAddress, topics: readonly string[]): Promise<MetadataResponse> {
    const session = this.#sessionOf(address)
    this.#options.logger.info(
      `fetching metadata of ${counted(topics.length, 'topic')} from ${session.broker}`,
    )
    this.#asking = session
    try {
      const { response, lacksTopicIds } = await this.#answerOf(session, topics)
      if (this.#closedFor) throw this.#closedFor
      this.#current?.release()
      this.#current = session
      this.#lacksTopicIds = lacksTopicIds
      return response
    } catch (error) {
      // Unless close() has done it.
      if (this.#asking === session) session.release()
      throw error
    } finally {
      this.#asking = null
    }
  }

  /** Rejects at once when the source is closed, whoever else waits on the session. */
  #answerOf(session: BrokerSession, topics: readonly string[]): Promise<FetchedMetadata> {
    return new Promise((resolve, reject) => {
      this.#giveUp = reject
      this.#fetch(session, topics).then(resolve, reject)
    })
  }

  async #fetch(session: BrokerSession, topics: readonly string[]): Promise<FetchedMetadata> {
    const first = await session.fetchMetadata(topics)
    const hasTopics = first.response.topics.some(({ errorCode: code }) => code === NONE)
    return first.lacksEpochs && hasTopics && this.#options.isComplete ? session.fetchMetadata(topics) : first
  }

  /** From v13 on a broker may refuse as a whole. */
  #check(address: BrokerAddress, { errorCode: code }: MetadataResponse): void {
    if (code === NONE) return
    this.#current?.release()
    this.#current = null
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

/**
 * Where metadata comes from: the brokers of `metadata.broker.list`, shuffled, and when none of them answers, brokers
 * that earlier answers named. The broker that answered last is asked first while its connection is open, so a refresh
 * costs no new connection.
 *
 * Keeps no topic metadata; one fetch at a time is the caller's business.
 *
 * @see docs/decisions/0000-classic-producer.md#d5; docs/reference/classic-producer.md#where-metadata-comes-from (the
 * original opened a new connection for each fetch and never asked learned brokers)
 */

import _ from 'lodash'
import { addressText, type BrokerAddress, isReachable } from '../broker-address.js'
import { counted } from '../counted.js'
import { type KafkaError, MetadataError, printable } from '../errors.js'
import type { Logger } from '../logger.js'
import type { BrokerSession } from '../network/broker-session.js'
import { errorCode } from '../protocol/error-code.js'
import type { MetadataResponse } from '../protocol/messages/index.js'

const NONE = 0
/** What was learned of the cluster is of no use any more (KIP-1102). */
const REBOOTSTRAP_REQUIRED = 129

export interface MetadataSourceOptions {
  readonly bootstrap: readonly BrokerAddress[]
  /** Makes an unconnected session, which belongs to the source from then on. */
  create(address: BrokerAddress): BrokerSession
  readonly logger: Logger
  /** Order in which the bootstrap brokers are tried. Default: shuffled. */
  readonly shuffle?: (brokers: readonly BrokerAddress[]) => BrokerAddress[]
}

export class MetadataSource {
  readonly #options: MetadataSourceOptions
  /** Has answered last. */
  #current: BrokerSession | null = null
  #asking: BrokerSession | null = null
  #lacksTopicIds = false
  #learned: BrokerAddress[] = []
  #closedFor: KafkaError | null = null

  constructor(options: MetadataSourceOptions) {
    this.#options = options
  }

  /**
   * @param topics - at least one.
   * @throws {MetadataError} when no broker answered; names each one with what it did, `cause` is the last failure.
   */
  async fetch(topics: readonly string[]): Promise<MetadataResponse> {
    const failures: string[] = []
    let cause: unknown
    for (const address of this.#candidates()) {
      if (this.#closedFor) throw this.#closedFor
      try {
        const response = await this.#ask(address, topics)
        this.#check(address, response)
        this.#learn(response)
        return response
      } catch (error) {
        if (this.#closedFor) throw this.#closedFor
        cause = error
        const { message } = error as Error
        failures.push(message)
        this.#options.logger.warn(
          `fetching metadata of ${counted(topics.length, 'topic')} failed: ${message}`,
        )
      }
    }
    if (this.#closedFor) throw this.#closedFor
    throw new MetadataError(
      `no broker of metadata.broker.list=${this.#listText()} gives metadata: ${failures.join('; ')}`,
      { cause },
    )
  }

  /** Whether the last answer says less than the same broker would say now: it came as the first one, in v0. */
  get lacksTopicIds(): boolean {
    return this.#lacksTopicIds
  }

  /** Closes the connection; a fetch under way fails with `reason`. */
  close(reason: KafkaError): void {
    this.#closedFor = reason
    this.#asking?.close(reason)
    this.#current?.close(reason)
  }

  #candidates(): BrokerAddress[] {
    const { bootstrap, shuffle = _.shuffle } = this.#options
    const connected = this.#current?.isConnected ? [this.#current.address] : []
    return _.uniqBy([...connected, ...shuffle(bootstrap), ...this.#learned], addressText)
  }

  async #ask(address: BrokerAddress, topics: readonly string[]): Promise<MetadataResponse> {
    const known = this.#current
    const session = known && _.isEqual(known.address, address) ? known : this.#options.create(address)
    this.#options.logger.info(
      `fetching metadata of ${counted(topics.length, 'topic')} from ${session.broker}`,
    )
    this.#asking = session
    try {
      const { response, lacksTopicIds } = await session.fetchMetadata(topics)
      if (session !== known) known?.close()
      this.#current = session
      this.#lacksTopicIds = lacksTopicIds
      return response
    } catch (error) {
      if (session !== known) session.close()
      throw error
    } finally {
      this.#asking = null
    }
  }

  /** From v13 on a broker may refuse as a whole. */
  #check(address: BrokerAddress, { errorCode: code }: MetadataResponse): void {
    if (code === NONE) return
    this.#current?.close()
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
    return printable(this.#options.bootstrap.map(addressText).join(','))
  }
}

/** A BrokerSession without a connection: counts its users, remembers what it was asked, answers what the spec says. */
import sinon from 'sinon'
import { addressText, type BrokerAddress } from '../../../lib/broker-address.js'
import type { KafkaError } from '../../../lib/errors.js'
import type { BrokerSession, FetchedMetadata } from '../../../lib/network/broker-session.js'

export class FakeBrokerSession {
  readonly address: BrokerAddress
  readonly broker: string
  isConnected = false
  /** Requests in flight. */
  load = 0
  /** The reason of each `close`, undefined where none was given. */
  readonly closes: (KafkaError | undefined)[] = []
  readonly fetchMetadata = sinon.stub<[readonly string[]], Promise<FetchedMetadata>>()
  readonly #onClosed: () => void
  #users = 1

  constructor(address: BrokerAddress, onClosed: () => void = () => {}) {
    this.address = address
    this.broker = addressText(address)
    this.#onClosed = onClosed
  }

  hold(): this {
    this.#users++
    return this
  }

  release(reason?: KafkaError): void {
    if (--this.#users === 0) this.close(reason)
  }

  close(reason?: KafkaError): void {
    this.closes.push(reason)
    this.isConnected = false
    this.#onClosed()
  }

  get isClosed(): boolean {
    return this.closes.length > 0
  }

  /** As the code under test knows it. */
  get asReal(): BrokerSession {
    return this as unknown as BrokerSession
  }
}

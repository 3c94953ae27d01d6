/** A BrokerSession without a connection: remembers what it was asked, answers what the spec says. */
import sinon from 'sinon'
import { addressText, type BrokerAddress } from '../../../lib/broker-address.js'
import type { KafkaError } from '../../../lib/errors.js'
import type { BrokerSession, FetchedMetadata } from '../../../lib/network/broker-session.js'

export class FakeBrokerSession {
  readonly address: BrokerAddress
  readonly broker: string
  isConnected = false
  /** The reason of each `close`, undefined where none was given. */
  readonly closes: (KafkaError | undefined)[] = []
  readonly fetchMetadata = sinon.stub<[readonly string[]], Promise<FetchedMetadata>>()

  constructor(address: BrokerAddress) {
    this.address = address
    this.broker = addressText(address)
  }

  close(reason?: KafkaError): void {
    this.closes.push(reason)
    this.isConnected = false
  }

  get isClosed(): boolean {
    return this.closes.length > 0
  }

  /** As the code under test knows it. */
  get asReal(): BrokerSession {
    return this as unknown as BrokerSession
  }
}

/** A SyncProducer without a connection: records its calls, answers what the spec sets. */
import sinon from 'sinon'
import { addressText, type BrokerAddress } from '../../../lib/broker-address.js'
import type { KafkaError } from '../../../lib/errors.js'
import type { SyncProducer } from '../../../lib/pool/sync-producer.js'

export class FakeSyncProducer {
  readonly address: BrokerAddress
  readonly broker: string
  /** The reason of each `close`, undefined where none was given. */
  readonly closes: (KafkaError | undefined)[] = []
  readonly connect = sinon.stub<[topic: string | null], Promise<void>>().resolves()
  readonly confirm = sinon.stub<[], Promise<void>>().resolves()

  constructor(address: BrokerAddress) {
    this.address = address
    this.broker = addressText(address)
  }

  close(reason?: KafkaError): void {
    this.closes.push(reason)
  }

  get isClosed(): boolean {
    return this.closes.length > 0
  }

  /** As the code under test knows it. */
  get asReal(): SyncProducer {
    return this as unknown as SyncProducer
  }

  static of(producer: SyncProducer): FakeSyncProducer {
    return producer as unknown as FakeSyncProducer
  }
}

/** A promise that the spec settles. */
export function gate<T = void>(): {
  opened: Promise<T>
  open: (value: T) => void
  fail: (error: unknown) => void
} {
  let open!: (value: T) => void
  let fail!: (error: unknown) => void
  const opened = new Promise<T>((resolve, reject) => {
    open = resolve
    fail = reject
  })
  return { opened, open, fail }
}

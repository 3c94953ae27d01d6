import { expect } from 'chai'
import type { BrokerAddress } from '../../lib/broker-address.js'
import { BrokerSessions } from '../../lib/cluster/broker-sessions.js'
import { ConnectionError } from '../../lib/errors.js'
import { TransactionChannel } from '../../lib/kafka-producer/transaction-channel.js'
import { TransactionManager } from '../../lib/kafka-producer/transaction-manager.js'
import type { Ready } from '../../lib/network/broker-session.js'
import { turns } from '../network/support/doubles.js'
import { FakeBrokerSession } from '../network/support/fake-broker-session.js'

/** Grants producer ids, or fails. */
class Session extends FakeBrokerSession {
  readonly #answers: { resolve(answer: object): void; reject(error: Error): void }[] = []

  async ready(): Promise<Ready> {
    const connection = {
      broker: this.broker,
      knows: () => false,
      version: () => 1,
      request: () => new Promise((resolve, reject) => this.#answers.push({ resolve, reject })),
    }
    return { connection, metadata: null, connectMs: 0 } as unknown as Ready
  }

  override close(reason?: ConnectionError): void {
    super.close(reason)
    for (const { reject } of this.#answers.splice(0)) reject(reason ?? new ConnectionError('closed'))
  }

  get asked(): number {
    return this.#answers.length
  }

  grant(): void {
    const answer = { errorCode: 0, producerId: 1000n, producerEpoch: 0, throttleTimeMs: 0 }
    this.#answers.shift()!.resolve(answer)
  }
}

const a: BrokerAddress = { host: 'a', port: 1 }
const b: BrokerAddress = { host: 'b', port: 1 }

async function stage(
  candidates: () => readonly BrokerAddress[] | Promise<readonly BrokerAddress[]> = () => [a],
) {
  const made: Session[] = []
  const sessions = new BrokerSessions({
    create: (address, onClosed) => {
      const session = new Session(address, onClosed)
      made.push(session)
      return session.asReal
    },
  })
  const transactions = new TransactionManager({
    transactionalId: null,
    transactionTimeoutMs: 60_000,
    retryBackoffMs: 100,
  })
  const channel = new TransactionChannel({
    transactions,
    sessions,
    requestTimeoutMs: 1000,
    reconnectBackoff: { baseMs: 50, maxMs: 50, random: () => 0.5 },
    candidates,
    topics: () => ['t'],
    onNoProducerIds: () => false,
    onRefused: () => {},
    onChange: () => {},
  })
  channel.poll(0, true)
  await turns()
  return { channel, transactions, made, sessions }
}

describe('TransactionChannel', () => {
  it('keeps the session of a broker that metadata has, and releases that of one that is gone', async () => {
    const { channel, transactions, made } = await stage()
    made[0]!.grant()
    await turns()
    expect(transactions.sequences.identity.producerId).to.equal(1000n)
    channel.update([a, b])
    expect(made[0]!.isClosed).to.equal(false)
    channel.update([b])
    expect(made[0]!.isClosed).to.equal(true)
  })

  it('keeps all sessions while metadata has no broker at all', async () => {
    const { channel, made } = await stage()
    channel.update([])
    made[0]!.grant()
    await turns()
    expect(made[0]!.isClosed).to.equal(false)
  })

  it('takes the answer of a broker that was let go meanwhile, and releases its session then', async () => {
    const { channel, transactions, made } = await stage()
    channel.update([b])
    expect(made[0]!.isClosed).to.equal(false)
    made[0]!.grant()
    await turns()
    expect([transactions.sequences.identity.producerId, made[0]!.isClosed]).to.deep.equal([1000n, true])
  })

  it('releases a session that was renewed', async () => {
    const { channel, made, sessions } = await stage()
    made[0]!.grant()
    await turns()
    sessions.renew(a)
    channel.renew(a)
    expect(made[0]!.isClosed).to.equal(true)
  })

  it('ends the request under way when it is closed', async () => {
    const { channel, made } = await stage()
    channel.close(new ConnectionError('the producer is closed'))
    expect(made[0]!.closes.map((reason) => reason?.message)).to.deep.equal(['the producer is closed'])
    await turns()
    expect(made[0]!.closes).to.have.length(1)
  })

  it('asks brokers whose names have to be resolved first', async () => {
    const { made } = await stage(async () => [b])
    expect([made[0]!.broker, made[0]!.asked]).to.deep.equal(['b:1', 1])
  })
})

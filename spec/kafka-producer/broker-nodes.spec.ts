import { expect } from 'chai'
import sinon from 'sinon'
import type { BrokerAddress } from '../../lib/broker-address.js'
import { BrokerSessions } from '../../lib/cluster/broker-sessions.js'
import { ConnectionError } from '../../lib/errors.js'
import { BrokerNodes } from '../../lib/kafka-producer/broker-nodes.js'
import type { Ready } from '../../lib/network/broker-session.js'
import { FakeBrokerSession } from '../network/support/fake-broker-session.js'

const BACKOFF_MS = 100

class Session extends FakeBrokerSession {
  readonly #waiting: { resolve(ready: Ready): void; reject(error: Error): void }[] = []
  asked = 0

  ready(): Ready | Promise<Ready> {
    this.asked++
    if (this.isConnected) return { connection: {}, metadata: null, connectMs: 0 } as Ready
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }))
  }

  async connect(): Promise<void> {
    this.isConnected = true
    this.#waiting.shift()!.resolve(this.ready() as Ready)
    await turns()
  }

  async fail(): Promise<void> {
    this.#waiting.shift()!.reject(new ConnectionError('refused'))
    await turns()
  }
}

async function turns(): Promise<void> {
  for (let i = 0; i < 5; i++) await Promise.resolve()
}

function stage(maxInFlight = 2) {
  const made: Session[] = []
  const addresses = new Map<number, BrokerAddress>([[1, { host: 'a', port: 1 }]])
  const connected: (string | null)[] = []
  const sessions = new BrokerSessions({
    create: (address, onClosed) => {
      const session = new Session(address, onClosed)
      made.push(session)
      return session.asReal
    },
  })
  const nodes = new BrokerNodes({
    sessions,
    maxInFlight,
    reconnectBackoff: { baseMs: BACKOFF_MS, maxMs: BACKOFF_MS, random: () => 0.5 },
    addressOf: (id) => addresses.get(id) ?? null,
    topics: () => ['t'],
    onConnected: (_, made) => connected.push(made instanceof ConnectionError ? made.message : null),
  })
  return { nodes, made, addresses, connected }
}

describe('BrokerNodes', () => {
  it('connects to a broker once, and has it ready when that is done', async () => {
    const { nodes, made, connected } = stage()
    expect([nodes.ready(1, 0), nodes.ready(1, 0), nodes.ready(9, 0)]).to.deep.equal([null, null, null])
    expect(made[0]!.asked).to.equal(1)
    await made[0]!.connect()
    expect(connected).to.deep.equal([null])
    expect(nodes.ready(1, 0)!.node.id).to.equal(1)
  })

  it('connects again after the back-off to a broker that refused', async () => {
    sinon.useFakeTimers({ now: 1000, toFake: ['performance'] })
    const { nodes, made, connected } = stage()
    const startMs = performance.now()
    nodes.ready(1, startMs)
    await made[0]!.fail()
    expect([connected, nodes.nextReadyMs(startMs)]).to.deep.equal([['refused'], startMs + BACKOFF_MS])
    nodes.ready(1, startMs + BACKOFF_MS - 1)
    expect(made[0]!.asked).to.equal(1)
    nodes.ready(1, startMs + BACKOFF_MS)
    expect(made[0]!.asked).to.equal(2)
  })

  it('has no broker ready with as many requests in flight as there may be, or while it is throttled', async () => {
    const { nodes, made } = stage(1)
    nodes.ready(1, 0)
    await made[0]!.connect()
    const { node } = nodes.ready(1, 0)!
    node.inFlight++
    expect([nodes.ready(1, 0), nodes.inFlight]).to.deep.equal([null, 1])
    nodes.ended(node)
    node.throttledUntilMs = 50
    expect([nodes.ready(1, 49), nodes.nextReadyMs(0)]).to.deep.equal([null, 50])
    expect(nodes.ready(1, 50)!.node).to.equal(node)
  })

  it('holds a broker that has moved at its new address, and the old one until its requests have ended', async () => {
    const { nodes, made, addresses } = stage()
    nodes.ready(1, 0)
    await made[0]!.connect()
    const { node } = nodes.ready(1, 0)!
    node.inFlight++
    addresses.set(1, { host: 'b', port: 1 })
    nodes.ready(1, 0)
    expect([made.length, made[0]!.isClosed]).to.deep.equal([2, false])
    nodes.ended(node)
    expect(made[0]!.isClosed).to.equal(true)
  })

  it('releases all sessions when it is closed, those of moved brokers too', async () => {
    const { nodes, made, addresses } = stage()
    nodes.ready(1, 0)
    await made[0]!.connect()
    nodes.ready(1, 0)!.node.inFlight++
    addresses.set(1, { host: 'b', port: 1 })
    nodes.ready(1, 0)
    nodes.close(new ConnectionError('closed'))
    expect(made.map(({ isClosed }) => isClosed)).to.deep.equal([true, true])
  })
})

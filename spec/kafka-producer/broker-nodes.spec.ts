import { expect } from 'chai'
import sinon from 'sinon'
import type { BrokerAddress } from '../../lib/broker-address.js'
import { BrokerSessions } from '../../lib/cluster/broker-sessions.js'
import { ConnectionError } from '../../lib/errors.js'
import { BrokerNodes } from '../../lib/kafka-producer/broker-nodes.js'
import type { FetchedMetadata, Ready } from '../../lib/network/broker-session.js'
import { SecondLooks } from '../../lib/network/second-looks.js'
import { FakeBrokerSession } from '../network/support/fake-broker-session.js'
import { gate } from '../pool/support/fake-sync-producer.js'

const BACKOFF_MS = 100

class Session extends FakeBrokerSession {
  readonly #waiting: { resolve(ready: Ready): void; reject(error: Error): void }[] = []
  asked = 0
  secondLooks: SecondLooks | null = null
  /** The topics of each second look. */
  readonly looks: (readonly string[])[] = []

  ready(): Ready | Promise<Ready> {
    this.asked++
    if (this.isConnected)
      return { connection: { secondLooks: this.secondLooks }, metadata: null, connectMs: 0 } as Ready
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }))
  }

  lookAgain(topics: readonly string[]): void {
    this.looks.push(topics)
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
  return { nodes, made, sessions, addresses, connected }
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

  it('releases a broker that metadata does not have any more, when its requests have ended, and holds it again when it is back', async () => {
    const { nodes, made, addresses } = stage()
    nodes.ready(1, 0)
    await made[0]!.connect()
    const { node } = nodes.ready(1, 0)!
    node.inFlight++
    addresses.delete(1)
    nodes.update()
    expect([made[0]!.isClosed, nodes.ready(1, 0)]).to.deep.equal([false, null])
    nodes.ended(node)
    expect(made[0]!.isClosed).to.equal(true)
    addresses.set(1, { host: 'a', port: 1 })
    nodes.update()
    nodes.ready(1, 0)
    expect(made).to.have.length(2)
  })

  it('reports nothing of connecting to a broker that was released meanwhile', async () => {
    const { nodes, made, addresses, connected } = stage()
    nodes.ready(1, 0)
    addresses.delete(1)
    nodes.update()
    expect(made[0]!.isClosed).to.equal(true)
    await made[0]!.fail()
    expect(connected).to.deep.equal([])
  })

  describe('with a broker whose release was guessed', () => {
    async function guessed() {
      const all = stage()
      const { nodes, made } = all
      nodes.ready(1, 0)
      made[0]!.secondLooks = new SecondLooks(0)
      await made[0]!.connect()
      made[0]!.fetchMetadata.resolves()
      return { ...all, session: made[0]!, node: nodes.ready(1, 0)!.node }
    }

    it('asks once more while it is used', async () => {
      const { nodes, session } = await guessed()
      nodes.ready(1, 0)
      expect(session.looks).to.deep.equal([['t'], ['t']])
    })

    it('changes to the renewed session when its requests have ended and what was written before has been read', async () => {
      const { nodes, made, sessions, session, node } = await guessed()
      node.inFlight++
      sessions.renew(session.address)
      nodes.renew(session.address)
      expect([nodes.ready(1, 0), made.length]).to.deep.equal([null, 1])
      const read = gate<FetchedMetadata>()
      session.fetchMetadata.returns(read.opened)
      nodes.ended(node)
      await turns()
      expect([nodes.ready(1, 0), made.length, session.isClosed]).to.deep.equal([null, 1, false])
      read.open({} as FetchedMetadata)
      await turns()
      expect([made.length, session.isClosed, made[1]!.asked]).to.deep.equal([2, true, 1])
      await made[1]!.connect()
      expect(nodes.ready(1, 0)!.node.session).to.equal(made[1])
    })

    it('is not renewed any more after it was let go', async () => {
      const { nodes, made, sessions, session } = await guessed()
      sessions.renew(session.address)
      nodes.renew(session.address)
      nodes.close(new ConnectionError('closed'))
      await turns()
      expect(made).to.have.length(1)
    })
  })
})

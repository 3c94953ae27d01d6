import { expect } from 'chai'
import { ConnectionError, ProducerClosedError } from '../../lib/errors.js'
import { rejectionOf, turns } from '../network/support/doubles.js'
import type { FakeBrokerSession } from '../network/support/fake-broker-session.js'
import { gate } from '../pool/support/fake-sync-producer.js'
import { at, FakeBrokers, type naming } from './support/fake-brokers.js'

describe('A MetadataSource that shares its sessions', () => {
  let brokers: FakeBrokers

  beforeEach(() => {
    brokers = new FakeBrokers()
  })

  /** As somebody who produces to this broker holds it. */
  function producingTo(port: number, load = 0): FakeBrokerSession {
    brokers.sessions.hold(at(port))
    const session = brokers.created.at(-1)!
    session.isConnected = true
    session.load = load
    return session
  }

  it('asks over the session that others use already', async () => {
    brokers.alive(1)
    const session = producingTo(1)
    await brokers.sourceOf(1).fetch(['t'])
    expect(brokers.created).to.deep.equal([session])
    expect(session.fetchMetadata.callCount).to.equal(1)
  })

  it('leaves its session to those who hold the same address later', async () => {
    brokers.alive(1)
    await brokers.sourceOf(1).fetch(['t'])
    brokers.sessions.hold(at(1))
    expect(brokers.askedPorts()).to.deep.equal([1])
  })

  it('does not close a session that others hold, be it refused, replaced or closed itself', async () => {
    const session = producingTo(1)
    const source = brokers.sourceOf(1, 2)
    brokers.refusing(1, 41)
    brokers.alive(2)
    await source.fetch(['t'])
    expect(session.isClosed, 'after a refusal').to.equal(false)
    brokers.alive(1)
    brokers.answers.delete(2)
    await source.fetch(['t'])
    brokers.answers.delete(1)
    brokers.alive(2)
    await source.fetch(['t'])
    expect(session.isClosed, 'after another broker has answered').to.equal(false)
    brokers.alive(1)
    brokers.answers.delete(2)
    await source.fetch(['t'])
    source.close(new ProducerClosedError())
    expect(session.isClosed, 'after the source was closed').to.equal(false)
    session.release()
    expect(session.isClosed, 'the source holds none of it').to.equal(true)
  })

  it('asks a broker without a request in flight before the one that has answered last', async () => {
    brokers.alive(1)
    brokers.alive(2)
    const source = brokers.sourceOf(1, 2)
    await source.fetch(['t'])
    brokers.created[0]!.load = 1
    await source.fetch(['t'])
    expect(brokers.askedPorts()).to.deep.equal([1, 2])
    await source.fetch(['t'])
    expect(brokers.created[1]!.fetchMetadata.callCount, 'which then is asked first').to.equal(2)
  })

  it('asks learned brokers that are free before a broker of the list that is busy', async () => {
    brokers.alive(1, at(7))
    brokers.alive(7)
    const source = brokers.sourceOf(1)
    await source.fetch(['t'])
    brokers.created[0]!.load = 1
    await source.fetch(['t'])
    expect(brokers.askedPorts()).to.deep.equal([1, 7])
  })

  it('asks the least loaded broker where all are busy, on a connection beside the busy one', async () => {
    for (const port of [1, 2, 3]) brokers.alive(port)
    const busy = [producingTo(1, 3), producingTo(2, 1), producingTo(3, 2)]
    const source = brokers.sourceOf(1, 2, 3)
    await source.fetch(['t'])
    expect(busy.map(({ fetchMetadata }) => fetchMetadata.callCount)).to.deep.equal([0, 0, 0])
    expect(brokers.askedPorts()).to.deep.equal([1, 2, 3, 2])
  })

  it('keeps the connection beside a busy one for the next fetches, and closes it when another broker has answered', async () => {
    brokers.alive(1)
    const shared = producingTo(1, 1)
    const source = brokers.sourceOf(1, 2)
    await source.fetch(['t'])
    shared.load = 0
    await source.fetch(['t'])
    const apart = brokers.created.at(-1)!
    expect(apart.fetchMetadata.callCount).to.equal(2)
    brokers.answers.delete(1)
    brokers.alive(2)
    await source.fetch(['t'])
    expect([apart.isClosed, shared.isClosed]).to.deep.equal([true, false])
  })

  it('goes back to the shared session when the connection beside it has ended', async () => {
    brokers.alive(1)
    const shared = producingTo(1, 1)
    const source = brokers.sourceOf(1)
    await source.fetch(['t'])
    const apart = brokers.created.at(-1)!
    apart.isConnected = false
    shared.load = 0
    await source.fetch(['t'])
    expect(shared.fetchMetadata.callCount).to.equal(1)
    expect([apart.isClosed, brokers.created.length]).to.deep.equal([true, 2])
  })

  it('asks a busy broker before one that has failed', async () => {
    brokers.alive(2)
    producingTo(2, 1)
    const source = brokers.sourceOf(1, 2)
    await source.fetch(['t'])
    expect(brokers.askedPorts(), 'before it is known').to.deep.equal([2, 1, 2])
    brokers.created.at(-1)!.isConnected = false
    await source.fetch(['t'])
    expect(brokers.askedPorts(), 'from then on').to.deep.equal([2, 1, 2, 2])
  })

  it('asks a broker that has failed in its turn again once it has answered', async () => {
    brokers.alive(2)
    const source = brokers.sourceOf(1, 2)
    await source.fetch(['t'])
    brokers.created[1]!.isConnected = false
    brokers.alive(1)
    await source.fetch(['t'])
    brokers.created[2]!.isConnected = false
    producingTo(2, 1)
    brokers.takeAskedPorts()
    await source.fetch(['t'])
    expect(brokers.created).to.deep.equal([])
  })

  it('asks the same broker again where its first answer was short, though it is busy by now', async () => {
    brokers.alive(1)
    brokers.alive(2)
    brokers.lacksTopicIds = true
    const source = brokers.sourceOf(1, 2)
    await source.fetch(['t'])
    brokers.created[0]!.load = 1
    await source.fetch(['t'])
    expect(brokers.askedPorts()).to.deep.equal([1, 1])
  })

  it('fails at once when it is closed while others wait on the same session', async () => {
    const waiting = gate<ReturnType<typeof naming>>()
    brokers.answers.set(1, () => waiting.opened)
    const session = producingTo(1)
    const source = brokers.sourceOf(1)
    const fetching = rejectionOf(source.fetch(['t']))
    await turns()
    const reason = new ProducerClosedError()
    source.close(reason)
    expect(await fetching).to.equal(reason)
    expect(session.isClosed).to.equal(false)
    waiting.fail(new ConnectionError('later'))
    await turns()
    session.release()
    expect(session.isClosed, 'and has released it').to.equal(true)
  })

  describe('renew', () => {
    it('releases the old session of the address and uses the new one', async () => {
      brokers.alive(1)
      const source = brokers.sourceOf(1)
      await source.fetch(['t'])
      brokers.sessions.renew(at(1))
      source.renew(at(1))
      expect(brokers.created.map(({ isClosed }) => isClosed)).to.deep.equal([true, false])
      await source.fetch(['t'])
      expect(brokers.created[1]!.fetchMetadata.callCount).to.equal(1)
    })

    it('does nothing for another address', async () => {
      brokers.alive(1)
      const source = brokers.sourceOf(1)
      source.renew(at(1))
      await source.fetch(['t'])
      source.renew(at(2))
      expect(brokers.askedPorts()).to.deep.equal([1])
      expect(brokers.created[0]!.isClosed).to.equal(false)
    })
  })
})

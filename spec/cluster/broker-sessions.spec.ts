import { expect } from 'chai'
import { BrokerSessions } from '../../lib/cluster/broker-sessions.js'
import { ProducerClosedError } from '../../lib/errors.js'
import { FakeBrokerSession } from '../network/support/fake-broker-session.js'

const at = (port: number, host = 'b') => ({ host, port })

describe('BrokerSessions', () => {
  let created: FakeBrokerSession[]
  let sessions: BrokerSessions

  beforeEach(() => {
    created = []
    sessions = new BrokerSessions({
      create(address, onClosed) {
        const session = new FakeBrokerSession(address, onClosed)
        created.push(session)
        return session.asReal
      },
    })
  })

  it('make no session before somebody holds one', () => {
    expect(sessions.find(at(1))).to.equal(undefined)
    expect(created).to.deep.equal([])
  })

  it('give all who hold an address the same session, however they came by the address', () => {
    const first = sessions.hold(at(1))
    expect(sessions.hold({ port: 1, host: 'b' })).to.equal(first)
    expect(sessions.find(at(1))).to.equal(first)
    expect(created).to.have.length(1)
  })

  it('give another address another session, be it the same port of another host', () => {
    const all = [at(1), at(2), at(1, 'c')].map((address) => sessions.hold(address))
    expect(new Set(all).size).to.equal(3)
    expect(created.map(({ broker }) => broker)).to.deep.equal(['b:1', 'b:2', 'c:1'])
  })

  it('keep a session open until the last of its users has released it, whoever that is', () => {
    const [one, other] = [sessions.hold(at(1)), sessions.hold(at(1))]
    one.release(new ProducerClosedError())
    expect(created[0]!.isClosed).to.equal(false)
    expect(sessions.find(at(1)), 'and it is still the session of the address').to.equal(other)
    const last = new ProducerClosedError()
    other.release(last)
    expect(created[0]!.closes).to.deep.equal([last])
  })

  it('make a new session for an address whose session was closed, and keep nothing of the closed one', () => {
    sessions.hold(at(1)).release()
    expect(sessions.find(at(1))).to.equal(undefined)
    expect(sessions.hold(at(1))).to.equal(created[1]!.asReal)
  })

  it('find a session without holding it', () => {
    const session = sessions.hold(at(1))
    sessions.find(at(1))
    session.release()
    expect(created[0]!.isClosed).to.equal(true)
  })

  it('hold one apart from that of the address, which is closed with its only user', () => {
    const shared = sessions.hold(at(1))
    const apart = sessions.holdApart(at(1))
    expect(apart).not.to.equal(shared)
    expect(sessions.hold(at(1))).to.equal(shared)
    apart.release()
    expect(created.map(({ isClosed }) => isClosed)).to.deep.equal([false, true])
    expect(sessions.find(at(1))).to.equal(shared)
  })

  describe('renew', () => {
    it('gives who holds the address from now on a new session, and leaves the old one to its users', () => {
      const old = sessions.hold(at(1))
      sessions.renew(at(1))
      expect(sessions.find(at(1))).to.equal(undefined)
      const renewed = sessions.hold(at(1))
      expect(renewed).not.to.equal(old)
      expect(created[0]!.isClosed).to.equal(false)
    })

    it('does not lose the new session when the old one is closed', () => {
      const old = sessions.hold(at(1))
      sessions.renew(at(1))
      const renewed = sessions.hold(at(1))
      old.release()
      expect(sessions.find(at(1))).to.equal(renewed)
      expect(created.map(({ isClosed }) => isClosed)).to.deep.equal([true, false])
    })

    it('leaves other addresses alone, and does nothing for one that nobody holds', () => {
      const other = sessions.hold(at(2))
      sessions.renew(at(1))
      expect(sessions.hold(at(2))).to.equal(other)
    })
  })
})

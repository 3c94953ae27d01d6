import { expect } from 'chai'
import { ConnectionError, UnconfirmedError } from '../../lib/errors.js'
import { UnconfirmedTally } from '../../lib/producer/unconfirmed-tally.js'

const reason = new ConnectionError('gone')

function unconfirmed(requests: number, messages: number) {
  return { requests, messages, partitionsByTopic: new Map() }
}

describe('UnconfirmedTally', () => {
  let tally: UnconfirmedTally

  beforeEach(() => {
    tally = new UnconfirmedTally()
  })

  it('makes the next flush throw once, with all unconfirmed messages', () => {
    tally.add(unconfirmed(1, 4), new ConnectionError('first'))
    tally.add(unconfirmed(2, 6), reason)
    const end = tally.begin()
    expect(end)
      .to.throw(UnconfirmedError)
      .that.includes({ requests: 3, messages: 10, cause: reason, persistence: 'possibly-persisted' })
    expect(tally.begin()).not.to.throw()
  })

  it('makes a flush throw for messages left unconfirmed while it waits', () => {
    const end = tally.begin()
    tally.add(unconfirmed(1, 1), reason)
    expect(end).to.throw(/up to 1 message \(1 request\) may be lost/)
  })

  it('makes all concurrent flushes throw, and no later one', () => {
    tally.add(unconfirmed(1, 2), reason)
    const ends = [tally.begin(), tally.begin()]
    for (const end of ends) expect(end).to.throw(UnconfirmedError)
    const later = tally.begin()
    tally.add(unconfirmed(1, 3), reason)
    expect(later).to.throw(UnconfirmedError).that.includes({ messages: 3 })
  })
})

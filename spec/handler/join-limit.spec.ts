import { expect } from 'chai'
import { bytesOf, JoinLimit } from '../../lib/handler/join-limit.js'
import { serialized } from './support/pending-messages.js'

const messages = (count: number) => Array.from({ length: count }, () => serialized('four'))

describe('bytesOf', () => {
  it('bytesOf counts the bytes of calls that others may join', () => {
    expect([bytesOf(messages(1)), bytesOf(messages(1999))]).to.deep.equal([4, 4 * 1999])
  })

  it('bytesOf looks at no value of a call that nothing joins, and nothing joins it whatever its bytes', () => {
    expect(bytesOf(messages(2000))).to.equal(0)
    const limit = new JoinLimit()
    expect([limit.admits(2000, 0), limit.admits(1, 1)]).to.deep.equal([true, false])
    const other = new JoinLimit()
    expect([other.admits(1, 1), other.admits(2000, 0)]).to.deep.equal([true, false])
  })
})

import { expect } from 'chai'
import { AuthenticationError } from '../../lib/errors.js'
import { LoginRefusals } from '../../lib/network/login-refusals.js'

describe('LoginRefusals', () => {
  const error = new AuthenticationError('no')

  it('doubles the pause with each refusal in a row, from 1 s up to 30 s', () => {
    const refusals = new LoginRefusals(() => 0)
    let nowMs = 5000
    for (const pauseMs of [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]) {
      refusals.refused('b:1', error, nowMs)
      expect(refusals.of('b:1', nowMs + pauseMs - 1)).to.equal(error)
      expect(refusals.of('b:1', nowMs + pauseMs)).to.equal(null)
      nowMs += pauseMs
    }
  })

  it('leaves a fifth of the pause to chance', () => {
    const refusals = new LoginRefusals(() => 0.5)
    refusals.refused('b:1', error, 0)
    expect([refusals.of('b:1', 899), refusals.of('b:1', 900)]).to.deep.equal([error, null])
  })

  it('begins anew after a login that was accepted, and counts each broker by itself', () => {
    const refusals = new LoginRefusals(() => 0)
    refusals.refused('b:1', error, 0)
    refusals.refused('b:1', error, 1000)
    expect(refusals.of('b:2', 1000)).to.equal(null)
    refusals.accepted('b:1')
    expect(refusals.of('b:1', 1000)).to.equal(null)
    refusals.refused('b:1', error, 2000)
    expect(refusals.of('b:1', 3000)).to.equal(null)
  })

  it('remembers a thousand brokers at most', () => {
    const refusals = new LoginRefusals()
    for (let i = 0; i <= 1000; i++) refusals.refused(`b:${i}`, error, 0)
    expect([refusals.of('b:0', 1), refusals.of('b:1', 1)]).to.deep.equal([null, error])
  })
})

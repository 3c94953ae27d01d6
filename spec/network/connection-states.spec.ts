import { expect } from 'chai'
import { ConnectionStates } from '../../lib/network/connection-states.js'

describe('ConnectionStates', () => {
  it('counts failures in a row, keeps the address of the last connection, and begins again with each connection', () => {
    const states = new ConnectionStates()
    expect(states.of('a:1')).to.deep.equal({ failures: 0, lastAddress: null })
    states.failed('a:1')
    states.failed('a:1')
    expect(states.of('a:1')).to.deep.equal({ failures: 2, lastAddress: null })
    states.connected('a:1', '10.0.0.1')
    expect(states.of('a:1')).to.deep.equal({ failures: 0, lastAddress: '10.0.0.1' })
    states.failed('a:1')
    expect(states.of('a:1')).to.deep.equal({ failures: 1, lastAddress: '10.0.0.1' })
    expect(states.of('b:1')).to.deep.equal({ failures: 0, lastAddress: null })
  })

  it('forgets the broker that was tried longest ago when there are more than 1,000', () => {
    const states = new ConnectionStates()
    for (let i = 0; i < 1000; i++) states.failed(`broker${i}:1`)
    states.failed('broker0:1')
    states.failed('one-more:1')
    expect([0, 1, 2].map((i) => states.of(`broker${i}:1`).failures)).to.deep.equal([2, 0, 1])
  })
})

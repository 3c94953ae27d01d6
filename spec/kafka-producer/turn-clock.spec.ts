import { expect } from 'chai'
import sinon from 'sinon'
import { TurnClock } from '../../lib/kafka-producer/turn-clock.js'

describe('TurnClock', () => {
  it('reads the clocks once a turn, and again after 64 records', () => {
    const clock = sinon.useFakeTimers({ now: 1000, toFake: ['performance', 'Date', 'setImmediate'] })
    const turn = new TurnClock()
    turn.tick()
    expect(turn.epochMs).to.equal(1000)
    clock.setSystemTime(2000)
    for (let i = 0; i < 64; i++) turn.tick()
    expect(turn.epochMs).to.equal(1000)
    turn.tick()
    expect(turn.epochMs).to.equal(2000)
  })

  it('reads them anew in the next turn', () => {
    const clock = sinon.useFakeTimers({ now: 1000, toFake: ['performance', 'Date', 'setImmediate'] })
    const turn = new TurnClock()
    turn.tick()
    const beforeMs = turn.nowMs
    clock.tick(5)
    turn.tick()
    expect([turn.epochMs, turn.nowMs - beforeMs]).to.deep.equal([1005, 5])
  })
})

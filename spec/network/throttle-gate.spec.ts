import { expect } from 'chai'
import sinon from 'sinon'
import { ThrottleGate } from '../../lib/network/throttle-gate.js'

describe('ThrottleGate', () => {
  let clock: sinon.SinonFakeTimers
  let gate: ThrottleGate
  let over: boolean

  beforeEach(() => {
    clock = sinon.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
    gate = new ThrottleGate()
    over = false
  })

  afterEach(() => gate.end())

  function follow(): void {
    void gate.wait()!.then(() => {
      over = true
    })
  }

  it('is open before the first throttle time', () => {
    expect(gate.wait()).to.equal(null)
  })

  it('releases its waiters after the throttle time, and opens', async () => {
    gate.begin(100)
    follow()
    await clock.tickAsync(99)
    expect(over).to.equal(false)
    await clock.tickAsync(1)
    expect([over, gate.wait()]).to.deep.equal([true, null])
  })

  it('releases its waiters in their order', async () => {
    gate.begin(100)
    const order: number[] = []
    for (const i of [1, 2, 3]) void gate.wait()!.then(() => order.push(i))
    await clock.tickAsync(100)
    expect(order).to.deep.equal([1, 2, 3])
  })

  it('lasts as long as the later end of two', async () => {
    gate.begin(100)
    follow()
    await clock.tickAsync(50)
    gate.begin(100)
    await clock.tickAsync(99)
    expect(over).to.equal(false)
    await clock.tickAsync(1)
    expect(over).to.equal(true)
  })

  it('is not shortened by one that ends earlier', async () => {
    gate.begin(100)
    follow()
    gate.begin(10)
    await clock.tickAsync(99)
    expect(over).to.equal(false)
    await clock.tickAsync(1)
    expect(over).to.equal(true)
  })

  it('can close again', async () => {
    gate.begin(10)
    await clock.tickAsync(10)
    gate.begin(10)
    follow()
    await clock.tickAsync(9)
    expect(over).to.equal(false)
    await clock.tickAsync(1)
    expect(over).to.equal(true)
  })

  it('limits the throttle time to five minutes', async () => {
    gate.begin(2 ** 31 - 1)
    follow()
    await clock.tickAsync(300_000)
    expect(over).to.equal(true)
  })

  it('ends at once on request, and leaves no timer', async () => {
    gate.begin(100)
    const waited = gate.wait()
    gate.end()
    await waited
    expect([gate.wait(), clock.countTimers()]).to.deep.equal([null, 0])
  })
})

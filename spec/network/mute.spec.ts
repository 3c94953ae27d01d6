import { expect } from 'chai'
import sinon from 'sinon'
import { Mute } from '../../lib/network/mute.js'

describe('Mute', () => {
  let clock: sinon.SinonFakeTimers
  let mute: Mute
  let over: boolean

  beforeEach(() => {
    clock = sinon.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
    mute = new Mute()
    over = false
  })

  afterEach(() => mute.end())

  function follow(): void {
    void mute.wait()!.then(() => {
      over = true
    })
  }

  it('holds nothing back before it begins', () => {
    expect(mute.wait()).to.equal(null)
  })

  it('lets those who wait go on when the time is over, and nobody has to wait any more', async () => {
    mute.begin(100)
    follow()
    await clock.tickAsync(99)
    expect(over).to.equal(false)
    await clock.tickAsync(1)
    expect([over, mute.wait()]).to.deep.equal([true, null])
  })

  it('lets them go on in the order of waiting', async () => {
    mute.begin(100)
    const order: number[] = []
    for (const i of [1, 2, 3]) void mute.wait()!.then(() => order.push(i))
    await clock.tickAsync(100)
    expect(order).to.deep.equal([1, 2, 3])
  })

  it('lasts as long as the later end of two', async () => {
    mute.begin(100)
    follow()
    await clock.tickAsync(50)
    mute.begin(100)
    await clock.tickAsync(99)
    expect(over).to.equal(false)
    await clock.tickAsync(1)
    expect(over).to.equal(true)
  })

  it('is not cut short by one that ends earlier', async () => {
    mute.begin(100)
    follow()
    mute.begin(10)
    await clock.tickAsync(99)
    expect(over).to.equal(false)
    await clock.tickAsync(1)
    expect(over).to.equal(true)
  })

  it('can begin again', async () => {
    mute.begin(10)
    await clock.tickAsync(10)
    mute.begin(10)
    follow()
    await clock.tickAsync(9)
    expect(over).to.equal(false)
    await clock.tickAsync(1)
    expect(over).to.equal(true)
  })

  it('does not believe a broker that wants more than five minutes', async () => {
    mute.begin(2 ** 31 - 1)
    follow()
    await clock.tickAsync(300_000)
    expect(over).to.equal(true)
  })

  it('ends at once when it is told to, and leaves no timer', async () => {
    mute.begin(100)
    const waited = mute.wait()
    mute.end()
    await waited
    expect([mute.wait(), clock.countTimers()]).to.deep.equal([null, 0])
  })
})

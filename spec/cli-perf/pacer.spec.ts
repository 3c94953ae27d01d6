import { expect } from 'chai'
import { Pacer } from '../../lib/cli-perf/pacer.js'

describe('Pacer', () => {
  /** 100 messages a second, so one every 10 ms. */
  const pacer = (more = {}): Pacer =>
    new Pacer({ perSecond: 100, threads: 1, threadId: 0, startMs: 1000, ...more })

  it('lets a message go every period, counted from the start', () => {
    const paced = pacer()
    expect(paced.waitMs(1000)).to.equal(0)
    paced.take()
    expect(paced.waitMs(1000)).to.equal(10)
    expect(paced.waitMs(1007)).to.equal(3)
    paced.take()
    expect(paced.waitMs(1007)).to.equal(13)
  })

  it('does not drift when it is woken late each time', () => {
    const paced = pacer({ perSecond: 3 })
    for (let n = 0; n < 30_000; n++) {
      paced.woke(1000 + (n * 1000) / 3 + 1.3)
      paced.take()
    }
    expect(paced.waitMs(1000)).to.be.closeTo(10_000_000, 0.001)
  })

  it('makes the threads take turns', () => {
    const first = pacer({ threads: 2 })
    const second = pacer({ threads: 2, threadId: 1 })
    expect([first.waitMs(1000), second.waitMs(1000)]).to.deep.equal([0, 10])
    first.take()
    second.take()
    expect([first.waitMs(1000), second.waitMs(1000)]).to.deep.equal([20, 30])
  })

  it('counts the latency of a message that goes late from when it was due', () => {
    const paced = pacer()
    expect([paced.take(), paced.take(), paced.take()]).to.deep.equal([1000, 1010, 1020])
  })

  it('does not count what a timer is late', () => {
    const paced = pacer({ perSecond: 10_000 })
    paced.take()
    paced.woke(1000.9)
    expect(paced.take()).to.equal(1000.9)
    expect(paced.take()).to.equal(1000.9)
    for (let n = 3; n < 10; n++) paced.take()
    expect(paced.take()).to.equal(1001)
  })

  it('counts what a timer is late beyond that, because then the producer kept the thread', () => {
    const paced = pacer()
    paced.take()
    paced.woke(1050)
    expect([paced.take(), paced.take()]).to.deep.equal([1012, 1020])
  })
})

import { expect } from 'chai'
import { Meter, RateClock } from '../../lib/metrics/meter.js'

const INTERVAL_MS = 5000
const MINUTE_MS = 60_000

describe('Meter', () => {
  let nowMs: number
  let clock: RateClock
  let meter: Meter

  beforeEach(() => {
    nowMs = 1_000_000
    clock = new RateClock(() => nowMs)
    meter = new Meter(clock)
  })

  function later(milliseconds: number): void {
    nowMs += milliseconds
    clock.advance()
  }

  /** Events spread evenly, with a look at the clock each second. */
  function traffic(eventsPerSecond: number, durationMs: number): void {
    for (let passed = 0; passed < durationMs; passed += 1000) {
      meter.mark(eventsPerSecond)
      later(1000)
    }
  }

  it('counts events', () => {
    meter.mark()
    meter.mark(41)
    expect(meter.count).to.equal(42)
    expect(meter.read().count).to.equal(42)
  })

  it('has rates of zero before the first event', () => {
    expect(meter.read()).to.deep.equal({
      count: 0,
      meanRate: 0,
      oneMinuteRate: 0,
      fiveMinuteRate: 0,
      fifteenMinuteRate: 0,
    })
  })

  it('reports the mean rate per second since its creation', () => {
    later(2000)
    const late = new Meter(clock)
    late.mark(30)
    later(1500)
    expect(late.read().meanRate).to.equal(20)
  })

  it('reports no rate in the first five seconds, then theirs', () => {
    meter.mark(100)
    later(INTERVAL_MS - 1)
    expect(meter.read().oneMinuteRate).to.equal(0)
    later(1)
    expect(meter.read()).to.include({ oneMinuteRate: 20, fiveMinuteRate: 20, fifteenMinuteRate: 20 })
  })

  it('reports an even rate', () => {
    traffic(300, 20 * MINUTE_MS)
    const { meanRate, oneMinuteRate, fiveMinuteRate, fifteenMinuteRate } = meter.read()
    for (const rate of [meanRate, oneMinuteRate, fiveMinuteRate, fifteenMinuteRate]) {
      expect(rate).to.be.closeTo(300, 1e-6)
    }
  })

  it('decays over one, five and fifteen minutes without events', () => {
    traffic(100, 10 * MINUTE_MS)
    later(5 * MINUTE_MS)
    const { oneMinuteRate, fiveMinuteRate, fifteenMinuteRate } = meter.read()
    expect(oneMinuteRate).to.be.closeTo(100 * Math.exp(-5), 1e-6)
    expect(fiveMinuteRate).to.be.closeTo(100 * Math.exp(-1), 1e-6)
    expect(fifteenMinuteRate).to.be.closeTo(100 * Math.exp(-1 / 3), 1e-6)
  })

  it('rises with the same time constants', () => {
    later(10 * MINUTE_MS)
    traffic(100, MINUTE_MS)
    expect(meter.read().oneMinuteRate).to.be.closeTo(100 * (1 - Math.exp(-1)), 1e-6)
  })

  it('decays alike whether it is read often or once', () => {
    const other = new Meter(clock)
    for (let minute = 0; minute < 5; minute++) {
      meter.mark(1000)
      other.mark(1000)
      for (let i = 0; i < 12; i++) {
        later(INTERVAL_MS)
        meter.read()
      }
    }
    expect(other.read().oneMinuteRate).to.be.closeTo(meter.read().oneMinuteRate, 1e-9)
  })

  it('forgets a burst between two reads', () => {
    traffic(1000, INTERVAL_MS)
    later(60 * MINUTE_MS)
    expect(meter.read().oneMinuteRate).to.be.below(1e-20)
  })

  it('counts beyond 32 bits', () => {
    meter.mark(2 ** 33)
    meter.mark(1)
    expect(meter.count).to.equal(2 ** 33 + 1)
  })
})

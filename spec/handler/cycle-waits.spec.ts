import { expect } from 'chai'
import sinon from 'sinon'
import { CycleWaits } from '../../lib/handler/cycle-waits.js'
import { Envelope } from '../../lib/handler/envelope.js'
import { KeyedMessage } from '../../lib/keyed-message.js'

describe('CycleWaits', () => {
  let clock: sinon.SinonFakeTimers
  let waits: CycleWaits

  beforeEach(() => {
    clock = sinon.useFakeTimers({ now: 1_000_000 })
    waits = new CycleWaits((envelopes) =>
      envelopes.filter(({ deadlineMs }) => deadlineMs === 0 || deadlineMs > performance.now()),
    )
  })

  afterEach(() => clock.restore())

  /** @param limitMs - from now; 0 for none. */
  function message(limitMs: number): Envelope {
    const deadlineMs = limitMs > 0 ? performance.now() + limitMs : 0
    return new Envelope(new KeyedMessage('t', 'm'), null, deadlineMs)
  }

  /** When the wait is over, in milliseconds from now, and what is left then. */
  async function over(
    wait: Promise<readonly Envelope[]>,
  ): Promise<[atMs: number, left: readonly Envelope[]]> {
    const startMs = performance.now()
    const left = wait.then((envelopes): [number, readonly Envelope[]] => [
      performance.now() - startMs,
      envelopes,
    ])
    await clock.runAllAsync()
    return left
  }

  it('backs off for as long as it is told', async () => {
    const envelopes = [message(0), message(500)]
    expect(await over(waits.backOff(100, envelopes))).to.deep.equal([100, envelopes])
  })

  it('lets a message go whose time limit ends meanwhile, and goes on for the others', async () => {
    const first = message(30)
    const second = message(70)
    const third = message(0)
    expect(await over(waits.backOff(100, [third, second, first]))).to.deep.equal([100, [third]])
  })

  it('backs off for nobody', async () => {
    expect(await over(waits.backOff(100, [message(30), message(20)]))).to.deep.equal([30, []])
  })

  it('ends a back-off early, and later ones, when it is ended', async () => {
    const envelopes = [message(0)]
    setTimeout(() => waits.end(), 40)
    expect(await over(waits.backOff(100, envelopes))).to.deep.equal([40, envelopes])
    expect(await over(waits.backOff(100, envelopes))).to.deep.equal([0, envelopes])
  })

  it('waits for an answer, without a timer of its own where no message has a time limit', async () => {
    const envelopes = [message(0)]
    const wait = waits.forAnswer(new Promise((resolve) => setTimeout(resolve, 60)), envelopes)
    expect(clock.countTimers()).to.equal(1)
    expect(await over(wait)).to.deep.equal([60, envelopes])
  })

  it('waits for an answer no longer than the last time limit, and leaves no timer behind', async () => {
    const wait = waits.forAnswer(new Promise(() => {}), [message(50), message(20)])
    expect(await over(wait)).to.deep.equal([50, []])
    const others = waits.forAnswer(Promise.resolve(), [message(1000)])
    await clock.tickAsync(0)
    expect(await others).to.have.length(1)
    expect(clock.countTimers()).to.equal(0)
  })
})

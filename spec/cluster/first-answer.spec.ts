import { expect } from 'chai'
import sinon from 'sinon'
import { firstAnswer } from '../../lib/cluster/first-answer.js'
import { gate } from '../pool/support/fake-sync-producer.js'

const PATIENCE_MS = 1000

describe('Asking for the first answer', () => {
  let clock: sinon.SinonFakeTimers
  let gates: Map<string, ReturnType<typeof gate<string>>>

  beforeEach(() => {
    clock = sinon.useFakeTimers()
    gates = new Map()
  })
  afterEach(() => clock.restore())

  function asking(...candidates: string[]): Promise<string | null> {
    const ask = (name: string): Promise<string> => {
      const answer = gate<string>()
      gates.set(name, answer)
      return answer.opened
    }
    return firstAnswer(candidates, ask, PATIENCE_MS)
  }

  it('asks nobody else while the first one answers in time', async () => {
    const answer = asking('a', 'b')
    await clock.tickAsync(PATIENCE_MS - 1)
    gates.get('a')!.open('from a')
    expect(await answer).to.equal('from a')
    expect([...gates.keys()]).to.deep.equal(['a'])
    expect(clock.countTimers()).to.equal(0)
  })

  it('asks the next one at once when one fails', async () => {
    const answer = asking('a', 'b')
    gates.get('a')!.fail(new Error('refused'))
    await clock.tickAsync(0)
    expect([...gates.keys()]).to.deep.equal(['a', 'b'])
    gates.get('b')!.open('from b')
    expect(await answer).to.equal('from b')
  })

  it('asks the next one beside one that takes long, and takes whichever answer comes first', async () => {
    for (const winner of ['a', 'b']) {
      gates.clear()
      const answer = asking('a', 'b', 'c')
      await clock.tickAsync(PATIENCE_MS)
      expect([...gates.keys()]).to.deep.equal(['a', 'b'])
      gates.get(winner)!.open(winner)
      expect(await answer).to.equal(winner)
      expect(clock.countTimers(), 'timers left').to.equal(0)
    }
  })

  it('asks nobody after an answer, whoever fails then', async () => {
    const answer = asking('a', 'b', 'c')
    await clock.tickAsync(PATIENCE_MS)
    gates.get('b')!.open('from b')
    await answer
    gates.get('a')!.fail(new Error('late'))
    await clock.tickAsync(PATIENCE_MS * 10)
    expect([...gates.keys()]).to.deep.equal(['a', 'b'])
  })

  it('has no answer only when all have failed, those that take long included', async () => {
    const answer = asking('a', 'b')
    let settled: unknown = 'not yet'
    void answer.then((value) => (settled = value))
    await clock.tickAsync(PATIENCE_MS)
    gates.get('b')!.fail(new Error('refused'))
    await clock.tickAsync(PATIENCE_MS)
    expect(settled).to.equal('not yet')
    gates.get('a')!.fail(new Error('too late'))
    expect(await answer).to.equal(null)
  })

  it('has none where there is nobody to ask', async () => {
    expect(await asking()).to.equal(null)
  })
})

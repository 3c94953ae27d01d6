import { expect } from 'chai'
import fc from 'fast-check'
import { FlushTracker } from '../../lib/producer/flush-tracker.js'

/** Waits under a name; @returns the names of the waits that have ended. */
function watch(tracker: FlushTracker) {
  const reached: string[] = []
  const reach = (name: string, ahead = 0): void => void tracker.reach(ahead).then(() => reached.push(name))
  return { reached, reach }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

describe('FlushTracker', () => {
  it('has an empty position before the first item', async () => {
    const tracker = new FlushTracker()
    await tracker.reach(0)
    expect(tracker.isAwaited).to.equal(false)
  })

  it('advances portion by portion when portions end in their order', async () => {
    const tracker = new FlushTracker()
    const { reached, reach } = watch(tracker)
    const first = tracker.take(2)
    reach('first')
    const second = tracker.take(3)
    reach('second')
    reach('second again')
    first()
    await turn()
    expect(reached).to.deep.equal(['first'])
    expect(tracker.isAwaited).to.equal(true)
    second()
    await turn()
    expect(reached).to.deep.equal(['first', 'second', 'second again'])
    expect(tracker.isAwaited).to.equal(false)
  })

  it('does not advance past an unfinished portion', async () => {
    const tracker = new FlushTracker()
    const { reached, reach } = watch(tracker)
    const ends = ['first', 'second', 'third'].map((name) => {
      const end = tracker.take(1)
      reach(name)
      return end
    })
    ends[2]!()
    ends[1]!()
    await turn()
    expect(reached).to.deep.equal([])
    ends[0]!()
    await turn()
    expect(reached).to.deep.equal(['first', 'second', 'third'])
  })

  it('can be waited for before the items are handed out', async () => {
    const tracker = new FlushTracker()
    const { reached, reach } = watch(tracker)
    reach('two', 2)
    tracker.take(1)()
    await turn()
    expect(reached).to.deep.equal([])
    tracker.take(1)()
    await turn()
    expect(reached).to.deep.equal(['two'])
  })

  it('waits for all of a portion that begins before the place waited for and ends behind it', async () => {
    const tracker = new FlushTracker()
    const { reached, reach } = watch(tracker)
    reach('one', 1)
    const end = tracker.take(5)
    await turn()
    expect(reached).to.deep.equal([])
    end()
    await turn()
    expect(reached).to.deep.equal(['one'])
  })

  it('accepts empty portions', async () => {
    const tracker = new FlushTracker()
    const { reached, reach } = watch(tracker)
    const [empty, one] = [tracker.take(0), tracker.take(1)]
    reach('both')
    one()
    await turn()
    expect(reached).to.deep.equal([])
    empty()
    await turn()
    expect(reached).to.deep.equal(['both'])
  })

  it('resolves each wait with the last item before its position, for random portions', async () => {
    const step = fc.oneof(
      fc.record({ take: fc.integer({ min: 1, max: 3 }) }),
      fc.record({ end: fc.nat() }),
      fc.record({ ahead: fc.nat(4) }),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const tracker = new FlushTracker()
        const { reached, reach } = watch(tracker)
        const open: { start: number; end: () => void }[] = []
        const waits: { name: string; place: number }[] = []
        let taken = 0
        for (const one of steps) {
          if ('take' in one) {
            open.push({ start: taken, end: tracker.take(one.take) })
            taken += one.take
          } else if ('end' in one) {
            for (const { end } of open.splice(one.end % Math.max(1, open.length), 1)) end()
          } else {
            // What is queued behind a place is not taken back, so places do not go down.
            const place = Math.max(taken + one.ahead, waits.at(-1)?.place ?? 0)
            waits.push({ name: `${waits.length}`, place })
            reach(waits.at(-1)!.name, place - taken)
          }
          await turn()
          const isOver = ({ place }: { place: number }): boolean =>
            place <= taken && open.every(({ start }) => start >= place)
          expect(reached).to.deep.equal(waits.filter(isOver).map(({ name }) => name))
          expect(tracker.isAwaited).to.equal(reached.length < waits.length)
        }
      }),
      { numRuns: 100 },
    )
  })
})

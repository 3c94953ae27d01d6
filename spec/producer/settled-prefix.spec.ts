import { expect } from 'chai'
import { SettledPrefix } from '../../lib/producer/settled-prefix.js'

/** Notes when so many items are over. */
function watch(prefix: SettledPrefix, ...targets: number[]): number[] {
  const reached: number[] = []
  for (const target of targets) void prefix.reach(target).then(() => reached.push(target))
  return reached
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

describe('SettledPrefix', () => {
  it('has reached nothing and everything before the first item', async () => {
    const prefix = new SettledPrefix()
    await prefix.reach(0)
    expect([prefix.taken, prefix.isAwaited]).to.deep.equal([0, false])
  })

  it('is reached portion by portion when they end in their order', async () => {
    const prefix = new SettledPrefix()
    const [first, second] = [prefix.take(2), prefix.take(3)]
    const reached = watch(prefix, 1, 2, 3, 5)
    first()
    await turn()
    expect(reached).to.deep.equal([1, 2])
    expect(prefix.isAwaited).to.equal(true)
    second()
    await turn()
    expect(reached).to.deep.equal([1, 2, 3, 5])
    expect([prefix.taken, prefix.isAwaited]).to.deep.equal([5, false])
  })

  it('counts nothing behind a portion that is not over', async () => {
    const prefix = new SettledPrefix()
    const [first, second, third] = [prefix.take(1), prefix.take(1), prefix.take(1)]
    const reached = watch(prefix, 1, 2, 3)
    third()
    second()
    await turn()
    expect(reached).to.deep.equal([])
    first()
    await turn()
    expect(reached).to.deep.equal([1, 2, 3])
  })

  it('can be waited for before the items are handed out', async () => {
    const prefix = new SettledPrefix()
    const reached = watch(prefix, 2)
    prefix.take(1)()
    await turn()
    expect(reached).to.deep.equal([])
    prefix.take(1)()
    await turn()
    expect(reached).to.deep.equal([2])
  })

  it('takes portions of nothing', async () => {
    const prefix = new SettledPrefix()
    const [empty, one] = [prefix.take(0), prefix.take(1)]
    const reached = watch(prefix, 1)
    one()
    await turn()
    expect(reached).to.deep.equal([])
    empty()
    await turn()
    expect(reached).to.deep.equal([1])
  })
})

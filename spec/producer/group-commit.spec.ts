import { expect } from 'chai'
import type { PendingMessage } from '../../lib/handler/pending-message.js'
import { GroupCommit } from '../../lib/producer/group-commit.js'
import { serialized, textsOf } from '../handler/support/pending-messages.js'

function makeGroupCommit(maxInFlight?: number) {
  /** Cycles that were begun. */
  const cycles: string[][] = []
  const ends: (() => void)[] = []
  const commit = new GroupCommit((batch) => {
    cycles.push(textsOf(batch))
    return new Promise((resolve) => {
      ends.push(resolve)
    })
  }, maxInFlight)
  /** One call, in a turn of its own. */
  const submit = async (...texts: string[]): Promise<void> => {
    commit.submit(texts.map((text) => serialized(text)))
    await Promise.resolve()
  }
  /** Ends the oldest cycle under way, or one behind it. */
  const end = async (position = 0): Promise<void> => {
    ends.splice(position, 1)[0]!()
    await turn()
  }
  return { commit, cycles, submit, end }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

async function isDone(promise: Promise<unknown>): Promise<boolean> {
  let isOver = false
  void promise.then(() => {
    isOver = true
  })
  await turn()
  return isOver
}

function ofLength(name: string, length: number): PendingMessage {
  return serialized(name.padEnd(length, '.'))
}

describe('GroupCommit', () => {
  it('sends a single call in the same turn', async () => {
    const { cycles, submit } = makeGroupCommit()
    await submit('a', 'b')
    expect(cycles).to.deep.equal([['a', 'b']])
  })

  it('sends calls that come while a cycle is in flight together in the next one, in their order', async () => {
    const { cycles, submit, end } = makeGroupCommit()
    await submit('a')
    await submit('b', 'c')
    await submit('d')
    await submit('e')
    expect(cycles).to.deep.equal([['a']])
    await end()
    expect(cycles).to.deep.equal([['a'], ['b', 'c', 'd', 'e']])
    await submit('f')
    await end()
    expect(cycles).to.deep.equal([['a'], ['b', 'c', 'd', 'e'], ['f']])
  })

  it('sends the next call at once again when it was idle', async () => {
    const { cycles, submit, end } = makeGroupCommit()
    await submit('a')
    await end()
    await submit('b')
    expect(cycles).to.deep.equal([['a'], ['b']])
  })

  it('sends calls of one turn together, in their order', async () => {
    const { commit, cycles, submit, end } = makeGroupCommit()
    commit.submit([serialized('a')])
    commit.submit([serialized('b'), serialized('c')])
    await submit('d')
    expect(cycles).to.deep.equal([['a', 'b', 'c', 'd']])
    await end()
  })

  it('begins no cycle for a call without messages', async () => {
    const { cycles, submit } = makeGroupCommit()
    await submit()
    expect(cycles).to.deep.equal([])
  })

  it('begins one cycle at a time, also when a message is submitted from within one', async () => {
    const begun: string[][] = []
    let inFlight = 0
    const commit: GroupCommit = new GroupCommit(async (batch) => {
      expect(++inFlight).to.equal(1)
      begun.push(textsOf(batch))
      if (begun.length < 3) commit.submit([serialized(`again ${begun.length}`)])
      await turn()
      inFlight--
    })
    commit.submit([serialized('a')])
    await Promise.resolve()
    await commit.flush()
    expect(begun).to.deep.equal([['a'], ['again 1'], ['again 2']])
  })

  it('joins later calls up to 900,000 bytes, so that a compressed set stays below what brokers take', async () => {
    const { commit, cycles, submit, end } = makeGroupCommit()
    await submit('first')
    commit.submit([ofLength('a', 400_000)])
    commit.submit([ofLength('b', 500_000)])
    commit.submit([ofLength('c', 1)])
    await end()
    expect(cycles[1]!.map((text) => text[0])).to.deep.equal(['a', 'b'])
    await end()
    expect(cycles[2]).to.deep.equal(['c'])
  })

  it('counts the bytes of keys', async () => {
    const { commit, cycles, submit, end } = makeGroupCommit()
    await submit('first')
    commit.submit([serialized('a', { key: 'k'.repeat(899_999) })])
    commit.submit([serialized('b')])
    await end()
    expect(cycles[1]).to.deep.equal(['a'])
  })

  it('counts a null value as 0 bytes', async () => {
    const { commit, cycles, submit, end } = makeGroupCommit()
    await submit('first')
    commit.submit([ofLength('a', 900_000)])
    commit.submit([Object.assign(serialized('null'), { value: null })])
    await end()
    expect(cycles[1]).to.have.length(2)
  })

  it('does not split a single call, however large', async () => {
    const { commit, cycles, submit, end } = makeGroupCommit()
    await submit('first')
    commit.submit([ofLength('a', 800_000), ofLength('b', 800_000)])
    await end()
    expect(cycles[1]).to.have.length(2)
  })

  describe('with several cycles at a time', () => {
    it('sends calls at once up to the limit, and later ones together when one ends', async () => {
      const { cycles, submit, end } = makeGroupCommit(2)
      await submit('a')
      await submit('b')
      await submit('c')
      await submit('d')
      expect(cycles).to.deep.equal([['a'], ['b']])
      await end(1)
      expect(cycles).to.deep.equal([['a'], ['b'], ['c', 'd']])
      await end()
      await end()
    })

    it('sends calls of one turn together while others are in flight, and as many cycles as they need', async () => {
      const { commit, cycles, submit } = makeGroupCommit(Number.POSITIVE_INFINITY)
      await submit('a')
      for (const text of ['b', 'c']) commit.submit([ofLength(text, 400_000)])
      await submit('d'.padEnd(400_000, '.'))
      expect(cycles.map((cycle) => cycle.map((text) => text[0]))).to.deep.equal([['a'], ['b', 'c'], ['d']])
    })

    it('makes a flush wait for the first cycle though later ones end before it', async () => {
      const { commit, submit, end } = makeGroupCommit(3)
      await submit('a')
      const first = commit.flush()
      await submit('b')
      await submit('c')
      const all = commit.flush()
      await end(1)
      await end(1)
      expect([await isDone(first), await isDone(all)]).to.deep.equal([false, false])
      await end()
      expect([await isDone(first), await isDone(all)]).to.deep.equal([true, true])
    })

    it('does not wait for a cycle that began after the flush', async () => {
      const { commit, submit, end } = makeGroupCommit(2)
      await submit('a')
      const flush = commit.flush()
      await submit('b')
      await end()
      expect(await isDone(flush)).to.equal(true)
      await end()
    })
  })

  describe('flush', () => {
    it('resolves at once when nothing is in flight', async () => {
      await makeGroupCommit().commit.flush()
    })

    it('waits for the cycle in flight and for the calls behind it', async () => {
      const { commit, submit, end } = makeGroupCommit()
      await submit('a')
      await submit('b')
      const flush = commit.flush()
      await end()
      expect(await isDone(flush)).to.equal(false)
      await end()
      expect(await isDone(flush)).to.equal(true)
    })

    it('does not wait for later calls, even if they never stop', async () => {
      const { commit, submit, end } = makeGroupCommit()
      await submit('a')
      const flush = commit.flush()
      await submit('b')
      await end()
      expect(await isDone(flush)).to.equal(true)
      await submit('c')
      await end()
      await end()
    })

    it('settles each call when its own messages are settled', async () => {
      const { commit, submit, end } = makeGroupCommit()
      await submit('a')
      const first = commit.flush()
      await submit('b')
      const second = commit.flush()
      await end()
      expect([await isDone(first), await isDone(second)]).to.deep.equal([true, false])
      await end()
      expect(await isDone(second)).to.equal(true)
    })
  })
})

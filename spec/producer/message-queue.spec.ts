import { expect } from 'chai'
import fc from 'fast-check'
import sinon from 'sinon'
import { MessageQueue } from '../../lib/producer/message-queue.js'
import { countSteps } from '../support/count-steps.js'

/** Items are texts; their bytes are their length. */
function makeQueue(capacity: number, maxBytes: number | null = null): MessageQueue<string> {
  return new MessageQueue({ capacity, maxBytes, bytesOf: (item) => item.length })
}

function full(...items: string[]): MessageQueue<string> {
  const queue = makeQueue(items.length)
  for (const item of items) queue.offer(item)
  return queue
}

describe('MessageQueue', () => {
  it('returns items in the order in which they came', () => {
    const queue = makeQueue(10)
    for (const item of ['a', 'b', 'c']) expect(queue.offer(item)).to.equal(true)
    expect(queue.take(2)).to.deep.equal(['a', 'b'])
    queue.offer('d')
    expect(queue.take(5)).to.deep.equal(['c', 'd'])
    expect(queue.take(5)).to.deep.equal([])
  })

  it('takes the list that it has shown for the same items, and another one for others', () => {
    const queue = full('a', 'b', 'c', 'd')
    const front = queue.front(2)
    expect(queue.take(2)).to.equal(front)
    expect(front).to.deep.equal(['a', 'b'])
    const next = queue.front(1)
    expect(queue.take(2)).to.deep.equal(['c', 'd'])
    expect(next).to.deep.equal(['c'])
    expect(queue.take(1)).to.deep.equal([])
  })

  it('returns its first item without removing it', () => {
    const queue = makeQueue(2)
    expect(queue.peek()).to.equal(undefined)
    queue.offer('a')
    queue.offer('b')
    expect([queue.peek(), queue.size]).to.deep.equal(['a', 2])
    queue.take(2)
    expect(queue.peek()).to.equal(undefined)
  })

  it('returns its first items without removing them, and they go on taking room', () => {
    const queue = new MessageQueue<string>({ capacity: 3, maxBytes: null, bytesOf: () => 0 })
    for (const item of ['a', 'b', 'c']) queue.offer(item)
    expect([queue.front(2), queue.front(9), queue.size, queue.offer('d')]).to.deep.equal([
      ['a', 'b'],
      ['a', 'b', 'c'],
      3,
      false,
    ])
  })

  it('needs the same number of steps for each waiting call, however many wait', async () => {
    const stepsFor = (calls: number): Promise<number> =>
      countSteps(async () => {
        const queue = full('first')
        const puts = Array.from({ length: calls }, (_, i) => queue.put([`${i}`], -1))
        while (queue.size > 0) queue.take(1)
        await Promise.all(puts)
      })
    expect((await stepsFor(1000)) / (await stepsFor(500))).to.be.lessThan(2.1)
  })

  it('accepts items up to its capacity', () => {
    const queue = makeQueue(3)
    expect(['a', 'b', 'c', 'd'].map((item) => queue.offer(item))).to.deep.equal([true, true, true, false])
    expect(queue.size).to.equal(3)
    queue.take(1)
    expect(queue.offer('d')).to.equal(true)
    expect(queue.take(3)).to.deep.equal(['b', 'c', 'd'])
  })

  it('holds tens of thousands of items, also across the end of its ring', () => {
    const queue = makeQueue(50_000)
    for (let i = 0; i < 10; i++) queue.offer(`warm-up ${i}`)
    queue.take(10)
    for (let i = 0; i < 50_000; i++) expect(queue.offer(`${i}`)).to.equal(true)
    expect(queue.offer('one more')).to.equal(false)
    expect(queue.take(50_000)).to.deep.equal(Array.from({ length: 50_000 }, (_, i) => `${i}`))
  })

  it('keeps no reference to a removed item', () => {
    const queue = full('a', 'b')
    queue.take(2)
    expect(Object.values(queue)).not.to.include('a')
    expect(queue.size).to.equal(0)
  })

  describe('with a limit of bytes', () => {
    it('is full when one more would exceed it', () => {
      const queue = makeQueue(100, 10)
      expect(['four', 'four', '3cc', '22'].map((item) => queue.offer(item))).to.deep.equal([
        true,
        true,
        false,
        true,
      ])
    })

    it('subtracts the bytes of removed items', () => {
      const queue = makeQueue(100, 10)
      queue.offer('12345')
      queue.offer('12345')
      queue.take(1)
      expect(queue.offer('1234')).to.equal(true)
      expect(queue.offer('12')).to.equal(false)
    })

    it('accepts an item larger than the limit when it is empty', () => {
      const queue = makeQueue(100, 10)
      expect(queue.offer('x'.repeat(11))).to.equal(true)
      expect(queue.offer('')).to.equal(false)
      queue.take(1)
      expect(queue.offer('')).to.equal(true)
    })

    it('subtracts the size counted at acceptance, though the item has another size by then', () => {
      const queue = new MessageQueue<{ bytes: number }>({
        capacity: 100,
        maxBytes: 10,
        bytesOf: ({ bytes }) => bytes,
      })
      const items = [{ bytes: 6 }, { bytes: 4 }]
      for (const item of items) expect(queue.offer(item)).to.equal(true)
      items[0]!.bytes = 0
      items[1]!.bytes = 1000
      queue.take(2)
      expect([5, 5, 1].map((bytes) => queue.offer({ bytes }))).to.deep.equal([true, true, false])
    })

    it('keeps the sizes with their items when its ring grows and when it begins anew', () => {
      const sizes = new Map<string, number>()
      const bytesOf = (item: string): number => sizes.get(item)!
      const queue = new MessageQueue<string>({ capacity: 1000, maxBytes: 100_000, bytesOf })
      const offer = (item: string, bytes: number): boolean => {
        sizes.set(item, bytes)
        const isTaken = queue.offer(item)
        sizes.set(item, 0)
        return isTaken
      }
      for (let i = 0; i < 10; i++) offer(`early ${i}`, 1)
      queue.take(10)
      for (let i = 0; i < 100; i++) offer(`${i}`, i)
      queue.take(99)
      // The last one is counted with its 99 bytes.
      expect(offer('too large', 99_902)).to.equal(false)
      expect(offer('just right', 99_901)).to.equal(true)
    })

    it('does not ask for the size of items where there is no such limit', () => {
      const bytesOf = sinon.fake.returns(1)
      const queue = new MessageQueue<string>({ capacity: 5, maxBytes: null, bytesOf })
      queue.offer('a')
      queue.take(1)
      expect(bytesOf.callCount).to.equal(0)
    })
  })

  describe('put', () => {
    let clock: sinon.SinonFakeTimers
    beforeEach(() => {
      clock = sinon.useFakeTimers()
    })

    /** How many were taken, or `waits`. */
    async function stateOf(put: Promise<number>): Promise<number | 'waits'> {
      await clock.tickAsync(0)
      return Promise.race([put, Promise.resolve('waits' as const)])
    }

    it('accepts at once what there is room for', async () => {
      const queue = makeQueue(3)
      expect(await queue.put(['a', 'b'], -1)).to.equal(2)
      expect(queue.take(3)).to.deep.equal(['a', 'b'])
    })

    it('refuses at once what there is no room for with a time-out of 0, and keeps the items before it', async () => {
      const queue = makeQueue(3)
      expect(await queue.put(['a', 'b', 'c', 'd', 'e'], 0)).to.equal(3)
      expect(queue.take(9)).to.deep.equal(['a', 'b', 'c'])
      expect(queue.waiting).to.equal(0)
    })

    it('waits without limit with a negative time-out', async () => {
      const queue = full('a')
      const put = queue.put(['b'], -1)
      await clock.tickAsync(1_000_000_000)
      expect(await stateOf(put)).to.equal('waits')
      expect([queue.waiting, clock.countTimers()]).to.deep.equal([1, 0])
      expect(queue.take(1)).to.deep.equal(['a'])
      expect(await put).to.equal(1)
      expect(queue.take(1)).to.deep.equal(['b'])
    })

    it('gives up exactly at the time-out', async () => {
      const queue = full('a')
      const put = queue.put(['b'], 200)
      await clock.tickAsync(199)
      expect(await stateOf(put)).to.equal('waits')
      await clock.tickAsync(1)
      expect(await stateOf(put)).to.equal(0)
      expect([queue.waiting, queue.take(5)]).to.deep.equal([0, ['a']])
    })

    it('gives up after a time-out of 1 ms', async () => {
      const put = full('a').put(['b'], 1)
      await clock.tickAsync(1)
      expect(await stateOf(put)).to.equal(0)
    })

    it('does not restart the time-out when items were removed and there is still no room', async () => {
      const queue = makeQueue(10, 10)
      for (const item of ['1', '2', '345678']) queue.offer(item)
      const put = queue.put(['123456789'], 200)
      await clock.tickAsync(150)
      queue.take(1)
      await clock.tickAsync(50)
      expect(await stateOf(put)).to.equal(0)
    })

    it('leaves no timer after a successful wait', async () => {
      const queue = full('a')
      const put = queue.put(['b'], 200)
      queue.take(1)
      expect(await put).to.equal(1)
      expect(clock.countTimers()).to.equal(0)
    })

    it('accepts waiting items in their order', async () => {
      const queue = full('a', 'b')
      const admitted: string[] = []
      for (const item of ['c', 'd', 'e']) void queue.put([item], -1).then(() => admitted.push(item))
      queue.take(1)
      await clock.tickAsync(0)
      expect(admitted).to.deep.equal(['c'])
      queue.take(2)
      await clock.tickAsync(0)
      expect(admitted).to.deep.equal(['c', 'd', 'e'])
      expect(queue.take(9)).to.deep.equal(['d', 'e'])
    })

    it('accepts no new item before waiting ones, even where there is room for it', async () => {
      const queue = makeQueue(10, 10)
      queue.offer('12345678')
      const put = queue.put(['123'], -1)
      expect(queue.offer('1')).to.equal(false)
      const late = queue.put(['2'], 0)
      expect(await late).to.equal(0)
      queue.take(1)
      expect(await put).to.equal(1)
      expect(queue.offer('1')).to.equal(true)
    })

    it('keeps the items of a call together and in order while other calls wait', async () => {
      const queue = full('x')
      const puts = [queue.put(['a1', 'a2', 'a3'], -1), queue.put(['b1'], -1), queue.put(['c1', 'c2'], -1)]
      const taken: string[] = []
      for (let i = 0; i < 7; i++) {
        taken.push(...queue.take(1))
        await clock.tickAsync(0)
      }
      expect(taken).to.deep.equal(['x', 'a1', 'a2', 'a3', 'b1', 'c1', 'c2'])
      expect(await Promise.all(puts)).to.deep.equal([3, 1, 2])
    })

    it('counts the time-out of each item of a call from the acceptance of the previous one', async () => {
      const queue = full('x')
      const put = queue.put(['a', 'b', 'c'], 200)
      await clock.tickAsync(150)
      queue.take(1)
      await clock.tickAsync(150)
      queue.take(1)
      await clock.tickAsync(199)
      expect(await stateOf(put)).to.equal('waits')
      await clock.tickAsync(1)
      expect(await stateOf(put)).to.equal(2)
    })

    it('accepts the next item when a larger one in front of it gives up', async () => {
      const queue = makeQueue(10, 10)
      queue.offer('12345678')
      const large = queue.put(['123456'], 100)
      const small = queue.put(['12'], 500)
      await clock.tickAsync(100)
      expect([await stateOf(large), await stateOf(small)]).to.deep.equal([0, 1])
      expect(queue.take(9)).to.deep.equal(['12345678', '12'])
    })

    it('ends a wait when its signal aborts, and keeps the accepted items', async () => {
      const queue = full('a')
      const controller = new AbortController()
      const put = queue.put(['b', 'c'], 1000, controller.signal)
      queue.take(1)
      controller.abort()
      expect(await put).to.equal(1)
      expect([queue.waiting, clock.countTimers(), queue.take(9)]).to.deep.equal([0, 0, ['b']])
    })

    it('does not wait with an aborted signal', async () => {
      expect(await full('a').put(['b'], -1, AbortSignal.abort())).to.equal(0)
    })

    it('accepts what there is room for with an aborted signal', async () => {
      expect(await makeQueue(5).put(['b'], -1, AbortSignal.abort())).to.equal(1)
    })

    it('adds one listener to a signal that many calls share, until the last of them is accepted', async () => {
      const { signal } = new AbortController()
      const add = sinon.spy(signal, 'addEventListener')
      const remove = sinon.spy(signal, 'removeEventListener')
      const queue = full('x')
      const puts = Array.from({ length: 1000 }, (_, i) => queue.put([`${i}`], -1, signal))
      for (let i = 0; i < 999; i++) queue.take(1)
      expect([add.callCount, remove.callCount, queue.waiting]).to.deep.equal([1, 0, 1])
      queue.take(1)
      await Promise.all(puts)
      expect([add.callCount, remove.callCount, queue.waiting]).to.deep.equal([1, 1, 0])
      void queue.put(['again'], 0, signal)
      expect(add.callCount).to.equal(1)
    })

    it('ends all waits of a signal when it aborts, and looks for room once for the others', async () => {
      const bytesOf = sinon.fake.returns(1)
      const queue = new MessageQueue<string>({ capacity: 100, maxBytes: 1, bytesOf })
      queue.offer('x')
      const controller = new AbortController()
      const aborted = Array.from({ length: 1000 }, (_, i) => queue.put([`${i}`], 1000, controller.signal))
      const other = new AbortController()
      const staying = [queue.put(['a'], -1), queue.put(['b'], -1, other.signal)]
      const callsBefore = bytesOf.callCount
      controller.abort()
      expect(await Promise.all(aborted)).to.deep.equal(Array(1000).fill(0))
      expect([queue.waiting, clock.countTimers()]).to.deep.equal([2, 0])
      expect(bytesOf.callCount - callsBefore).to.be.at.most(1)
      for (const item of ['x', 'a', 'b']) expect(queue.take(1)).to.deep.equal([item])
      expect(await Promise.all(staying)).to.deep.equal([1, 1])
    })

    it('waits with a signal again after all its waits have ended', async () => {
      const controller = new AbortController()
      const queue = full('x')
      const first = queue.put(['a'], -1, controller.signal)
      queue.take(1)
      expect(await first).to.equal(1)
      const second = queue.put(['b'], -1, controller.signal)
      controller.abort()
      expect(await second).to.equal(0)
    })

    it('continues where removing the listener of a foreign signal throws', async () => {
      const signal = {
        aborted: false,
        addEventListener: () => {},
        removeEventListener: () => {
          throw new Error('not implemented')
        },
      } as unknown as AbortSignal
      const queue = full('x')
      const put = queue.put(['a'], -1, signal)
      expect(queue.take(1)).to.deep.equal(['x'])
      expect(await put).to.equal(1)
    })

    it('leaves no listener on a long-lived signal', async () => {
      const { signal } = new AbortController()
      const add = sinon.spy(signal, 'addEventListener')
      const remove = sinon.spy(signal, 'removeEventListener')
      const queue = full('a')
      const put = queue.put(['b'], -1, signal)
      queue.take(1)
      await put
      expect(add.callCount).to.equal(1)
      expect(remove.args).to.deep.equal([['abort', add.firstCall.args[1]]])
    })
  })

  it('behaves like a list with a waiting line, for random operations', () => {
    type Step = { offer: number } | { take: number } | { put: number[] } | { giveUp: number }
    const step: fc.Arbitrary<Step> = fc.oneof(
      fc.record({ offer: fc.nat(6) }),
      fc.record({ take: fc.nat(6) }),
      fc.record({ put: fc.array(fc.nat(6), { minLength: 1, maxLength: 4 }) }),
      fc.record({ giveUp: fc.nat(3) }),
    )
    const limits = fc.record({
      capacity: fc.integer({ min: 1, max: 40 }),
      maxBytes: fc.option(fc.integer({ min: 1, max: 30 }), { nil: null }),
    })
    fc.assert(
      fc.property(limits, fc.array(step, { maxLength: 80 }), ({ capacity, maxBytes }, steps) => {
        const queue = makeQueue(capacity, maxBytes)
        let list: string[] = []
        let line: { items: string[]; controller: AbortController }[] = []
        let count = 0
        const item = (bytes: number): string => `${count++}`.padEnd(bytes, '.').slice(0, Math.max(bytes, 3))
        const hasRoomFor = (one: string): boolean =>
          list.length < capacity &&
          (maxBytes === null || list.length === 0 || list.join('').length + one.length <= maxBytes)
        const admit = (): void => {
          while (line.length > 0) {
            const { items } = line[0]!
            while (items.length > 0 && hasRoomFor(items[0]!)) list.push(items.shift()!)
            if (items.length > 0) return
            line.shift()
          }
        }

        for (const one of steps) {
          if ('offer' in one) {
            const text = item(one.offer)
            const isTaken = line.length === 0 && hasRoomFor(text)
            if (isTaken) list.push(text)
            expect(queue.offer(text)).to.equal(isTaken)
          } else if ('take' in one) {
            expect(queue.take(one.take)).to.deep.equal(list.slice(0, one.take))
            list = list.slice(one.take)
            admit()
          } else if ('put' in one) {
            const items = one.put.map(item)
            const controller = new AbortController()
            void queue.put([...items], -1, controller.signal)
            line.push({ items, controller })
            if (line.length === 1) admit()
          } else if (line.length > 0) {
            const [gone] = line.splice(one.giveUp % line.length, 1)
            gone!.controller.abort()
            admit()
          }
          expect([queue.size, queue.waiting]).to.deep.equal([list.length, line.length])
        }
        expect(queue.take(1000)).to.deep.equal(list)
        for (const { controller } of line) controller.abort()
        line = []
      }),
      { numRuns: 300 },
    )
  })
})

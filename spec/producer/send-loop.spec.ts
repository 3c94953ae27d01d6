import { expect } from 'chai'
import fc from 'fast-check'
import sinon from 'sinon'
import { MessageQueue } from '../../lib/producer/message-queue.js'
import { SendLoop } from '../../lib/producer/send-loop.js'

interface Settings {
  batchSize?: number
  lingerMs?: number
  capacity?: number
  /** Milliseconds that each batch takes. */
  dispatchMs?: number
  /** Batches that may be on their way at a time. */
  maxInFlight?: number
  /** How long after the beginning the time limit of an item has passed; 0 for never. */
  deadlineMsOf?: (item: string) => number
}

describe('SendLoop', () => {
  let clock: sinon.SinonFakeTimers
  beforeEach(() => {
    clock = sinon.useFakeTimers()
  })

  function makeLoop({
    batchSize = 5,
    lingerMs = 1_000_000,
    capacity = 1000,
    dispatchMs = 0,
    maxInFlight,
    deadlineMsOf = () => 0,
  }: Settings = {}) {
    const queue = new MessageQueue<string>({ capacity, maxBytes: null, bytesOf: () => 0 })
    const startMs = performance.now()
    /** `ms: a b c` per batch. */
    const batches: string[] = []
    let concurrent = 0
    const dispatch = async (batch: string[]): Promise<void> => {
      expect(++concurrent, 'batches at a time').to.be.at.most(maxInFlight ?? 1)
      batches.push(`${Math.round(performance.now() - startMs)}: ${batch.join(' ')}`)
      if (dispatchMs > 0) await new Promise((resolve) => setTimeout(resolve, dispatchMs))
      concurrent--
    }
    const loop = new SendLoop({
      queue,
      dispatch,
      batchSize,
      lingerMs,
      ...(maxInFlight && { maxInFlight }),
      deadlineMsOf: (item) => deadlineMsOf(item) && startMs + deadlineMsOf(item),
    })
    const send = (...items: string[]): void => {
      for (const item of items) {
        queue.offer(item)
        loop.notify()
      }
    }
    return { queue, loop, batches, send }
  }

  /** Whether a promise is settled by now. */
  async function isDone(promise: Promise<unknown>): Promise<boolean> {
    let isOver = false
    void promise.then(() => {
      isOver = true
    })
    await clock.tickAsync(0)
    return isOver
  }

  describe('by count', () => {
    // Upstream: AsyncProducerTest.testBatchSize.
    it('sends a batch as soon as it is full, and the rest at the end', async () => {
      const { batches, loop, send } = makeLoop({ batchSize: 5 })
      send('1', '2', '3', '4', '5', '6', '7', '8', '9', '10')
      await clock.tickAsync(0)
      expect(batches).to.deep.equal(['0: 1 2 3 4 5', '0: 6 7 8 9 10'])
      loop.stopLingering()
      await clock.tickAsync(0)
      expect(batches).to.have.length(2)
    })

    it('makes no batch larger than its size', async () => {
      const { batches, send } = makeLoop({ batchSize: 2, lingerMs: 100 })
      send('a', 'b', 'c', 'd', 'e')
      await clock.tickAsync(0)
      expect(batches).to.deep.equal(['0: a b', '0: c d'])
    })

    for (const batchSize of [1, 0, -3]) {
      it(`sends each message alone with batch.num.messages=${batchSize}`, async () => {
        const { batches, send } = makeLoop({ batchSize })
        send('a', 'b')
        await clock.tickAsync(0)
        expect(batches).to.deep.equal(['0: a', '0: b'])
      })
    }
  })

  describe('by time', () => {
    // Upstream: AsyncProducerTest.testQueueTimeExpired.
    it('sends the queued messages after queue.buffering.max.ms', async () => {
      const { batches, send } = makeLoop({ batchSize: 5, lingerMs: 200 })
      send('a', 'b')
      await clock.tickAsync(199)
      expect(batches).to.deep.equal([])
      await clock.tickAsync(101)
      expect(batches).to.deep.equal(['200: a b'])
    })

    // Golden g03: linger 600, sent at 400, flushed at 611.
    it('counts from the start, not from the arrival of the message', async () => {
      const { batches, send } = makeLoop({ lingerMs: 600 })
      await clock.tickAsync(400)
      send('a')
      await clock.tickAsync(1000)
      expect(batches).to.deep.equal(['600: a'])
    })

    // Golden g04: linger 300, sent at 450, flushed at 614.
    it('starts the next interval when one ends without messages', async () => {
      const { batches, send } = makeLoop({ lingerMs: 300 })
      await clock.tickAsync(450)
      send('a')
      await clock.tickAsync(1000)
      expect(batches).to.deep.equal(['600: a'])
    })

    it('waits a whole interval for a message that comes exactly at the end of one', async () => {
      const { batches, send } = makeLoop({ lingerMs: 300 })
      await clock.tickAsync(900)
      send('a')
      await clock.tickAsync(1000)
      expect(batches).to.deep.equal(['1200: a'])
    })

    // Golden g28: a message every 60 ms, linger 300: flushes at 319, 621, 924, 1226.
    it('sends a trickle of messages once an interval, counted from the previous flush', async () => {
      const { batches, send } = makeLoop({ batchSize: 100, lingerMs: 300 })
      for (let i = 1; i <= 20; i++) {
        send(`${i}`)
        await clock.tickAsync(60)
      }
      expect(batches).to.deep.equal([
        '300: 1 2 3 4 5',
        '600: 6 7 8 9 10',
        '900: 11 12 13 14 15',
        '1200: 16 17 18 19 20',
      ])
    })

    it('counts from the end of a slow batch', async () => {
      const { batches, send } = makeLoop({ batchSize: 100, lingerMs: 300, dispatchMs: 1000 })
      send('a')
      await clock.tickAsync(500)
      send('b')
      await clock.tickAsync(2000)
      expect(batches).to.deep.equal(['300: a', '1600: b'])
    })

    it('counts from a full batch, too', async () => {
      const { batches, send } = makeLoop({ batchSize: 2, lingerMs: 300 })
      await clock.tickAsync(200)
      send('a', 'b', 'c')
      await clock.tickAsync(1000)
      expect(batches).to.deep.equal(['200: a b', '500: c'])
    })

    it('sets a timer only while messages are queued', async () => {
      const { send } = makeLoop({ lingerMs: 300 })
      expect(clock.countTimers()).to.equal(0)
      send('a', 'b', 'c')
      expect(clock.countTimers()).to.equal(1)
      await clock.tickAsync(300)
      expect(clock.countTimers()).to.equal(0)
    })

    it('sets no timer while a batch is in flight', async () => {
      const { send } = makeLoop({ batchSize: 1, lingerMs: 300, dispatchMs: 50 })
      send('a')
      send('b', 'c')
      expect(clock.countTimers(), 'the batch’s own').to.equal(1)
      await clock.tickAsync(200)
    })
  })

  // docs/decisions/0000-classic-producer.md#d10
  for (const lingerMs of [0, -5]) {
    describe(`with queue.buffering.max.ms=${lingerMs}`, () => {
      it('sends messages of one event-loop turn together as soon as it is free', async () => {
        const { batches, send } = makeLoop({ batchSize: 10, lingerMs })
        send('a', 'b', 'c')
        expect(batches).to.deep.equal([])
        await clock.tickAsync(0)
        expect(batches).to.deep.equal(['0: a b c'])
      })

      it('collects messages while a batch is in flight', async () => {
        const { batches, send } = makeLoop({ batchSize: 10, lingerMs, dispatchMs: 50 })
        send('a')
        await clock.tickAsync(1)
        send('b')
        await clock.tickAsync(10)
        send('c')
        await clock.tickAsync(100)
        expect(batches.map((batch) => batch.split(': ')[1])).to.deep.equal(['a', 'b c'])
      })

      it('does not spin while the queue is empty', async () => {
        const { send } = makeLoop({ lingerMs })
        expect(clock.countTimers()).to.equal(0)
        send('a')
        await clock.tickAsync(5)
        expect(clock.countTimers()).to.equal(0)
      })
    })
  }

  describe('one batch at a time', () => {
    // After a slow batch the next one takes everything that was queued: docs/reference/classic-producer.md#the-send-thread.
    it('sends the messages collected behind a slow batch together, up to the batch size', async () => {
      const { batches, send } = makeLoop({ batchSize: 3, dispatchMs: 100 })
      send('a', 'b', 'c')
      await clock.tickAsync(10)
      send('d', 'e', 'f', 'g')
      await clock.tickAsync(300)
      expect(batches).to.deep.equal(['0: a b c', '100: d e f'])
    })

    it('accepts waiting messages when a batch is taken', async () => {
      const { batches, queue, send } = makeLoop({ batchSize: 2, capacity: 2, dispatchMs: 100 })
      send('a', 'b')
      send('c', 'd')
      const put = queue.put(['e', 'f'], -1)
      expect(queue.waiting).to.equal(1)
      await clock.tickAsync(100)
      expect(await put).to.equal(2)
      await clock.tickAsync(200)
      expect(batches).to.deep.equal(['0: a b', '100: c d', '200: e f'])
    })
  })

  describe('flush', () => {
    it('resolves at once when there is nothing to send', async () => {
      const { loop, batches } = makeLoop()
      await loop.flush()
      expect(batches).to.deep.equal([])
    })

    it('sends the queued messages without waiting, and resolves when each has its outcome', async () => {
      const { batches, loop, send } = makeLoop({ batchSize: 2, dispatchMs: 50 })
      send('a')
      const flush = loop.flush()
      send('b', 'c')
      await clock.tickAsync(49)
      expect(await isDone(flush)).to.equal(false)
      await clock.tickAsync(1)
      expect(await isDone(flush)).to.equal(true)
      expect(batches[0]).to.equal('0: a')
    })

    it('waits for a batch in flight, and sends nothing itself', async () => {
      const { batches, loop, send } = makeLoop({ batchSize: 2, dispatchMs: 50 })
      send('a', 'b')
      const flush = loop.flush()
      await clock.tickAsync(50)
      expect(await isDone(flush)).to.equal(true)
      expect(batches).to.deep.equal(['0: a b'])
    })

    it('does not wait for later messages, even if the queue is never empty', async () => {
      const { loop, send } = makeLoop({ batchSize: 1, dispatchMs: 10 })
      send('first')
      const flush = loop.flush()
      let isOver = false
      void flush.then(() => {
        isOver = true
      })
      for (let i = 0; i < 50 && !isOver; i++) {
        send(`later ${i}`, `later still ${i}`)
        await clock.tickAsync(5)
      }
      expect(isOver).to.equal(true)
      loop.stopLingering()
      await clock.tickAsync(2000)
    })

    it('leaves later messages to their linger time', async () => {
      const { batches, loop, send } = makeLoop({ batchSize: 3, lingerMs: 300, dispatchMs: 50 })
      send('a')
      const flush = loop.flush()
      await clock.tickAsync(10)
      send('b')
      await clock.tickAsync(40)
      expect(await isDone(flush)).to.equal(true)
      await clock.tickAsync(1000)
      expect(batches).to.deep.equal(['0: a', '350: b'])
    })

    it('can be called concurrently, each call waiting for the messages queued before it', async () => {
      const { loop, send } = makeLoop({ batchSize: 1, dispatchMs: 10 })
      const over: string[] = []
      send('a')
      void loop.flush().then(() => over.push('first'))
      send('b')
      void loop.flush().then(() => over.push('second'))
      void loop.flush().then(() => over.push('third'))
      await clock.tickAsync(10)
      expect(over).to.deep.equal(['first'])
      await clock.tickAsync(10)
      expect(over).to.deep.equal(['first', 'second', 'third'])
    })

    it('clears the timer of the messages it sends', async () => {
      const { loop, send } = makeLoop({ lingerMs: 300 })
      send('a')
      await loop.flush()
      expect(clock.countTimers()).to.equal(0)
    })
  })

  describe('stopLingering', () => {
    it('sends queued messages at once', async () => {
      const { batches, loop, send } = makeLoop({ lingerMs: 300 })
      await clock.tickAsync(10)
      send('a')
      loop.stopLingering()
      await clock.tickAsync(0)
      expect(batches).to.deep.equal(['10: a'])
      expect(clock.countTimers()).to.equal(0)
    })

    it('sends later messages at once', async () => {
      const { batches, loop, send } = makeLoop({ lingerMs: 300 })
      loop.stopLingering()
      send('a')
      await clock.tickAsync(5)
      send('b')
      await clock.tickAsync(0)
      expect(batches).to.deep.equal(['0: a', '5: b'])
    })

    it('does nothing where nothing is queued', async () => {
      const { batches, loop } = makeLoop()
      loop.stopLingering()
      await clock.tickAsync(10)
      expect([batches, clock.countTimers()]).to.deep.equal([[], 0])
    })

    it('lets a batch in flight end first', async () => {
      const { batches, loop, send } = makeLoop({ batchSize: 2, dispatchMs: 100 })
      send('a', 'b', 'c')
      loop.stopLingering()
      await clock.tickAsync(300)
      expect(batches).to.deep.equal(['0: a b', '100: c'])
    })
  })

  describe('with several batches at a time', () => {
    it('sends the next full batch while others are in flight, up to the limit', async () => {
      const { batches, send } = makeLoop({ batchSize: 2, dispatchMs: 50, maxInFlight: 2 })
      send('a', 'b', 'c', 'd', 'e', 'f')
      await clock.tickAsync(49)
      expect(batches).to.deep.equal(['0: a b', '0: c d'])
      await clock.tickAsync(1)
      expect(batches).to.deep.equal(['0: a b', '0: c d', '50: e f'])
      await clock.tickAsync(50)
    })

    it('sends several when the queue has grown by more than one at once', async () => {
      const { queue, batches, loop } = makeLoop({ batchSize: 2, dispatchMs: 50, maxInFlight: 5 })
      for (const item of ['a', 'b', 'c', 'd', 'e']) queue.offer(item)
      loop.notify()
      expect(batches).to.deep.equal(['0: a b', '0: c d'])
      loop.stopLingering()
      await clock.tickAsync(50)
      expect(batches[2]).to.equal('0: e')
    })

    it('lets an incomplete batch linger while another is in flight', async () => {
      const { batches, send } = makeLoop({ batchSize: 2, lingerMs: 100, dispatchMs: 1000, maxInFlight: 2 })
      send('a', 'b', 'c')
      await clock.tickAsync(99)
      expect(batches).to.deep.equal(['0: a b'])
      await clock.tickAsync(1)
      expect(batches).to.deep.equal(['0: a b', '100: c'])
      await clock.tickAsync(1000)
    })

    it('makes a flush wait for the first batch though later ones end before it', async () => {
      const queue = new MessageQueue<string>({ capacity: 9, maxBytes: null, bytesOf: () => 0 })
      const ends: (() => void)[] = []
      const dispatch = (): Promise<void> => new Promise((resolve) => ends.push(resolve))
      const loop = new SendLoop({ queue, dispatch, batchSize: 1, lingerMs: 0, maxInFlight: 3 })
      const flushes: Promise<void>[] = []
      for (const item of ['a', 'b', 'c']) {
        queue.offer(item)
        loop.notify()
        flushes.push(loop.flush())
      }
      const areDone = (): Promise<boolean[]> => Promise.all(flushes.map((flush) => isDone(flush)))
      ends[1]!()
      ends[2]!()
      expect(await areDone()).to.deep.equal([false, false, false])
      ends[0]!()
      expect(await areDone()).to.deep.equal([true, true, true])
    })
  })

  describe('with something to prepare', () => {
    function makePreparing(capacity = 9) {
      const queue = new MessageQueue<string>({ capacity, maxBytes: null, bytesOf: () => 0 })
      const ends: (() => void)[] = []
      const events: string[] = []
      const dispatch = (batch: string[]): Promise<void> => {
        events.push(`dispatch ${batch.join(' ')}`)
        return new Promise((resolve) => ends.push(resolve))
      }
      const prepare = (batch: string[]): void => {
        events.push(`prepare ${batch.join(' ')}, ${queue.size} queued`)
      }
      const loop = new SendLoop({ queue, dispatch, prepare, batchSize: 2, lingerMs: 1_000_000 })
      const send = (...items: string[]): void => {
        for (const item of items) {
          queue.offer(item)
          loop.notify()
        }
      }
      return { ends, events, loop, queue, send }
    }

    it('prepares the next batch once while one is under way, and leaves it in the queue until its turn', async () => {
      const { ends, events, send } = makePreparing()
      send('a', 'b', 'c', 'd', 'e', 'f')
      await clock.tickAsync(0)
      expect(events).to.deep.equal(['dispatch a b', 'prepare c d, 4 queued'])
      await clock.tickAsync(10)
      ends[0]!()
      await clock.tickAsync(0)
      expect(events.slice(2)).to.deep.equal(['dispatch c d', 'prepare e f, 2 queued'])
    })

    it('prepares a batch that becomes full while one is under way, and none before', async () => {
      const { events, send } = makePreparing()
      send('a', 'b', 'c')
      await clock.tickAsync(10)
      expect(events).to.deep.equal(['dispatch a b'])
      send('d')
      await clock.tickAsync(0)
      expect(events.slice(1)).to.deep.equal(['prepare c d, 2 queued'])
    })

    it('prepares what is left where it will not linger', async () => {
      const { events, loop, send } = makePreparing()
      send('a', 'b', 'c')
      loop.stopLingering()
      await clock.tickAsync(0)
      expect(events.slice(1)).to.deep.equal(['prepare c, 1 queued'])
    })

    it('prepares nothing where the batch under way has ended before', async () => {
      const { ends, events, send } = makePreparing()
      send('a', 'b', 'c', 'd')
      ends[0]!()
      await clock.tickAsync(0)
      expect(events).to.deep.equal(['dispatch a b', 'dispatch c d'])
    })
  })

  it('loses, repeats and reorders no message, and holds none longer than the linger time', async () => {
    clock.restore()
    const step = fc.oneof(
      fc.record({ send: fc.integer({ min: 1, max: 7 }) }),
      fc.record({ wait: fc.integer({ min: 1, max: 400 }) }),
      fc.constant({ flush: true as const }),
    )
    const settings = fc.record({
      batchSize: fc.integer({ min: 1, max: 6 }),
      lingerMs: fc.integer({ min: 0, max: 300 }),
      dispatchMs: fc.integer({ min: 0, max: 100 }),
      maxInFlight: fc.integer({ min: 1, max: 3 }),
    })
    await fc.assert(
      fc.asyncProperty(settings, fc.array(step, { maxLength: 25 }), async (given, steps) => {
        clock = sinon.useFakeTimers()
        try {
          const { batches, loop, send } = makeLoop(given)
          let count = 0
          const flushes: Promise<void>[] = []
          for (const one of steps) {
            if ('send' in one) for (let i = 0; i < one.send; i++) send(`${count++}`)
            else if ('wait' in one) await clock.tickAsync(one.wait)
            else flushes.push(loop.flush())
          }
          await clock.tickAsync(given.lingerMs + (count + 1) * (given.dispatchMs + given.lingerMs + 1))
          const sent = batches.flatMap((batch) => batch.split(' ').slice(1))
          expect(sent).to.deep.equal(Array.from({ length: count }, (_, i) => `${i}`))
          await Promise.all(flushes)
          expect(clock.countTimers()).to.equal(0)
        } finally {
          clock.restore()
        }
      }),
      { numRuns: 60 },
    )
  })

  it('dispatches lingering messages when the first one expires, and not before', async () => {
    const deadlineMsOf = (item: string): number => (item === 'first' ? 300 : 5000)
    const { batches, send } = makeLoop({ lingerMs: 10_000, deadlineMsOf })
    await clock.tickAsync(100)
    send('first', 'second')
    await clock.tickAsync(300)
    expect(batches).to.deep.equal(['301: first second'])
    send('third')
    await clock.tickAsync(5000)
    expect(batches.slice(1)).to.deep.equal(['5001: third'])
  })

  it('lets messages with a later deadline linger', async () => {
    const { batches, send } = makeLoop({ lingerMs: 200, deadlineMsOf: () => 300 })
    send('a')
    await clock.tickAsync(200)
    expect(batches).to.deep.equal(['200: a'])
  })
})

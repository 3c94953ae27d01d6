import { expect } from 'chai'
import fc from 'fast-check'
import sinon from 'sinon'
import { type OnProgress, OverlappingDispatch } from '../../lib/handler/overlapping-dispatch.js'
import type { PendingMessage } from '../../lib/handler/pending-message.js'
import { turns } from '../network/support/doubles.js'
import { serialized, textOf, textsOf } from './support/pending-messages.js'

/** A run under way. */
interface Run {
  readonly texts: string[]
  /** Settles these messages and says so; all of them when none are named. The run ends with the last one. */
  settle(...texts: string[]): Promise<void>
  /** Says that something may have changed, in these batches or anywhere. */
  readonly progress: OnProgress
  readonly messages: readonly PendingMessage[]
}

/** `a@1` has a key and goes to partition 1 of topic t, `u/a@1` to that of u; without @ it has no key. */
function message(text: string, deadlineMs = 0): PendingMessage {
  const [, topic = 't', value, key] = /^(?:(\w+)\/)?([^@]+)(?:@(\d+))?$/.exec(text)!
  return serialized(value!, { topic, key: key ?? null, deadlineMs })
}

function makeDispatch({
  bind = bindByKey,
  maxInFlight = 5,
}: {
  bind?: (pending: PendingMessage) => void
  maxInFlight?: number
} = {}) {
  const runs: Run[] = []
  const expired: string[] = []
  const overlapping = new OverlappingDispatch({
    maxInFlight,
    bind,
    expire: (messages) => {
      for (const pending of messages) {
        if (pending.deadlineMs === 0 || pending.deadlineMs > performance.now()) continue
        pending.isSettled = true
        expired.push(textOf(pending))
      }
    },
    run: (messages, onProgress) =>
      new Promise((end) => {
        runs.push({
          messages,
          texts: textsOf(messages),
          progress: onProgress,
          async settle(...texts) {
            for (const pending of messages) {
              if (texts.length === 0 || texts.includes(textOf(pending))) pending.isSettled = true
            }
            if (messages.every(({ isSettled }) => isSettled)) end()
            else onProgress()
            await turns(1)
          },
        })
      }),
  })
  let over: string[] = []
  const send = (...texts: string[]): Promise<void> => {
    const done = overlapping.dispatch(texts.map((text) => message(text)))
    void done.then(() => over.push(texts.join(' ')))
    return done
  }
  /** Calls that have ended since this was last asked. */
  const ended = async (): Promise<string[]> => {
    await turns(1)
    const texts = over
    over = []
    return texts
  }
  return { overlapping, runs, send, ended, expired }
}

/** Counts how often a field is read. */
function counted(
  pending: PendingMessage,
  field: keyof PendingMessage,
  reads: { count: number },
): PendingMessage {
  let value: unknown = pending[field]
  return Object.defineProperty(pending, field, {
    get() {
      reads.count++
      return value
    },
    set(next: unknown) {
      value = next
    },
  })
}

function bindByKey(pending: PendingMessage): void {
  const { partitionKey } = pending.message
  if (partitionKey !== null) pending.partition = Number(partitionKey)
}

function textsOfRuns(runs: readonly Run[]): string[][] {
  return runs.map(({ texts }) => texts)
}

describe('OverlappingDispatch', () => {
  it('starts a run at once, with all messages of the call', () => {
    const { runs, send } = makeDispatch()
    send('a@0', 'b@1', 'c', 'u/d')
    expect(textsOfRuns(runs)).to.deep.equal([['a', 'b', 'c', 'd']])
  })

  it('resolves at once without messages', async () => {
    const { runs, send } = makeDispatch()
    await send()
    expect(runs).to.deep.equal([])
  })

  it('starts a later call at once where its partitions are free', () => {
    const { runs, send } = makeDispatch()
    send('a@0')
    send('b@1')
    send('u/c@0')
    expect(textsOfRuns(runs)).to.deep.equal([['a'], ['b'], ['c']])
  })

  it('holds back only messages for partitions with unsettled messages', async () => {
    const { runs, send } = makeDispatch()
    send('a@0')
    send('b@0', 'c@1')
    expect(textsOfRuns(runs)).to.deep.equal([['a'], ['c']])
    await runs[0]!.settle()
    expect(textsOfRuns(runs)).to.deep.equal([['a'], ['c'], ['b']])
  })

  it('lets no message overtake a waiting one of its partition', async () => {
    const { runs, send } = makeDispatch()
    send('a@0')
    send('b') // waits for all of the topic
    send('c@1')
    expect(textsOfRuns(runs)).to.deep.equal([['a']])
    await runs[0]!.settle()
    expect(textsOfRuns(runs)).to.deep.equal([['a'], ['b', 'c']])
  })

  it('holds a whole topic back while one of its messages may still move to another partition', async () => {
    const { runs, send } = makeDispatch()
    send('a')
    send('b@1', 'u/c@1')
    expect(textsOfRuns(runs)).to.deep.equal([['a'], ['c']])
    runs[0]!.messages[0]!.partition = 0
    runs[0]!.progress()
    expect(textsOfRuns(runs)).to.deep.equal([['a'], ['c']])
    await runs[0]!.settle()
    expect(textsOfRuns(runs)[2]).to.deep.equal(['b'])
  })

  it('holds only its partition back once a message without a key may be stored there', () => {
    const { runs, send } = makeDispatch()
    send('a')
    send('b@0', 'c@1')
    Object.assign(runs[0]!.messages[0]!, { partition: 0, isAmbiguous: true })
    runs[0]!.progress()
    expect(textsOfRuns(runs)).to.deep.equal([['a'], ['c']])
  })

  it('holds a topic back while its partitions are not known, and only one of them when they are', () => {
    let isKnown = false
    const { runs, send } = makeDispatch({ bind: (pending) => isKnown && bindByKey(pending) })
    send('a@0')
    send('b@0', 'c@1')
    expect(textsOfRuns(runs)).to.deep.equal([['a']])
    isKnown = true
    runs[0]!.messages[0]!.partition = 0
    runs[0]!.progress()
    expect(textsOfRuns(runs)).to.deep.equal([['a'], ['c']])
  })

  it('asks once for the partition of a message, however often it waits', async () => {
    const bound: string[] = []
    const { runs, send } = makeDispatch({
      bind(pending) {
        bound.push(textOf(pending))
        bindByKey(pending)
      },
    })
    send('a@0', 'b@1')
    send('c@0')
    await runs[0]!.settle('b')
    await runs[0]!.settle('a')
    await runs[1]!.settle()
    expect(bound).to.deep.equal(['a', 'b', 'c'])
  })

  it('frees the partition of each message when that is settled, not only at the end of its run', async () => {
    const { runs, send } = makeDispatch()
    send('a@0', 'b@1')
    send('c@1')
    send('d@0')
    await runs[0]!.settle('b')
    expect(textsOfRuns(runs)).to.deep.equal([['a', 'b'], ['c']])
    await runs[0]!.settle('a')
    expect(textsOfRuns(runs)[2]).to.deep.equal(['d'])
  })

  it('sends messages of several calls that waited together, in their order', async () => {
    const { runs, send } = makeDispatch()
    send('a@0')
    send('b@0')
    send('c@0', 'd@0')
    await runs[0]!.settle()
    expect(textsOfRuns(runs)[1]).to.deep.equal(['b', 'c', 'd'])
  })

  it('joins calls up to 900,000 bytes into a run', async () => {
    const { overlapping, runs, send } = makeDispatch()
    send('first@0')
    const large = (name: string, key: string, length: number): void =>
      void overlapping.dispatch([message(`${name.padEnd(length, '.')}@${key}`)])
    large('a', '0', 500_000)
    large('b', '0', 400_000 - 2)
    large('c', '0', 1)
    await runs[0]!.settle()
    expect(runs[1]!.texts.map((text) => text[0])).to.deep.equal(['a', 'b'])
    await runs[1]!.settle()
    expect(runs[2]!.texts).to.deep.equal(['c'])
  })

  it('starts messages for free partitions behind a full run', async () => {
    const { overlapping, runs, send } = makeDispatch()
    send('first')
    for (const text of ['a@0', 'b@1', 'c@0']) {
      const [name, key] = text.split('@')
      void overlapping.dispatch([message(`${name!.padEnd(500_000, '.')}@${key}`)])
    }
    await runs[0]!.settle()
    expect(runs.slice(1).map(({ texts }) => texts.map((text) => text[0]))).to.deep.equal([['a'], ['b']])
  })

  it('starts at most maxInFlight runs, and joins the calls that wait meanwhile', async () => {
    const { runs, send } = makeDispatch({ maxInFlight: 2 })
    for (const text of ['a@0', 'b@1', 'c@2', 'd@0', 'e@3']) send(text)
    expect(textsOfRuns(runs)).to.deep.equal([['a'], ['b']])
    await runs[1]!.settle()
    expect(textsOfRuns(runs)).to.deep.equal([['a'], ['b'], ['c', 'e']])
    await runs[0]!.settle()
    expect(textsOfRuns(runs)[3]).to.deep.equal(['d'])
  })

  it('starts no run before another one has ended', async () => {
    const { runs, send } = makeDispatch({ maxInFlight: 1 })
    send('a@0', 'b@1')
    send('c@1')
    await runs[0]!.settle('b')
    expect(textsOfRuns(runs)).to.deep.equal([['a', 'b']])
    await runs[0]!.settle()
    expect(textsOfRuns(runs)[1]).to.deep.equal(['c'])
  })

  it('reads a waiting call once, and not the calls in front of it again', async () => {
    const bound: string[] = []
    const { runs, send } = makeDispatch({ bind: (pending) => void bound.push(textOf(pending)) })
    send('a')
    for (const text of ['b', 'c', 'd']) send(text)
    bound.length = 0
    send('e')
    expect(bound).to.deep.equal(['e'])
    await runs[0]!.settle()
    expect(textsOfRuns(runs)[1]).to.deep.equal(['b', 'c', 'd', 'e'])
  })

  it('resolves each call with its last message, in whichever run', async () => {
    const { runs, send, ended } = makeDispatch()
    send('a@0')
    send('b@0', 'c@1')
    send('d@0')
    await runs[1]!.settle()
    expect(await ended()).to.deep.equal([])
    await runs[0]!.settle()
    expect(await ended()).to.deep.equal(['a@0'])
    await runs[2]!.settle('b')
    expect(await ended()).to.deep.equal(['b@0 c@1'])
    await runs[2]!.settle()
    expect(await ended()).to.deep.equal(['d@0'])
  })

  it('keeps the order of a call that is made while another one is being admitted', async () => {
    let again: (() => void) | null = null
    const { runs, send } = makeDispatch({
      bind(pending) {
        bindByKey(pending)
        again?.()
      },
    })
    send('a@0')
    again = () => {
      again = null
      send('c@0')
    }
    send('b@0', 'x@1')
    expect(textsOfRuns(runs)).to.deep.equal([['a'], ['x']])
    await runs[0]!.settle()
    expect(textsOfRuns(runs)[2]).to.deep.equal(['b', 'c'])
  })

  it('reads the messages of ended batches, not all of their run', async () => {
    const { runs, send } = makeDispatch()
    const keys = [0, 1, 2, 3, 4, 5]
    send(...keys.map((key) => `${key}@${key}`))
    send('b@0', 'c@1')
    const reads = { count: 0 }
    for (const pending of runs[0]!.messages) {
      counted(Object.assign(pending, { isSettled: true }), 'isSettled', reads)
    }
    runs[0]!.progress([{ messages: runs[0]!.messages.slice(1, 2) }])
    expect(textsOfRuns(runs)[1]).to.deep.equal(['c'])
    expect(reads.count).to.be.at.most(2)
  })

  it('needs the same number of steps for each message, however many wait', async () => {
    const stepsFor = async (count: number): Promise<number> => {
      const { overlapping, runs } = makeDispatch()
      const reads = { count: 0 }
      for (let i = 0; i < count; i++) {
        void overlapping.dispatch([
          counted(message(`${String(i).padEnd(100_000)}@${i % 12}`), 'topic', reads),
        ])
      }
      for (let i = 0; i < runs.length; i++) await runs[i]!.settle()
      expect(runs.flatMap(({ messages }) => messages)).to.have.length(count)
      return reads.count
    }
    expect((await stepsFor(1000)) / (await stepsFor(500))).to.be.lessThan(2.1)
  })

  describe('delivery.timeout.ms', () => {
    let clock: sinon.SinonFakeTimers
    beforeEach(() => {
      clock = sinon.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
    })

    const until = (ms: number, ...texts: string[]): PendingMessage[] =>
      texts.map((text) => message(text, performance.now() + ms))

    it('expires a waiting message without its run, and sends the messages behind it', async () => {
      const { overlapping, runs, ended, expired } = makeDispatch()
      void overlapping.dispatch(until(1000, 'a@0'))
      void overlapping.dispatch(until(10, 'b')).then(() => expired.push('b is over'))
      void overlapping.dispatch(until(1000, 'c@1'))
      clock.tick(9)
      expect([expired, textsOfRuns(runs)]).to.deep.equal([[], [['a']]])
      clock.tick(1)
      expect([expired, textsOfRuns(runs)]).to.deep.equal([['b'], [['a'], ['c']]])
      await ended()
      expect(expired).to.deep.equal(['b', 'b is over'])
    })

    it('sets a timer for the next deadline when one has passed', () => {
      const { overlapping, expired, send } = makeDispatch()
      void overlapping.dispatch(until(1000, 'a@0'))
      void overlapping.dispatch(until(10, 'b@0'))
      void overlapping.dispatch(until(20, 'c@0'))
      send('without a limit@0')
      clock.tick(20)
      expect(expired).to.deep.equal(['b', 'c'])
    })

    it('ends the call of a message that expires in flight, and keeps its partition until the request has ended', async () => {
      const { runs, send, ended } = makeDispatch()
      send('a@0')
      send('b@0')
      const [first] = runs[0]!.messages
      first!.isInFlight = true
      first!.isSettled = true
      runs[0]!.progress()
      expect(await ended()).to.deep.equal(['a@0'])
      expect(textsOfRuns(runs)).to.deep.equal([['a']])
      first!.isInFlight = false
      await runs[0]!.settle()
      expect(textsOfRuns(runs)).to.deep.equal([['a'], ['b']])
      expect(await ended()).to.deep.equal([])
    })

    it('needs the same number of steps for each message, however many wait', () => {
      const { overlapping, expired, send } = makeDispatch()
      send('a@0')
      const reads = { count: 0 }
      const count = 1000
      for (let i = 0; i < count; i++) {
        void overlapping.dispatch(
          until(10 + i, `${i}@0`).map((pending) => counted(pending, 'deadlineMs', reads)),
        )
      }
      clock.tick(10 + count)
      expect(expired).to.have.length(count)
      expect(reads.count).to.be.at.most(10 * count)
    })

    it('expires the due messages of a call, though others wait longer or are in flight', async () => {
      const { overlapping, runs, expired, ended, send } = makeDispatch()
      send('first@0')
      const call = [...until(10, 'a@0', 'b@1'), ...until(20, 'c@0', 'd@0')]
      void overlapping.dispatch(call).then(() => expired.push('the call is over'))
      clock.tick(10)
      expect(expired).to.deep.equal(['a'])
      await runs[1]!.settle()
      clock.tick(10)
      expect(expired).to.deep.equal(['a', 'c', 'd'])
      await ended()
      expect(expired.at(-1)).to.equal('the call is over')
    })

    it('does not fire early with a limit longer than any timer', () => {
      const { overlapping, expired, send } = makeDispatch()
      send('a@0')
      void overlapping.dispatch(until(2 ** 31 + 10, 'b@0'))
      clock.tick(2 ** 31 + 9)
      expect(expired).to.deep.equal([])
      clock.tick(1)
      expect(expired).to.deep.equal(['b'])
    })

    it('sets no timer for messages in flight or without a limit', async () => {
      const { overlapping, runs, send } = makeDispatch()
      void overlapping.dispatch(until(10, 'a@0'))
      send('b@0')
      expect(clock.countTimers()).to.equal(0)
      void overlapping.dispatch(until(10, 'c@1'))
      void overlapping.dispatch(until(10, 'd@1'))
      expect(clock.countTimers()).to.equal(1)
      await runs[0]!.settle()
      await runs[1]!.settle()
      expect(clock.countTimers()).to.equal(0)
    })
  })

  it('keeps the order of each partition, with one run per partition and no free message left waiting, for random calls', async () => {
    const text = fc.constantFrom('@0', '@1', '@2', '', 'u', 'u@0')
    const maxInFlight = fc.integer({ min: 1, max: 4 })
    const step = fc.oneof(
      fc.record({ send: fc.array(text, { minLength: 1, maxLength: 4 }) }),
      fc.record({ settle: fc.nat(), share: fc.integer({ min: 1, max: 3 }) }),
      fc.record({ store: fc.nat(), partition: fc.nat(2) }),
    )
    await fc.assert(
      fc.asyncProperty(maxInFlight, fc.array(step, { maxLength: 40 }), async (limit, steps) => {
        const { runs, send, ended } = makeDispatch({ maxInFlight: limit })
        const started: { held: string; index: number }[] = []
        let count = 0
        let calls = 0
        const heldByIndex: string[] = []
        const check = (): void => {
          const open = runs.map(({ messages }) => new Set(messages.filter((e) => !e.isSettled).map(heldBy)))
          const begun = new Set(runs.flatMap(({ texts }) => texts.map(Number)))
          const taken = open.flatMap((held) => [...held])
          for (const [index, held] of heldByIndex.entries()) {
            if (begun.has(index) || open.filter(({ size }) => size > 0).length === limit) continue
            expect(
              taken.some((other) => overlap(held, other)),
              `${index} waits`,
            ).to.equal(true)
            taken.push(held)
          }
          expect(open.filter(({ size }) => size > 0).length).to.be.at.most(limit)
          for (const [i, ours] of open.entries()) {
            for (const other of open.slice(i + 1)) {
              for (const held of ours)
                for (const theirs of other) expect(overlap(held, theirs)).to.equal(false)
            }
          }
        }
        for (const one of steps) {
          if ('send' in one) {
            calls++
            void send(
              ...one.send.map((where) => {
                heldByIndex.push(heldBy(bound(message(textFor(count, where)))))
                return textFor(count++, where)
              }),
            )
          } else if ('store' in one) {
            const open = runs.filter(({ messages }) => messages.some((e) => !e.isSettled && isLoose(e)))
            const run = open[one.store % Math.max(1, open.length)]
            const stored = run?.messages.filter((e) => !e.isSettled && isLoose(e))[0]
            if (stored) Object.assign(stored, { partition: one.partition, isAmbiguous: true })
            run?.progress()
          } else {
            const open = runs.filter(({ messages }) => messages.some((e) => !e.isSettled))
            const run = open[one.settle % Math.max(1, open.length)]
            const left = run?.messages.filter((e) => !e.isSettled) ?? []
            await run?.settle(...left.filter((_, i) => i % one.share === 0).map(textOf))
          }
          check()
        }
        // More runs may begin while these end.
        for (let i = 0; i < runs.length; i++) await runs[i]!.settle()
        for (const { messages } of runs) {
          for (const e of messages) started.push({ held: heldBy(e), index: Number(textOf(e)) })
        }
        expect(started).to.have.length(count)
        for (const [i, { held, index }] of started.entries()) {
          const later = started.slice(i + 1).filter((other) => overlap(held, other.held))
          // Within a run every order is as in the call; between runs the partition decides.
          for (const other of later) expect(other.index, `behind ${index}`).to.be.greaterThan(index)
        }
        expect(await ended()).to.have.length(calls)
      }),
      { numRuns: 200 },
    )
  })
})

function textFor(index: number, where: string): string {
  const [topic, key] = where.split('@')
  return `${topic ? `${topic}/` : ''}${index}${key === undefined ? '' : `@${key}`}`
}

function bound(pending: PendingMessage): PendingMessage {
  bindByKey(pending)
  return pending
}

function isLoose({ message: { partitionKey }, isAmbiguous }: PendingMessage): boolean {
  return partitionKey === null && !isAmbiguous
}

/** `topic/partition`, or `topic/` for all of it. */
function heldBy(pending: PendingMessage): string {
  return `${pending.topic}/${isLoose(pending) ? '' : pending.partition}`
}

function overlap(one: string, other: string): boolean {
  return (
    one === other || (one.split('/')[0] === other.split('/')[0] && (one.endsWith('/') || other.endsWith('/')))
  )
}

import { expect } from 'chai'
import { turns } from '../network/support/doubles.js'
import { bindByKey, counted, makeDispatch, message, textsOfRuns } from './support/overlapping-dispatch.js'
import { textOf } from './support/pending-messages.js'

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
    await runs[0]!.progress()
    expect(textsOfRuns(runs)).to.deep.equal([['a'], ['c']])
    await runs[0]!.settle()
    expect(textsOfRuns(runs)[2]).to.deep.equal(['b'])
  })

  it('holds only its partition back once a message without a key may be stored there', async () => {
    const { runs, send } = makeDispatch()
    send('a')
    send('b@0', 'c@1')
    Object.assign(runs[0]!.messages[0]!, { partition: 0, isAmbiguous: true })
    await runs[0]!.progress()
    expect(textsOfRuns(runs)).to.deep.equal([['a'], ['c']])
  })

  it('holds a topic back while its partitions are not known, and only one of them when they are', async () => {
    let isKnown = false
    const { runs, send } = makeDispatch({ bind: (pending) => isKnown && bindByKey(pending) })
    send('a@0')
    send('b@0', 'c@1')
    expect(textsOfRuns(runs)).to.deep.equal([['a']])
    isKnown = true
    runs[0]!.messages[0]!.partition = 0
    await runs[0]!.progress()
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
    await runs[0]!.progress([{ messages: runs[0]!.messages.slice(1, 2) }])
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

  describe('with something to prepare', () => {
    /** Nothing joins a call of so many. */
    const MANY = 2000

    function makePreparing() {
      const prepared: string[] = []
      const made = makeDispatch({
        prepare: (messages) =>
          prepared.push(messages ? `${messages.length}: ${textOf(messages[0]!)}` : 'none'),
      })
      const large = (name: string): string[] => Array.from({ length: MANY }, (_, i) => `${name}${i}@${i % 2}`)
      return { ...made, prepared, large }
    }

    it('prepares the first call that waits as a whole, once, when nothing will join it', async () => {
      const { large, prepared, runs, send } = makePreparing()
      send('a@0', 'b@1')
      send(...large('c'))
      send(...large('d'))
      expect(prepared).to.deep.equal([])
      await turns(3)
      expect(prepared).to.deep.equal([`${MANY}: c0`])
      await runs[0]!.settle()
      await turns(3)
      expect(runs[1]!.messages).to.have.length(MANY)
      expect(prepared.slice(1)).to.deep.equal(['none', `${MANY}: d0`])
    })

    it('prepares no call that others will join, and none behind it', async () => {
      const { large, prepared, send } = makePreparing()
      send('a@0')
      send('b@0')
      await turns(3)
      expect(prepared).to.deep.equal([])
      send(...large('c'))
      await turns(3)
      expect(prepared).to.deep.equal([])
    })
  })
})

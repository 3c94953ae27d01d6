import { expect } from 'chai'
import sinon from 'sinon'
import type { BrokerPartitionInfo } from '../../lib/handler/broker-partition-info.js'
import { CycleMetadata } from '../../lib/handler/cycle-metadata.js'

describe('CycleMetadata', () => {
  /** Topics of each refresh. */
  let asked: string[][]
  /** Whether each was asked for as a retry. */
  let retries: boolean[]
  let failures: Error[]
  let refreshing: number
  let answer: () => Promise<void>
  /** Topics that nothing is kept of any more. */
  let forgotten: string[]
  /** Topics that are known and not to be relied on. */
  let stale: string[]

  beforeEach(() => {
    asked = []
    retries = []
    failures = []
    refreshing = 0
    answer = () => Promise.resolve()
    forgotten = []
    stale = []
  })

  function make(refreshIntervalMs: number, cached: readonly string[] = []): CycleMetadata {
    const brokerPartitionInfo = {
      isCached: (topic: string) => cached.includes(topic) && !forgotten.includes(topic),
      isFresh: (topic: string) =>
        cached.includes(topic) && !forgotten.includes(topic) && !stale.includes(topic),
      forget: (topic: string) => void forgotten.push(topic),
      refresh: (topics: Iterable<string>, isRetry: boolean) => {
        const wanted = [...topics]
        if (wanted.length > 0) {
          asked.push(wanted)
          retries.push(isRetry)
        }
        return answer()
      },
    } as unknown as BrokerPartitionInfo
    return new CycleMetadata({
      brokerPartitionInfo,
      refreshIntervalMs,
      onRefreshing: () => void refreshing++,
      onForgotten: (topic) => void forgotten.push(`partition of ${topic}`),
      onFailed: (error) => void failures.push(error),
    })
  }

  it('requests and awaits only unknown topics where no refresh is due', async () => {
    const metadata = make(-1, ['known'])
    expect(metadata.prepare(new Set(['known']))).to.equal(null)
    await metadata.prepare(new Set(['known', 'new']))
    expect(asked).to.deep.equal([['new']])
    expect(refreshing).to.equal(0)
  })

  it('awaits stale topics, as for a retry', async () => {
    const metadata = make(-1, ['known'])
    stale = ['known']
    expect(metadata.prepare(new Set(['known']))).to.be.instanceOf(Promise)
    expect(asked).to.deep.equal([['known']])
    expect(retries).to.deep.equal([true])
  })

  it('refreshes due topics beside the traffic, and resets sticky partitions', () => {
    const metadata = make(600_000, ['known'])
    expect(metadata.prepare(new Set(['known']))).to.equal(null)
    expect(metadata.prepare(new Set(['known']))).to.equal(null)
    expect(asked).to.deep.equal([['known']])
    expect(refreshing).to.equal(1)
  })

  it('waits for the answer before each send with an interval of 0', async () => {
    let resolve!: () => void
    answer = () => new Promise((done) => (resolve = done))
    const metadata = make(0, ['known'])
    for (let i = 1; i <= 3; i++) {
      const answered = metadata.prepare(new Set(['known']))
      expect(answered).not.to.equal(null)
      expect(asked).to.have.length(i)
      resolve()
      await answered
    }
  })

  it('distinguishes requests after a failed attempt', async () => {
    const metadata = make(0, ['known'])
    await metadata.prepare(new Set(['known']))
    await metadata.askAnew(new Set(['known']))
    expect(retries).to.deep.equal([false, true])
  })

  it('requests the topics of unsettled messages between attempts, and all topics in use where a refresh is due', async () => {
    const clock = sinon.useFakeTimers({ now: 1_000_000 })
    try {
      const metadata = make(1000, ['a', 'b'])
      metadata.prepare(new Set(['a']))
      metadata.prepare(new Set(['a', 'b']))
      await metadata.askAnew(new Set(['a']))
      clock.tick(1001)
      await metadata.askAnew(new Set(['a']))
      expect(asked).to.deep.equal([['a'], ['a'], ['a', 'b']])
      expect(refreshing).to.equal(3)
    } finally {
      clock.restore()
    }
  })

  describe('of topics that were not used for five minutes', () => {
    let clock: sinon.SinonFakeTimers
    beforeEach(() => {
      clock = sinon.useFakeTimers({ now: 1_000_000 })
    })

    it('forgets all of them with a request for a new topic, without a timer', async () => {
      const metadata = make(-1, ['old', 'busy'])
      metadata.prepare(new Set(['old', 'busy']))
      clock.tick(200_000)
      metadata.prepare(new Set(['busy']))
      clock.tick(100_000)
      expect([forgotten, clock.countTimers()]).to.deep.equal([[], 0])
      await metadata.prepare(new Set(['new']))
      expect(forgotten).to.deep.equal(['old', 'partition of old'])
      expect(asked).to.deep.equal([['new']])
    })

    it('requests none of them when a refresh is due, as a deleted one would be created again', () => {
      const metadata = make(600_000, ['old', 'busy'])
      metadata.prepare(new Set(['busy']))
      clock.tick(1)
      metadata.prepare(new Set(['old']))
      clock.tick(600_000)
      metadata.prepare(new Set(['busy']))
      expect(asked).to.deep.equal([['busy'], ['busy']])
    })

    it('forgets them between attempts, too, except for requested ones', async () => {
      const metadata = make(-1, ['old', 'tried'])
      metadata.prepare(new Set(['old', 'tried']))
      clock.tick(300_000)
      await metadata.askAnew(new Set(['tried']))
      expect(forgotten).to.deep.equal(['old', 'partition of old'])
    })
  })

  it('reports a failed refresh without rejecting', async () => {
    answer = () => Promise.reject(new Error('nobody answers'))
    const metadata = make(-1)
    await metadata.prepare(new Set(['t']))
    await metadata.askAnew(new Set(['t']))
    expect(failures.map(({ message }) => message)).to.deep.equal(['nobody answers', 'nobody answers'])
  })
})

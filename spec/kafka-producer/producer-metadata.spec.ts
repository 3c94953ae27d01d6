import { expect } from 'chai'
import sinon from 'sinon'
import { ClusterMetadata } from '../../lib/cluster/cluster-metadata.js'
import { MetadataError } from '../../lib/errors.js'
import { ProducerMetadata } from '../../lib/kafka-producer/producer-metadata.js'
import type { MetadataResponse } from '../../lib/protocol/messages/index.js'
import { metadataResponse } from '../support/messages.js'

const BACKOFF_MS = 100
const MAX_AGE_MS = 10_000
const MAX_IDLE_MS = 30_000

/** A source whose answers a spec gives. */
function stage() {
  const asked: string[][] = []
  const waiting: { resolve(response: MetadataResponse): void; reject(error: Error): void }[] = []
  const updates: (string | null)[] = []
  const cluster = new ClusterMetadata()
  const metadata = new ProducerMetadata({
    cluster,
    source: {
      fetch: (topics) => {
        asked.push([...topics])
        return new Promise((resolve, reject) => waiting.push({ resolve, reject }))
      },
    },
    retryBackoff: { baseMs: BACKOFF_MS, maxMs: BACKOFF_MS, random: () => 0.5 },
    maxAgeMs: MAX_AGE_MS,
    maxIdleMs: MAX_IDLE_MS,
    onUpdate: (error) => updates.push(error?.message ?? null),
  })
  /** Answers the oldest question; topics with the code of their error. */
  const answer = async (topics: Record<string, number>, leaderEpoch = 0): Promise<void> => {
    const partitions = [{ errorCode: 0, index: 0, leaderId: 1, leaderEpoch, replicas: [], isr: [] }]
    const response = metadataResponse({
      brokers: [{ nodeId: 1, host: 'b', port: 9092 }],
      topics: Object.entries(topics).map(([name, errorCode]) => ({
        errorCode,
        name,
        partitions: errorCode === 0 ? partitions : [],
      })),
    })
    waiting.shift()!.resolve(response)
    await turns()
  }
  const fail = async (): Promise<void> => {
    waiting.shift()!.reject(new MetadataError('nobody answers'))
    await turns()
  }
  const poll = (): void => metadata.poll(performance.now())
  return { asked, updates, cluster, metadata, answer, fail, poll }
}

async function turns(): Promise<void> {
  for (let i = 0; i < 5; i++) await Promise.resolve()
}

describe('ProducerMetadata', () => {
  let clock: sinon.SinonFakeTimers

  beforeEach(() => {
    clock = sinon.useFakeTimers({ now: 1_000_000, toFake: ['performance', 'Date', 'setTimeout'] })
  })

  it('asks for a new topic at once and alone, and for nothing while no topic is in use', async () => {
    const { asked, metadata, answer, poll, updates } = stage()
    poll()
    expect([asked, metadata.nextDueMs()]).to.deep.equal([[], Number.POSITIVE_INFINITY])
    metadata.use('a', performance.now())
    poll()
    await answer({ a: 0 })
    metadata.use('b', performance.now())
    poll()
    await answer({ b: 0 })
    expect([asked, updates]).to.deep.equal([
      [['a'], ['b']],
      [null, null],
    ])
    expect(metadata.use('a', performance.now()).view?.partitionCount).to.equal(1)
  })

  it('has one request under way at a time', () => {
    const { asked, metadata, poll } = stage()
    metadata.use('a', performance.now())
    poll()
    metadata.use('b', performance.now())
    metadata.requestUpdate()
    poll()
    expect(asked).to.deep.equal([['a']])
    expect(metadata.nextDueMs()).to.equal(Number.POSITIVE_INFINITY)
  })

  it('asks for a topic that is answered with an error only after the back-off', async () => {
    const { asked, metadata, answer, poll } = stage()
    metadata.use('a', performance.now())
    poll()
    await answer({ a: 3 })
    metadata.requestUpdate()
    poll()
    expect(asked.length, 'at once').to.equal(1)
    expect(metadata.nextDueMs()).to.equal(performance.now() + BACKOFF_MS)
    clock.tick(BACKOFF_MS)
    poll()
    expect(asked.length).to.equal(2)
  })

  it('asks again at once after an answer that brought something, and waits after one that did not', async () => {
    const { metadata, answer, poll, asked } = stage()
    metadata.use('a', performance.now())
    poll()
    await answer({ a: 0 })
    metadata.requestUpdate()
    poll()
    expect(asked.length).to.equal(2)
    await answer({ a: 0 })
    metadata.requestUpdate()
    expect(metadata.nextDueMs()).to.equal(performance.now() + BACKOFF_MS)
  })

  it('asks for all topics in use when metadata.max.age.ms has passed', async () => {
    const { asked, metadata, answer, poll } = stage()
    for (const name of ['a', 'b']) metadata.use(name, performance.now())
    poll()
    await answer({ a: 0, b: 0 })
    expect(metadata.nextDueMs()).to.equal(performance.now() + MAX_AGE_MS)
    clock.tick(MAX_AGE_MS)
    poll()
    expect(asked.at(-1)).to.deep.equal(['a', 'b'])
  })

  it('forgets topics that were not used for metadata.max.idle.ms', async () => {
    const { asked, metadata, answer, poll, cluster } = stage()
    for (const name of ['idle', 'used']) metadata.use(name, performance.now())
    poll()
    await answer({ idle: 0, used: 0 })
    clock.tick(MAX_IDLE_MS)
    metadata.use('used', performance.now())
    poll()
    expect(asked.at(-1)).to.deep.equal(['used'])
    expect([cluster.topic('idle'), cluster.topic('used')?.partitionCount]).to.deep.equal([null, 1])
  })

  it('asks again after the back-off where nobody answers, also for new topics, and says why', async () => {
    const { asked, metadata, fail, answer, poll, updates } = stage()
    metadata.use('a', performance.now())
    poll()
    await fail()
    metadata.use('b', performance.now())
    poll()
    expect([asked.length, updates, metadata.lastError?.message]).to.deep.equal([
      1,
      ['nobody answers'],
      'nobody answers',
    ])
    clock.tick(BACKOFF_MS)
    poll()
    await answer({ a: 0, b: 0 })
    expect([asked.at(-1), metadata.lastError]).to.deep.equal([['a', 'b'], null])
  })

  it('asks nobody once it is closed', () => {
    const { asked, metadata, poll } = stage()
    metadata.use('a', performance.now())
    metadata.close()
    poll()
    expect(asked).to.deep.equal([])
  })
})

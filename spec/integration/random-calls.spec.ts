/**
 * Random calls of `send` with several messages each, random faults: what the calls, the events and the brokers' logs
 * say of each message must agree. (random-faults.spec.ts does the same for `deliver`, and takes brokers down.)
 */
import { expect } from 'chai'
import { FailedToSendMessageError, KeyedMessage, Producer, QueueFullError } from '../../lib/index.js'
import { silentLogger } from '../../lib/logger.js'
import {
  close,
  cutAnswer,
  delayMs,
  eraNames,
  errorCode,
  type Fault,
  noAnswer,
  omitPartition,
  TestCluster,
  wrongCorrelationId,
} from '../../lib/testing/index.js'
import { forEachSeed } from '../support/for-each-seed.js'
import { SeededRandom } from '../support/seeded-random.js'

const SEEDS = 60
/** Seeds that run beside each other, so that their waits overlap. */
const SENDERS = 12
const CALLS = 25
const KEYS = 5
const TOPICS = ['t', 'u'] as const
const MAX_MESSAGE_BYTES = 3000

type Fate = 'delivered' | 'not-persisted' | 'possibly-persisted' | 'dropped'

/** One message and what was said of it. */
interface Tracked {
  readonly message: KeyedMessage<string, string>
  readonly topic: string
  readonly key: string
  readonly id: number
  /** By events. */
  readonly fates: Fate[]
  /** By its call: failed, or not. Async calls say nothing. */
  hasFailed?: boolean
  /** Its call ended before it was taken. */
  isRefused: boolean
}

class Run {
  readonly #random: SeededRandom
  readonly #tracked: Tracked[] = []
  readonly #byMessage = new Map<unknown, Tracked>()
  readonly #isSync: boolean
  readonly #acks: number
  #cluster!: TestCluster
  #producer!: Producer<string, string>

  constructor(seed: number) {
    this.#random = new SeededRandom(seed)
    this.#isSync = this.#random.int(2) === 0
    this.#acks = this.#random.pick([1, 1, -1])
  }

  async start(): Promise<void> {
    const random = this.#random
    this.#cluster = await TestCluster.start({
      brokers: 2,
      era: random.pick(eraNames),
      maxMessageBytes: MAX_MESSAGE_BYTES,
    })
    for (const topic of TOPICS) this.#cluster.createTopic(topic, { partitions: 2 })
    this.#producer = new Producer<string, string>(
      {
        'metadata.broker.list': this.#cluster.bootstrap,
        'serializer.class': 'kafka.serializer.StringEncoder',
        'producer.type': this.#isSync ? 'sync' : 'async',
        'request.required.acks': this.#acks,
        'request.timeout.ms': 60,
        'message.send.max.retries': random.int(4),
        'retry.backoff.ms': random.int(3),
        'batch.num.messages': 1 + random.int(10),
        'queue.buffering.max.messages': 10 + random.int(30),
        'queue.enqueue.timeout.ms': random.pick([-1, -1, 0, 5]),
        'queue.buffering.max.ms': random.int(4),
        'compression.codec': random.pick(['none', 'gzip']),
      },
      { logger: silentLogger },
    )
    this.#producer.on('delivered', ({ messages }) => {
      for (const message of messages) this.#ended(message, 'delivered')
    })
    this.#producer.on('failed', ({ failures }) => {
      for (const { message, persistence } of failures) this.#ended(message, persistence as Fate)
    })
    this.#producer.on('dropped', ({ message }) => this.#ended(message, 'dropped'))
  }

  async drive(): Promise<void> {
    const calls: Promise<void>[] = []
    for (let i = 0; i < CALLS; i++) {
      if (this.#random.int(4) === 0) this.#trouble()
      calls.push(this.#call())
      if (this.#random.int(3) === 0) await calls[this.#random.int(calls.length)]
    }
    const closing = this.#producer.close(this.#random.int(4) === 0 ? { timeoutMs: this.#random.int(30) } : {})
    await Promise.all([...calls, closing])
  }

  stop(): Promise<void> {
    return this.#cluster.close()
  }

  #ended(message: unknown, fate: Fate): void {
    this.#byMessage.get(message)!.fates.push(fate)
  }

  async #call(): Promise<void> {
    const batch = Array.from({ length: 1 + this.#random.int(6) }, () => this.#message())
    try {
      await this.#producer.send(batch.map(({ message }) => message))
      if (this.#isSync) for (const tracked of batch) tracked.hasFailed = false
    } catch (error) {
      if (error instanceof QueueFullError) {
        const refused = batch.slice(error.accepted)
        expect(error.rejected).to.deep.equal(refused.map(({ message }) => message))
        for (const tracked of refused) tracked.isRefused = true
        return
      }
      expect(error).to.be.instanceOf(FailedToSendMessageError)
      const failed = (error as FailedToSendMessageError).failures.map(({ message }) => message)
      for (const tracked of batch) tracked.hasFailed = failed.includes(tracked.message)
      const positions = failed.map((message) => batch.findIndex((tracked) => tracked.message === message))
      expect(positions, 'the order of the failures').to.deep.equal([...positions].sort((a, b) => a - b))
    }
  }

  #message(): Tracked {
    const id = this.#tracked.length
    const topic = this.#random.pick(TOPICS)
    const key = `k${this.#random.int(KEYS)}`
    const padding = this.#random.int(40) === 0 ? '.'.repeat(MAX_MESSAGE_BYTES) : ''
    const message = new KeyedMessage<string, string>(topic, key, `${id}:${padding}`)
    const tracked: Tracked = { message, topic, key, id, fates: [], isRefused: false }
    this.#tracked.push(tracked)
    this.#byMessage.set(message, tracked)
    return tracked
  }

  #trouble(): void {
    const random = this.#random
    if (random.int(6) === 0) {
      this.#cluster.moveLeader(random.pick(TOPICS), random.int(2), random.pick([0, 1]))
      return
    }
    const filter = { topic: random.pick(TOPICS), times: 1 + random.int(2), after: random.int(2) }
    this.#cluster.faults.on(random.pick(['Produce', 'Produce', 'Produce', 'Metadata']), filter, this.#fault())
  }

  #fault(): Fault {
    const random = this.#random
    return random.pick([
      () => errorCode(random.pick([-1, 3, 5, 6, 7, 10, 19, 20, 29, 99])),
      () => close(random.pick(['beforeStoring', 'afterStoring'] as const)),
      () => delayMs(random.int(5)),
      noAnswer,
      omitPartition,
      wrongCorrelationId,
      () => cutAnswer(random.int(20)),
    ])()
  }

  /** Everything that has to hold whatever went wrong. */
  check(): void {
    const stored = this.#stored()
    for (const { id, fates, hasFailed, isRefused, topic, key } of this.#tracked) {
      const what = `message ${id}: ${fates.join(' and ') || 'nothing'}`
      const count = stored.get(id)?.count ?? 0
      if (isRefused) {
        expect(fates, what).to.deep.equal(['dropped'])
        expect(count, `${what}, refused and stored`).to.equal(0)
        continue
      }
      expect(fates, what).to.have.length(1)
      const [fate] = fates
      if (hasFailed !== undefined) expect(hasFailed, `${what}, says its call`).to.equal(fate !== 'delivered')
      if (fate === 'delivered') expect(count, `${what}, but not stored`).to.be.at.least(1)
      if (fate === 'not-persisted') expect(count, `${what}, but stored`).to.equal(0)
      if (count > 0) expect(stored.get(id)!.place, what).to.equal(`${topic}/${key}`)
    }
    this.#checkOrder(stored)
  }

  /** id → how often it is there, and where. */
  #stored(): Map<number, { count: number; place: string }> {
    const found = new Map<number, { count: number; place: string }>()
    for (const topic of TOPICS) {
      for (const { key, value } of this.#cluster.messages(topic)) {
        const id = Number(String(value).split(':')[0])
        found.set(id, { count: (found.get(id)?.count ?? 0) + 1, place: `${topic}/${key}` })
      }
    }
    return found
  }

  /** First occurrences of a key stand in the order in which they were sent. */
  #checkOrder(stored: Map<number, { place: string }>): void {
    const byPlace = new Map<string, number[]>()
    for (const [id, { place }] of stored) byPlace.set(place, [...(byPlace.get(place) ?? []), id])
    for (const [place, ids] of byPlace) {
      expect(ids, `order of ${place}`).to.deep.equal([...ids].sort((a, b) => a - b))
    }
  }
}

describe('Random calls of send with random faults', function () {
  this.timeout(60_000)

  it(`get the right outcomes from calls and events, for ${SEEDS} seeds`, async () => {
    await forEachSeed(SEEDS, SENDERS, async (seed) => {
      const run = new Run(seed)
      try {
        await run.start()
        await run.drive()
        run.check()
      } finally {
        await run.stop()
      }
    })
  })
})

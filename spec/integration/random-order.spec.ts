/**
 * With several requests in flight: whatever goes wrong, in whatever partition, each partition stores its messages in
 * the order in which they were sent. Messages of all topics are numbered together; first occurrences count.
 */
import { expect } from 'chai'
import { Producer } from '../../lib/index.js'
import { silentLogger } from '../../lib/logger.js'
import {
  close,
  eraNames,
  errorCode,
  type Fault,
  noAnswer,
  omitPartition,
  reset,
  TestCluster,
} from '../../lib/testing/index.js'
import { forEachSeed } from '../support/for-each-seed.js'
import { SeededRandom } from '../support/seeded-random.js'

const SEEDS = 40
/** Seeds that run beside each other, so that their waits overlap. */
const SENDERS = 40
const MESSAGES = 120
const BROKERS = 2
const PARTITIONS = 3
/** Only messages with keys, only messages without, and with keys, but not there at first. */
const KINDS = ['keyed', 'keyless', 'created'] as const

class Run {
  readonly #random: SeededRandom
  readonly #cluster: TestCluster
  readonly #producer: Producer<string | null, string>
  readonly #seed: number
  acknowledged = 0

  constructor(seed: number, cluster: TestCluster) {
    const random = new SeededRandom(seed)
    this.#seed = seed
    this.#random = random
    this.#cluster = cluster
    this.#producer = new Producer<string | null, string>(
      {
        'metadata.broker.list': cluster.bootstrap,
        'serializer.class': 'kafka.serializer.StringEncoder',
        'producer.type': random.pick(['sync', 'async']),
        'request.required.acks': random.pick([1, -1]),
        'request.timeout.ms': 50,
        'message.send.max.retries': random.pick([1, 3, 8]),
        'retry.backoff.ms': random.int(4),
        'batch.num.messages': 1 + random.int(8),
        'queue.buffering.max.ms': random.int(3),
        'max.in.flight.requests.per.connection': random.pick([2, 5, 5, 20]),
        'compression.codec': random.pick(['none', 'gzip']),
        'topic.metadata.refresh.interval.ms': random.pick([-1, 0, 20]),
      },
      { logger: silentLogger },
    )
  }

  /** No other run's: a producer whose broker is down may meet a broker of another run on its port. */
  #topic(kind: (typeof KINDS)[number]): string {
    return `${kind}-${this.#seed}`
  }

  async drive(): Promise<void> {
    for (const kind of ['keyed', 'keyless'] as const)
      this.#cluster.createTopic(this.#topic(kind), { partitions: PARTITIONS })
    const pending: Promise<unknown>[] = []
    for (let i = 0; i < MESSAGES; i++) {
      if (this.#random.int(8) === 0) await this.#trouble()
      if (i === 40) this.#cluster.createTopic(this.#topic('created'), { partitions: PARTITIONS })
      const kind = this.#random.pick(KINDS)
      const key = kind === 'keyless' ? null : `k${this.#random.int(7)}`
      const delivery = this.#producer.deliver({ topic: this.#topic(kind), key, message: `${i}` })
      pending.push(
        delivery.then(
          () => this.acknowledged++,
          () => {},
        ),
      )
      // Most of the time many are under way.
      if (this.#random.int(15) === 0) await pending.at(-1)
    }
    this.#repair()
    await Promise.all(pending)
    await this.#producer.close()
  }

  /** Everything has a leader again, so that nobody waits for one until the retries are used up. */
  #repair(): void {
    for (const topic of KINDS.map((kind) => this.#topic(kind))) {
      for (let partition = 0; partition < PARTITIONS; partition++)
        this.#cluster.moveLeader(topic, partition, 0)
    }
  }

  async #trouble(): Promise<void> {
    const random = this.#random
    const what = random.int(12)
    const topic = this.#topic(random.pick(['keyed', 'keyless']))
    if (what < 2) this.#cluster.moveLeader(topic, random.int(PARTITIONS), random.pick([0, 1, null]))
    else if (what < 4) await this.#bounce(random.int(BROKERS))
    else this.#cluster.faults.on('Produce', { partition: random.int(PARTITIONS) }, this.#fault())
  }

  /** A short outage; random-faults has long ones. */
  async #bounce(broker: number): Promise<void> {
    await this.#cluster.stopBroker(broker)
    await this.#cluster.startBroker(broker)
  }

  #fault(): Fault {
    const when = this.#random.pick(['beforeStoring', 'afterStoring'] as const)
    return this.#random.pick([
      () => errorCode(this.#random.pick([-1, 3, 5, 6, 7, 19, 20])),
      () => close(when),
      () => reset(when),
      noAnswer,
      omitPartition,
    ])()
  }

  check(): void {
    const { acknowledged } = this
    let stored = 0
    for (const topic of KINDS.map((kind) => this.#topic(kind))) {
      const byPartition = new Map<number, Set<number>>()
      for (const { partition, value } of this.#cluster.messages(topic)) {
        const numbers = byPartition.get(partition) ?? new Set()
        byPartition.set(partition, numbers.add(Number(value)))
      }
      for (const [partition, numbers] of byPartition) {
        const found = [...numbers]
        expect(found, `${topic}/${partition}`).to.deep.equal([...found].sort((a, b) => a - b))
        stored += found.length
      }
    }
    expect(stored, 'stored').to.be.at.least(acknowledged)
  }
}

async function runOnce(seed: number): Promise<number> {
  const era = eraNames[seed % eraNames.length]!
  const cluster = await TestCluster.start({ brokers: BROKERS, era, autoCreateTopics: false })
  try {
    const run = new Run(seed, cluster)
    await run.drive()
    run.check()
    return run.acknowledged
  } finally {
    await cluster.close()
  }
}

describe('Random faults with several requests in flight', function () {
  this.timeout(60_000)

  it(`leave the messages of each partition in the order of sending, for ${SEEDS} seeds`, async () => {
    let acknowledged = 0
    await forEachSeed(SEEDS, SENDERS, async (seed) => {
      acknowledged += await runOnce(seed)
    })
    expect(acknowledged, 'enough to be worth it').to.be.greaterThan(0)
  })
})

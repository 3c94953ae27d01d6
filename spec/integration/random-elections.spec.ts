import { expect } from 'chai'
import { Producer } from '../../lib/index.js'
import { silentLogger } from '../../lib/logger.js'
import { eraNames, TestCluster } from '../../lib/testing/index.js'
import { forEachSeed } from '../support/for-each-seed.js'
import { SeededRandom } from '../support/seeded-random.js'

const SEEDS = 150
/** Seeds that run beside each other, so that their waits overlap. */
const AT_A_TIME = 15
const MESSAGES = 80
const PARTITIONS = 3
const BROKERS = 3

/**
 * The Scala producer sees neither a refusal nor a closed connection: it loses the request that is refused, and the next
 * one, whose write still succeeds; the one after that fails to be written, which makes it look for the new leader.
 */
const LOST_BY_ORIGINAL_PER_ELECTION = 2

/** One run with acks 0, whose elections and restarts are drawn from the seed. */
class Run {
  readonly #random: SeededRandom
  readonly #topic: string
  #cluster!: TestCluster
  #producer!: Producer<string, string>
  readonly #delivered: string[] = []
  /** Partitions that got another leader. */
  #elections = 0

  constructor(seed: number) {
    this.#random = new SeededRandom(seed)
    this.#topic = `t${seed}`
  }

  async start(): Promise<void> {
    const random = this.#random
    const era = Array.from({ length: BROKERS }, () => random.pick(eraNames))
    this.#cluster = await TestCluster.start({ brokers: BROKERS, era, autoCreateTopics: false })
    this.#cluster.createTopic(this.#topic, { partitions: PARTITIONS })
    this.#producer = new Producer<string, string>(
      {
        'metadata.broker.list': this.#cluster.bootstrap,
        'serializer.class': 'kafka.serializer.StringEncoder',
        'producer.type': random.pick(['sync', 'async']),
        'queue.buffering.max.ms': 1,
        'retry.backoff.ms': random.int(4),
        'max.in.flight.requests.per.connection': random.pick([1, 5]),
        'topic.metadata.refresh.interval.ms': random.pick([-1, 20, 600_000]),
      },
      { logger: silentLogger },
    )
  }

  /** Each message is a request, and the event loop turns in between. */
  async drive(): Promise<void> {
    for (let i = 0; i < MESSAGES; i++) {
      if (this.#random.int(10) === 0) await this.#elect()
      const message = `m${i}`
      try {
        await this.#producer.deliver({ topic: this.#topic, key: `k${i % 7}`, message })
        this.#delivered.push(message)
      } catch {
        // Reported, so not lost in silence.
      }
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
    await this.#producer.flush().catch(() => {})
  }

  check(): void {
    const stored = new Set(this.#cluster.messages(this.#topic).map(({ value }) => String(value)))
    const lost = this.#delivered.filter((message) => !stored.has(message))
    const reported = this.#producer.metrics().MessagesUnconfirmed[0]!.count
    expect(lost.length, 'lost, beside what was reported as unconfirmed').to.be.at.most(reported)
    const allowed = LOST_BY_ORIGINAL_PER_ELECTION * this.#elections
    expect(lost.length, `lost over ${this.#elections} elections`).to.be.at.most(allowed)
  }

  async stop(): Promise<void> {
    await this.#producer.close({ timeoutMs: 1000 })
    await this.#cluster.close()
  }

  async #elect(): Promise<void> {
    const random = this.#random
    const before = this.#leaders()
    const id = random.int(BROKERS)
    const isRestart = random.int(3) === 0
    if (isRestart) await this.#cluster.stopBroker(id)
    else this.#cluster.moveLeader(this.#topic, random.int(PARTITIONS), id)
    this.#elections += this.#leaders().filter((leader, partition) => leader !== before[partition]).length
    if (isRestart) await this.#cluster.startBroker(id)
  }

  #leaders(): (number | null)[] {
    return Array.from({ length: PARTITIONS }, (_, partition) =>
      this.#cluster.leaderOf(this.#topic, partition),
    )
  }
}

describe('Random elections under traffic with acks 0', function () {
  this.timeout(60_000)

  it(`lose no more messages than with the Scala producer, and none unreported, for ${SEEDS} seeds`, async () => {
    await forEachSeed(SEEDS, AT_A_TIME, async (seed) => {
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

/**
 * A cluster is upgraded under a running producer, from 0.8.2.2 to 3.9.2 on the same data and ZooKeeper, then to 4.3.1
 * on KRaft with storage of its own behind the same address. And one goes from the newest to the oldest and back.
 */
import { expect } from 'chai'
import { type Logger, Producer, type VersionSeen } from '../../lib/index.js'
import { covers } from './contract/cases/detection.js'
import { eventually, ReplaceableBroker } from './support/index.js'
import { expectKept, Traffic } from './support/traffic.js'

const ON_ZOOKEEPER = ['0.8.2.2', '0.9.0.1', '0.10.2.2', '0.11.0.3', '1.1.1', '2.8.2', '3.9.2']
const ON_KRAFT = '4.3.1'
const OLDEST = '0.8.0'
const TOPIC = 'upgraded'
const KEYS = 10
/** Acknowledged messages each version must have got before it is replaced. */
const ENOUGH = 500
const EVERY_MS = 20
const LIMIT_MS = 300_000
const SETTLE_LIMIT_MS = 60_000

const quiet: Logger = { debug() {}, info() {}, warn() {}, error() {} }

describe('A producer whose broker is upgraded', () => {
  let broker: ReplaceableBroker
  let producer: Producer<string, string>

  beforeEach(async () => {
    broker = await ReplaceableBroker.create({ 'num.partitions': 3 })
    producer = new Producer(
      {
        'metadata.broker.list': broker.address,
        'serializer.class': 'kafka.serializer.StringEncoder',
        'producer.type': 'async',
        'request.required.acks': '-1',
        'message.send.max.retries': '1000',
        'queue.buffering.max.ms': '10',
        'queue.buffering.max.messages': '100000',
      },
      { logger: quiet },
    )
  })

  afterEach(async function () {
    await producer.close({ timeoutMs: 10_000 })
    await broker.stop({ keep: this.currentTest?.state === 'failed' })
  })

  it('goes on from version to version, keeps all that was acknowledged, and names each release it sees', async function () {
    this.timeout(LIMIT_MS)
    const seen: VersionSeen[] = []
    producer.on('version', (event) => seen.push(event))
    const traffic = new Traffic(producer, TOPIC, KEYS)

    for (const version of ON_ZOOKEEPER) await traffic.during(serveWith(version, traffic), EVERY_MS)
    await traffic.during(serveWith(ON_KRAFT, traffic), EVERY_MS)
    await traffic.settled()

    expect(traffic.count('acknowledged')).to.equal(traffic.sent.length)
    const storages = await broker.readTopic(TOPIC)
    expect(storages, 'one of ZooKeeper versions, one of KRaft').to.have.lengthOf(2)
    expectKept(traffic.sent, storages.flat())
    expectNamed(seen, [...ON_ZOOKEEPER, ON_KRAFT])
  })

  it('goes on when the broker comes back older by all releases there are, and newer again', async function () {
    this.timeout(LIMIT_MS)
    const seen: VersionSeen[] = []
    producer.on('version', (event) => seen.push(event))
    const versions = [ON_KRAFT, OLDEST, ON_KRAFT]

    // A topic for each turn: what is sent while the broker is replaced may be stored before or after.
    const turns = versions.map((_, turn) => new Traffic(producer, `${TOPIC}-${turn}`, KEYS))
    for (const [turn, traffic] of turns.entries()) {
      await traffic.during(serveWith(versions[turn]!, traffic), EVERY_MS)
      await traffic.settled()
    }

    for (const [turn, traffic] of turns.entries()) {
      expect(traffic.count('acknowledged')).to.equal(traffic.sent.length)
      const [kraft = [], zookeeper = []] = await broker.readTopic(`${TOPIC}-${turn}`)
      const inOrder = versions[turn] === ON_KRAFT ? [zookeeper, kraft] : [kraft, zookeeper]
      expectKept(traffic.sent, inOrder.flat())
    }
    expectNamed(seen, versions)
  })

  function expectNamed(seen: readonly VersionSeen[], versions: readonly string[]): void {
    expect(seen.map(({ release }, i) => covers(release, versions[i] ?? 'none'))).to.deep.equal(
      versions.map(() => true),
    )
    expect(seen.map(({ previous }) => previous)).to.deep.equal([
      null,
      ...seen.map(({ release }) => release).slice(0, -1),
    ])
    expect(new Set(seen.map((event) => event.broker))).to.deep.equal(new Set([broker.address]))
  }

  /** Replaces the broker, and waits until enough traffic has come through to the new one. */
  async function serveWith(version: string, traffic: Traffic): Promise<void> {
    await broker.become(version, { mode: version === ON_KRAFT ? 'kraft' : 'zookeeper' })
    const wanted = traffic.count('acknowledged') + ENOUGH
    const look = (): true | null => (traffic.count('acknowledged') >= wanted ? true : null)
    const what = () => `${wanted} acknowledged messages, of ${traffic.sent.length}`
    await eventually(look, { timeoutMs: SETTLE_LIMIT_MS, what })
  }
})

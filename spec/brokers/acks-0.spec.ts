import { PassThrough } from 'node:stream'
import { expect } from 'chai'
import { type Logger, Producer } from '../../lib/index.js'
import { electPreferredLeaders, eventually, KafkaCluster } from './support/index.js'

const quiet: Logger = { debug() {}, info() {}, warn() {}, error() {} }

/** Messages of one sender, each sent by itself: `name:number`. */
interface Sender {
  readonly name: string
  sent: number
  send(text: string): unknown
  close(): Promise<unknown>
}

/** The Scala producer can run where its own release is the broker's. */
const VERSIONS: readonly { version: string; hasOriginal: boolean }[] = [
  { version: '0.8.2.2', hasOriginal: true },
  { version: '2.8.2', hasOriginal: false },
  { version: '4.3.1', hasOriginal: false },
]

/** The request that is refused, and one that was written before the closed connection was noticed. */
const LOST_PER_ELECTION = 2
/** Further ones that are written while a broker on a busy machine takes its time to close: one each 20 ms. */
const WRITTEN_MEANWHILE = 8

for (const { version, hasOriginal } of VERSIONS) {
  describe(`Producers with acks 0 on two real Kafka ${version} brokers`, () => {
    let cluster: KafkaCluster

    before(async () => {
      cluster = await KafkaCluster.start({
        version,
        brokers: 2,
        config: { 'auto.create.topics.enable': 'false' },
      })
    })

    after(() => cluster.stop())

    function ours(topic: string, type: 'sync' | 'async'): Sender {
      const producer = new Producer<string, string>(
        {
          'metadata.broker.list': cluster.bootstrap.join(','),
          'serializer.class': 'kafka.serializer.StringEncoder',
          'producer.type': type,
          'queue.buffering.max.ms': 1,
        },
        { logger: quiet },
      )
      return {
        name: type,
        sent: 0,
        send: (message) => producer.deliver({ topic, message }).catch(() => {}),
        close: () => producer.close({ timeoutMs: 10_000 }),
      }
    }

    /** The console producer of 0.8.2.2 without its queue: each line is one request. */
    function original(topic: string): Sender {
      const lines = new PassThrough()
      const address = ['--broker-list', cluster.bootstrap.join(','), '--topic', topic]
      const acks = ['--sync', '--request-required-acks', '0']
      const run = cluster.runToolOn(lines, 'kafka.tools.ConsoleProducer', ...address, ...acks)
      return {
        name: 'original',
        sent: 0,
        send: (line) => lines.write(`${line}\n`),
        close: () => {
          lines.end()
          return run
        },
      }
    }

    /** A broker restarts, so that the other one leads. @returns resolves when the leadership can go back. */
    async function leadByOther(topic: string): Promise<void> {
      await cluster.createTopic(topic, { partitions: 1, replicationFactor: 2 })
      const preferred = await cluster.leaderOf(topic, 0)
      await cluster.stopBroker(preferred)
      await cluster.waitForLeaders(topic)
      await cluster.startBroker(preferred)
    }

    async function steadily(senders: readonly Sender[], until: () => Promise<unknown>): Promise<void> {
      const tick = (): void => {
        for (const sender of senders) sender.send(`${sender.name}:${sender.sent++}`)
      }
      const timer = setInterval(tick, 20)
      try {
        await until()
      } finally {
        clearInterval(timer)
      }
    }

    async function numbersOf(topic: string, { name }: Sender): Promise<Set<number>> {
      const values = (await cluster.dumpTopic(topic)).map(({ value }) => String(value).split(':'))
      return new Set(values.flatMap(([sender, number]) => (sender === name ? [Number(number)] : [])))
    }

    const beside = hasOriginal ? ', as the Scala producer does beside them' : ''
    it(`lose only messages in flight when the leadership returns to the preferred replica${beside}`, async () => {
      await leadByOther('moved')
      const senders = [
        ours('moved', 'sync'),
        ours('moved', 'async'),
        ...(hasOriginal ? [original('moved')] : []),
      ]
      const before = await cluster.leaderOf('moved', 0)
      const seconds = (count: number) => new Promise((resolve) => setTimeout(resolve, 1000 * count))
      await steadily(senders, async () => {
        const hasMoved = async (): Promise<true | null> => {
          await electPreferredLeaders(cluster)
          return (await cluster.leaderOf('moved', 0)) === before ? null : true
        }
        await eventually(hasMoved, { timeoutMs: 60_000, everyMs: 500, what: () => 'the leader to move' })
        await seconds(2)
      })
      await Promise.all(senders.map((sender) => sender.close()))
      const lost = new Map<string, number>()
      for (const sender of senders) {
        const stored = await numbersOf('moved', sender)
        lost.set(sender.name, sender.sent - stored.size)
      }
      const allowed = Math.max(LOST_PER_ELECTION, lost.get('original') ?? 0) + WRITTEN_MEANWHILE
      for (const type of ['sync', 'async']) {
        expect(lost.get(type), `lost: ${JSON.stringify([...lost])}`).to.be.at.most(allowed)
      }
    })
  })
}

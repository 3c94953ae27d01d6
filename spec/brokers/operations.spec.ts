import { expect } from 'chai'
import { type Logger, Producer } from '../../lib/index.js'
import { electPreferredLeaders, eventually, KafkaCluster } from './support/index.js'
import { expectKept, type Sent, Traffic } from './support/traffic.js'

const quiet: Logger = { debug() {}, info() {}, warn() {}, error() {} }

/** What operators do, by the tools of a version: arguments after the main class. */
interface Operations {
  readonly version: string
  grow(cluster: KafkaCluster, topic: string, partitions: number): [mainClass: string, ...args: string[]]
  remove(cluster: KafkaCluster, topic: string): [mainClass: string, ...args: string[]]
}

const all: readonly Operations[] = [
  {
    version: '0.8.2.2',
    grow: ({ zookeeper }, topic, partitions) => [
      'kafka.admin.TopicCommand',
      ...['--alter', '--zookeeper', zookeeper!, '--topic', topic, '--partitions', String(partitions)],
    ],
    remove: ({ zookeeper }, topic) => [
      'kafka.admin.TopicCommand',
      ...['--delete', '--zookeeper', zookeeper!, '--topic', topic],
    ],
  },
  {
    version: '4.3.1',
    grow: ({ bootstrap }, topic, partitions) => [
      'org.apache.kafka.tools.TopicCommand',
      ...['--bootstrap-server', bootstrap.join(','), '--alter'],
      ...['--topic', topic, '--partitions', String(partitions)],
    ],
    remove: ({ bootstrap }, topic) => [
      'org.apache.kafka.tools.TopicCommand',
      ...['--bootstrap-server', bootstrap.join(','), '--delete', '--topic', topic],
    ],
  },
]

/** What operators do to a cluster every week, while an application goes on sending with acks −1 and sensible retries. */
for (const { version, grow, remove } of all)
  describe(`A steady producer on three real Kafka ${version} brokers`, () => {
    let cluster: KafkaCluster
    let producer: Producer<string, string>
    let reported: string[]

    const settings = () => ({
      'metadata.broker.list': cluster.bootstrap.join(','),
      'serializer.class': 'kafka.serializer.StringEncoder',
      'producer.type': 'async',
      'queue.buffering.max.ms': 20,
      'request.required.acks': -1,
      'request.timeout.ms': 3000,
      'message.send.max.retries': 50,
      'retry.backoff.ms': 100,
      'topic.metadata.refresh.interval.ms': 500,
    })

    before(async () => {
      cluster = await KafkaCluster.start({ version, brokers: 3 })
    })

    after(() => cluster.stop())

    beforeEach(() => {
      reported = []
      producer = new Producer<string, string>(settings(), { logger: quiet })
      for (const event of ['retry', 'refresh', 'connect', 'disconnect', 'failed'] as const) {
        producer.on(event, () => reported.push(event))
      }
    })

    afterEach(() => producer.close({ timeoutMs: 10_000 }))

    /** Traffic to a topic of six partitions while `work` is done, and until everything has its outcome. */
    async function steadily(topic: string, work: () => Promise<unknown>): Promise<Traffic> {
      await cluster.createTopic(topic, { partitions: 6, replicationFactor: 3 })
      const traffic = new Traffic(producer, topic, 12)
      traffic.round()
      await traffic.settled()
      await traffic.during(work(), 20)
      traffic.round()
      await traffic.settled()
      return traffic
    }

    async function expectNothingFailed({ sent }: Traffic, topic: string): Promise<void> {
      expect(sent.filter(({ outcome }) => outcome !== 'acknowledged')).to.deep.equal([])
      expect(reported).not.to.include('failed')
      expectKept(sent, await cluster.dumpTopic(topic))
    }

    it('delivers everything in order over the restart of a broker, and emits events about it', async () => {
      const traffic = await steadily('restarted', async () => {
        const id = await cluster.leaderOf('restarted', 0)
        await cluster.stopBroker(id)
        await cluster.waitForLeaders('restarted')
        await cluster.startBroker(id)
        await cluster.waitForLeaders('restarted')
      })
      await expectNothingFailed(traffic, 'restarted')
      expect(reported).to.include.members(['disconnect', 'retry', 'refresh', 'connect'])
    })

    it('delivers everything in order when a leader is killed, and comes back', async () => {
      const traffic = await steadily('killed', async () => {
        const id = await cluster.leaderOf('killed', 0)
        await cluster.killBroker(id)
        await cluster.waitForLeaders('killed')
        await cluster.startBroker(id)
        await cluster.waitForLeaders('killed')
      })
      await expectNothingFailed(traffic, 'killed')
    })

    it('delivers everything in order while leaders are elected anew', async () => {
      const leaders = async (): Promise<number[]> => [...(await cluster.waitForLeaders('elected')).values()]
      let moved = 0
      const traffic = await steadily('elected', async () => {
        const id = await cluster.leaderOf('elected', 0)
        await cluster.stopBroker(id)
        await cluster.startBroker(id)
        const before = await leaders()
        // The controller moves leaders back once the returned replicas are in sync again.
        const isBack = async (): Promise<true | null> => {
          await electPreferredLeaders(cluster)
          moved = (await leaders()).filter((leader, partition) => leader !== before[partition]).length
          return moved > 0 ? true : null
        }
        await eventually(isBack, { timeoutMs: 30_000, everyMs: 500, what: () => 'a leader to be elected' })
      })
      expect(moved).to.be.greaterThan(0)
      await expectNothingFailed(traffic, 'elected')
    })

    it('uses partitions that are added after the next refresh, without a failure', async () => {
      const usesNew = (sent: readonly Sent[]): boolean => sent.some(({ partition }) => partition >= 6)
      const traffic = await steadily('grown', async () => {
        await cluster.runTool(...grow(cluster, 'grown', 24))
        await eventually(async () => ((await cluster.waitForLeaders('grown')).size === 24 ? true : null), {
          timeoutMs: 20_000,
          everyMs: 100,
          what: () => 'partitions to be added',
        })
        await new Promise((resolve) => producer.once('refresh', resolve))
        await new Promise((resolve) => producer.once('refresh', resolve))
      })
      expect(usesNew(traffic.sent)).to.equal(true)
      expect(traffic.count('acknowledged')).to.equal(traffic.sent.length)
      expect(reported).not.to.include('failed')
      expect(await cluster.dumpTopic('grown')).to.have.lengthOf.at.least(traffic.sent.length)
    })

    it('continues with a topic that was deleted and created again', async () => {
      // Without a refresh in between, which would create it, and tell.
      const unaware = new Producer<string, string>(
        { ...settings(), 'topic.metadata.refresh.interval.ms': -1 },
        { logger: quiet },
      )
      const message = (text: string) => ({ topic: 'renewed', key: 'k', message: text })
      try {
        await cluster.createTopic('renewed', { partitions: 2, replicationFactor: 3 })
        await unaware.deliver(message('before'))
        await cluster.runTool(...remove(cluster, 'renewed'))
        const isNew = (): Promise<true | null> =>
          cluster.createTopic('renewed', { partitions: 2, replicationFactor: 3 }).then(
            () => true,
            () => null,
          )
        await eventually(isNew, { timeoutMs: 30_000, everyMs: 200, what: () => 'the topic to be gone' })
        const { offset } = await unaware.deliver(message('after'))
        expect(offset).to.equal(0n)
        expect((await cluster.dumpTopic('renewed')).map(({ value }) => String(value))).to.deep.equal([
          'after',
        ])
      } finally {
        await unaware.close({ timeoutMs: 10_000 })
      }
    })
  })

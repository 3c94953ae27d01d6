import { channel } from 'node:diagnostics_channel'
import { expect } from 'chai'
import { Producer, type ThrottleEvent } from '../../lib/index.js'
import { KafkaCluster } from './support/index.js'

interface RequestSeen {
  readonly api: string
  readonly atMs: number
}

const QUOTA_BYTES_PER_SECOND = 20_000
const quiet = { debug() {}, info() {}, warn() {}, error() {} }

/** From 2.0 on a throttled answer comes at once and the client holds back; before that the answer comes late. */
const versions = [
  {
    version: '1.1.1',
    holdsBack: false,
    where: (cluster: KafkaCluster) => ['--zookeeper', cluster.zookeeper!],
  },
  {
    version: '3.9.2',
    holdsBack: true,
    where: (cluster: KafkaCluster) => ['--bootstrap-server', cluster.bootstrap.join(',')],
  },
] as const

for (const { version, holdsBack, where } of versions) {
  describe(`A quota of a real Kafka ${version}`, () => {
    let cluster: KafkaCluster

    before(async () => {
      // Two windows of a second: a quota that is exceeded costs a second or two, not ten.
      const config = { 'quota.window.num': 2, 'quota.window.size.seconds': 1 }
      cluster = await KafkaCluster.start({ version, config })
      await cluster.createTopic('limited')
      const quota = `producer_byte_rate=${QUOTA_BYTES_PER_SECOND}`
      const client = ['--entity-type', 'clients', '--entity-name', 'greedy']
      const change = ['--alter', '--add-config', quota, ...client]
      await cluster.runTool('kafka.admin.ConfigCommand', ...where(cluster), ...change)
    })

    after(() => cluster.stop())

    it(`is reported, ${holdsBack ? 'and nothing is sent during the throttle time' : 'and no message is lost'}`, async () => {
      const requests: RequestSeen[] = []
      const onStart = (message: unknown): void => {
        const { api } = message as { api: string }
        requests.push({ api, atMs: performance.now() })
      }
      const started = channel('kafka-classic-producer:request:start')
      started.subscribe(onStart)
      const throttled: (ThrottleEvent & { readonly atMs: number })[] = []
      const producer = new Producer<string, string>(
        {
          'metadata.broker.list': cluster.bootstrap.join(','),
          'serializer.class': 'kafka.serializer.StringEncoder',
          'request.required.acks': 1,
          'client.id': 'greedy',
        },
        { logger: quiet },
      )
      producer.on('throttle', (event) => throttled.push({ ...event, atMs: performance.now() }))
      try {
        const values = Array.from({ length: 4 }, (_, i) => `${i}`.padEnd(10_000, '.'))
        for (const message of values) await producer.send({ topic: 'limited', message })
        const stored = await cluster.readTopic('limited')
        expect(stored.map(({ value }) => `${value}`)).to.deep.equal(values)
      } finally {
        started.unsubscribe(onStart)
        await producer.close()
      }
      expect(throttled, 'throttle events').not.to.have.length(0)
      for (const { throttleTimeMs, atMs, broker } of throttled) {
        expect(throttleTimeMs).to.be.greaterThan(0)
        expect(broker).to.equal(cluster.bootstrap[0])
        if (!holdsBack) continue
        const next = requests.find((request) => request.atMs > atMs)
        if (next) expect(next.atMs).to.be.at.least(atMs + throttleTimeMs - 5)
      }
      const [all] = producer.metrics().ProducerRequestThrottleRateAndTimeMs
      expect(all!.count).to.equal(throttled.length)
    })
  })
}

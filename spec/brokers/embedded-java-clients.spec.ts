/** Kafka's own producers against the embedded broker, idempotent and in transactions: whether it is what they expect. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect } from 'chai'
import { close, type EraName, errorCode, type StoredMessage, TestCluster } from '../../lib/testing/index.js'
import { Jvm } from './support/jvm.js'
import { kafkaVersion } from './support/kafka-version.js'

const RECORDS = 1000
const TOPIC = 't'

/** Version of the client, era of the embedded brokers, and the version of EndTxn that they agree on. */
const PAIRS: readonly (readonly [client: string, era: EraName, endTxn: number])[] = [
  ['3.9.2', '0.11', 0],
  ['3.9.2', '1.1', 0],
  ['3.9.2', '2.8', 3],
  ['3.9.2', '3.9', 4],
  ['4.3.1', '3.9', 4],
  ['4.3.1', '4.3', 5],
]

for (const [version, era, endTxnVersion] of PAIRS) {
  describe(`The Java producer of Kafka ${version} and a test cluster of era ${era}`, () => {
    let cluster: TestCluster
    let folder: string
    let jvm: Jvm
    const refused: string[] = []

    before(async () => {
      folder = mkdtempSync(path.join(tmpdir(), 'embedded-java-'))
      jvm = await Jvm.prepare(kafkaVersion(version), folder)
    })
    after(() => rmSync(folder, { recursive: true, force: true }))

    beforeEach(async () => {
      cluster = await TestCluster.start({ era, brokers: 2 })
      cluster.createTopic(TOPIC, { partitions: 3 })
      refused.splice(0)
      cluster.on('refused', ({ errorCode: code, reason }) => refused.push(`${code} ${reason}`))
    })
    afterEach(() => cluster.close())

    /** `kafka-producer-perf-test`; with properties that win. */
    async function perfTest(more: readonly string[], properties: readonly string[] = []): Promise<string> {
      const address = `bootstrap.servers=${cluster.bootstrap}`
      const args = [
        ...['--topic', TOPIC, '--num-records', String(RECORDS), '--record-size', '100'],
        ...['--throughput', '2000', ...more],
        ...['--producer-props', address, 'linger.ms=5', 'enable.idempotence=true', ...properties],
      ]
      const run = await jvm.runTool({ mainClass: 'org.apache.kafka.tools.ProducerPerformance', args })
      expect(run.exit, run.stderr).to.equal('exit code 0')
      return String(run.stdout)
    }

    it('agree on transactions, of which all are committed', async () => {
      const ends: string[] = []
      cluster.on('transaction', ({ type, cause }) => ends.push(`${type} by ${cause}`))
      const said = await perfTest(['--transaction-duration-ms', '100', '--transactional-id', 'perf'])
      expect(said).to.contain(`${RECORDS} records sent`)
      expect(refused).to.deep.equal([])
      expect(cluster.committed(TOPIC)).to.have.lengthOf(RECORDS)
      expect(ends.length).to.be.greaterThan(1)
      expect(new Set(ends)).to.deep.equal(new Set(['COMMIT by EndTxn']))
      const versions = cluster.requests
        .filter(({ api }) => api === 'EndTxn')
        .map((request) => request.version)
      expect(new Set(versions)).to.deep.equal(new Set([endTxnVersion]))
    })

    it('store each record of an idempotent producer once, though answers get lost', async () => {
      cluster.faults.on('Produce', { after: 3, times: 2 }, close('afterStoring'))
      cluster.faults.on('Produce', { after: 12, times: 2 }, errorCode('NOT_LEADER_OR_FOLLOWER'))
      await perfTest([])
      const messages = cluster.messages(TOPIC)
      expect(messages).to.have.lengthOf(RECORDS)
      expect(sequencesInOrder(messages)).to.equal(true)
    })

    it('get over errors that coordinators answer while they move', async () => {
      cluster.faults.on('FindCoordinator', {}, errorCode('COORDINATOR_NOT_AVAILABLE'))
      cluster.faults.on('InitProducerId', {}, errorCode('COORDINATOR_LOAD_IN_PROGRESS'))
      cluster.faults.on('EndTxn', { times: 2 }, errorCode('CONCURRENT_TRANSACTIONS'))
      cluster.faults.on('EndTxn', { after: 3 }, close('afterStoring'))
      cluster.faults.on('EndTxn', { after: 5 }, errorCode('NOT_COORDINATOR'))
      await perfTest(['--transaction-duration-ms', '100', '--transactional-id', 'perf'])
      expect(cluster.committed(TOPIC)).to.have.lengthOf(RECORDS)
      const markers = cluster.markers(TOPIC).filter(({ type }) => type === 'ABORT')
      expect(markers, 'aborted').to.deep.equal([])
    })

    it('agree on the lines of an idempotent console producer', async () => {
      const lines = Array.from({ length: 50 }, (_, i) => `line ${i}`)
      const { consoleProducer } = kafkaVersion(version)
      const args = [
        ...['--bootstrap-server', cluster.bootstrap, '--topic', TOPIC],
        ...['--producer-property', 'enable.idempotence=true', '--producer-property', 'acks=all'],
      ]
      const input = Buffer.from(lines.map((line) => `${line}\n`).join(''))
      const run = await jvm.runTool({ mainClass: consoleProducer!.mainClass, args }, { input })
      expect([run.exit, /ERROR/.test(run.stderr)], run.stderr).to.deep.equal(['exit code 0', false])
      const messages = cluster.messages(TOPIC)
      expect(messages.map(({ value }) => String(value)).sort()).to.deep.equal([...lines].sort())
      expect(messages.every(({ producer }) => producer?.epoch === 0)).to.equal(true)
    })
  })
}

/** Whether the numbers of each partition count up from 0 without a gap. */
function sequencesInOrder(messages: readonly StoredMessage[]): boolean {
  const next = new Map<number, number>()
  return messages.every(({ partition, producer }) => {
    const expected = next.get(partition) ?? 0
    next.set(partition, expected + 1)
    return producer?.sequence === expected
  })
}

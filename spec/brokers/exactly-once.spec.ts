/**
 * The short form of `npm run test:exactly-once`: half a minute of each kind of traffic on one real cluster of three, with each kind
 * of fault, and with transaction version 2 coming on the way.
 */
import { expect } from 'chai'
import { rowOf } from './exactly-once/results.js'
import { type RunOptions, runExactlyOnce, SAFE_SETTINGS } from './exactly-once/run.js'
import { KafkaCluster } from './support/index.js'
import { raiseTransactionVersion } from './support/transaction-version.js'

const VERSION = '4.3.1'
const SECONDS = 20
const SEED = 7

describe(`KafkaProducer processes on three real Kafka ${VERSION} brokers that are killed and paused`, function () {
  this.timeout(300_000)
  let cluster: KafkaCluster

  before(async () => {
    cluster = await KafkaCluster.start({ version: VERSION, brokers: 3, config: SAFE_SETTINGS })
  })
  after(() => cluster.stop())

  async function run(kind: RunOptions['kind'], halfway?: () => Promise<void>) {
    const result = await runExactlyOnce({
      cluster,
      kind,
      topic: kind,
      seconds: SECONDS,
      seed: SEED,
      brokerFaults: ['pause', 'kill'],
      ...(halfway && { halfway }),
    })
    const row = rowOf({ version: VERSION, traffic: kind, seconds: SECONDS }, result)
    const texts = result.violations.map((one) => `${one.kind}: ${one.text}`)
    expect(texts, JSON.stringify(row)).to.deep.equal([])
    return row
  }

  it('store each record once and in order with idempotence, though one of them is killed', async () => {
    const row = await run('idempotent')
    expect(row.acknowledged, JSON.stringify(row)).to.be.greaterThan(1000)
    expect(row.brokerFaults).not.to.equal('')
  })

  it('have all of a committed transaction read and nothing of an aborted one, though they are killed and fenced', async () => {
    const port = Number(cluster.bootstrap[0]!.split(':')[1])
    const row = await run('transactional', () => raiseTransactionVersion(port))
    expect(row.committed, JSON.stringify(row)).to.be.greaterThan(10)
    expect(row.aborted, JSON.stringify(row)).to.be.greaterThan(0)
    expect(row.brokerFaults).not.to.equal('')
  })
})

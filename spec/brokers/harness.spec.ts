import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { eventually, isFree, isRunning, KafkaCluster, type StoredRecord } from './support/index.js'

/** Keys and values in log order, comparable between readers: `partition:offset key=value`. */
function printed(records: readonly StoredRecord[]): string[] {
  return records.map(({ partition, offset, key, value }) => `${partition}:${offset} ${key}=${value}`)
}

function keyedLines(count: number, prefix: string): { key: string; value: string }[] {
  return Array.from({ length: count }, (_, i) => ({
    key: `${prefix}-key-${i}`,
    value: `${prefix} value ${i}`,
  }))
}

/** Everything a stopped cluster must not leave behind. */
async function expectNothingLeft(pids: readonly number[], cluster: KafkaCluster): Promise<void> {
  expect(pids.filter(isRunning), 'processes left').to.deep.equal([])
  for (const address of cluster.bootstrap) {
    expect(await isFree(Number(address.split(':')[1])), `${address} is free`).to.equal(true)
  }
  expect(existsSync(cluster.folder), 'the folder is left').to.equal(false)
}

for (const brokers of [1, 3]) {
  describe(`A real Kafka 0.8.2.2 cluster of ${brokers}`, () => {
    let cluster: KafkaCluster

    before(async () => {
      cluster = await KafkaCluster.start({ version: '0.8.2.2', brokers })
    })

    after(() => cluster.stop())

    it('returns through three readers the messages of its own console producer', async () => {
      await cluster.createTopic('written', { partitions: 3, replicationFactor: brokers })
      const lines = keyedLines(30, 'plain')
      await cluster.produceLines('written', lines)

      const stored = await cluster.readTopic('written')
      const dumped = await cluster.dumpTopic('written')
      const consumed = await cluster.consumeTopic('written', lines.length)

      const sent = lines.map(({ key, value }) => `${key}=${value}`).sort()
      expect(stored.map(({ key, value }) => `${key}=${value}`).sort()).to.deep.equal(sent)
      expect(consumed.map(({ key, value }) => `${key}=${value}`).sort()).to.deep.equal(sent)
      expect(printed(dumped)).to.deep.equal(printed(stored))
      expect(new Set(stored.map(({ partition }) => partition))).to.deep.equal(new Set([0, 1, 2]))
    })

    it('stores message format 0, and reports the codec of a set', async () => {
      await cluster.createTopic('compressed')
      await cluster.produceLines('compressed', keyedLines(1, 'plain'))
      await cluster.produceLines('compressed', keyedLines(2, 'packed'), { codec: 'gzip' })

      const stored = await cluster.readTopic('compressed')

      expect(stored.map(({ codec, magic }) => `${codec} ${magic}`)).to.deep.equal([
        'none 0',
        'gzip 0',
        'gzip 0',
      ])
      expect(stored.map(({ offset }) => offset)).to.deep.equal([0n, 1n, 2n])
      expect(printed(await cluster.dumpTopic('compressed'))).to.deep.equal(printed(stored))
    })

    it('accepts settings of a topic', async () => {
      await cluster.createTopic('narrow', { config: { 'max.message.bytes': '100' } })

      const tooLarge = cluster.produceLines('narrow', [{ key: 'k', value: 'v'.repeat(200) }])

      await expectRejection(tooLarge, /MessageSizeTooLarge|FailedToSend/)
      expect(await cluster.readTopic('narrow')).to.deep.equal([])
    })

    it('refuses an existing topic', async () => {
      await cluster.createTopic('twice')
      await expectRejection(cluster.createTopic('twice'), /topic twice was refused/)
    })

    it('brings a killed broker back on the same port with its data', async () => {
      await cluster.createTopic('kept', { replicationFactor: brokers })
      await cluster.produceLines('kept', keyedLines(5, 'before'))
      const address = cluster.addressOf(1)

      await cluster.killBroker(1)
      expect(printed(await cluster.readTopic('kept', { broker: 1 }))).to.have.lengthOf(5)
      await cluster.startBroker(1)
      await cluster.waitForLeaders('kept')
      await cluster.produceLines('kept', keyedLines(5, 'after'))

      expect(cluster.addressOf(1)).to.equal(address)
      expect((await cluster.readTopic('kept')).map(({ value }) => String(value))).to.deep.equal(
        [...keyedLines(5, 'before'), ...keyedLines(5, 'after')].map(({ value }) => value),
      )
    })
  })
}

describe('Three real Kafka 0.8.2.2 brokers', () => {
  let cluster: KafkaCluster

  before(async () => {
    cluster = await KafkaCluster.start({ version: '0.8.2.2', brokers: 3 })
    await cluster.createTopic('moving', { partitions: 3, replicationFactor: 3 })
  })

  after(() => cluster.stop())

  it('choose another leader when the leader is killed, and lose nothing', async () => {
    await cluster.produceLines('moving', keyedLines(10, 'before'))
    const before = await cluster.readTopic('moving')
    const old = await cluster.leaderOf('moving', 0)

    await cluster.killBroker(old)
    const leaders = await cluster.waitForLeaders('moving')

    expect([...leaders.values()]).not.to.include(old)
    expect(printed(await cluster.readTopic('moving'))).to.deep.equal(printed(before))
    await cluster.startBroker(old)
  })

  it('choose another leader when the leader is paused, and the old one again when it is resumed', async () => {
    const old = await cluster.leaderOf('moving', 1)

    cluster.pauseBroker(old)
    const leader = await cluster.leaderOf('moving', 1)
    cluster.resumeBroker(old)

    expect(leader).not.to.equal(old)
    // Once it has noticed that it was gone, it names the new leader as the others do.
    expect(await cluster.leaderOf('moving', 1)).to.equal(leader)
  })

  it('hand leadership over when a broker is stopped, and all may stop and return', async () => {
    const old = await cluster.leaderOf('moving', 2)
    await cluster.stopBroker(old)
    expect(await cluster.leaderOf('moving', 2)).not.to.equal(old)

    await Promise.all(cluster.brokerIds.map((id) => cluster.killBroker(id)))
    expect(cluster.pids, 'ZooKeeper alone').to.have.lengthOf(1)
    for (const id of cluster.brokerIds) await cluster.startBroker(id)

    expect([...(await cluster.waitForLeaders('moving')).keys()].sort()).to.deep.equal([0, 1, 2])
  })
})

for (const version of ['0.8.2.2', '0.9.0.1', '2.8.2', '4.3.1']) {
  describe(`A real Kafka ${version} broker`, () => {
    it('starts, stores what its console producer writes, and stops without leaving anything', async () => {
      const cluster = await KafkaCluster.start({ version })
      const pids = cluster.pids
      try {
        await cluster.createTopic('short')
        const lines = keyedLines(3, version)
        await cluster.produceLines('short', lines)

        const stored = await cluster.readTopic('short')
        expect(stored.map(({ key, value }) => ({ key: String(key), value: String(value) }))).to.deep.equal(
          lines,
        )
        expect(printed(await cluster.dumpTopic('short'))).to.deep.equal(printed(stored))
      } finally {
        await cluster.stop()
      }
      await expectNothingLeft(pids, cluster)
    })
  })
}

describe('A real Kafka 2.8.2 broker that was killed', () => {
  let cluster: KafkaCluster

  before(async () => {
    cluster = await KafkaCluster.start({ version: '2.8.2' })
  })

  after(() => cluster.stop())

  it('can be started at once, although ZooKeeper still holds its registration', async () => {
    await cluster.createTopic('kept')
    await cluster.produceLines('kept', keyedLines(2, 'before'))

    await cluster.killBroker(1)
    await cluster.startBroker(1)

    expect(await cluster.leaderOf('kept', 0)).to.equal(1)
    expect(await cluster.readTopic('kept')).to.have.lengthOf(2)
  })
})

describe('The processes of a cluster', () => {
  let owner: ChildProcess
  let folder = ''

  afterEach(() => {
    owner.kill('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  })

  it('end within two seconds when the process that started them is killed with SIGKILL', async () => {
    const script = fileURLToPath(new URL('./support/crash-subject.ts', import.meta.url))
    owner = fork(script, ['0.8.2.2'], { execArgv: ['--import', 'tsx'] })
    const [report] = (await once(owner, 'message')) as [{ pids: number[]; folder: string }]
    folder = report.folder
    expect(report.pids.filter(isRunning), 'ZooKeeper and broker').to.have.lengthOf(2)

    owner.kill('SIGKILL')

    const ended = (): true | null => (report.pids.some(isRunning) ? null : true)
    await eventually(ended, { timeoutMs: 2000, what: () => `${report.pids.filter(isRunning)} to end` })
  })
})

async function expectRejection(promise: Promise<unknown>, message: RegExp): Promise<void> {
  const outcome = await promise.then(
    () => 'resolved',
    (error: Error) => error.message,
  )
  expect(outcome).to.match(message)
}

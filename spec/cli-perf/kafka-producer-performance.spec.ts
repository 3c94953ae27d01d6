import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { expect } from 'chai'
import { main } from '../../lib/cli-perf/producer-performance.js'
import { errorCode, hold, TestCluster } from '../../lib/testing/index.js'
import { textOf } from '../cli/support/text-of.js'

interface Run {
  status: number
  output: string
  errors: string
}

/** Runs the tool in this process. */
async function run(...argv: string[]): Promise<Run> {
  const [output, errors] = [new PassThrough(), new PassThrough()]
  const status = await main(['--new-producer', ...argv], { output, errors }, '0.0.0')
  return { status, output: textOf(output), errors: textOf(errors) }
}

const TOTAL =
  /^(\d+) records sent, \d+\.\d{6} records\/sec \(\d+\.\d\d MB\/sec\), \d+\.\d\d ms avg latency, \d+\.\d\d ms max latency, \d+ ms 50th, \d+ ms 95th, \d+ ms 99th, \d+ ms 99\.9th\.$/m

describe('The perf tool with --new-producer', () => {
  let cluster: TestCluster

  beforeEach(async () => {
    cluster = await TestCluster.start({ brokers: 2 })
    cluster.createTopic('p', { partitions: 2 })
  })

  afterEach(() => cluster.close())

  const to = (records: number, ...more: string[]): string[] => [
    '--topic',
    'p',
    '--num-records',
    String(records),
    '--bootstrap-server',
    cluster.bootstrap,
    ...more,
  ]
  const values = (): string[] => cluster.messages('p').map(({ value }) => String(value))

  it('stores the records with KafkaProducer and prints the line of Kafka’s own tool alone', async () => {
    const { status, output, errors } = await run(...to(300, '--record-size', '50'))
    expect(status, errors).to.equal(0)
    expect(TOTAL.exec(output)?.[1]).to.equal('300')
    expect(output.trimEnd().split('\n')).to.have.lengthOf(1)
    expect(errors).to.equal('')
    expect(values()).to.have.lengthOf(300)
    for (const value of values()) expect(value).to.match(/^[A-Z]{50}$/)
    const clients = new Set(cluster.requests.map(({ clientId }) => clientId))
    expect([...clients]).to.deep.equal(['perf-producer-client'])
  })

  it('says as Kafka’s own tool how many records are a warm-up, and has one more line for those after it', async () => {
    const { status, output, errors } = await run(...to(30, '--payload-monotonic', '--warmup-records', '10'))
    expect(status, errors).to.equal(0)
    const lines = output.trimEnd().split('\n')
    expect(lines[0]).to.equal(
      'Warmup first 10 records. Steady state results will print after the complete test summary.',
    )
    expect(lines[1])
      .to.match(TOTAL)
      .and.match(/^30 records sent/)
    expect(lines[2]).to.match(/^20 steady state records sent, \d+\.\d{6} records\/sec .* ms 99\.9th\.$/)
    expect(lines).to.have.lengthOf(3)
  })

  describe('with files', () => {
    let folder: string
    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), 'perf-'))
    })
    afterEach(() => rmSync(folder, { recursive: true }))

    it('says as Kafka’s own tool what it read from --payload-file', async () => {
      const path = join(folder, 'values')
      writeFileSync(path, 'a\nb\n')
      const { status, output } = await run(...to(3, '--payload-file', path))
      expect(status).to.equal(0)
      expect(output.split('\n').slice(0, 2)).to.deep.equal([
        `Reading payloads from: ${path}`,
        'Number of records read: 2',
      ])
    })

    it('writes a page with charts, the lines, the settings in force, and no secret', async () => {
      const path = join(folder, 'report.html')
      const secret = ['--producer-props', 'my.secret=4711', 'linger.ms=1']
      const { status, errors } = await run(...to(100, '--record-size', '10', '--report', path, ...secret))
      expect(status, errors).to.equal(0)
      const html = readFileSync(path, 'utf8')
      expect(html).to.include('<title>Producer performance: p</title>').and.include('<svg')
      expect(html).to.match(/100 records sent, \d+\.\d{6} records\/sec/)
      expect(html).to.include('<th scope="row">linger.ms</th><td>1</td>')
      expect(html).to.include('<th scope="row">--num-records</th><td>100</td>')
      expect(html).to.not.include('4711')
    })

    it('writes its figures and points as JSON, and compares with an earlier run', async () => {
      const path = join(folder, 'before.json')
      expect((await run(...to(50, '--payload-monotonic', '--report-json', path))).status).to.equal(0)
      const before = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>
      expect(before).to.include({ format: 'kafka-producer-perf-test', producer: 'KafkaProducer' })
      expect(before.samples).to.be.an('array').that.is.not.empty
      const { status, errors } = await run(...to(50, '--payload-monotonic', '--compare', path))
      expect(status, errors).to.equal(0)
      expect(errors).to.match(/^compared with .*before\.json: messages\/s × [\d.]+, .*p99 × [\d.]+/)
    })

    it('sends nothing where the page cannot be written', async () => {
      const path = join(folder, 'missing', 'report.html')
      const { status, errors } = await run(...to(1, '--record-size', '10', '--report', path))
      expect([status, errors]).to.deep.equal([1, `--report ${path} cannot be written (ENOENT)\n`])
      expect(values()).to.deep.equal([])
    })
  })

  it('takes settings of --producer-props before those of a file, and the brokers from either', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'perf-'))
    try {
      const path = join(folder, 'producer.properties')
      writeFileSync(path, `bootstrap.servers=${cluster.bootstrap}\nclient.id=file\nacks=1\n`)
      const argv = ['--topic', 'p', '--num-records', '3', '--payload-monotonic', '--producer.config', path]
      const { status, errors } = await run(...argv, '--producer-props', 'client.id=given', 'linger.ms=1')
      expect(status, errors).to.equal(0)
      expect(values().sort()).to.deep.equal(['0', '1', '2'])
      const produced = cluster.requests.filter(({ api }) => api === 'Produce')
      expect(new Set(produced.map(({ clientId, acks }) => `${clientId} ${acks}`))).to.deep.equal(
        new Set(['given 1']),
      )
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('commits transactions as they become old enough, and the last one at the end', async () => {
    const argv = ['--payload-monotonic', '--throughput', '200', '--transaction-duration-ms', '10']
    const ended: string[] = []
    cluster.on('transaction', ({ transactionalId, type }) => ended.push(`${transactionalId} ${type}`))
    const { status, errors } = await run(...to(12, ...argv))
    expect(status, errors).to.equal(0)
    expect(ended.length).to.be.within(2, 12)
    expect(new Set(ended).size).to.equal(1)
    expect(ended[0]).to.match(/^performance-producer-[\w-]{22} COMMIT$/)
    expect(cluster.committed('p')).to.have.lengthOf(12)
  })

  it('sends in transactions where a transactional id alone is given', async () => {
    const { status, errors } = await run(...to(5, '--payload-monotonic', '--transactional-id', 'mine'))
    expect(status, errors).to.equal(0)
    expect(cluster.committed('p')).to.have.lengthOf(5)
    expect(cluster.messages('p').every(({ producer }) => producer?.isTransactional)).to.equal(true)
  })

  it('ends with status 2 and the cause where a transaction cannot be committed', async () => {
    cluster.faults.on('EndTxn', { times: Number.POSITIVE_INFINITY }, errorCode('INVALID_TXN_STATE'))
    const { status, errors } = await run(...to(5, '--payload-monotonic', '--transactional-id', 'mine'))
    expect(status).to.equal(2)
    expect(errors).to.include('stopped after 5 of 5 records: ')
    expect(cluster.committed('p')).to.deep.equal([])
  })

  it('prints the metrics of the producer with --print-metrics, under their names in Java', async () => {
    const { output } = await run(...to(4, '--payload-monotonic', '--print-metrics'))
    const lines = output.split('\n')
    const header = lines.find((line) => line.startsWith('Metric Name'))!
    const total = lines.find((line) =>
      line.startsWith('producer-metrics:record-send-total:{client-id=perf-producer-client} '),
    )!
    expect(total).to.match(/ : 4\.000$/)
    expect(header.indexOf('Value')).to.equal(total.indexOf(': 4.000') + 2)
    const names = lines.slice(lines.indexOf(header) + 1, -1)
    expect(names).to.deep.equal([...names].sort())
  })

  it('counts failed records with their cause, and ends with status 2', async () => {
    cluster.faults.on('Produce', { topic: 'p', times: Number.POSITIVE_INFINITY }, errorCode('INVALID_RECORD'))
    const { status, output, errors } = await run(...to(6, '--payload-monotonic'))
    expect(status).to.equal(2)
    expect(TOTAL.exec(output)?.[1]).to.equal('0')
    expect(errors).to.include('6 records sent, 0 delivered, 6 failed\n')
  })

  it('is wrong usage without brokers', async () => {
    const { status, errors } = await run('--topic', 'p', '--num-records', '1', '--record-size', '1')
    expect(status).to.equal(1)
    expect(errors).to.include('--bootstrap-server is missing')
  })

  it('stops when none of the brokers has ever answered', async () => {
    await cluster.stopBroker(0)
    await cluster.stopBroker(1)
    const argv = ['--payload-monotonic', '--producer-props', 'max.block.ms=50']
    const { status, errors } = await run(...to(100, ...argv))
    expect(status).to.equal(2)
    expect(errors).to.match(/stopped after \d+ of 100 records: no broker of the list has ever answered/)
  })

  it('prints what was delivered after a signal, and ends with its status', async () => {
    cluster.once('stored', () => process.emit('SIGINT', 'SIGINT'))
    const { status, output, errors } = await run(
      ...to(1_000_000, '--payload-monotonic', '--throughput', '100'),
    )
    expect(status).to.equal(130)
    expect(errors).to.match(/^stopped after \d+ of 1000000 records: SIGINT$/m)
    expect(Number(TOTAL.exec(output)![1])).to.equal(cluster.messages('p').length)
  })

  it('a second signal ends the wait, and records without an outcome give status 3', async () => {
    cluster.faults.on('Produce', { times: Number.POSITIVE_INFINITY }, hold())
    cluster.on('request', ({ api }) => {
      if (api !== 'Produce') return
      process.emit('SIGTERM', 'SIGTERM')
      process.emit('SIGTERM', 'SIGTERM')
    })
    const { status, errors } = await run(...to(3, '--payload-monotonic'))
    expect(status).to.equal(3)
    expect(errors).to.include('without an outcome')
  })
})

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { expect } from 'chai'
import { main } from '../../lib/cli/console-producer.js'
import { errorCode, TestCluster } from '../../lib/testing/index.js'
import { textOf } from './support/text-of.js'

interface Run {
  status: number
  output: string
  errors: string
}

/** Runs the tool in this process on this text. */
async function run(input: string, ...argv: string[]): Promise<Run> {
  const [output, errors] = [new PassThrough(), new PassThrough()]
  const streams = { input: Readable.from([Buffer.from(input)]), output, errors }
  const status = await main(['--new-producer', ...argv], streams, '0.0.0')
  return { status, output: textOf(output), errors: textOf(errors) }
}

describe('The console producer with --new-producer', () => {
  let cluster: TestCluster
  let directory: string

  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'console-'))
  })
  after(() => rmSync(directory, { recursive: true }))

  beforeEach(async () => {
    cluster = await TestCluster.start({ brokers: 2 })
    cluster.createTopic('lines', { partitions: 1 })
  })

  afterEach(() => cluster.close())

  const target = () => ['--bootstrap-server', cluster.bootstrap, '--topic', 'lines', '--timeout', '5']
  const stored = () =>
    cluster.messages('lines').map(({ key, value }) => [key && String(key), value && String(value)])

  it('each line becomes a record, in order, and the counts come last', async () => {
    const { status, errors } = await run('one\ntwo\n\nlast', ...target())
    expect(status, errors).to.equal(0)
    expect(stored()).to.deep.equal([
      [null, 'one'],
      [null, 'two'],
      [null, ''],
      [null, 'last'],
    ])
    expect(errors.trim().split('\n').at(-1)).to.equal('4 lines read, 4 delivered, 0 failed')
  })

  it('headers, keys and null markers are read from the line', async () => {
    const properties = ['parse.headers=true', 'parse.key=true', 'null.marker=NULL']
    const argv = properties.flatMap((property) => ['--reader-property', property])
    const { status, errors } = await run('a:1,b:NULL\tk\tv\nNULL\tNULL\tNULL\n', ...target(), ...argv)
    expect(status, errors).to.equal(0)
    expect(stored()).to.deep.equal([
      ['k', 'v'],
      [null, null],
    ])
    const headers = cluster.messages('lines').map((message) => message.headers)
    expect(headers.map((list) => list.map(([name, value]) => [name, value && String(value)]))).to.deep.equal([
      [
        ['a', '1'],
        ['b', null],
      ],
      [],
    ])
  })

  it('with --sync a line is stored before the next one is read', async () => {
    const { status, errors } = await run('one\ntwo\n', ...target().slice(0, 4), '--sync')
    expect(status, errors).to.equal(0)
    expect(stored()).to.deep.equal([
      [null, 'one'],
      [null, 'two'],
    ])
  })

  it('a file of a Java client works as it is, whatever its serializers, and options count more', async () => {
    const path = join(directory, 'producer.properties')
    const strings = 'org.apache.kafka.common.serialization.StringSerializer'
    const lines = [
      `bootstrap.servers=${cluster.bootstrap}`,
      `value.serializer=${strings}`,
      `key.serializer=${strings}`,
      'acks=1',
      'linger.ms=0',
    ]
    writeFileSync(path, lines.join('\n'))
    const argv = [
      '--producer.config',
      path,
      '--topic',
      'lines',
      '--verbose',
      '--request-required-acks',
      'all',
    ]
    const { status, errors } = await run('one\n', ...argv)
    expect(status, errors).to.equal(0)
    expect(stored()).to.deep.equal([[null, 'one']])
    expect(errors).to.include('acks=-1').and.include('linger.ms=0')
  })

  it('lines that a broker refuses are counted with their cause, never shown, and give status 2', async () => {
    cluster.faults.on('Produce', { times: 2 }, errorCode(17))
    const { status, errors } = await run('secret\nsecret\n', ...target())
    expect(status).to.equal(2)
    expect(errors).to.match(/2 lines read, 0 delivered, 2 failed/)
    expect(errors).to.include('lines/0').and.not.include('secret')
  })

  it('a line without a key ends the tool with status 1, after the lines before it', async () => {
    const { status, errors } = await run('k\tv\nsecret\n', ...target(), '--property', 'parse.key=true')
    expect(status).to.equal(1)
    expect(stored()).to.deep.equal([['k', 'v']])
    expect(errors).to.include('line 2 has no key.separator').and.not.include('secret')
  })

  const mistakes: [what: string, argv: string[], text: string][] = [
    ['no broker', ['--topic', 'lines'], '--bootstrap-server is missing'],
    [
      'a transactional id',
      ['--bootstrap-server', 'h:1', '--topic', 'lines', '--producer-property', 'transactional.id=t'],
      'begins no transactions',
    ],
    [
      'a setting that is out of range',
      ['--bootstrap-server', 'h:1', '--topic', 'lines', '--batch-size', '-1'],
      '--batch-size: ',
    ],
  ]
  for (const [what, argv, text] of mistakes) {
    it(`${what} is wrong usage, status 1`, async () => {
      const { status, errors } = await run('one\n', ...argv)
      expect([status, errors]).to.satisfy(() => status === 1 && errors.includes(text), errors)
    })
  }

  it('a list of brokers none of which answers ends the tool instead of every line waiting as long', async () => {
    const argv = ['--bootstrap-server', 'localhost:1', '--topic', 'lines', '--max-block-ms', '300']
    const { status, errors } = await run('one\ntwo\n', ...argv)
    expect(status).to.equal(2)
    expect(errors).to.include('stopped: no broker of the list has ever answered')
  })

  it('--help has the options of the new producer', async () => {
    const { status, output } = await run('', '--help')
    expect(status).to.equal(0)
    expect(output).to.include('--max-block-ms').and.include('--reader-property').and.not.include('ignored: ')
  })
})

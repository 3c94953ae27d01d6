import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { main } from '../../lib/cli/console-producer.js'
import { errorCode, holdUntil, TestCluster } from '../../lib/testing/index.js'

interface Run {
  status: number
  output: string
  errors: string
}

/** Runs the tool in this process on these lines. */
async function run(input: string | Buffer | Iterable<Buffer>, ...argv: string[]): Promise<Run> {
  const [output, errors] = [new PassThrough(), new PassThrough()]
  const chunks = typeof input === 'string' || Buffer.isBuffer(input) ? [Buffer.from(input)] : input
  const status = await main(argv, { input: Readable.from(chunks), output, errors }, '0.0.0')
  return { status, output: String(output.read() ?? ''), errors: String(errors.read() ?? '') }
}

describe('The console producer', () => {
  let cluster: TestCluster

  beforeEach(async () => {
    cluster = await TestCluster.start({ brokers: 2 })
    cluster.createTopic('lines', { partitions: 3 })
  })

  afterEach(() => cluster.close())

  const stored = (): string[] => cluster.messages('lines').map(({ value }) => String(value))
  const to = (...more: string[]): string[] => [
    '--broker-list',
    cluster.bootstrap,
    '--topic',
    'lines',
    ...more,
  ]

  it('sends each line and says how many', async () => {
    const { status, errors } = await run(
      'a\nb\n\nlast',
      ...to('--request-required-acks', '1', '--timeout', '10'),
    )
    expect(stored()).to.deep.equal(['a', 'b', '', 'last'])
    expect(errors).to.equal('4 lines read, 4 delivered, 0 failed\n')
    expect(status).to.equal(0)
  })

  it('says "written" with acks 0, which is its default', async () => {
    const { status, errors } = await run('a\n', ...to())
    expect(stored()).to.deep.equal(['a'])
    expect([status, errors]).to.deep.equal([0, '1 lines read, 1 written, 0 failed\n'])
  })

  it('sends bytes as they are, keyed by the bytes before the separator', async () => {
    const input = Buffer.from([0xff, 0x00, 0x09, 0xfe, 0xc3, 0x0a])
    await run(input, ...to('--property', 'parse.key=true'))
    const [message] = cluster.messages('lines')
    expect(message?.key).to.deep.equal(Buffer.from([0xff, 0x00]))
    expect(message?.value).to.deep.equal(Buffer.from([0xfe, 0xc3]))
  })

  it('waits for each line with --sync', async () => {
    const { status } = await run('a\nb\n', ...to('--sync', '--request-required-acks', '1'))
    expect(cluster.requests.filter(({ api }) => api === 'Produce')).to.have.lengthOf(2)
    expect(status).to.equal(0)
  })

  it('compresses with gzip when no codec is named', async () => {
    await run('a\nb\n', ...to('--compression-codec'))
    expect(cluster.messages('lines').map(({ codec }) => codec)).to.deep.equal(['gzip', 'gzip'])
  })

  it('ends with 2 when a message failed, and with 0 when that is to be ignored', async () => {
    cluster.faults.on('Produce', { times: 2 }, errorCode(17))
    const failed = await run('a\n', ...to('--request-required-acks', '1'))
    expect(failed.status).to.equal(2)
    expect(failed.errors).to.include('INVALID_TOPIC').and.include('1 lines read, 0 delivered, 1 failed')
    const ignored = await run('a\n', ...to('--request-required-acks', '1', '--ignore-delivery-failures'))
    expect(ignored.status).to.equal(0)
  })

  it('ends with 3 when the time at the end is not enough', async () => {
    let release = (): void => {}
    cluster.faults.on('Produce', {}, holdUntil(new Promise<void>((resolve) => (release = resolve))))
    const { status, errors } = await run(
      'a\n',
      ...to('--request-required-acks', '1', '--close-timeout-ms', '20'),
    )
    release()
    expect(status).to.equal(3)
    expect(errors).to.include('1 without an outcome')
  })

  it('stops at a line without a key, names it, and delivers the lines before it', async () => {
    const { status, errors } = await run('k\tv\nsecret\nk\tw\n', ...to('--property', 'parse.key=true'))
    expect(status).to.equal(1)
    expect(errors).to.include('line 2 has no key separator').and.not.include('secret')
    expect(stored()).to.deep.equal(['v'])
  })

  describe('with --producer.config', () => {
    let folder = ''

    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), 'console-producer-'))
    })

    afterEach(() => rmSync(folder, { recursive: true }))

    function file(...lines: string[]): string {
      const path = join(folder, 'producer.properties')
      writeFileSync(path, lines.join('\n'))
      return path
    }

    it('works with an old file as it is', async () => {
      const path = file(
        `metadata.broker.list=${cluster.bootstrap}`,
        'serializer.class=kafka.serializer.StringEncoder',
        'producer.type=async',
        'queue.buffering.max.ms=20',
        'request.required.acks=-1',
        'client.id=old-app',
      )
      const { status } = await run('Größe\n', '--topic', 'lines', '--producer.config', path)
      expect(status).to.equal(0)
      expect(stored()).to.deep.equal(['Größe'])
      const request = cluster.requests.find(({ api }) => api === 'Produce')
      expect(request).to.include({ acks: -1, clientId: 'old-app', timeoutMs: 1500 })
    })

    it('puts properties over the file and options over both', async () => {
      const path = file('client.id=file', 'request.required.acks=-1', 'request.timeout.ms=2000')
      const more = ['--producer.config', path, '--producer-property', 'client.id=property']
      await run('a\n', ...to(...more, '--request-timeout-ms', '3000'))
      const request = cluster.requests.find(({ api }) => api === 'Produce')
      expect(request).to.include({ acks: -1, clientId: 'property', timeoutMs: 3000 })
    })

    it('names the line of a value that cannot be used', async () => {
      const path = file('# old', 'request.required.acks=all')
      const { status, errors } = await run('', ...to('--producer.config', path))
      expect(status).to.equal(1)
      expect(errors).to.include('producer.properties:2').and.include('request.required.acks')
    })

    it('says which file it cannot read', async () => {
      const { status, errors } = await run('', ...to('--producer.config', join(folder, 'missing')))
      expect(status).to.equal(1)
      expect(errors).to.include('missing')
    })
  })

  it('says what is wrong with an address, a topic or nothing at all', async () => {
    expect((await run('', '--topic', 't', '--broker-list', 'localhost')).errors).to.include('"localhost"')
    expect((await run('', '--topic', 't')).errors).to.include('--broker-list is missing')
    expect((await run('')).status).to.equal(1)
  })

  it('says what it met when that is not Kafka, and stops instead of trying every line', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as { port: number }
    const lines = Array.from({ length: 1000 }, (_, i) => Buffer.from(`${i}\n`))
    const { status, errors } = await run(
      lines,
      '--topic',
      't',
      '--broker-list',
      `127.0.0.1:${port}`,
      '--retry-backoff-ms',
      '1',
      '--timeout',
      '1',
    )
    server.closeAllConnections()
    server.close()
    expect(status).to.equal(2)
    expect(errors).to.include(`127.0.0.1:${port}`).and.include('looks like an HTTP server')
    expect(errors.split('\n').length, errors).to.be.lessThan(10)
  })

  it('warns of what it does not use', async () => {
    const { errors } = await run('', ...to('--new-producer', '--property', 'acks=1'))
    expect(errors).to.include('--new-producer belongs to the new producer').and.include('--property acks')
  })

  it('delivers 100,000 lines complete and in order', async () => {
    function* lines(): Generator<Buffer> {
      for (let i = 0; i < 100; i++) {
        yield Buffer.from(Array.from({ length: 1000 }, (_, j) => `${i * 1000 + j}\n`).join(''))
      }
    }
    const { status } = await run(lines(), ...to('--request-required-acks', '1'))
    expect(status).to.equal(0)
    expect(stored().map(Number)).to.deep.equal(Array.from({ length: 100_000 }, (_, i) => i))
  })

  describe('as a process', () => {
    const script = fileURLToPath(new URL('./support/run-console-producer.ts', import.meta.url))

    function start(...argv: string[]): ChildProcessWithoutNullStreams {
      return spawn(process.execPath, ['--import', 'tsx', script, ...argv])
    }

    it('delivers what it has read when it is told to end, and exits by itself', async () => {
      const child = start(...to('--request-required-acks', '1', '--timeout', '60000', '--batch-size', '3'))
      const firstBatch = new Promise((resolve) => cluster.once('stored', resolve))
      child.stdin.write('a\nb\nc\nd\n')
      await firstBatch
      child.kill('SIGTERM')
      const errors = child.stderr.setEncoding('utf8').reduce((all: string, chunk: string) => all + chunk, '')
      expect(await once(child, 'close')).to.deep.equal([0, null])
      expect(await errors).to.include('4 lines read, 4 delivered, 0 failed')
      expect(stored()).to.deep.equal(['a', 'b', 'c', 'd'])
    })

    it('delivers all the same when nobody reads what it prints', async () => {
      const child = start(...to())
      child.stdout.destroy()
      child.stderr.destroy()
      child.stdin.end('a\n')
      expect(await once(child, 'close')).to.deep.equal([0, null])
      expect(stored()).to.deep.equal(['a'])
    })
  })
})

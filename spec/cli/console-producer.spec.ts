import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createServer as createTcpServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { main } from '../../lib/cli/console-producer.js'
import { close, errorCode, holdUntil, noAnswer, TestCluster } from '../../lib/testing/index.js'
import { textOf } from './support/text-of.js'

interface Run {
  status: number
  output: string
  errors: string
}

/** Runs the tool in this process on these lines. */
async function run(
  input: string | Buffer | Iterable<Buffer> | AsyncIterable<Buffer>,
  ...argv: string[]
): Promise<Run> {
  const [output, errors] = [new PassThrough(), new PassThrough()]
  const chunks = typeof input === 'string' || Buffer.isBuffer(input) ? [Buffer.from(input)] : input
  const status = await main(argv, { input: Readable.from(chunks), output, errors }, '0.0.0')
  return { status, output: textOf(output), errors: textOf(errors) }
}

describe('The console producer', () => {
  let cluster: TestCluster

  beforeEach(async () => {
    cluster = await TestCluster.start({ era: '0.8', brokers: 2 })
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

  it('sends each line and prints the counts', async () => {
    const { status, errors } = await run(
      'a\nb\n\nlast',
      ...to('--request-required-acks', '1', '--timeout', '10'),
    )
    expect(stored()).to.deep.equal(['a', 'b', '', 'last'])
    expect(errors).to.equal('4 lines read, 4 delivered, 0 failed\n')
    expect(status).to.equal(0)
  })

  it('prints "written" with acks 0, the default', async () => {
    const { status, errors } = await run('a\n', ...to())
    expect(stored()).to.deep.equal(['a'])
    expect([status, errors]).to.deep.equal([0, '1 line read, 1 written, 0 failed\n'])
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

  it('exits with 2 when a message failed, and with 0 with --ignore-delivery-failures', async () => {
    cluster.faults.on('Produce', { times: 2 }, errorCode(17))
    const failed = await run('a\n', ...to('--request-required-acks', '1'))
    expect(failed.status).to.equal(2)
    expect(failed.errors).to.include('INVALID_TOPIC').and.include('1 line read, 0 delivered, 1 failed')
    const ignored = await run('a\n', ...to('--request-required-acks', '1', '--ignore-delivery-failures'))
    expect(ignored.status).to.equal(0)
  })

  it('waits for every outcome at the end of the input', async () => {
    let release = (): void => {}
    cluster.faults.on('Produce', {}, holdUntil(new Promise<void>((resolve) => (release = resolve))))
    cluster.on('request', ({ api }) => {
      if (api === 'Produce') setTimeout(release, 100)
    })
    const { status } = await run('a\n', ...to('--request-required-acks', '1', '--close-timeout-ms', '20'))
    expect(status).to.equal(0)
  })

  it('exits with 3 when an acks 0 connection ended before its broker had confirmed every line', async () => {
    cluster.faults.on('Produce', {}, close('beforeStoring'))
    const { status, errors } = await run('a\n', ...to('--sync'))
    expect(errors).to.match(/1 line read, 1 written, 0 failed; up to 1 of those written may be lost\n$/)
    expect([status, stored()]).to.deep.equal([3, []])
  })

  it('exits with 3 when the confirmation of acks 0 fails', async () => {
    cluster.faults.on('Metadata', { after: 1, times: 100 }, noAnswer())
    const pinned = ['--producer-property', 'broker.version=0.8.2']
    const { status, errors } = await run('a\n', ...to('--request-timeout-ms', '100', ...pinned))
    expect(status).to.equal(3)
    expect(errors).to.include('no broker confirmed').and.include('1 line read, 1 written, 0 failed')
  })

  it('prints a cause once with the number of failed lines, however many batches failed', async () => {
    cluster.faults.on('Produce', { after: 1, times: 1000 }, errorCode(17))
    const lines = 'x\n'.repeat(5000)
    const { status, errors } = await run(lines, ...to('--request-required-acks', '1'))
    expect(status).to.equal(2)
    const [warning, said, ...more] = errors.trim().split('\n')
    expect(warning).to.match(/^WARN producing 200 messages failed without a retry: .*INVALID_TOPIC/)
    expect(said).to.match(/^200 lines not delivered: .*INVALID_TOPIC/)
    expect(more).to.have.lengthOf(2)
    expect(errors).to.include('4600 more lines').and.include('5000 lines read, 200 delivered, 4800 failed')
  })

  it('counts lines that a full queue refused, and goes on', async () => {
    const { status, errors } = await run(
      'x\n'.repeat(1000),
      ...to('--queue-enqueuetimeout-ms', '0', '--queue-size', '200'),
    )
    expect(status).to.equal(2)
    expect(errors.trim().split('\n').length, errors).to.be.lessThan(5)
    expect(errors).to.include('the queue has been full')
  })

  it('names a setting by its option in errors', async () => {
    const { status, errors } = await run('', ...to('--batch-size', 'many'))
    expect(status).to.equal(1)
    expect(errors).to.match(/^--batch-size: batch\.num\.messages is "many"/)
  })

  it('exits with 1 and the counts when the input breaks', async () => {
    async function* breaking(): AsyncGenerator<Buffer> {
      yield Buffer.from('a\n')
      throw new Error('EIO: i/o error, read')
    }
    const { status, errors } = await run(breaking(), ...to())
    expect(status).to.equal(1)
    expect(errors).to.equal(
      'stopped: the input cannot be read: EIO: i/o error, read\n1 line read, 1 written, 0 failed\n',
    )
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

    it('names the file that cannot be read', async () => {
      const { status, errors } = await run('', ...to('--producer.config', join(folder, 'missing')))
      expect(status).to.equal(1)
      expect(errors).to.include('missing')
    })
  })

  it('explains a wrong address, a wrong topic and a missing option', async () => {
    expect((await run('', '--topic', 't', '--broker-list', 'localhost')).errors).to.include('"localhost"')
    expect((await run('', '--topic', 't')).errors).to.include('--broker-list is missing')
    expect((await run('')).status).to.equal(1)
  })

  it('names a server that is not Kafka, and stops instead of trying every line', async () => {
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

  it('warns about unused options', async () => {
    const { errors } = await run('', ...to('--max-block-ms', '5', '--property', 'acks=1'))
    expect(errors).to.include('--max-block-ms belongs to the new producer').and.include('--property acks')
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

    function ended(
      child: ChildProcessWithoutNullStreams,
    ): Promise<{ status: number | null; errors: string }> {
      const chunks: Buffer[] = []
      child.stderr.on('data', (chunk) => chunks.push(chunk))
      return once(child, 'close').then(([status]) => ({ status, errors: String(Buffer.concat(chunks)) }))
    }

    it('delivers the lines read before a signal, and exits with the signal’s status', async () => {
      const child = start(...to('--request-required-acks', '1', '--timeout', '60000', '--batch-size', '3'))
      const end = ended(child)
      const firstBatch = new Promise((resolve) => cluster.once('stored', resolve))
      child.stdin.write('a\nb\nc\nd\nunfini')
      await firstBatch
      child.kill('SIGTERM')
      const { status, errors } = await end
      expect(status, errors).to.equal(143)
      expect(errors).to.include('SIGTERM before the end of the input; an unfinished line was not sent')
      expect(errors).to.include('4 lines read, 4 delivered, 0 failed')
      expect(stored()).to.deep.equal(['a', 'b', 'c', 'd'])
    })

    it('keeps to its time after a signal although lines wait for room in the queue', async () => {
      cluster.faults.on('Produce', { times: 1000 }, noAnswer())
      const child = start(
        ...to('--request-required-acks', '1', '--queue-size', '200', '--close-timeout-ms', '100'),
      )
      const end = ended(child)
      const firstBatch = new Promise((resolve) => cluster.once('request', resolve))
      child.stdin.write('x\n'.repeat(5000))
      await firstBatch
      child.kill('SIGTERM')
      const { status, errors } = await end
      expect(status).to.equal(3)
      expect(errors).to.include('5000 lines read, 0 delivered, 0 failed, 5000 without an outcome')
    })

    it('ends at once on a second signal, with the counts', async () => {
      cluster.faults.on('Produce', { times: 1000 }, noAnswer())
      const child = start(
        ...to('--request-required-acks', '1', '--timeout', '1', '--request-timeout-ms', '60000'),
      )
      const end = ended(child)
      const produced = new Promise<void>((resolve) => {
        cluster.on('request', ({ api }) => api === 'Produce' && resolve())
      })
      child.stdin.write('a\n')
      await produced
      child.kill('SIGINT')
      child.kill('SIGTERM')
      const { status, errors } = await end
      expect(status).to.equal(3)
      expect(errors).to.include('1 line read, 0 delivered, 0 failed, 1 without an outcome')
    })

    it('gives up after one batch when a broker accepts and never answers', async () => {
      const sockets = new Set<Socket>()
      const server = createTcpServer((socket) => sockets.add(socket)).listen(0, '127.0.0.1')
      await once(server, 'listening')
      const { port } = server.address() as { port: number }
      const child = start('--topic', 't', '--broker-list', `127.0.0.1:${port}`, '--request-timeout-ms', '100')
      const end = ended(child)
      child.stdin.end('x\n'.repeat(20_000))
      const { status, errors } = await end
      for (const socket of sockets) socket.destroy()
      server.close()
      expect(status, errors).to.equal(2)
      expect(errors).to.include(`127.0.0.1:${port}`).and.include('no broker of the list has ever answered')
    })

    it('delivers every line although its output is closed', async () => {
      const child = start(...to())
      child.stdout.destroy()
      child.stderr.destroy()
      child.stdin.end('a\n')
      expect(await once(child, 'close')).to.deep.equal([0, null])
      expect(stored()).to.deep.equal(['a'])
    })
  })
})

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import sinon from 'sinon'
import { main } from '../../lib/cli-perf/producer-performance.js'
import { ByteArrayPartitioner } from '../../lib/index.js'
import { close, delayMs, errorCode, holdUntil, TestCluster } from '../../lib/testing/index.js'
import { textOf } from '../cli/support/text-of.js'

interface Run {
  status: number
  output: string
  errors: string
}

/** Runs the tool in this process. */
async function run(...argv: string[]): Promise<Run> {
  const [output, errors] = [new PassThrough(), new PassThrough()]
  const status = await main(argv, { output, errors }, '0.0.0')
  return { status, output: textOf(output), errors: textOf(errors) }
}

const LINE =
  /^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d:\d{3}), (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d:\d{3}), (\d+), (\d+), (\d+), (\d+\.\d\d), (\d+\.\d{4}), (\d+), (\d+\.\d{4})\n$/

describe('The perf tool', () => {
  let cluster: TestCluster
  let folder = ''

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'perf-tool-'))
    cluster = await TestCluster.start({ era: '0.8', brokers: 2 })
    cluster.createTopic('a', { partitions: 4 })
    cluster.createTopic('b', { partitions: 3 })
  })

  afterEach(async () => {
    rmSync(folder, { recursive: true })
    await cluster.close()
  })

  const to = (topics: string, messages: number, ...more: string[]): string[] => [
    '--broker-list',
    cluster.bootstrap,
    '--topics',
    topics,
    '--messages',
    String(messages),
    ...more,
  ]
  const produceRequests = () => cluster.requests.filter(({ api }) => api === 'Produce')

  it('sends the given number of messages and prints the line of the original', async () => {
    const { status, output, errors } = await run(...to('a', 1050, '--message-size', '1000'))
    const [header, ...lines] = output.split('\n')
    expect(header).to.equal(
      'start.time, end.time, compression, message.size, batch.size, total.data.sent.in.MB, MB.sec, ' +
        'total.data.sent.in.nMsg, nMsg.sec',
    )
    expect(lines.join('\n')).to.match(LINE)
    const [, , , codec, size, batch, megabytes, , messages] = LINE.exec(lines.join('\n'))!
    expect([codec, size, batch, megabytes, messages]).to.deep.equal(['0', '1000', '200', '1.00', '1050'])
    expect(errors).to.match(/^1050 messages sent, 1050 delivered, 0 failed\nlatency in ms, from send\(\)/)
    expect(status).to.equal(0)
    expect(cluster.messages('a')).to.have.lengthOf(1050)
  })

  it('prints no header when it is to be hidden, and times in the given format', async () => {
    const { output } = await run(...to('a', 1, '--hide-header', '--date-format', "'at' yyyy"))
    expect(output).to.match(/^at \d{4}, at \d{4}, 0, 100, 200, /)
  })

  it('sends zero bytes without a key, to the partition that the number of the iteration chooses', async () => {
    await run(...to('a', 300, '--message-size', '3'))
    const partitioner = new ByteArrayPartitioner({ partitionerCompatibility: '0.8.2' })
    // Bytes of two's complement, of which 128 … 255 need two.
    const keys = Array.from({ length: 300 }, (_, n) => Buffer.from(n < 128 ? [n] : [n >> 8, n & 255]))
    const counts = [0, 0, 0, 0]
    for (const key of keys) counts[partitioner.partition(key, 4)]!++
    const stored = cluster.messages('a')
    expect(counts.map((_, id) => stored.filter(({ partition }) => partition === id).length)).to.deep.equal(
      counts,
    )
    for (const { key, value } of stored) expect([key, value]).to.deep.equal([null, Buffer.alloc(3)])
  })

  it('sends one message to each topic in every iteration', async () => {
    const { output } = await run(...to('a,b', 50, '--hide-header'))
    expect(cluster.messages('a')).to.have.lengthOf(50)
    expect(cluster.messages('b')).to.have.lengthOf(50)
    expect(LINE.exec(output)?.[8]).to.equal('100')
  })

  it('divides the messages among threads, each with a producer and ids of its own, and drops the rest', async () => {
    const { status, errors } = await run(...to('b', 32, '--threads', '3', '--initial-message-id', '7'))
    const texts = cluster.messages('b').map(({ value }) => String(value))
    const expected = Array.from({ length: 30 }, (_, n) => {
      const id = String(7 + n).padStart(10, '0')
      return `Topic:b:ThreadID:${Math.floor(n / 10)}:MessageID:${id}:`.padEnd(100, 'x')
    })
    expect(texts).to.have.members(expected)
    expect(errors).to.include('--messages 32 does not divide by --threads 3: 2 are not sent')
    expect(new Set(produceRequests().map(({ connection }) => connection)).size).to.be.at.least(3)
    expect(status).to.equal(0)
  })

  it('waits for each message with --sync', async () => {
    const { errors } = await run(...to('a', 12, '--sync'))
    expect(produceRequests()).to.have.lengthOf(12)
    expect(errors).to.include('12 delivered')
  })

  it('produces with the settings of the original', async () => {
    await run(...to('a', 1))
    expect(produceRequests()[0]).to.include({ acks: -1, timeoutMs: 3000, clientId: 'producer-performance' })
  })

  it('takes the codec by its number', async () => {
    const { output } = await run(...to('a', 100, '--compression-codec', '1', '--hide-header'))
    expect(new Set(cluster.messages('a').map(({ codec }) => codec))).to.deep.equal(new Set(['gzip']))
    expect(LINE.exec(output)?.[3]).to.equal('1')
  })

  it('prints "written" with acks 0', async () => {
    const { status, errors } = await run(...to('a', 10, '--request-num-acks', '0'))
    expect([status, errors.split('\n')[0]]).to.deep.equal([0, '10 messages sent, 10 written, 0 failed'])
    expect(cluster.messages('a')).to.have.lengthOf(10)
  })

  it('puts options over properties over the file, but takes the brokers from --broker-list alone', async () => {
    const file = join(folder, 'producer.properties')
    const lines = [
      'metadata.broker.list=127.0.0.1:1',
      'client.id=file',
      'request.timeout.ms=2000',
      'request.required.acks=1',
    ]
    writeFileSync(file, lines.join('\n'))
    const properties = ['client.id=property', 'request.timeout.ms=2200']
    const more = ['--producer.config', file, ...properties.flatMap((text) => ['--producer-property', text])]
    const { status } = await run(...to('a', 1, ...more, '--request-timeout-ms', '2500'))
    expect(produceRequests()[0]).to.include({ clientId: 'property', timeoutMs: 2500, acks: 1 })
    expect(status).to.equal(0)
    const without = await run('--topics', 'a', '--messages', '1', '--producer.config', file)
    expect(without).to.include({
      status: 1,
      errors: '--broker-list is missing\nSee --help for the options.\n',
    })
  })

  it('ends with 1 and the name of a setting that cannot be used', async () => {
    const { status, errors } = await run(...to('a', 1, '--compression-codec', '9'))
    expect(status).to.equal(1)
    expect(errors).to.match(/^--compression-codec: .*compression\.codec/)
  })

  it('exits with 2 when messages failed, with their count and cause, and measures the others', async () => {
    cluster.faults.on('Produce', { topic: 'b', times: Infinity }, errorCode(17))
    const { status, output, errors } = await run(...to('a,b', 20, '--hide-header'))
    expect(status).to.equal(2)
    expect(errors).to.include('40 messages sent, 20 delivered, 20 failed').and.include('INVALID_TOPIC')
    expect(LINE.exec(output)?.[8]).to.equal('20')
    expect(errors.match(/ERROR a message failed/g)!.length).to.be.at.most(3)
  })

  it('skips the rest of an iteration after a failure in sync mode, as the original did', async () => {
    cluster.faults.on('Produce', { topic: 'a', times: Infinity }, errorCode(17))
    const { errors } = await run(...to('a,b', 5, '--sync'))
    expect(errors).to.include('5 messages sent, 0 delivered, 5 failed')
  })

  it('counts messages that a full queue refused as failed', async () => {
    let release = (): void => {}
    cluster.faults.on('Produce', { times: 1 }, holdUntil(new Promise<void>((resolve) => (release = resolve))))
    const settings = ['queue.enqueue.timeout.ms=0', 'queue.buffering.max.messages=10']
    const properties = settings.flatMap((setting) => ['--producer-property', setting])
    const running = run(...to('a', 500, '--batch-size', '10', ...properties))
    await once(cluster as never, 'request')
    release()
    const { status, errors } = await running
    const [, delivered, failed] = /500 messages sent, (\d+) delivered, (\d+) failed/.exec(errors)!
    expect(Number(delivered) + Number(failed)).to.equal(500)
    expect(cluster.messages('a')).to.have.lengthOf(Number(delivered))
    expect(Number(failed)).to.be.greaterThan(0)
    expect(status).to.equal(2)
  })

  it('stops when no broker was ever reached, instead of trying every message', async () => {
    await cluster.close()
    const more = ['--sync', '--producer-num-retries', '1', '--producer-retry-backoff-ms', '1']
    const { status, errors } = await run(...to('a', 1000, ...more))
    expect(status).to.equal(2)
    expect(errors).to.include('stopped after 1 of 1000 messages: no broker of the list has ever answered')
  })

  it('counts the messages queued before the stop as failed', async () => {
    await cluster.close()
    const { status, errors } = await run(...to('a', 250, '--producer-num-retries', '0'))
    expect(status).to.equal(2)
    expect(errors).to.include('250 messages sent, 0 delivered, 250 failed')
  })

  it('exits with 3 when the confirmation of acks 0 fails', async () => {
    cluster.faults.on('Metadata', { after: 1, times: Infinity }, close())
    const { status, errors } = await run(...to('a', 10, '--request-num-acks', '0'))
    expect(status).to.equal(3)
    expect(errors).to.include('no broker confirmed that the messages arrived')
  })

  it('keeps to the given rate over all threads', async () => {
    const { output, errors } = await run(
      ...to('a', 200, '--throughput', '1000', '--threads', '2', '--hide-header', '--sync'),
    )
    expect(Number(LINE.exec(output)?.[9])).to.be.within(100, 1020)
    expect(errors).to.include('from when a message was due')
  })

  it('counts the wait for a stalled broker in the latency of every message that was due meanwhile', async () => {
    cluster.faults.on('Produce', { times: 1 }, delayMs(150))
    const { errors } = await run(...to('a', 200, '--throughput', '1000', '--sync'))
    // Counted from send(), only the one message that met the stall would have waited.
    expect(Number(/p50 ([\d.]+)/.exec(errors)?.[1])).to.be.greaterThan(20)
  })

  it('pauses after each message', async () => {
    const { output } = await run(...to('a', 20, '--sync', '--message-send-gap-ms', '5', '--hide-header'))
    expect(Number(LINE.exec(output)?.[9])).to.be.at.most(250)
  })

  it('writes the counts into a file of the metrics folder', async () => {
    await run(...to('a', 10, '--csv-reporter-enabled', '--metrics-dir', folder))
    const [file] = readdirSync(folder)
    const rows = readFileSync(join(folder, file!), 'utf8').trim().split('\n')
    expect(rows.at(-1)).to.match(/,10,10,0,0,1000$/)
  })

  it('writes a page with charts', async () => {
    const file = join(folder, 'report.html')
    const secret = ['--producer-property', 'sasl.password=hidden-secret']
    const { status } = await run(...to('a', 100, '--report', file, ...secret))
    const html = readFileSync(file, 'utf8')
    expect(status).to.equal(0)
    expect(html.match(/<svg /g)).to.have.lengthOf(4)
    expect(html).to.include('request.required.acks').and.include('<b>100</b>')
    expect(html).to.not.include('hidden-secret')
  })

  it('compares with an earlier run, and sends nothing where the file of that is none', async () => {
    const [before, after, html] = ['before.json', 'after.json', 'report.html'].map((name) =>
      join(folder, name),
    )
    await run(...to('a', 10, '--report-json', before!))
    const compared = ['--report-json', after!, '--compare', before!, '--report', html!, '--message-size', '7']
    const again = await run(...to('a', 10, ...compared))
    expect([again.status, again.errors]).to.deep.equal([0, again.errors])
    expect(again.errors).to.match(/^compared with .*before\.json: messages\/s × \d+\.\d\d, /m)
    expect(readFileSync(html!, 'utf8')).to.include('What else differs').and.include('Throughput of both runs')
    const wrong = await run(...to('a', 10, '--compare', html!))
    expect([wrong.status, wrong.errors]).to.deep.equal([
      1,
      `--compare ${html} is no file of --report-json: it is not JSON\n`,
    ])
    expect(cluster.messages('a')).to.have.lengthOf(20)
  })

  it('sends nothing when the page or the counts could not be written', async () => {
    const missing = join(folder, 'missing', 'report.html')
    const report = await run(...to('a', 1, '--report', missing))
    expect(report.errors).to.equal(`--report ${missing} cannot be written (ENOENT)\n`)
    writeFileSync(join(folder, 'file'), '')
    const counts = await run(...to('a', 1, '--csv-reporter-enabled', '--metrics-dir', join(folder, 'file')))
    expect(counts.errors).to.include('no file can be made there')
    expect([report.status, counts.status, cluster.messages('a').length]).to.deep.equal([1, 1, 0])
  })

  it('shows its progress on a terminal, and removes it at the end', async () => {
    const output = new PassThrough()
    const errors = Object.assign(new PassThrough(), { isTTY: true })
    let release = (): void => {}
    cluster.faults.on('Produce', { times: 1 }, holdUntil(new Promise<void>((resolve) => (release = resolve))))
    const clock = sinon.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    const running = main(to('a', 250), { output, errors }, '0.0.0')
    await once(cluster as never, 'request')
    clock.tick(500)
    release()
    await running
    const clear = '\r\u001b[2K'
    const [before, live, after] = textOf(errors).split(clear)
    expect([before, live]).to.deep.equal(['', '0 of 250 delivered · 0/s'])
    expect(after).to.match(/^250 messages sent/)
  })

  it('prints its usage for --help', async () => {
    const { status, output } = await run('--help')
    expect([status, output.includes('--initial-message-id')]).to.deep.equal([0, true])
  })

  describe('as a process', () => {
    const script = fileURLToPath(new URL('./support/run-perf-test.ts', import.meta.url))

    function start(...argv: string[]): ChildProcessWithoutNullStreams {
      return spawn(process.execPath, ['--import', 'tsx', script, ...argv])
    }

    const wholeTextOf = (stream: ChildProcessWithoutNullStreams['stdout']): Promise<string> =>
      stream.setEncoding('utf8').reduce((all: string, chunk: string) => all + chunk, '')

    for (const mode of [['--sync'], ['--batch-size', '1'], ['--sync', '--message-send-gap-ms', '60000']]) {
      it(`delivers sent messages after SIGINT, and prints their number: ${mode.join(' ')}`, async () => {
        const stored = once(cluster as never, 'stored')
        const child = start(...to('a', 1_000_000, '--hide-header', '--throughput', '200', ...mode))
        const [output, errors] = [wholeTextOf(child.stdout), wholeTextOf(child.stderr)]
        await stored
        child.kill('SIGINT')
        expect(await once(child, 'close')).to.deep.equal([130, null])
        const count = cluster.messages('a').length
        expect(LINE.exec(await output)?.[8]).to.equal(String(count))
        expect(await errors).to.include(`stopped after ${count} of 1000000 messages: SIGINT`)
        expect(await errors).to.include(
          `${count} message${count === 1 ? '' : 's'} sent, ${count} delivered, 0 failed`,
        )
      })
    }

    /** Resolves when a broker has a message and keeps the answer to itself. */
    function stalled(): Promise<void> {
      cluster.faults.on('Produce', { times: Infinity }, holdUntil(new Promise<void>(() => {})))
      return new Promise((resolve) => cluster.on('request', ({ api }) => api === 'Produce' && resolve()))
    }

    for (const mode of [['--sync'], []]) {
      it(`waits after SIGTERM for --close-timeout-ms, and counts messages without an outcome: ${mode.join() || 'async'}`, async () => {
        const requested = stalled()
        const more = ['--request-timeout-ms', '60000', '--close-timeout-ms', '20']
        const child = start(...to('a', 1_000_000, ...more, ...mode))
        const errors = wholeTextOf(child.stderr)
        await requested
        child.kill('SIGTERM')
        expect(await once(child, 'close')).to.deep.equal([3, null])
        const [, sent, open] = /(\d+) messages? sent, 0 delivered, 0 failed, (\d+) without an outcome/.exec(
          await errors,
        )!
        expect(Number(sent)).to.equal(Number(open)).and.to.be.greaterThan(0)
        expect(await errors).to.include(`stopped after ${sent} of 1000000 messages: SIGTERM`)
      })
    }

    it('ends at once on a second signal, with the figures', async () => {
      const requested = stalled()
      const child = start(...to('a', 1000, '--sync', '--request-timeout-ms', '60000'))
      const errors = wholeTextOf(child.stderr)
      await requested
      child.kill('SIGINT')
      child.kill('SIGTERM')
      expect(await once(child, 'close')).to.deep.equal([3, null])
      expect(await errors).to.include('1 message sent, 0 delivered, 0 failed, 1 without an outcome')
    })

    it('measures although its output is closed', async () => {
      const child = start(...to('a', 10))
      child.stdout.destroy()
      child.stderr.destroy()
      expect(await once(child, 'close')).to.deep.equal([0, null])
      expect(cluster.messages('a')).to.have.lengthOf(10)
    })
  })
})

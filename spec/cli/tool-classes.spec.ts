import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { expect } from 'chai'
import { main as consoleTool } from '../../lib/cli/console-producer.js'
import { main as perfTool } from '../../lib/cli-perf/producer-performance.js'
import { TestCluster } from '../../lib/testing/index.js'
import { textOf } from './support/text-of.js'

const MODULE = `
class Upper {
  toBytes(line) { return Buffer.from(String(line).toUpperCase()) }
}
class UpperSerializer {
  serialize(topic, line) { return Buffer.from(String(line).toUpperCase()) }
}
class Last {
  partition(key, partitions) { return partitions - 1 }
}
class LastOfRecord {
  partition(topic, key, keyBytes, value, valueBytes, cluster) { return cluster.partitionCount - 1 }
}
globalThis.loadedByTool = true
export {
  Upper as 'com.acme.Upper',
  UpperSerializer as 'com.acme.UpperSerializer',
  Last as 'com.acme.Last',
  LastOfRecord as 'com.acme.LastOfRecord',
}
`

describe('The tools with classes of a user', () => {
  let cluster: TestCluster
  let folder: string
  let module: string
  let input: string

  beforeEach(async () => {
    cluster = await TestCluster.start({ brokers: 1 })
    cluster.createTopic('lines', { partitions: 3 })
    folder = mkdtempSync(join(tmpdir(), 'classes-'))
    module = join(folder, 'classes.mjs')
    input = 'a\n'
    writeFileSync(module, MODULE)
  })

  afterEach(async () => {
    await cluster.close()
    rmSync(folder, { recursive: true })
  })

  const file = (...lines: string[]): string => {
    const path = join(folder, 'producer.properties')
    writeFileSync(path, lines.join('\n'))
    return path
  }

  const classic = (...lines: string[]): string =>
    file(`metadata.broker.list=${cluster.bootstrap}`, 'request.required.acks=1', ...lines)

  const modern = (...lines: string[]): string => file(`bootstrap.servers=${cluster.bootstrap}`, ...lines)

  async function lines(...argv: string[]): Promise<{ status: number; errors: string }> {
    const streams = {
      input: Readable.from([Buffer.from(input)]),
      output: new PassThrough(),
      errors: new PassThrough(),
    }
    const status = await consoleTool(['--topic', 'lines', ...argv], streams, '0.0.0')
    return { status, errors: textOf(streams.errors) }
  }

  async function perf(...argv: string[]): Promise<{ status: number; errors: string }> {
    const streams = { output: new PassThrough(), errors: new PassThrough() }
    const status = await perfTool(argv, streams, '0.0.0')
    return { status, errors: textOf(streams.errors) }
  }

  const stored = (): [number, string][] =>
    cluster.messages('lines').map(({ partition, value }) => [partition, String(value)])

  it('kafka-console-producer uses an encoder and a partitioner that --classes exports by the names in its file', async () => {
    const path = classic('serializer.class=com.acme.Upper', 'partitioner.class=com.acme.Last')
    input = 'key\ta\n'
    const own = ['--classes', module, '--property', 'parse.key=true']
    const { status } = await lines('--producer.config', path, ...own)
    expect(status).to.equal(0)
    expect(stored()).to.deep.equal([[2, 'A']])
  })

  it('kafka-console-producer --new-producer uses a serializer and a partitioner that --classes exports', async () => {
    const path = modern(
      'value.serializer=com.acme.UpperSerializer',
      'partitioner.class=com.acme.LastOfRecord',
    )
    const { status, errors } = await lines('--new-producer', '--producer.config', path, '--classes', module)
    expect(errors).to.include('1 delivered')
    expect(status).to.equal(0)
    expect(stored()).to.deep.equal([[2, 'A']])
  })

  it('kafka-console-producer --new-producer sends bytes whatever serializer the file of an application names', async () => {
    const path = modern('value.serializer=org.apache.kafka.common.serialization.LongSerializer')
    expect((await lines('--new-producer', '--producer.config', path)).status).to.equal(0)
    expect(stored().map(([, value]) => value)).to.deep.equal(['a'])
  })

  it('kafka-producer-perf-test uses the partitioner that --classes exports', async () => {
    const own = ['--producer-property', 'partitioner.class=com.acme.Last', '--classes', module]
    const to = ['--broker-list', cluster.bootstrap, '--topics', 'lines', '--messages', '5']
    expect((await perf(...to, ...own)).status).to.equal(0)
    expect(stored().map(([partition]) => partition)).to.deep.equal([2, 2, 2, 2, 2])
  })

  it('kafka-producer-perf-test --new-producer uses the partitioner that --classes exports', async () => {
    const own = ['--producer-props', 'partitioner.class=com.acme.LastOfRecord', '--classes', module]
    const to = ['--new-producer', '--bootstrap-server', cluster.bootstrap, '--topic', 'lines']
    const load = ['--num-records', '5', '--record-size', '10', '--throughput', '-1']
    expect((await perf(...to, ...load, ...own)).status).to.equal(0)
    expect(stored().map(([partition]) => partition)).to.deep.equal([2, 2, 2, 2, 2])
  })

  it('kafka-console-producer takes classes from module.exports of a CommonJS module', async () => {
    const path = join(folder, 'classes.cjs')
    writeFileSync(path, `module.exports = { 'com.acme.Last': class { partition(key, n) { return n - 1 } } }`)
    const config = classic('partitioner.class=com.acme.Last')
    input = 'key\ta\n'
    const own = ['--classes', path, '--property', 'parse.key=true']
    expect((await lines('--producer.config', config, ...own)).status).to.equal(0)
    expect(stored()).to.deep.equal([[2, 'a']])
  })

  it('kafka-console-producer advises --classes for a class that is not known, and no code', async () => {
    const { status, errors } = await lines('--producer.config', classic('serializer.class=com.acme.Upper'))
    expect(status).to.equal(1)
    expect(errors).to.include(
      "write --classes module.mjs, and in that module export { YourClass as 'com.acme.Upper' }",
    )
    expect(errors).not.to.include('new Producer')
  })

  it('kafka-console-producer --new-producer advises --classes for a class that is not known, and no code', async () => {
    for (const key of ['partitioner.class', 'interceptor.classes']) {
      const { status, errors } = await lines(
        '--new-producer',
        '--producer.config',
        modern(`${key}=com.acme.None`),
      )
      expect(status, key).to.equal(1)
      expect(errors).to.include(`${key}=com.acme.None names a class that is not known here`)
      expect(errors).to.include('write --classes module.mjs')
      expect(errors).not.to.include('new KafkaProducer')
    }
  })

  it('kafka-console-producer loads no module that a file names', async () => {
    Reflect.deleteProperty(globalThis, 'loadedByTool')
    const other = join(folder, 'other.mjs')
    writeFileSync(other, MODULE)
    const { errors } = await lines('--producer.config', classic(`classes=${other}`, `--classes=${other}`))
    expect(errors).to.include('is not a setting of this producer: ignored')
    expect(globalThis).not.to.have.property('loadedByTool')
  })

  it('kafka-console-producer says why a module of --classes is of no use', async () => {
    const config = classic()
    const missing = await lines('--producer.config', config, '--classes', join(folder, 'none.mjs'))
    expect([missing.status, missing.errors]).to.deep.equal([1, missing.errors])
    expect(missing.errors).to.match(/--classes .*none\.mjs cannot be loaded: Error: Cannot find module/)
    const empty = join(folder, 'empty.mjs')
    writeFileSync(empty, 'export {}')
    const { status, errors } = await lines('--producer.config', config, '--classes', empty)
    expect(status).to.equal(1)
    expect(errors).to.include("exports no class by name; write export { Reverse as 'com.acme.Reverse' }")
  })
})

describe('The console producer on settings of other clients', () => {
  async function errorsOf(...argv: string[]): Promise<string> {
    const streams = { input: Readable.from([]), output: new PassThrough(), errors: new PassThrough() }
    await consoleTool(['--topic', 'lines', ...argv], streams, '0.0.0')
    return textOf(streams.errors)
  }
  const broker = ['--broker-list', 'localhost:1']

  const acks =
    'acks is a setting of the modern Java producer: ignored, request.required.acks stays 0, so broker rejections are not reported; write request.required.acks=1'

  it('gives the advice of the library on acks=1 in --producer-property', async () => {
    expect(await errorsOf(...broker, '--producer-property', 'acks=1')).to.include(`WARN ${acks}`)
  })

  it('gives the advice of the library on acks=1 in a file, with its line', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'foreign-'))
    const path = join(folder, 'p.properties')
    writeFileSync(path, '# mine\nacks=1\nlinger.ms=5\n')
    const errors = await errorsOf(...broker, '--producer.config', path)
    rmSync(folder, { recursive: true })
    expect(errors).to.include(`${path}:2: ${acks}`)
    expect(errors).to.include('queue.buffering.max.ms stays 1000; write queue.buffering.max.ms=5')
  })

  it('names the setting in force where somebody wrote it', async () => {
    const errors = await errorsOf(
      ...broker,
      '--request-required-acks',
      '1',
      '--producer-property',
      'acks=all',
    )
    expect(errors).to.include(
      'acks is a setting of the modern Java producer: ignored, request.required.acks=1 is used',
    )
  })

  it('names the key that was given in place of the broker list', async () => {
    expect(await errorsOf('--producer-property', 'bootstrap.servers=h:1')).to.include(
      '--broker-list is missing; bootstrap.servers is a setting of the modern Java producer and is not read',
    )
    expect(await errorsOf('--new-producer', '--producer-property', 'metadata.broker.list=h:1')).to.include(
      '--bootstrap-server is missing; metadata.broker.list is a setting of the old Scala producer and is not read',
    )
  })

  it('names the line of a file with --new-producer', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'foreign-'))
    const path = join(folder, 'p.properties')
    writeFileSync(path, 'bootstrap.servers=h:1\nmax.block.ms=x\nacks=2\n')
    const errors = await errorsOf('--new-producer', '--producer.config', path)
    rmSync(folder, { recursive: true })
    expect(errors).to.include(`${path}:2: max.block.ms is "x"`)
    expect(errors).to.include(`${path}:3: acks is "2"`)
  })
})

describe('The console producer on lines that are too large', () => {
  async function errorsOf(input: string, ...argv: string[]): Promise<string> {
    const cluster = await TestCluster.start({ brokers: 1 })
    cluster.createTopic('lines', { partitions: 1, maxMessageBytes: 1000 })
    const streams = {
      input: Readable.from([Buffer.from(input)]),
      output: new PassThrough(),
      errors: new PassThrough(),
    }
    await consoleTool(
      ['--topic', 'lines', '--bootstrap-server', cluster.bootstrap, ...argv],
      streams,
      '0.0.0',
    )
    await cluster.close()
    return textOf(streams.errors)
  }

  it('names number and size of a line that its broker refuses', async () => {
    const errors = await errorsOf(`a\n${'b'.repeat(2000)}\nc\n`, '--request-required-acks', '1')
    expect(errors).to.match(/1 line not delivered: line 2 of 2000 bytes, lines\/0: .*max\.message\.bytes/)
  })

  it('names number and size of a line over max.request.size with --new-producer', async () => {
    const limit = ['--producer-property', 'max.request.size=1000']
    const errors = await errorsOf(`a\n${'b'.repeat(2000)}\nc\n`, '--new-producer', ...limit)
    expect(errors).to.match(/1 line not delivered: line 2 of 2000 bytes, lines.*max\.request\.size/)
  })

  it('names number and size of a line over --max-line-bytes', async () => {
    const errors = await errorsOf(`a\n${'b'.repeat(2000)}\nc\n`, '--max-line-bytes', '1000')
    expect(errors).to.include('stopped: line 2 has more than 1000 bytes, it has 2000; see --max-line-bytes')
  })
})

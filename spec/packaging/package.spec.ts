import { execFile } from 'node:child_process'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect } from 'chai'

const run = promisify(execFile)
const project = fileURLToPath(new URL('../..', import.meta.url))

/** Names that a user of each entry point relies on. */
const mainNames = [
  'Producer',
  'ProducerConfig',
  'KeyedMessage',
  'SyncProducer',
  'ProducerPool',
  'parseProperties',
]
const testingNames = ['TestCluster']
const kafkaProducerNames = ['KafkaProducer', 'KafkaProducerConfig', 'ProducerRecord', 'StringSerializer']

describe('The packed package, installed elsewhere', function () {
  this.timeout(120_000)
  let folder = ''
  let files: string[] = []

  async function node(...args: string[]): Promise<string> {
    const { stdout } = await run(process.execPath, args, { cwd: folder })
    return stdout.trim()
  }

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kafka-classic-producer-'))
    const packed = await run('npm', ['pack', '--json', '--pack-destination', folder], { cwd: project })
    const [report] = Object.values(JSON.parse(packed.stdout.slice(packed.stdout.search(/^[[{]$/m)))) as [
      { filename: string; files: { path: string }[] },
    ]
    files = report.files.map((file) => file.path)
    await writeFile(join(folder, 'package.json'), '{ "name": "elsewhere", "private": true }')
    const [tarball] = (await readdir(folder)).filter((name) => name.endsWith('.tgz'))
    // The entry points for metrics need the package that they are for.
    const install = ['install', '--prefer-offline', '--no-audit', '--no-fund']
    await run('npm', [...install, `./${tarball}`, 'prom-client', '@opentelemetry/api'], { cwd: folder })
  })

  after(() => rm(folder, { recursive: true, force: true }))

  for (const [entry, names] of [
    ['kafka-classic-producer', mainNames],
    ['kafka-classic-producer/kafka-producer', kafkaProducerNames],
    ['kafka-classic-producer/testing', testingNames],
    ['kafka-classic-producer/prometheus', ['collectFrom']],
    ['kafka-classic-producer/opentelemetry', ['observe']],
  ] as const) {
    it(`gives ${entry} to import`, async () => {
      const script = `import * as all from '${entry}'; console.log(Object.keys(all).join())`
      expect((await node('--input-type=module', '-e', script)).split(',')).to.include.members([...names])
    })

    it(`gives ${entry} to require()`, async () => {
      const script = `console.log(Object.keys(require('${entry}')).join())`
      expect((await node('-e', script)).split(',')).to.include.members([...names])
    })
  }

  it('brings types that a strict program compiles against', async () => {
    await writeFile(
      join(folder, 'use.mts'),
      `import { type Delivery, KeyedMessage, Producer, ProducerConfig } from 'kafka-classic-producer'
       import { TestCluster } from 'kafka-classic-producer/testing'
       const config = new ProducerConfig({ 'metadata.broker.list': 'localhost:9092' })
       const producer = new Producer<string, string>(config)
       const delivery: Promise<Delivery> = producer.deliver(new KeyedMessage('t', 'k', 'v'))
       producer.on('failed', ({ failures }) => console.log(failures[0]?.cause.code))
       export { delivery, TestCluster }
      `,
    )
    const compilerOptions = {
      noEmit: true,
      strict: true,
      module: 'nodenext',
      target: 'es2022',
      types: ['node'],
      typeRoots: [join(project, 'node_modules', '@types')],
    }
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['use.mts'] }))
    const tsc = join(project, 'node_modules', 'typescript', 'bin', 'tsc')
    await run(process.execPath, [tsc], { cwd: folder }).catch((error: { stdout: string }) =>
      expect.fail(error.stdout),
    )
  })

  for (const [executable, option] of [
    ['kafka-console-producer', '--topic'],
    ['kafka-producer-perf-test', '--topics'],
  ] as const) {
    it(`contains the executable ${executable}, which prints its usage`, async () => {
      const { stdout } = await run(join(folder, 'node_modules', '.bin', executable), ['--help'])
      expect(stdout).to.include('--broker-list').and.include(option)
    })
  }

  it('holds what users need and nothing else', () => {
    expect(files).to.include.members(['LICENSE', 'README.md', 'CHANGELOG.md', 'config/producer.properties'])
    const foreign = files.filter(
      (path) => !/^(bin|dist|docs|config)\/|^[A-Z]+(\.md)?$|^package\.json$/.test(path),
    )
    expect(foreign).to.deep.equal([])
    expect(files.filter((path) => /spec|bench|\.tsbuildinfo/.test(path))).to.deep.equal([])
  })
})

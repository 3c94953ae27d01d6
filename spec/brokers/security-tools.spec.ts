/**
 * A properties file that asks for SASL_SSL: the console producer and the perf tool with both producers; and a file of Kafka 0.8
 * whose cluster is replaced by a secured one of today.
 */
import { appendFileSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { main as consoleProducer } from '../../lib/cli/console-producer.js'
import { main as perf } from '../../lib/cli-perf/producer-performance.js'
import { Producer, ProducerConfig } from '../../lib/index.js'
import { textOf } from '../cli/support/text-of.js'
import { PASSWORD, USER } from './security/secured-clients.js'
import { KafkaCluster } from './support/index.js'
import { SecuredCluster } from './support/secured-cluster.js'

const OLD_VERSION = '0.8.2.2'
const VERSION = '4.3.1'
const OLD_FILE = fileURLToPath(new URL('./contract/producer-0.8.properties', import.meta.url))
const START_LIMIT_MS = 600_000

/** What an operator adds to a file. The password stands in another one, as it should. */
function securityLines(folder: string, secured: SecuredCluster): string {
  const ca = path.join(folder, 'ca.pem')
  const secrets = path.join(folder, 'secrets.properties')
  writeFileSync(ca, secured.certificates.ca.cert)
  writeFileSync(secrets, `password=${PASSWORD}\n`)
  const module = 'org.apache.kafka.common.security.scram.ScramLoginModule'
  return [
    '',
    'security.protocol=SASL_SSL',
    'sasl.mechanism=SCRAM-SHA-512',
    `sasl.jaas.config=${module} required username="${USER}" password="\${file:${secrets}:password}";`,
    'ssl.truststore.type=PEM',
    `ssl.truststore.location=${ca}`,
    'config.providers=file',
    'config.providers.file.class=org.apache.kafka.common.config.provider.FileConfigProvider',
    '',
  ].join('\n')
}

interface Run {
  readonly status: number
  readonly output: string
  readonly errors: string
}

async function run(tool: typeof consoleProducer, input: string, ...argv: string[]): Promise<Run> {
  const [output, errors] = [new PassThrough(), new PassThrough()]
  const status = await tool(argv, { input: Readable.from([Buffer.from(input)]), output, errors }, '0.0.0')
  return { status, output: textOf(output), errors: textOf(errors) }
}

describe('A properties file that asks for SASL_SSL', () => {
  let folder: string

  beforeEach(() => {
    folder = mkdtempSync(path.join(realpathSync(os.tmpdir()), 'security-tools-'))
  })

  afterEach(() => rmSync(folder, { recursive: true }))

  describe(`with Kafka ${VERSION}`, () => {
    let secured: SecuredCluster
    let file: string
    let topics = 0

    before(async function () {
      this.timeout(START_LIMIT_MS)
      secured = await SecuredCluster.start(VERSION, { users: { [USER]: PASSWORD } })
    })

    after(() => secured?.stop())

    beforeEach(() => {
      file = path.join(folder, 'producer.properties')
      writeFileSync(file, securityLines(folder, secured))
    })

    async function newTopic(): Promise<string> {
      const topic = `tools-${++topics}`
      await secured.cluster.createTopic(topic)
      return topic
    }

    async function valuesOf(topic: string): Promise<string[]> {
      return (await secured.cluster.readTopic(topic)).map(({ value }) => String(value))
    }

    for (const [name, options] of [
      ['Producer', ['--broker-list']],
      ['KafkaProducer', ['--new-producer', '--bootstrap-server']],
    ] as const) {
      it(`serves the console producer with ${name}`, async () => {
        const topic = await newTopic()
        const where = [...options, secured.addressOf('SASL_SSL'), '--topic', topic]
        const found = await run(consoleProducer, 'a\nb\nlast\n', ...where, '--producer.config', file)
        expect(found.errors).not.to.include(PASSWORD)
        expect(found.status, found.errors).to.equal(0)
        expect(await valuesOf(topic)).to.deep.equal(['a', 'b', 'last'])
      })
    }

    for (const [name, options] of [
      ['Producer', ['--messages', '500', '--message-size', '50', '--topics']],
      ['KafkaProducer', ['--new-producer', '--num-records', '500', '--record-size', '50', '--topic']],
    ] as const) {
      it(`serves the perf tool with ${name}`, async () => {
        const topic = await newTopic()
        const address = name === 'Producer' ? '--broker-list' : '--bootstrap-server'
        const where = [...options, topic, address, secured.addressOf('SASL_SSL')]
        const found = await run(perf, '', ...where, '--producer.config', file)
        expect(`${found.output}${found.errors}`).not.to.include(PASSWORD)
        expect(found.status, found.errors).to.equal(0)
        expect(await valuesOf(topic)).to.have.lengthOf(500)
      })
    }
  })

  it(`is a file of Kafka ${OLD_VERSION} with some lines more, and reaches ${VERSION} at the same address`, async function () {
    this.timeout(START_LIMIT_MS)
    const file = path.join(folder, 'producer.properties')
    const old = await KafkaCluster.start({ version: OLD_VERSION })
    const [address] = old.bootstrap as [string]
    const text = readFileSync(OLD_FILE, 'utf8').replace('localhost:9092', address)
    writeFileSync(file, text)
    await old.createTopic('logs')
    await sendWith(file, 'before')
    expect(await valuesIn(old)).to.deep.equal(['before', 'before, a line'])
    await old.stop()

    const ports = { SASL_SSL: Number(address.split(':')[1]) }
    const secured = await SecuredCluster.start(VERSION, { users: { [USER]: PASSWORD }, ports })
    try {
      appendFileSync(file, securityLines(folder, secured))
      await secured.cluster.createTopic('logs')
      await sendWith(file, 'after')
      expect(await valuesIn(secured.cluster)).to.deep.equal(['after', 'after, a line'])
    } finally {
      await secured.stop()
    }
  })
})

/** By an application, and by the console producer. */
async function sendWith(file: string, message: string): Promise<void> {
  const quiet = { debug() {}, info() {}, warn() {}, error() {} }
  const producer = new Producer<string, string>(ProducerConfig.fromFile(file, { logger: quiet }), {
    logger: quiet,
  })
  await producer.send({ topic: 'logs', message })
  await producer.close()
  const [, address] = /metadata\.broker\.list=(.*)/.exec(readFileSync(file, 'utf8'))!
  const argv = ['--producer.config', file, '--broker-list', address!, '--topic', 'logs']
  const { status, errors } = await run(consoleProducer, `${message}, a line\n`, ...argv)
  expect(status, errors).to.equal(0)
}

async function valuesIn(cluster: KafkaCluster): Promise<string[]> {
  return (await cluster.readTopic('logs')).map(({ value }) => String(value))
}

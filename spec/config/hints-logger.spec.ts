/** Which logger gets the hints on a configuration: the one that was given, to the configuration or to its producer. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import sinon from 'sinon'
import { KafkaProducer, KafkaProducerConfig, type Logger, Producer, ProducerConfig } from '../../lib/index.js'
import { LogKeeper } from '../handler/support/log-keeper.js'

const classic = { 'metadata.broker.list': '127.0.0.1:1', 'no.such.key': '1' }
const serializer = 'org.apache.kafka.common.serialization.StringSerializer'
const modern = {
  'bootstrap.servers': '127.0.0.1:1',
  'key.serializer': serializer,
  'value.serializer': serializer,
  'no.such.key': '1',
}

interface Closable {
  close(): Promise<void>
}

interface Kind {
  readonly name: string
  readonly properties: Readonly<Record<string, string>>
  config(properties: Readonly<Record<string, string>>, logger?: Logger): unknown
  fromFile(path: string, logger?: Logger): unknown
  producer(config: unknown, logger: Logger): Closable
}

const kinds: readonly Kind[] = [
  {
    name: 'Producer',
    properties: classic,
    config: (properties, logger) => new ProducerConfig(properties, logger && { logger }),
    fromFile: (path, logger) => ProducerConfig.fromFile(path, logger && { logger }),
    producer: (config, logger) => new Producer(config as ProducerConfig, { logger }),
  },
  {
    name: 'KafkaProducer',
    properties: modern,
    config: (properties, logger) => new KafkaProducerConfig(properties, logger && { logger }),
    fromFile: (path, logger) => KafkaProducerConfig.fromFile(path, logger && { logger }),
    producer: (config, logger) => new KafkaProducer(config as KafkaProducerConfig, { logger }),
  },
]

for (const { name, properties, config, fromFile, producer } of kinds) {
  describe(`Hints on the configuration of ${name}`, () => {
    let folder: string
    let path: string
    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), 'hints-'))
      path = join(folder, 'producer.properties')
      const lines = Object.entries(properties).map(([key, value]) => `${key}=${value}\n`)
      writeFileSync(path, lines.join(''))
    })
    afterEach(() => {
      sinon.restore()
      rmSync(folder, { recursive: true })
    })

    const hintsIn = (log: LogKeeper): number =>
      log.at('warn').filter((text) => text.includes('no.such.key')).length

    const ways: [title: string, make: (logger?: Logger) => unknown][] = [
      ['a configuration made of properties', (logger) => config(properties, logger)],
      ['a configuration read from a file', (logger) => fromFile(path, logger)],
    ]
    for (const [title, make] of ways) {
      it(`of ${title} go to the logger of its producer, once, and not to stderr`, async () => {
        const stderr = sinon.stub(process.stderr, 'write').returns(true)
        const made = make()
        const [first, second] = [new LogKeeper(), new LogKeeper()]
        const producers = [producer(made, first), producer(made, second)]
        const written = stderr.callCount
        stderr.restore()
        expect([hintsIn(first), hintsIn(second), written]).to.deep.equal([1, 0, 0])
        await Promise.all(producers.map((one) => one.close()))
      })

      it(`of ${title} go to the logger that was given to the configuration`, async () => {
        const [own, other] = [new LogKeeper(), new LogKeeper()]
        const made = producer(make(own), other)
        expect([hintsIn(own), hintsIn(other)]).to.deep.equal([1, 0])
        await made.close()
      })
    }

    it('of plain properties go to the logger of the producer', async () => {
      const log = new LogKeeper()
      const made = producer(properties, log)
      expect(hintsIn(log)).to.equal(1)
      await made.close()
    })
  })
}

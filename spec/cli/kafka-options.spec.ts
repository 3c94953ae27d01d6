import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import {
  choosesKafkaProducer,
  type KafkaConsoleOptions,
  parseKafkaOptions,
} from '../../lib/cli/kafka-options.js'
import { UsageError } from '../../lib/cli/tool-errors.js'
import { ConfigError } from '../../lib/errors.js'

const required = ['--new-producer', '--topic', 't', '--bootstrap-server', 'h:1']

function parse(...argv: string[]): KafkaConsoleOptions {
  return parseKafkaOptions([...required, ...argv], '1.2.3')
}

function usageOf(...argv: string[]): UsageError {
  try {
    parseKafkaOptions(argv, '1.2.3')
  } catch (error) {
    expect(error).to.be.instanceOf(UsageError)
    return error as UsageError
  }
  return expect.fail('the options were accepted')
}

describe('choosesKafkaProducer', () => {
  const rows: [argv: string[], chosen: boolean][] = [
    [['--new-producer', '--topic', 't'], true],
    [['--topic', 't', '--new'], true],
    [['--topic', 't'], false],
    [['--bootstrap-server', 'h:1', '--topic', 't'], false],
    [['--old-producer', '--topic', 't'], false],
    [['--topic', '--new-producer'], false],
    [['--prop', '--new-producer'], false],
    [['--property=--new-producer'], false],
    [['--property=a=b', '--new-producer'], true],
    [['--compression-codec', '--new-producer'], true],
    [['--', '--new-producer'], false],
  ]
  for (const [argv, chosen] of rows) {
    it(`the command line ${argv.join(' ')} asks for the ${chosen ? 'new' : 'classic'} producer`, () => {
      expect(choosesKafkaProducer(argv)).to.equal(chosen)
    })
  }
})

describe('parseKafkaOptions', () => {
  it('options of the new producer have the defaults of Kafka’s own tool', () => {
    expect(Object.fromEntries(parse().defaults)).to.deep.equal({
      'client.id': 'console-producer',
      'compression.type': 'none',
      'batch.size': '16384',
      retries: '3',
      'retry.backoff.ms': '100',
      'linger.ms': '1000',
      acks: '-1',
      'request.timeout.ms': '1500',
      'metadata.max.age.ms': '300000',
      'max.block.ms': '60000',
      'buffer.memory': '33554432',
      'send.buffer.bytes': '102400',
    })
  })

  const settings: [argv: string[], key: string, value: string][] = [
    [['--compression-codec'], 'compression.type', 'gzip'],
    [['--compression-codec', 'zstd'], 'compression.type', 'zstd'],
    [['--batch-size', '7'], 'batch.size', '7'],
    [['--max-partition-memory-bytes', '8'], 'batch.size', '8'],
    [['--batch-size', '7', '--max-partition-memory-bytes', '8'], 'batch.size', '8'],
    [['--message-send-max-retries', '9'], 'retries', '9'],
    [['--retry-backoff-ms', '5'], 'retry.backoff.ms', '5'],
    [['--timeout', '50'], 'linger.ms', '50'],
    [['--request-required-acks', 'all'], 'acks', 'all'],
    [['--request-required-acks', '-1'], 'acks', '-1'],
    [['--request-timeout-ms', '99'], 'request.timeout.ms', '99'],
    [['--metadata-expiry-ms', '1'], 'metadata.max.age.ms', '1'],
    [['--max-block-ms', '2'], 'max.block.ms', '2'],
    [['--metadata-fetch-timeout-ms', '3'], 'max.block.ms', '3'],
    [['--max-memory-bytes', '4'], 'buffer.memory', '4'],
    [['--socket-buffer-size', '5'], 'send.buffer.bytes', '5'],
  ]
  for (const [argv, key, value] of settings) {
    it(`with --new-producer ${argv.join(' ')} means ${key}=${value}`, () => {
      expect(parse(...argv).explicit.get(key)).to.equal(value)
    })
  }

  it('--broker-list is another name of --bootstrap-server', () => {
    const { explicit } = parseKafkaOptions(['--new', '--topic', 't', '--broker-list', 'b:2'], '1.2.3')
    expect(explicit.get('bootstrap.servers')).to.equal('b:2')
  })

  it('with --sync a line does not linger, unless --timeout says so', () => {
    expect(parse()).to.include({ isSync: false })
    expect(parse('--sync')).to.include({ isSync: true })
    expect(parse('--sync').defaults.get('linger.ms')).to.equal('0')
    expect(parse('--sync', '--timeout', '7').explicit.get('linger.ms')).to.equal('7')
  })

  it('--sync is no setting of the new producer', () => {
    expect([...parse('--sync').explicit.keys()]).to.deep.equal(['bootstrap.servers'])
  })

  for (const [name, field] of [
    ['--property', 'readerProperties'],
    ['--reader-property', 'readerProperties'],
    ['--producer-property', 'producerProperties'],
    ['--command-property', 'producerProperties'],
  ] as const) {
    it(`${name} may be repeated, and its values may have equals signs`, () => {
      const properties = parse(name, 'key.separator==', name, 'parse.key=true')[field]
      expect(Object.fromEntries(properties)).to.deep.equal({ 'key.separator': '=', 'parse.key': 'true' })
    })
  }

  it('--producer.config and --command-config name the file', () => {
    expect(parse('--producer.config', 'a').configFile).to.equal('a')
    expect(parse('--command-config', 'b').configFile).to.equal('b')
    expect(parse().configFile).to.equal(null)
  })

  describe('with a file for the reader', () => {
    let directory: string
    before(() => {
      directory = mkdtempSync(join(tmpdir(), 'reader-config-'))
    })
    after(() => rmSync(directory, { recursive: true }))

    it('--property counts more than --reader-config, and either may name the topic', () => {
      const path = join(directory, 'reader.properties')
      writeFileSync(path, 'parse.key=true\nkey.separator=;\ntopic=other\n')
      const options = parse('--reader-config', path, '--property', 'key.separator=,')
      expect(options.topic).to.equal('other')
      expect(options.readerProperties.get('parse.key')).to.equal('true')
      expect(options.readerProperties.get('key.separator')).to.equal(',')
    })

    it('a --reader-config that cannot be read is an error', () => {
      expect(() => parse('--reader-config', join(directory, 'none'))).to.throw(ConfigError)
    })
  })

  it('options of the old producer are named in warnings', () => {
    expect(parse('--queue-size', '5', '--key-serializer', 'A').warnings).to.deep.equal([
      '--queue-size belongs to the old producer and has no effect here',
      '--key-serializer belongs to the old producer and has no effect here',
    ])
  })

  const mistakes: [argv: string[], text: string][] = [
    [['--new-producer', '--bootstrap-server', 'h:1'], '--topic is missing'],
    [[...required, '--old-producer'], '--old-producer and --new-producer: give one of them'],
    [[...required, '--broker-list', 'h:1'], '--bootstrap-server is another name of --broker-list'],
    [[...required, '--max-block-ms', '1', '--metadata-fetch-timeout-ms', '1'], 'give one of them'],
    [[...required, '--property', 'a=b', '--reader-property', 'a=b'], 'give one of them'],
    [[...required, '--producer.config', 'a', '--command-config', 'b'], 'give one of them'],
    [[...required, '--bogus'], "unknown option '--bogus'"],
  ]
  for (const [argv, text] of mistakes) {
    it(`the command line ${argv.join(' ')} is refused`, () => {
      expect(usageOf(...argv))
        .to.include({ exitCode: 1 })
        .and.have.property('message')
        .that.includes(text)
    })
  }

  it('a line reader of one’s own is refused, those of Kafka are accepted', () => {
    expect(() => parse('--line-reader', 'my.Reader')).to.throw(ConfigError, 'my.Reader is not known')
    for (const name of [
      'kafka.tools.ConsoleProducer$LineMessageReader',
      'org.apache.kafka.tools.LineMessageReader',
    ]) {
      expect(parse('--line-reader', name).topic).to.equal('t')
    }
  })
})

import { expect } from 'chai'
import { optionOf } from '../../lib/cli/command-line.js'
import { consoleProducer } from '../../lib/cli/option-rows.js'
import { type ConsoleOptions, parseOptions } from '../../lib/cli/options.js'
import { UsageError } from '../../lib/cli/tool-errors.js'

const required = ['--topic', 't', '--broker-list', 'h:1']

function parse(...argv: string[]): ConsoleOptions {
  return parseOptions([...required, ...argv], '1.2.3')
}

function usageOf(...argv: string[]): UsageError {
  try {
    parseOptions(argv, '1.2.3')
  } catch (error) {
    expect(error).to.be.instanceOf(UsageError)
    return error as UsageError
  }
  return expect.fail('the options were accepted')
}

describe('parseOptions', () => {
  it('has the defaults of the original tool', () => {
    expect(Object.fromEntries(parse().defaults)).to.deep.equal({
      'producer.type': 'async',
      'client.id': 'console-producer',
      'partitioner.class': 'kafka.producer.ByteArrayPartitioner',
      'compression.codec': 'none',
      'batch.num.messages': '200',
      'message.send.max.retries': '3',
      'retry.backoff.ms': '100',
      'queue.buffering.max.ms': '1000',
      'queue.buffering.max.messages': '10000',
      'queue.enqueue.timeout.ms': '2147483647',
      'request.required.acks': '0',
      'request.timeout.ms': '1500',
      'topic.metadata.refresh.interval.ms': '300000',
      'serializer.class': 'kafka.serializer.DefaultEncoder',
      'send.buffer.bytes': '102400',
    })
  })

  const settings: [string[], string, string][] = [
    [['--sync'], 'producer.type', 'sync'],
    [['--compression-codec'], 'compression.codec', 'gzip'],
    [['--compression-codec', 'lz4'], 'compression.codec', 'lz4'],
    [['--batch-size', '7'], 'batch.num.messages', '7'],
    [['--message-send-max-retries', '9'], 'message.send.max.retries', '9'],
    [['--retry-backoff-ms', '5'], 'retry.backoff.ms', '5'],
    [['--timeout', '50'], 'queue.buffering.max.ms', '50'],
    [['--queue-size', '500'], 'queue.buffering.max.messages', '500'],
    [['--queue-enqueuetimeout-ms', '-1'], 'queue.enqueue.timeout.ms', '-1'],
    [['--request-required-acks', '-1'], 'request.required.acks', '-1'],
    [['--request-required-acks=-1'], 'request.required.acks', '-1'],
    [['--request-timeout-ms', '99'], 'request.timeout.ms', '99'],
    [['--metadata-expiry-ms', '1'], 'topic.metadata.refresh.interval.ms', '1'],
    [['--value-serializer', 'A'], 'serializer.class', 'A'],
    [['--key-serializer', 'B'], 'key.serializer.class', 'B'],
    [['--socket-buffer-size', '1'], 'send.buffer.bytes', '1'],
    [['--metadata-exp', '1'], 'topic.metadata.refresh.interval.ms', '1'],
  ]
  for (const [argv, key, value] of settings) {
    it(`takes ${argv.join(' ')} for ${key}=${value}`, () => {
      expect(parse(...argv).explicit.get(key)).to.equal(value)
    })
  }

  it('splits properties at the first equals sign, so that one can be the separator', () => {
    const { readerProperties } = parse('--property', 'key.separator==', '--property', 'parse.key')
    expect(Object.fromEntries(readerProperties)).to.deep.equal({ 'key.separator': '=', 'parse.key': '' })
  })

  it('accepts --bootstrap-server as --broker-list', () => {
    const { explicit } = parseOptions(['--topic', 't', '--bootstrap-server', 'b:2'], '1.2.3')
    expect(explicit.get('metadata.broker.list')).to.equal('b:2')
  })

  it('does not take a value for an abbreviated option', () => {
    const { readerProperties } = parse('--property', '--sync', '--producer-property', 'k=--sy')
    expect([...readerProperties.keys()]).to.deep.equal(['--sync'])
    expect(parse('--property', '--sy').readerProperties.has('--sy')).to.equal(true)
  })

  it('names the option that a setting came from', () => {
    const { explicit } = parse('--batch-size', '7')
    expect(optionOf(consoleProducer, 'batch.num.messages', explicit)).to.equal('--batch-size')
    expect(optionOf(consoleProducer, 'retry.backoff.ms', explicit)).to.equal(undefined)
  })

  it('lets a reader property name the topic, as the original did', () => {
    expect(parse('--property', 'topic=other').topic).to.equal('other')
  })

  it('keeps settings of the producer and of the reader apart', () => {
    const { explicit, producerProperties, readerProperties } = parse('--producer-property', 'client.id=me')
    expect(Object.fromEntries(producerProperties)).to.deep.equal({ 'client.id': 'me' })
    expect(readerProperties.size).to.equal(0)
    expect(explicit.has('client.id')).to.equal(false)
  })

  it('accepts options of the new producer with a warning that names them', () => {
    expect(parse('--old-producer', '--max-block-ms', '5').warnings).to.deep.equal([
      '--max-block-ms belongs to the new producer and has no effect without --new-producer',
    ])
  })

  it('prints its usage with an error without arguments, and with success for --help', () => {
    expect(usageOf()).to.include({ exitCode: 1 }).and.have.property('message').that.includes('--broker-list')
    expect(usageOf('--help')).to.include({ exitCode: 0 }).and.have.property('message').that.includes('Usage:')
    expect(usageOf('--version')).to.include({ exitCode: 0, message: '1.2.3\n' })
  })

  const mistakes: [string[], string][] = [
    [['--broker-list', 'h:1'], '--topic is missing'],
    [['--topic', 't', '--bogus'], "unknown option '--bogus'"],
    [['--topic', 't', '--brokerlist', 'h:1'], "unknown option '--brokerlist' (Did you mean --broker-list?)"],
    [['--topic', 't', '--batch-size'], 'argument missing'],
    [['--topic', 't', 'stray'], 'too many arguments'],
    [['--topic', 't', '--property', '=x'], '--property takes key=value'],
    [['--topic', 't', '--max', '1'], '--max could be --max-line-bytes'],
    [['--topic', 't', '--broker-list', 'h:1', '--bootstrap-server', 'h:2'], 'give one of them'],
    [['--topic', 't', '--close-timeout-ms', '9999999999'], '--close-timeout-ms takes a whole number from 0'],
    [
      ['--topic', 't', '--max-line-bytes', '1e3'],
      '--max-line-bytes takes a whole number from 0 to 2147483647, not "1e3"',
    ],
  ]
  for (const [argv, text] of mistakes) {
    it(`fails with "${text}" for ${argv.join(' ')}`, () => {
      expect(usageOf(...argv))
        .to.include({ exitCode: 1 })
        .and.have.property('message')
        .that.includes(text)
    })
  }

  it('accepts no line reader but its own', () => {
    expect(() => parse('--line-reader', '../evil')).to.throw('--line-reader ../evil is not known')
    expect(parse('--line-reader', 'kafka.tools.ConsoleProducer$LineMessageReader').topic).to.equal('t')
  })
})

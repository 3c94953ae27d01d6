import { expect } from 'chai'
import { UsageError } from '../../lib/cli/tool-errors.js'
import { type PerfOptions, parsePerfOptions } from '../../lib/cli-perf/options.js'

const required = ['--broker-list', 'h:1', '--topics', 't', '--messages', '10']

function parse(...argv: string[]): PerfOptions {
  return parsePerfOptions([...required, ...argv], '1.2.3')
}

function usageOf(...argv: string[]): UsageError {
  try {
    parsePerfOptions(argv, '1.2.3')
  } catch (error) {
    expect(error).to.be.instanceOf(UsageError)
    return error as UsageError
  }
  return expect.fail('the options were accepted')
}

describe('parsePerfOptions', () => {
  it('gives the producer the settings of the original tool', () => {
    expect(Object.fromEntries(parse().defaults)).to.deep.equal({
      'producer.type': 'async',
      'client.id': 'producer-performance',
      'send.buffer.bytes': '65536',
      'queue.enqueue.timeout.ms': '-1',
      'serializer.class': 'kafka.serializer.DefaultEncoder',
      'key.serializer.class': 'kafka.serializer.NullEncoder',
      'partitioner.class': 'kafka.producer.ByteArrayPartitioner',
      'batch.num.messages': '200',
      'compression.codec': '0',
      'request.required.acks': '-1',
      'request.timeout.ms': '3000',
      'message.send.max.retries': '3',
      'retry.backoff.ms': '100',
    })
    expect(Object.fromEntries(parse().explicit)).to.deep.equal({ 'metadata.broker.list': 'h:1' })
  })

  it('has the defaults of the original tool', () => {
    const { formatDate, defaults, explicit, shown, ...rest } = parse()
    expect(rest).to.deep.equal({
      topics: ['t'],
      messagesPerThread: 10,
      threads: 1,
      messageSize: 100,
      varyMessageSize: false,
      initialMessageId: null,
      sendGapMs: 0,
      throughput: null,
      hidesHeader: false,
      metricsFolder: null,
      reportFile: null,
      reportJsonFile: null,
      compareFile: null,
      closeTimeoutMs: 30_000,
      isVerbose: false,
      producerProperties: new Map(),
      classesModule: null,
      configFile: null,
      warnings: [],
    })
    expect(formatDate(new Date(2015, 0, 2, 3, 4, 5, 6).getTime())).to.equal('2015-01-02 03:04:05:006')
  })

  const settings: [string[], string, string][] = [
    [['--sync'], 'producer.type', 'sync'],
    [['--batch-size', '7'], 'batch.num.messages', '7'],
    [['--compression-codec', '2'], 'compression.codec', '2'],
    [['--request-num-acks', '-1'], 'request.required.acks', '-1'],
    [['--request-timeout-ms', '99'], 'request.timeout.ms', '99'],
    [['--producer-num-retries', '9'], 'message.send.max.retries', '9'],
    [['--producer-retry-backoff-ms', '5'], 'retry.backoff.ms', '5'],
    [['--producer-retry=5'], 'retry.backoff.ms', '5'],
  ]
  for (const [argv, key, value] of settings) {
    it(`takes ${argv.join(' ')} for ${key}=${value}`, () => {
      expect(parse(...argv).explicit.get(key)).to.equal(value)
    })
  }

  const choices: [string[], Partial<PerfOptions>][] = [
    [['--topics', 'a, b,,c'], { topics: ['a', 'b', 'c'] }],
    [['--threads', '3'], { threads: 3, messagesPerThread: 3 }],
    [['--message-size', '5', '--vary-message-size'], { messageSize: 5, varyMessageSize: true }],
    [['--initial-message-id', '0'], { initialMessageId: 0 }],
    [['--message-send-gap-ms', '4'], { sendGapMs: 4 }],
    [['--hide-header'], { hidesHeader: true }],
    [['--metrics-dir', 'm'], { metricsFolder: null }],
    [['--csv-reporter-enabled'], { metricsFolder: 'kafka_metrics' }],
    [['--csv-reporter-enabled', '--metrics-dir', 'm'], { metricsFolder: 'm' }],
    [['--throughput', '500'], { throughput: 500 }],
    [['--throughput', '-1'], { throughput: null }],
    [['--report', 'r.html'], { reportFile: 'r.html' }],
    [['--producer.config', 'p.properties'], { configFile: 'p.properties' }],
    [['--show-detailed-stats', '--reporting-interval', '1'], { warnings: [] }],
  ]
  for (const [argv, expected] of choices) {
    it(`takes ${argv.join(' ')}`, () => {
      const options: Partial<PerfOptions> = parse(...argv)
      for (const [name, value] of Object.entries(expected))
        expect(options[name as keyof PerfOptions]).to.deep.equal(value)
    })
  }

  it('warns about messages that are not sent', () => {
    expect(parse('--threads', '3').warnings).to.deep.equal([
      '--messages 10 does not divide by --threads 3: 1 are not sent',
    ])
  })

  it('shows the options in a report, but no properties, which may be secrets', () => {
    const { shown } = parse('--sync', '--producer-property', 'sasl.password=hidden')
    expect([...shown]).to.deep.equal([
      ['--broker-list', 'h:1'],
      ['--topics', 't'],
      ['--messages', '10'],
      ['--sync', 'yes'],
    ])
  })

  it('prints its usage with an error without arguments, and with success for --help', () => {
    expect(usageOf()).to.include({ exitCode: 1 }).and.have.property('message').that.includes('--broker-list')
    expect(usageOf('--help'))
      .to.include({ exitCode: 0 })
      .and.have.property('message')
      .that.includes('--show-detailed-stats')
    expect(usageOf('--version')).to.include({ exitCode: 0, message: '1.2.3\n' })
  })

  const mistakes: [string[], string][] = [
    [['--topics', 't', '--messages', '1'], '--broker-list is missing'],
    [['--broker-list', ' ', '--topics', 't', '--messages', '1'], '--broker-list is missing'],
    [['--broker-list', 'h:1', '--messages', '1'], '--topics is missing'],
    [['--broker-list', 'h:1', '--topics', ' , ', '--messages', '1'], '--topics names no topic'],
    [['--broker-list', 'h:1', '--topics', 't'], '--messages is missing'],
    [[...required, '--messages', '0'], '--messages takes a whole number from 1 to 9007199254740991, not "0"'],
    [
      [...required, '--messages', '1e6'],
      '--messages takes a whole number from 1 to 9007199254740991, not "1e6"',
    ],
    [[...required, '--threads', '11'], '--messages 10 is less than --threads 11'],
    [
      [...required, '--throughput', '0'],
      '--throughput takes a whole number from 1 to 9007199254740991, not "0"',
    ],
    [[...required, '--message-size', '0', '--vary-message-size'], 'needs a --message-size of at least 1'],
    [
      [...required, '--message-size', '2147483648'],
      '--message-size takes a whole number from 0 to 2147483647, not',
    ],
    [[...required, '--date-format', 'hh'], 'the letter h is not supported'],
    [[...required, '--producer-property', '=x'], '--producer-property takes key=value, not "=x"'],
    [[...required, '--message-send-gap-ms', '2147483648'], '--message-send-gap-ms takes a whole number'],
    [
      [...required, '--producer', 'x'],
      '--producer could be --producer-num-retries, --producer-retry-backoff-ms',
    ],
    [[...required, '--bogus'], "unknown option '--bogus'"],
    [[...required, 'stray'], 'too many arguments'],
  ]
  for (const [argv, text] of mistakes) {
    it(`fails with "${text}" for ${argv.join(' ')}`, () => {
      expect(usageOf(...argv))
        .to.include({ exitCode: 1 })
        .and.have.property('message')
        .that.includes(text)
    })
  }
})

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { UsageError } from '../../lib/cli/tool-errors.js'
import { kafkaPerfTool } from '../../lib/cli-perf/kafka-option-rows.js'
import {
  choosesKafkaPerf,
  type KafkaPerfOptions,
  parseKafkaPerfOptions,
} from '../../lib/cli-perf/kafka-options.js'
import { perfTool } from '../../lib/cli-perf/option-rows.js'
import { ConfigError } from '../../lib/errors.js'

const required = ['--new-producer', '--topic', 't', '--num-records', '10']

function parse(...argv: string[]): KafkaPerfOptions {
  return parseKafkaPerfOptions([...required, '--record-size', '100', ...argv], '1.2.3')
}

function usageOf(...argv: string[]): UsageError {
  try {
    parseKafkaPerfOptions(argv, '1.2.3')
  } catch (error) {
    expect(error).to.be.instanceOf(UsageError)
    return error as UsageError
  }
  return expect.fail('the options were accepted')
}

describe('choosesKafkaPerf', () => {
  const rows: [argv: string[], chosen: boolean][] = [
    [['--new-producer', '--topic', 't'], true],
    [['--producer-props', 'a=b', 'c=d', '--new-producer'], true],
    [['--topics', 't', '--broker-list', 'h:1'], false],
    [['--topics', '--new-producer'], false],
    [['--topic', '--new-producer'], false],
  ]
  for (const [argv, chosen] of rows) {
    it(`the perf tool with ${argv.join(' ')} measures the ${chosen ? 'new' : 'classic'} producer`, () => {
      expect(choosesKafkaPerf(argv)).to.equal(chosen)
    })
  }
})

describe('parseKafkaPerfOptions', () => {
  const choices: [argv: string[], expected: Partial<KafkaPerfOptions>][] = [
    [[], { topic: 't', records: 10, payload: { kind: 'letters', bytes: 100 }, throughput: null }],
    [[], { transactionDurationMs: null, printsMetrics: false, reportingIntervalMs: 5000 }],
    [['--throughput', '-1'], { throughput: null }],
    [['--throughput', '50'], { throughput: 50 }],
    [['--throughput', '0.5'], { throughput: 0.5 }],
    [[], { warmupRecords: 0, reportFile: null }],
    [['--warmup-records', '9'], { warmupRecords: 9 }],
    [['--report', 'f.html'], { reportFile: 'f.html' }],
    [['--print-metrics'], { printsMetrics: true }],
    [['--transaction-duration-ms', '100'], { transactionDurationMs: 100 }],
    [['--reporting-interval', '1000'], { reportingIntervalMs: 1000 }],
    [['--producer.config', 'f'], { configFile: 'f' }],
    [['--command-config', 'f'], { configFile: 'f' }],
  ]
  for (const [argv, expected] of choices) {
    it(`the perf tool takes ${argv.join(' ') || 'no more than the required options'} for KafkaProducer: ${Object.keys(expected).join(', ')}`, () => {
      expect(parse(...argv)).to.deep.include(expected)
    })
  }

  it('the options of a report are those that were given, without settings of the producer', () => {
    const { shown } = parse('--report', 'f', '--producer-props', 'secret=1', '--print-metrics')
    expect(Object.fromEntries(shown)).to.deep.equal({
      '--new-producer': 'yes',
      '--topic': 't',
      '--num-records': '10',
      '--record-size': '100',
      '--report': 'f',
      '--print-metrics': 'yes',
    })
  })

  const ofKafka = new Set(kafkaPerfTool.rows.map(({ flags }) => flags.split(' ')[0]!))
  for (const { flags } of perfTool.rows) {
    const name = flags.split(' ')[0]!
    if (ofKafka.has(name)) continue
    it(`${name} of the classic producer is refused for KafkaProducer, with what to write instead`, () => {
      const { message } = usageOf(...required, '--record-size', '1', name)
      expect(message).to.match(new RegExp(`^${name} is for the classic producer; with --new-producer .{10,}`))
    })
  }

  it('--producer-props takes several settings in a row, and may be given again', () => {
    const { producerProperties } = parse('--producer-props', 'a=b', 'c=d=e', '--producer-props', 'f=')
    expect([...producerProperties]).to.deep.equal([
      ['a', 'b'],
      ['c', 'd=e'],
      ['f', ''],
    ])
  })

  it('--transaction-duration-ms alone gives a transactional id of its own, as Kafka’s own tool 4.x does, which settings replace', () => {
    const id = (): string | undefined =>
      parse('--transaction-duration-ms', '5').defaults.get('transactional.id')
    expect(id()).to.match(/^performance-producer-[\w-]{22}$/)
    expect(id(), 'runs side by side').to.not.equal(id())
    expect(parse().defaults.has('transactional.id')).to.equal(false)
    expect(parse('--transactional-id', 'x').explicit.get('transactional.id')).to.equal('x')
  })

  describe('--payload-file', () => {
    let folder = ''
    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), 'payload-'))
    })
    afterEach(() => rmSync(folder, { recursive: true }))

    const valuesOf = (text: string, ...more: string[]): string[] => {
      const path = join(folder, 'values')
      writeFileSync(path, text)
      const { payload } = parseKafkaPerfOptions([...required, '--payload-file', path, ...more], '1.2.3')
      return payload.kind === 'values' ? payload.values.map(String) : expect.fail(payload.kind)
    }

    it('--payload-file gives a value for each line, without what is empty at the end', () => {
      expect(valuesOf('Größe\n\nb\n\n')).to.deep.equal(['Größe', '', 'b'])
    })

    it('--payload-delimiter is a text and no pattern, with \\n, \\r and \\t written so', () => {
      expect(valuesOf('a|b\nc', '--payload-delimiter', '|')).to.deep.equal(['a', 'b\nc'])
      expect(valuesOf('a\r\nb', '--payload-delimiter', '\\r\\n')).to.deep.equal(['a', 'b'])
    })

    it('a --payload-file without values is an error of the configuration', () => {
      expect(() => valuesOf('\n')).to.throw(ConfigError, 'holds no values')
    })

    it('a --payload-file that is not there is an error of the configuration', () => {
      const argv = [...required, '--payload-file', join(folder, 'none')]
      expect(() => parseKafkaPerfOptions(argv, '1.2.3')).to.throw(ConfigError, '--payload-file')
    })
  })

  const refused: [argv: string[], text: string][] = [
    [required, 'give one of --record-size, --payload-file, --payload-monotonic'],
    [[...required, '--record-size', '1', '--payload-monotonic'], 'not --record-size and --payload-monotonic'],
    [['--new-producer', '--num-records', '1', '--record-size', '1'], '--topic is missing'],
    [['--new-producer', '--topic', 't', '--record-size', '1'], '--num-records is missing'],
    [[...required, '--record-size', '1', '--throughput', '0'], '--throughput takes'],
    [[...required, '--record-size', '1', '--throughput', 'fast'], '--throughput takes'],
    [[...required, '--record-size', '1', '--warmup-records', '10'], '--warmup-records 10 leaves none'],
    [
      [...required, '--record-size', '1', '--transaction-duration-ms', '0'],
      '--transaction-duration-ms takes',
    ],
    [
      [...required, '--record-size', '1', '--producer-props', 'a=b', '--command-property', 'a=b'],
      'another name',
    ],
  ]
  for (const [argv, text] of refused) {
    it(`the command line ${argv.slice(1).join(' ')} is refused for KafkaProducer: ${text}`, () => {
      expect(usageOf(...argv).message).to.include(text)
    })
  }
})

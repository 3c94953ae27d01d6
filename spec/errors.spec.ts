import { inspect } from 'node:util'
import { expect } from 'chai'
import fc from 'fast-check'
import {
  AuthenticationError,
  BrokerError,
  ConfigError,
  ConnectionError,
  DecodeError,
  DeliveryTimeoutError,
  EncodeError,
  type ErrorContext,
  KafkaError,
  MetadataError,
  PartitionerError,
  ProducerClosedError,
  printable,
  RequestTimeoutError,
  SslAuthenticationError,
  UnknownPartitionError,
  UnsupportedCodecError,
  UnsupportedVersionError,
} from '../lib/errors.js'
import { QueueFullError, SendAbortedError } from '../lib/failure.js'

type Family = new (message: string, context?: ErrorContext) => KafkaError

const families: [family: Family, code: string, retriable: boolean][] = [
  [EncodeError, 'KAFKA_ENCODE', false],
  [PartitionerError, 'KAFKA_PARTITIONER', false],
  [ProducerClosedError, 'KAFKA_PRODUCER_CLOSED', false],
  [DecodeError, 'KAFKA_DECODE', true],
  [UnsupportedVersionError, 'KAFKA_UNSUPPORTED_VERSION', false],
  [UnsupportedCodecError, 'KAFKA_UNSUPPORTED_CODEC', false],
  [ConnectionError, 'KAFKA_CONNECTION', true],
  [RequestTimeoutError, 'KAFKA_REQUEST_TIMEOUT', true],
  [AuthenticationError, 'KAFKA_AUTHENTICATION', false],
  [SslAuthenticationError, 'KAFKA_SSL_AUTHENTICATION', false],
  [MetadataError, 'KAFKA_METADATA', true],
  [QueueFullError, 'KAFKA_QUEUE_FULL', true],
  [SendAbortedError, 'KAFKA_SEND_ABORTED', false],
  [DeliveryTimeoutError, 'KAFKA_DELIVERY_TIMEOUT', true],
]

describe('UnknownPartitionError', () => {
  it('names topic and partition, and says how many partitions there are', () => {
    const error = new UnknownPartitionError('logs', 7, 1)
    expect(error.message).to.equal('logs has no partition 7: it has 1 partition, numbered from 0')
    expect(error).to.include({ topic: 'logs', partition: 7, partitionCount: 1, retriable: true })
    expect(error).to.include({ code: 'KAFKA_UNKNOWN_PARTITION', persistence: 'not-persisted' })
  })
})

describe('errors', () => {
  for (const [Family, code, retriable] of families) {
    it(`${Family.name} has the code ${code} and is ${retriable ? '' : 'not '}retriable`, () => {
      const error = new Family('text')
      expect(error).to.be.instanceOf(KafkaError).and.instanceOf(Error)
      expect(error).to.include({ code, retriable, persistence: 'not-persisted', message: 'text' })
    })

    it(`${Family.name} accepts all fields of the context`, () => {
      const context = {
        retriable: !retriable,
        persistence: 'possibly-persisted',
        broker: 'b:1',
        topic: 't',
        partition: 0,
        correlationId: 0,
        cause: new Error('why'),
      } as const
      expect(new Family('text', context)).to.include(context)
    })
  }

  it('have a different code for each class', () => {
    expect(new Set(families.map(([, code]) => code)).size).to.equal(families.length)
  })

  it('have no field for what does not apply', () => {
    expect(Object.keys(new ConnectionError('text'))).to.have.members(['code', 'retriable', 'persistence'])
    expect(new ConnectionError('text')).not.to.have.property('cause')
  })

  it('have the key in a ConfigError', () => {
    expect(new ConfigError('text', 'queue.time')).to.include({
      code: 'KAFKA_CONFIG',
      key: 'queue.time',
      retriable: false,
    })
    expect(new ConfigError('text')).not.to.have.property('key')
  })

  it('have a code for each error code of a broker', () => {
    const error = new BrokerError(6, 'NOT_LEADER_OR_FOLLOWER', 'text', { retriable: true, topic: 't' })
    expect(error).to.include({
      code: 'KAFKA_BROKER_NOT_LEADER_OR_FOLLOWER',
      errorCode: 6,
      errorName: 'NOT_LEADER_OR_FOLLOWER',
      retriable: true,
      topic: 't',
    })
  })

  it('print their class once, their code and their cause', () => {
    const printed = inspect(
      new ConnectionError('refused', { cause: new Error('ECONNREFUSED'), broker: 'b:1' }),
    )
    expect(printed).to.match(/^ConnectionError: refused\n/)
    expect(printed).to.include("code: 'KAFKA_CONNECTION'").and.include('ECONNREFUSED')
    expect(printed.match(/ConnectionError/g)).to.have.length(1)
  })

  it('appear in JSON with code and place, not with their cause', () => {
    const error = new ConnectionError('refused', { cause: new Error('ECONNREFUSED'), broker: 'b:1' })
    expect(JSON.parse(JSON.stringify(error))).to.deep.equal({
      code: 'KAFKA_CONNECTION',
      retriable: true,
      persistence: 'not-persisted',
      broker: 'b:1',
    })
  })
})

describe('printable', () => {
  const rows: [title: string, text: string, shown: string][] = [
    ['leaves ordinary text of any script as it is', 'topic-7 日本 é 😀', 'topic-7 日本 é 😀'],
    ['escapes line breaks, so that one line stays one', 'a\r\nb', 'a\\u{d}\\u{a}b'],
    ['escapes NUL, tab, DEL and C1 controls', '\0\t\x7f\x9b', '\\u{0}\\u{9}\\u{7f}\\u{9b}'],
    ['takes the escape off ANSI sequences', '\x1b[31mred', '\\u{1b}[31mred'],
    [
      'escapes marks that turn the direction of text',
      '\u202eabc\u2066\u200f\u061c',
      '\\u{202e}abc\\u{2066}\\u{200f}\\u{61c}',
    ],
    ['escapes line and paragraph separators', '\u2028\u2029', '\\u{2028}\\u{2029}'],
    ['escapes invisible characters', '\u200b\u00ad\ufeff\u{e0041}', '\\u{200b}\\u{ad}\\u{feff}\\u{e0041}'],
    ['escapes lone surrogates', '\ud83d!\ude00', '\\u{d83d}!\\u{de00}'],
    ['shows an empty string as one', '', ''],
  ]
  for (const [title, text, shown] of rows) {
    it(title, () => {
      expect(printable(text)).to.equal(shown)
    })
  }

  it('shortens text after 200 characters and marks it with …', () => {
    expect(printable('x'.repeat(200))).to.equal('x'.repeat(200))
    expect(printable('x'.repeat(201))).to.equal(`${'x'.repeat(200)}…`)
  })

  it('does not split a surrogate pair', () => {
    expect(printable(`${'x'.repeat(199)}😀y`)).to.equal(`${'x'.repeat(199)}…`)
  })

  it('escapes control characters, format characters and lone surrogates in any text', () => {
    const units = fc.array(
      fc.oneof(
        fc.nat(0xffff),
        fc.nat(0xa0),
        fc.integer({ min: 0x2000, max: 0x2070 }),
        fc.integer({ min: 0xd7ff, max: 0xe000 }),
      ),
      { maxLength: 300 },
    )
    fc.assert(
      fc.property(units, (codes) => {
        const shown = printable(String.fromCharCode(...codes))
        return !/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(shown) && shown.length <= 201 * '\\u{e0041}'.length
      }),
    )
  })
})

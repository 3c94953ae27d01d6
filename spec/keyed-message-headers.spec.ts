import { inspect } from 'node:util'
import { expect } from 'chai'
import { ConfigError } from '../lib/errors.js'
import { RecordHeaders } from '../lib/kafka-producer/record-headers.js'
import { type HeadersLike, KeyedMessage, type MessageLike } from '../lib/keyed-message.js'

const CANARY = 'canary'

class Hidden {
  readonly #a = CANARY

  size(): number {
    return this.#a.length
  }
}

const throwing = {
  get a(): string {
    throw new Error(CANARY)
  },
}

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}

function* pairs(): Generator<[string, Uint8Array]> {
  yield ['a', Buffer.from('v')]
}

describe('KeyedMessage with headers', () => {
  const bytes = Buffer.from('v')

  const forms: [title: string, headers: HeadersLike, expected: unknown][] = [
    [
      'an object of text',
      { a: '1', b: '' },
      [
        ['a', '1'],
        ['b', ''],
      ],
    ],
    [
      'bytes and null',
      { a: bytes, b: null },
      [
        ['a', bytes],
        ['b', null],
      ],
    ],
    [
      'pairs, in which a name may repeat',
      [
        ['a', '1'],
        ['a', '2'],
        ['', null],
      ],
      [
        ['a', '1'],
        ['a', '2'],
        ['', null],
      ],
    ],
    [
      'several values of one name, as an array',
      { a: ['1', bytes, null], b: [] },
      [
        ['a', '1'],
        ['a', bytes],
        ['a', null],
      ],
    ],
    [
      'a Map',
      new Map([
        ['b', '1'],
        ['a', '2'],
      ]),
      [
        ['b', '1'],
        ['a', '2'],
      ],
    ],
    ['the Headers of fetch', new Headers([['trace', '4bf92f35']]), [['trace', '4bf92f35']]],
    ['a generator of pairs', pairs(), [['a', bytes]]],
    [
      '{ key, value } objects',
      [
        { key: 'a', value: '1' },
        { key: 'a', value: null },
      ],
      [
        ['a', '1'],
        ['a', null],
      ],
    ],
    ['what a record of KafkaProducer has', RecordHeaders.from({ a: '1' }), [['a', '1']]],
    ['an object without a prototype', Object.assign(Object.create(null), { a: '1' }), [['a', '1']]],
    ['none, written as an empty Map', new Map(), null],
    ['none, written as an empty object', {}, null],
    ['none, written as no pairs', [], null],
  ]
  for (const [title, headers, expected] of forms) {
    it(`takes ${title}`, () => {
      const { headers: found } = KeyedMessage.from({ topic: 't', message: 'm', headers })
      expect(found).to.deep.equal(expected)
      // What was read once cannot be read again where it is a generator.
      expect(new KeyedMessage('t', 'm').withHeaders(found ?? []).headers).to.deep.equal(expected)
    })
  }

  it('has none by default, nor where they are null or undefined', () => {
    expect(new KeyedMessage('t', 'm').headers).to.equal(null)
    for (const headers of [null, undefined]) {
      expect(KeyedMessage.from({ topic: 't', message: 'm', headers } as MessageLike).headers).to.equal(null)
    }
  })

  it('keeps its headers although the caller changes the array afterwards', () => {
    const headers: [string, string][] = [['a', '1']]
    const message = KeyedMessage.from({ topic: 't', message: 'm', headers })
    headers[0]![1] = '2'
    headers.push(['b', '3'])
    expect(message.headers).to.deep.equal([['a', '1']])
  })

  const refused: [title: string, headers: unknown, says: string][] = [
    ['text', CANARY, 'got a string'],
    ['a number', 7, 'got a number'],
    ['a number as a value', { a: 7 }, 'got a number as the value of a'],
    ['undefined as a value', { a: undefined }, 'got undefined as the value of a'],
    ['an array as the value of a pair', [['a', [CANARY]]], 'got an array as the value of a'],
    ['an array in an array of values', { a: [[CANARY]] }, 'got an array as the value of a'],
    ['bytes', Buffer.from(CANARY), 'got bytes'],
    ['a Date', new Date(0), 'got an instance of Date'],
    ['an object that hides its fields', new Hidden(), 'got an instance of Hidden'],
    ['a symbol', Symbol(CANARY), 'got a symbol'],
    ['a Set of names', new Set([CANARY]), 'got an entry that is neither'],
    ['what throws when it is read', throwing, 'got something that throws when it is read'],
    ['a revoked proxy', revoked(), 'got something that throws when it is read'],
    ['a name that is no text', [[7, CANARY]], 'got a name that is a number'],
    ['pairs of one', [['a']], 'got an entry that is neither [name, value] nor { key, value }'],
    [
      'pairs of three',
      [['a', CANARY, CANARY]],
      'got an entry that is neither [name, value] nor { key, value }',
    ],
    ['a list of names', [CANARY], 'got an entry that is neither [name, value] nor { key, value }'],
  ]
  for (const [title, headers, says] of refused) {
    it(`refuses ${title} and shows no value`, () => {
      const given = { topic: 't', message: 'm', headers } as MessageLike
      for (const work of [
        () => KeyedMessage.from(given),
        () => new KeyedMessage('t', 'm').withHeaders(headers as HeadersLike),
      ]) {
        expect(work).to.throw(ConfigError, says).with.property('message').that.does.not.include(CANARY)
      }
    })
  }

  it('escapes a header name in its error', () => {
    expect(() =>
      KeyedMessage.from({ topic: 't', message: 'm', headers: { 'a\n': 7 } } as unknown as MessageLike),
    )
      .to.throw(ConfigError)
      .with.property('message')
      .that.includes('a\\u{a}')
      .and.does.not.include('\n')
  })
})

describe('KeyedMessage with a timestamp', () => {
  for (const timestampMs of [0, 1_700_000_000_123, 8.64e15]) {
    it(`takes ${timestampMs}`, () => {
      expect(KeyedMessage.from({ topic: 't', message: 'm', timestampMs }).timestampMs).to.equal(timestampMs)
      expect(new KeyedMessage('t', 'm').withTimestamp(timestampMs).timestampMs).to.equal(timestampMs)
    })
  }

  it('has none by default, nor where it is null or undefined', () => {
    expect(new KeyedMessage('t', 'm').timestampMs).to.equal(null)
    for (const timestampMs of [null, undefined]) {
      expect(
        KeyedMessage.from({ topic: 't', message: 'm', timestampMs } as MessageLike).timestampMs,
      ).to.equal(null)
    }
  })

  for (const timestampMs of [-1, 1.5, Number.NaN, Infinity, 8.64e15 + 1, '7', 7n, new Date(7)]) {
    it(`refuses ${inspect(timestampMs)}`, () => {
      const given = { topic: 't', message: 'm', timestampMs } as unknown as MessageLike
      for (const work of [
        () => KeyedMessage.from(given),
        () => new KeyedMessage('t', 'm').withTimestamp(timestampMs as number),
      ]) {
        expect(work).to.throw(ConfigError, 'timestampMs must be whole milliseconds since the epoch, not ')
      }
    })
  }
})

describe('a copy of a KeyedMessage', () => {
  const original = new KeyedMessage('t', 'k', 'p', 'm').withHeaders({ a: '1' }).withTimestamp(7)

  const copies: [title: string, copy: KeyedMessage, headers: unknown, timestampMs: number | null][] = [
    ['with other headers', original.withHeaders({ b: '2' }), [['b', '2']], 7],
    ['without headers', original.withHeaders(null), null, 7],
    ['with another timestamp', original.withTimestamp(8), [['a', '1']], 8],
    ['without a timestamp', original.withTimestamp(null), [['a', '1']], null],
  ]
  for (const [title, copy, headers, timestampMs] of copies) {
    it(`keeps all other fields: ${title}`, () => {
      expect([copy.topic, copy.key, copy.partitionKey, copy.message]).to.deep.equal(['t', 'k', 'p', 'm'])
      expect([copy.headers, copy.timestampMs]).to.deep.equal([headers, timestampMs])
    })
  }

  it('leaves the original as it is', () => {
    expect([original.headers, original.timestampMs]).to.deep.equal([[['a', '1']], 7])
  })
})

import { inspect } from 'node:util'
import { expect } from 'chai'
import { ConfigError } from '../lib/errors.js'
import { type HeadersLike, KeyedMessage, type MessageLike } from '../lib/keyed-message.js'

const CANARY = 'canary'

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
    ['none, written as an empty object', {}, null],
    ['none, written as no pairs', [], null],
  ]
  for (const [title, headers, expected] of forms) {
    it(`takes ${title}`, () => {
      expect(KeyedMessage.from({ topic: 't', message: 'm', headers }).headers).to.deep.equal(expected)
      expect(new KeyedMessage('t', 'm').withHeaders(headers).headers).to.deep.equal(expected)
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
    ['text', CANARY, 'got string'],
    ['a number', 7, 'got number'],
    ['a number as a value', { a: 7 }, 'got number as the value of a'],
    ['undefined as a value', { a: undefined }, 'got undefined as the value of a'],
    ['an array as a value', { a: [CANARY] }, 'got an array as the value of a'],
    ['a name that is no text', [[7, CANARY]], 'got a name that is number'],
    ['pairs of one', [['a']], 'got something that is no [name, value] pair'],
    ['pairs of three', [['a', CANARY, CANARY]], 'got something that is no [name, value] pair'],
    ['a list of names', [CANARY], 'got something that is no [name, value] pair'],
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

import { inspect } from 'node:util'
import { expect } from 'chai'
import { checkFields, ProducerRecord } from '../../lib/kafka-producer/producer-record.js'
import { IllegalArgumentError } from '../../lib/kafka-producer/record-errors.js'
import { type HeadersLike, RecordHeaders } from '../../lib/kafka-producer/record-headers.js'

const fieldsOf = ({ topic, partition, timestamp, key, value, headers }: ProducerRecord) => {
  return { topic, partition, timestamp, key, value, headers: headers.toArray() }
}
const NOTHING = { partition: null, timestamp: null, key: null, headers: [] }

function refusal(make: () => unknown): string {
  try {
    make()
  } catch (error) {
    expect(error).to.be.instanceOf(IllegalArgumentError)
    return (error as Error).message
  }
  return expect.fail('nothing was thrown')
}

describe('ProducerRecord', () => {
  const headers = RecordHeaders.from([['a', '1']])
  const forms: [string, ProducerRecord, object][] = [
    ['(topic, value)', new ProducerRecord('t', 'v'), { ...NOTHING, value: 'v' }],
    ['(topic, key, value)', new ProducerRecord('t', 'k', 'v'), { ...NOTHING, key: 'k', value: 'v' }],
    [
      '(topic, partition, key, value)',
      new ProducerRecord('t', 3, 'k', 'v'),
      { ...NOTHING, partition: 3, key: 'k', value: 'v' },
    ],
    [
      '(topic, partition, key, value, RecordHeaders)',
      new ProducerRecord('t', 3, 'k', 'v', headers),
      { ...NOTHING, partition: 3, key: 'k', value: 'v', headers: [['a', '1']] },
    ],
    [
      '(topic, partition, timestamp, key, value)',
      new ProducerRecord('t', 3, 17, 'k', null),
      { ...NOTHING, partition: 3, timestamp: 17, key: 'k', value: null },
    ],
    [
      '(topic, partition, timestamp, key, value, headers)',
      new ProducerRecord('t', null, 17, null, 'v', { a: '1' }),
      { ...NOTHING, timestamp: 17, value: 'v', headers: [['a', '1']] },
    ],
    [
      'one object',
      new ProducerRecord({ topic: 't', value: 'v', timestamp: 0 }),
      { ...NOTHING, timestamp: 0, value: 'v' },
    ],
  ]
  for (const [form, record, expected] of forms) {
    it(`ProducerRecord takes ${form}`, () => {
      expect(fieldsOf(record)).to.deep.equal({ topic: 't', ...expected })
    })
  }

  const refused: [string, () => unknown, RegExp][] = [
    ['no topic', () => new ProducerRecord('', 'v'), /topic of a record must be a text, not empty/],
    ['a topic that is null', () => new ProducerRecord(null as never, 'v'), /not null/],
    ['a negative partition', () => new ProducerRecord('t', -1, null, 'v'), /partition .* from 0 on, not -1/],
    ['half a partition', () => new ProducerRecord('t', 1.5, null, 'v'), /not 1.5/],
    ['a negative timestamp', () => new ProducerRecord('t', 0, -1, null, 'v'), /timestamp .*, not -1/],
    ['a timestamp that is a text', () => new ProducerRecord('t', 0, '1' as never, null, 'v'), /not string/],
    [
      'a value that is undefined',
      () => new ProducerRecord('t', undefined as never),
      /null where a tombstone/,
    ],
    [
      'too many arguments',
      () => new (ProducerRecord as never as new (...all: number[]) => unknown)(1, 2, 3, 4, 5, 6, 7),
      /2 to 6/,
    ],
    [
      'headers that are a text',
      () => new ProducerRecord({ topic: 't', value: 'v', headers: 'x' as never }),
      /a string/,
    ],
    [
      'a Date as headers',
      () => new ProducerRecord({ topic: 't', value: 'v', headers: new Date(0) as never }),
      /an instance of Date/,
    ],
    [
      'a number as a header',
      () => new ProducerRecord({ topic: 't', value: 'v', headers: { a: 1 as never } }),
      /a number as the value of a/,
    ],
  ]
  for (const [what, make, text] of refused) {
    it(`ProducerRecord refuses ${what}`, () => {
      expect(refusal(make)).to.match(text)
    })
  }

  it('ProducerRecord.from keeps an instance as it is', () => {
    const record = new ProducerRecord('t', 'v')
    expect(ProducerRecord.from(record)).to.equal(record)
  })

  const headerForms: [string, HeadersLike][] = [
    ['the Headers of fetch', new Headers({ a: '1' })],
    ['a generator of pairs', [['a', '1'] as const].values()],
    ['a Map', new Map([['a', '1']])],
    ['{ key, value } objects', [{ key: 'a', value: '1' }]],
  ]
  for (const [what, headers] of headerForms) {
    it(`ProducerRecord takes ${what} as headers`, () => {
      const record = ProducerRecord.from({ topic: 't', value: 'v', headers })
      expect(record.headers.toArray()).to.deep.equal([['a', '1']])
    })
  }

  const misspelt: [string, object, RegExp][] = [
    ['message of the classic producer', { topic: 't', message: 'm' }, /no field message; write value/],
    ['messages of kafkajs', { topic: 't', messages: [] }, /write value, and call send\(\) once for each/],
    ['any other', { topic: 't', vlaue: 'v' }, /no field vlaue; it has topic, partition/],
  ]
  for (const [what, record, text] of misspelt) {
    it(`a plain record with the field ${what} is refused with what to write instead`, () => {
      expect(refusal(() => ProducerRecord.from(record as never))).to.match(text)
    })
  }

  it('what is no record at all is refused without being shown', () => {
    for (const value of ['secret', 5, null, undefined]) {
      expect(refusal(() => checkFields(value)))
        .to.match(/ProducerRecord or/)
        .and.not.match(/secret/)
    }
  })

  it('ProducerRecord shows neither key nor value nor headers in inspect, texts and JSON', () => {
    const record = new ProducerRecord({
      topic: 't',
      key: 'secret',
      value: 'secret',
      headers: { h: 'secret' },
    })
    for (const shown of [
      inspect(record),
      String(record),
      JSON.stringify(record),
      inspect(record.headers),
      JSON.stringify(record.headers),
    ]) {
      expect(shown).to.not.include('secret')
    }
  })
})

describe('RecordHeaders', () => {
  const forms: [string, Parameters<typeof RecordHeaders.from>[0]][] = [
    [
      'pairs',
      [
        ['a', '1'],
        ['a', null],
      ],
    ],
    [
      '{ key, value } objects',
      [
        { key: 'a', value: '1' },
        { key: 'a', value: null },
      ],
    ],
    ['an object with a list', { a: ['1', null] }],
    [
      'other headers',
      RecordHeaders.from([
        ['a', '1'],
        ['a', null],
      ]),
    ],
  ]
  for (const [form, given] of forms) {
    it(`RecordHeaders.from takes ${form}`, () => {
      expect(RecordHeaders.from(given).toArray()).to.deep.equal([
        ['a', '1'],
        ['a', null],
      ])
    })
  }

  it('RecordHeaders.from takes a Map', () => {
    expect([...RecordHeaders.from(new Map([['a', Buffer.from('x')]]))]).to.deep.equal([
      ['a', Buffer.from('x')],
    ])
  })

  it('headers of one name are found in their order, the last one by itself, and removed together', () => {
    const headers = RecordHeaders.from({ a: ['1', '2'], b: '3' }).add('a', '4')
    expect([headers.headers('a'), headers.lastHeader('a'), headers.lastHeader('c')]).to.deep.equal([
      ['1', '2', '4'],
      '4',
      undefined,
    ])
    expect(headers.remove('a').toArray()).to.deep.equal([['b', '3']])
  })

  it('headers cannot be changed once they are read-only, but be copied', () => {
    const headers = RecordHeaders.from({ a: '1' })
    headers.setReadOnly()
    expect(() => headers.add('b', '2'))
      .to.throw(/cannot be changed/)
      .with.property('code', 'KAFKA_ILLEGAL_STATE')
    expect(() => headers.remove('a')).to.throw(/cannot be changed/)
    expect(RecordHeaders.from(headers).add('b', '2').size).to.equal(2)
  })

  it('no headers are written as none', () => {
    expect(RecordHeaders.from(null).pairs).to.equal(null)
  })
})

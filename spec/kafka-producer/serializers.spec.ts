/** Bytes written by hand, from Java's DataOutputStream and IEEE 754. */
import { inspect } from 'node:util'
import { expect } from 'chai'
import { ListSerializer } from '../../lib/kafka-producer/list-serializer.js'
import { SerializationError } from '../../lib/kafka-producer/record-errors.js'
import { RecordHeaders } from '../../lib/kafka-producer/record-headers.js'
import { type PluginConfig, type Serializer, serializePart } from '../../lib/kafka-producer/serializer.js'
import { serializerClasses } from '../../lib/kafka-producer/serializer-classes.js'
import { IntegerSerializer, StringSerializer } from '../../lib/kafka-producer/serializers.js'

const headers = RecordHeaders.from(null)
const made = (name: string) => new (serializerClasses.get(`org.apache.kafka.common.serialization.${name}`)!)()
const configWith = (given: Record<string, string>): PluginConfig => ({ get: (key) => given[key] })

const hexOf = (serializer: Serializer, data: unknown): string | null => {
  const bytes = serializePart(serializer, 'value', 't', data, headers)
  return bytes === null ? null : Buffer.from(bytes as string, 'utf8').toString('hex')
}

function refusal(make: () => unknown): string {
  try {
    make()
  } catch (error) {
    expect(error).to.be.instanceOf(SerializationError)
    return (error as Error).message
  }
  return expect.fail('nothing was thrown')
}

const rows: [name: string, data: unknown, hex: string][] = [
  ['StringSerializer', 'Grüße 😀', '4772c3bcc39f6520f09f9880'],
  ['StringSerializer', '', ''],
  ['ByteArraySerializer', Buffer.from('00ff80', 'hex'), '00ff80'],
  ['BytesSerializer', Buffer.from('00ff80', 'hex'), '00ff80'],
  ['ByteBufferSerializer', new Uint8Array([1, 2, 3]).buffer, '010203'],
  ['ByteBufferSerializer', new DataView(new Uint8Array([1, 2, 3]).buffer, 1), '0203'],
  ['IntegerSerializer', -2, 'fffffffe'],
  ['IntegerSerializer', 2147483647, '7fffffff'],
  ['LongSerializer', 72623859790382856n, '0102030405060708'],
  ['LongSerializer', -1, 'ffffffffffffffff'],
  ['LongSerializer', -(2n ** 63n), '8000000000000000'],
  ['ShortSerializer', -3, 'fffd'],
  ['ShortSerializer', 32767, '7fff'],
  ['FloatSerializer', 0.5, '3f000000'],
  ['DoubleSerializer', -1.25, 'bff4000000000000'],
  ['BooleanSerializer', true, '01'],
  ['BooleanSerializer', false, '00'],
  [
    'UUIDSerializer',
    '123E4567-e89b-12d3-a456-426614174000',
    Buffer.from('123e4567-e89b-12d3-a456-426614174000').toString('hex'),
  ],
]

const refused: [name: string, data: unknown, text: RegExp][] = [
  ['StringSerializer', 5, /StringSerializer takes a string, not number/],
  ['StringSerializer', Buffer.from('secret'), /not bytes/],
  [
    'ByteArraySerializer',
    'secret',
    /not string; for text write org.apache.kafka.common.serialization.StringSerializer/,
  ],
  ['BytesSerializer', {}, /not object/],
  ['ByteBufferSerializer', 'secret', /a view of one, not string/],
  ['IntegerSerializer', 2147483648, /integer of 32 bits, not number/],
  ['IntegerSerializer', 1.5, /integer of 32 bits/],
  ['IntegerSerializer', 1n, /not bigint/],
  ['LongSerializer', 2n ** 63n, /bigint of 64 bits/],
  ['LongSerializer', 2 ** 53, /safe integer/],
  ['ShortSerializer', -32769, /integer of 16 bits/],
  ['FloatSerializer', '1', /a number, not string/],
  ['DoubleSerializer', 1n, /a number, not bigint/],
  ['BooleanSerializer', 1, /true or false, not number/],
  ['UUIDSerializer', 'secret', /text of a UUID/],
  ['VoidSerializer', 'secret', /takes null/],
]

describe('The built-in serializers', () => {
  for (const [name, data, hex] of rows) {
    it(`${name} writes ${inspect(data, { breakLength: Infinity })} as the bytes of the Java client`, () => {
      expect(hexOf(made(name), data)).to.equal(hex)
    })
  }

  for (const name of serializerClasses.keys()) {
    it(`${name} takes null for no bytes`, () => {
      expect(hexOf(new (serializerClasses.get(name)!)(), null)).to.equal(null)
    })
  }

  for (const [name, data, text] of refused) {
    it(`${name} refuses ${inspect(data)} and does not show it`, () => {
      expect(refusal(() => hexOf(made(name), data)))
        .to.match(text)
        .and.not.include('secret')
    })
  }
})

describe('serializer.encoding', () => {
  const encodings: [title: string, config: Record<string, string>, isKey: boolean, hex: string][] = [
    ['is the charset of keys and values', { 'serializer.encoding': 'ISO-8859-1' }, true, 'fc'],
    [
      'gives way to key.serializer.encoding',
      { 'serializer.encoding': 'x', 'key.serializer.encoding': 'UTF-16BE' },
      true,
      '00fc',
    ],
    ['of keys is not that of values', { 'key.serializer.encoding': 'UTF-16BE' }, false, 'c3bc'],
  ]
  for (const [title, config, isKey, hex] of encodings) {
    it(`serializer.encoding ${title}`, () => {
      const serializer = new StringSerializer()
      serializer.configure(configWith(config), isKey)
      expect(hexOf(serializer, 'ü')).to.equal(hex)
    })
  }

  it('an unknown charset fails each value, not null', () => {
    const serializer = new StringSerializer()
    serializer.configure(configWith({ 'serializer.encoding': 'EBCDIC' }), true)
    expect(refusal(() => hexOf(serializer, 'a'))).to.match(/EBCDIC is not a charset known here/)
    expect(hexOf(serializer, null)).to.equal(null)
  })
})

describe('ListSerializer', () => {
  it('ListSerializer writes elements of constant size without lengths, and the indexes of nulls', () => {
    const list = new ListSerializer(new IntegerSerializer())
    expect(hexOf(list, [7, null, -1])).to.equal(
      '00' + '00000001' + '00000001' + '00000003' + '00000007' + 'ffffffff',
    )
  })

  it('ListSerializer writes other elements with their lengths, and -1 for null', () => {
    const list = new ListSerializer(new StringSerializer())
    expect(hexOf(list, ['ü', null, ''])).to.equal(
      '01' + '00000003' + '00000002c3bc' + 'ffffffff' + '00000000',
    )
  })

  it('ListSerializer writes an empty list as a list, and null as no bytes', () => {
    const list = new ListSerializer(new StringSerializer())
    expect([hexOf(list, []), hexOf(list, null)]).to.deep.equal(['01' + '00000000', null])
  })

  it('ListSerializer takes its inner serde from the configuration, of keys and values each', () => {
    const key = 'default.list.value.serde.inner'
    const list = new ListSerializer()
    list.configure(configWith({ [key]: 'org.apache.kafka.common.serialization.Serdes$ShortSerde' }), false)
    expect(hexOf(list, [1])).to.equal('00' + '00000000' + '00000001' + '0001')
    expect(() => new ListSerializer().configure(configWith({}), true)).to.throw(
      /write default.list.key.serde.inner=/,
    )
    expect(() => new ListSerializer().configure(configWith({ [key]: 'a.B' }), false)).to.throw(
      /is "a.B": expected one of/,
    )
  })

  it('ListSerializer refuses what is no array, and a list with a bad element', () => {
    const list = new ListSerializer(new StringSerializer())
    expect(refusal(() => hexOf(list, 'secret'))).to.match(/an array, not string/)
    expect(refusal(() => hexOf(list, [5]))).to.match(/StringSerializer takes a string, not number/)
  })
})

describe('serializePart', () => {
  const serializing = (serialize: Serializer['serialize']) =>
    serializePart({ serialize }, 'key', 't', 'secret', headers)

  it('a serializer gets topic, data and headers, and may add headers', () => {
    const own = RecordHeaders.from(null)
    const bytes = serializePart(
      { serialize: (topic, data, to) => `${topic}:${data}:${to.add('by', 'me').size}` },
      'key',
      't',
      'd',
      own,
    )
    expect([bytes, own.toArray()]).to.deep.equal(['t:d:1', [['by', 'me']]])
  })

  const thrown: [string, () => never, RegExp][] = [
    [
      'throws',
      () => {
        throw new RangeError('secret')
      },
      /a key for t cannot be serialized: its serializer threw RangeError/,
    ],
    [
      'throws an error of this package',
      () => {
        throw new SerializationError('too odd')
      },
      /cannot be serialized: too odd/,
    ],
  ]
  for (const [what, serialize, text] of thrown) {
    it(`a serializer that ${what} fails its record, and the data is not shown`, () => {
      expect(refusal(() => serializing(serialize)))
        .to.match(text)
        .and.not.include('secret')
    })
  }

  it('a serializer that returns no bytes fails its record', () => {
    expect(refusal(() => serializing(() => undefined as never))).to.match(
      /returned something of type undefined/,
    )
    expect(refusal(() => serializing((async () => 'secret') as never))).to.match(/returned a promise/)
  })
})

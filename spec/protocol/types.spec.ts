import { expect } from 'chai'
import fc from 'fast-check'
import { DecodeError, EncodeError } from '../../lib/errors.js'
import { struct } from '../../lib/protocol/schema.js'
import {
  array,
  boolean,
  bytes as byteArray,
  int8,
  int16,
  int32,
  int64,
  nullableArray,
  nullableString,
  type Payload,
  records,
  string,
  type Type,
  uuid,
} from '../../lib/protocol/types.js'
import { type CodecRow, checkCodecRows, read, written } from './support/codec-rows.js'

const CLASSIC = 0
const COMPACT = 1

function forms<T>(type: Type<T>) {
  return (version: number) => type.compile(version, version === COMPACT)
}

function describeType<T>(name: string, type: Type<T>, rows: readonly CodecRow<T>[]): void {
  describe(name, () => checkCodecRows(forms(type), rows))
}

function bytes(hex: string): Buffer {
  return Buffer.from(hex.replaceAll(' ', ''), 'hex')
}

describe('types', () => {
  describeType('boolean', boolean, [
    ['true', CLASSIC, true, '01'],
    ['false', CLASSIC, false, '00'],
  ])

  it('takes any byte but 0 for true', () => {
    expect(read(boolean.compile(0, false), bytes('02')).value).to.equal(true)
  })

  describeType('int8', int8, [
    ['its largest', CLASSIC, 127, '7f'],
    ['its smallest', CLASSIC, -128, '80'],
  ])
  describeType('int16', int16, [
    ['its largest', CLASSIC, 32767, '7fff'],
    ['its smallest', CLASSIC, -32768, '8000'],
  ])
  describeType('int32', int32, [
    ['its largest', CLASSIC, 0x7fffffff, '7fffffff'],
    ['its smallest', CLASSIC, -0x80000000, '80000000'],
  ])
  describeType('int64', int64, [
    ['its largest', CLASSIC, 2n ** 63n - 1n, '7fffffffffffffff'],
    ['its smallest', CLASSIC, -(2n ** 63n), '8000000000000000'],
  ])
  describeType('uuid', uuid, [
    ['sixteen bytes', CLASSIC, bytes('000102030405060708090a0b0c0d0e0f'), '000102030405060708090a0b0c0d0e0f'],
  ])

  describe('numbers that do not fit', () => {
    const rows: [name: string, type: Type<number>, values: number[]][] = [
      ['int8', int8, [128, -129, 0.5, Number.NaN]],
      ['int16', int16, [32768, -32769, 1.5, Number.POSITIVE_INFINITY]],
      ['int32', int32, [2 ** 31, -(2 ** 31) - 1, 0.1, Number.NaN]],
    ]
    for (const [name, type, values] of rows) {
      for (const value of values) {
        it(`refuses ${value} as an ${name}`, () => {
          expect(() => written(type.compile(0, false), value)).to.throw(
            EncodeError,
            `${value} does not fit an ${name}`,
          )
        })
      }
    }

    it('refuses 2⁶³ as an int64', () => {
      expect(() => written(int64.compile(0, false), 2n ** 63n)).to.throw(EncodeError, 'does not fit an int64')
    })

    it('refuses a uuid that has not sixteen bytes', () => {
      expect(() => written(uuid.compile(0, false), Buffer.alloc(15))).to.throw(
        EncodeError,
        '16 bytes, not 15',
      )
    })
  })

  const texts: CodecRow<string>[] = [
    ['an empty string', CLASSIC, '', '0000'],
    ['a string by its length in bytes', CLASSIC, 'é', '0002 c3a9'],
    ['an empty compact string', COMPACT, '', '01'],
    ['a compact string by its length in bytes plus one', COMPACT, 'é', '03 c3a9'],
    ['a compact string whose length takes two bytes', COMPACT, 'x'.repeat(127), `8001${'78'.repeat(127)}`],
  ]
  describeType('string', string, texts)
  describeType<string | null>('nullableString', nullableString, [
    ...texts,
    ['null', CLASSIC, null, 'ffff'],
    ['compact null', COMPACT, null, '00'],
  ])

  for (const [form, length, tooLong] of [
    [CLASSIC, '7fff', '8000'],
    [COMPACT, '808002', '818002'],
  ] as const) {
    describe(form === CLASSIC ? 'long strings' : 'long compact strings', () => {
      const longest = 'x'.repeat(32767)
      const codec = string.compile(0, form === COMPACT)

      it('writes and reads 32,767 bytes', () => {
        const encoded = written(codec, longest)
        expect(encoded.subarray(0, length.length / 2).toString('hex')).to.equal(length)
        expect(read(codec, encoded)).to.deep.equal({ value: longest, left: 0 })
      })

      for (const [title, text] of [
        ['32,768 bytes', `${longest}x`],
        ['16,384 characters of two bytes', 'é'.repeat(16384)],
      ] as const) {
        it(`refuses to write ${title}`, () => {
          expect(() => written(codec, text)).to.throw(
            EncodeError,
            "a string of 32768 bytes exceeds the protocol's 32767",
          )
        })
      }

      it('refuses to read 32,768 bytes', () => {
        expect(() => read(codec, Buffer.concat([bytes(tooLong), Buffer.alloc(32768)]))).to.throw(DecodeError)
      })
    })
  }

  it('writes a lone surrogate as ? and counts it as one byte', () => {
    expect(written(string.compile(0, false), 'a\ud83d').toString('hex')).to.equal('0002613f')
    expect(written(string.compile(9, true), 'a\ud83d').toString('hex')).to.equal('03613f')
  })

  for (const [title, form, hex] of [
    ['a null string', CLASSIC, 'ffff'],
    ['a compact null string', COMPACT, '00'],
    ['a length of −2', CLASSIC, 'fffe'],
  ] as const) {
    it(`refuses ${title} where one is required`, () => {
      expect(() => read(string.compile(0, form === COMPACT), bytes(hex))).to.throw(DecodeError)
    })
  }

  it('refuses a nullable string of length −2', () => {
    expect(() => read(nullableString.compile(0, false), bytes('fffe'))).to.throw(
      DecodeError,
      'negative length -2',
    )
  })

  describeType('bytes', byteArray, [
    ['none', CLASSIC, Buffer.alloc(0), '00000000'],
    ['some', CLASSIC, Buffer.from('abc'), '00000003 616263'],
    ['compact none', COMPACT, Buffer.alloc(0), '01'],
    ['compact some', COMPACT, Buffer.from('abc'), '04 616263'],
  ])

  it('refuses null where bytes are required, in both forms', () => {
    expect(() => read(byteArray.compile(0, false), bytes('ffffffff'))).to.throw(DecodeError)
    expect(() => read(byteArray.compile(0, true), bytes('00'))).to.throw(DecodeError, 'null')
  })

  describe('records', () => {
    checkCodecRows<Payload | Buffer | null>(forms(records), [
      ['null', CLASSIC, null, 'ffffffff'],
      ['none', CLASSIC, Buffer.alloc(0), '00000000'],
      ['bytes', CLASSIC, Buffer.from('abc'), '00000003 616263'],
      ['compact null', COMPACT, null, '00'],
      ['compact none', COMPACT, Buffer.alloc(0), '01'],
      ['compact bytes', COMPACT, Buffer.from('abc'), '04 616263'],
    ])

    const payload: Payload = { writeTo: (writer) => writer.bytes(Buffer.from('abc')) }

    it('lets a payload write itself and patches its length', () => {
      expect(written(records.compile(0, false), payload).toString('hex')).to.equal('00000003616263')
    })

    it('leaves five bytes for the compact length of a payload, which reads as any other', () => {
      const encoded = written(records.compile(9, true), payload)
      expect(encoded.toString('hex')).to.equal('8480808000616263')
      expect(read(records.compile(9, true), encoded).value).to.deep.equal(Buffer.from('abc'))
    })

    it('reads a view, not a copy', () => {
      const encoded = bytes('00000001 61')
      const { value } = read(records.compile(0, false), encoded)
      encoded[4] = 0x62
      expect(String(value)).to.equal('b')
    })

    it('refuses a length of −2', () => {
      expect(() => read(records.compile(0, false), bytes('fffffffe'))).to.throw(
        DecodeError,
        'records at byte 4',
      )
    })
  })

  describe('array', () => {
    const numbers = array(int32)
    checkCodecRows<number[]>(forms(numbers), [
      ['no elements', CLASSIC, [], '00000000'],
      ['two elements', CLASSIC, [1, -1], '00000002 00000001 ffffffff'],
      ['no compact elements', COMPACT, [], '01'],
      ['two compact elements', COMPACT, [1, -1], '03 00000001 ffffffff'],
    ])
    checkCodecRows<{ name: string }[]>(forms(array(struct({ name: string }))), [
      ['structs', CLASSIC, [{ name: 'a' }, { name: 'b' }], '00000002 0001 61 0001 62'],
      ['compact structs, each with its tag buffer', COMPACT, [{ name: 'a' }], '02 02 61 00'],
    ])

    for (const [title, form, hex] of [
      ['a null array', CLASSIC, 'ffffffff'],
      ['a compact null array', COMPACT, '00'],
      ['a count of −2', CLASSIC, 'fffffffe'],
    ] as const) {
      it(`refuses ${title} where one is required`, () => {
        expect(() => read(numbers.compile(0, form === COMPACT), bytes(hex))).to.throw(DecodeError)
      })
    }

    for (const count of ['7ffffff0', '7fffffff', '00000003']) {
      it(`refuses a count of 0x${count} before it reads an element`, () => {
        const encoded = Buffer.concat([bytes(count), Buffer.alloc(8)])
        expect(() => read(numbers.compile(0, false), encoded)).to.throw(
          DecodeError,
          `array at byte 4 announces ${Number.parseInt(count, 16)} elements, 8 bytes left`,
        )
      })
    }

    it('refuses a compact count that the rest cannot hold', () => {
      expect(() => read(numbers.compile(0, true), bytes('f1ffffff07 00000000'))).to.throw(
        DecodeError,
        'announces 2147483632 elements',
      )
    })

    it('counts at least one byte for an element that takes none', () => {
      expect(() => read(array(struct({})).compile(0, false), bytes('7ffffff0'))).to.throw(
        DecodeError,
        'announces',
      )
    })
  })

  describe('nullableArray', () => {
    checkCodecRows<number[] | null>(forms(nullableArray(int32)), [
      ['null', CLASSIC, null, 'ffffffff'],
      ['compact null', COMPACT, null, '00'],
      ['none', CLASSIC, [], '00000000'],
    ])
  })

  describe('minBytes', () => {
    /** The shortest value of each type. */
    const shortest: [name: string, type: Type<unknown>, value: unknown][] = [
      ['boolean', boolean, false],
      ['int8', int8, 0],
      ['int16', int16, 0],
      ['int32', int32, 0],
      ['int64', int64, 0n],
      ['uuid', uuid, Buffer.alloc(16)],
      ['string', string, ''],
      ['nullableString', nullableString, null],
      ['bytes', byteArray, Buffer.alloc(0)],
      ['records', records, null],
      ['array', array(int32), []],
      ['nullableArray', nullableArray(int32), null],
      ['struct', struct({ a: int8, b: string }), { a: 0, b: '' }],
    ]
    for (const [name, type, value] of shortest) {
      it(`is what the shortest ${name} takes, in both forms`, () => {
        for (const flexible of [false, true]) {
          const codec = type.compile(0, flexible)
          expect(codec.minBytes).to.equal(written(codec, value).length)
        }
      })
    }
  })

  it('reads back whatever it wrote', () => {
    const row = struct({ a: int8, b: int16, c: int32, d: int64, e: boolean, f: nullableString, g: string })
    const type = nullableArray(row)
    const text = fc.string({ unit: 'grapheme', maxLength: 20 })
    const value = fc.option(
      fc.array(
        fc.record(
          {
            a: fc.integer({ min: -128, max: 127 }),
            b: fc.integer({ min: -32768, max: 32767 }),
            c: fc.integer(),
            d: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
            e: fc.boolean(),
            f: fc.option(text),
            g: text,
          },
          { noNullPrototype: true },
        ),
        { maxLength: 8 },
      ),
    )
    fc.assert(
      fc.property(value, fc.boolean(), (given, flexible) => {
        const codec = type.compile(0, flexible)
        expect(read(codec, written(codec, given))).to.deep.equal({ value: given, left: 0 })
      }),
    )
  })
})

import { expect } from 'chai'
import fc from 'fast-check'
import sinon from 'sinon'
import { putInt64, wellFormed } from '../../lib/protocol/primitives.js'
import { lengthOf, putNullableBytes, roomOf, type Serialized } from '../../lib/protocol/serialized.js'
import { Writer } from '../../lib/protocol/writer.js'
import { reading, wire } from '../support/wire.js'

function hexOf(write: (to: Writer) => void, initialBytes?: number): string {
  const writer = new Writer(initialBytes)
  write(writer)
  return writer.finish().toString('hex')
}

function nullableBytes(to: Writer, value: Serialized): void {
  const length = lengthOf(value)
  const buffer = to.room(4 + roomOf(value, length, to.free - 4))
  to.advanceTo(putNullableBytes(buffer, value, length, to.length))
}

/** The value of the varint at the front, by hand. */
function uvarintOf(bytes: Buffer): number {
  let value = 0
  for (const [index, byte] of bytes.entries()) {
    value += (byte & 0x7f) * 2 ** (7 * index)
    if (byte < 0x80) return value
  }
  throw new RangeError('no end')
}

describe('Writer', () => {
  it('writes integers big-endian and signed', () => {
    const expected = wire()
      .int8(-2)
      .int16(-300)
      .int32(-70000)
      .int64(-(2n ** 40n))
      .build()
    const written = hexOf((to) => {
      to.int8(-2)
      to.int16(-300)
      to.int32(-70000)
      to.int64(-(2n ** 40n))
    })
    expect(written).to.equal(expected.toString('hex'))
  })

  it('writes the extremes of an int32', () => {
    const written = hexOf((to) => {
      to.int32(0x7fffffff)
      to.int32(-0x80000000)
    })
    expect(written).to.equal('7fffffff80000000')
  })

  it('writes as many bytes as were counted when there are more by now', () => {
    expect(hexOf((to) => to.bytes(Buffer.from([1, 2, 3, 4]), 2))).to.equal('0102')
  })

  it('throws and writes nothing when there are fewer bytes than were counted', () => {
    const writer = new Writer()
    writer.int8(7)
    expect(() => writer.bytes(Buffer.from([1, 2]), 3)).to.throw(
      TypeError,
      '3 bytes were counted and 2 are there',
    )
    expect(writer.finish().toString('hex')).to.equal('07')
  })

  it('throws for bytes whose buffer was transferred, empty ones included', () => {
    for (const length of [0, 5]) {
      const bytes = new Uint8Array(length)
      structuredClone(bytes, { transfer: [bytes.buffer] })
      expect(() => nullableBytes(new Writer(), bytes)).to.throw(TypeError)
    }
  })

  it('writes what a growing or shrinking buffer has at that moment, with its length', () => {
    const buffer = new ArrayBuffer(2, { maxByteLength: 8 } as never) as ArrayBuffer & {
      resize(to: number): void
    }
    const bytes = new Uint8Array(buffer)
    bytes.set([1, 2])
    const written = hexOf((to) => {
      nullableBytes(to, bytes)
      buffer.resize(4)
      nullableBytes(to, bytes)
      buffer.resize(1)
      nullableBytes(to, bytes)
    })
    expect(written).to.equal('00000002' + '0102' + '00000004' + '01020000' + '00000001' + '01')
  })

  it('takes the length of bytes from themselves, not from a property that they were given', () => {
    const bytes = Object.defineProperty(Buffer.from([1, 2]), 'length', { value: 4 })
    expect(hexOf((to) => nullableBytes(to, bytes), 64)).to.equal('00000002' + '0102')
  })

  it('writes a count as an int64', () => {
    expect(hexOf((to) => to.advanceTo(putInt64(to.room(8), 0x01020304, to.length)))).to.equal(
      '0000000001020304',
    )
  })

  for (const initialBytes of [0, 1, 7, 512]) {
    it(`writes the same bytes when it starts with room for ${initialBytes}`, () => {
      const long = 'long '.repeat(300)
      const written = hexOf((to) => {
        const at = to.beginLength()
        to.int8(1)
        nullableBytes(to, long)
        to.bytes(Buffer.alloc(3000, 7))
        nullableBytes(to, 'é')
        to.int64(5n)
        to.endLength(at)
      }, initialBytes)
      const expected = wire().int8(1).bytes(long).raw(Buffer.alloc(3000, 7)).bytes('é').int64(5).framed()
      expect(written).to.equal(expected.toString('hex'))
    })
  }

  const writes: Record<string, [write: (to: Writer) => void, hex: string]> = {
    int8: [(to) => to.int8(1), '01'],
    int16: [(to) => to.int16(1), '0001'],
    int32: [(to) => to.int32(1), '00000001'],
    int64: [(to) => to.int64(1n), '0000000000000001'],
    uvarint: [(to) => to.uvarint(300), 'ac02'],
    bytes: [(to) => to.bytes(Buffer.from('ab')), '6162'],
    utf8: [(to) => to.utf8('日本'), 'e697a5e69cac'],
    nullableBytes: [(to) => nullableBytes(to, 'é'), '00000002c3a9'],
  }
  for (const [name, [write, hex]] of Object.entries(writes)) {
    it(`makes room for ${name} at the end of a full buffer`, () => {
      expect(hexOf(write, 0)).to.equal(hex)
    })
  }

  it('refuses to grow beyond 2³¹−1 bytes before it allocates them', () => {
    const writer = new Writer(16)
    expect(() => writer.skip(0x7fffffff + 1)).to.throw(
      'a request of more than 2147483647 bytes cannot be sent',
    )
    expect(writer.length).to.equal(0)
  })

  it('does not let a size hint lift that limit', () => {
    const allocUnsafe = sinon.stub(Buffer, 'allocUnsafe').callsFake(() => Buffer.alloc(16))
    new Writer(3 * 2 ** 30)
    expect(allocUnsafe.args).to.deep.equal([[0x7fffffff]])
  })

  it('patches an int32 where it was left open', () => {
    const written = hexOf((to) => {
      const at = to.skip(4)
      to.int8(9)
      to.patchInt32(at, -2)
    })
    expect(written).to.equal('fffffffe09')
  })

  describe('utf8', () => {
    const rows: [title: string, text: string, utf8: string][] = [
      ['nothing', '', ''],
      ['ASCII', 'abc', '616263'],
      ['two and three bytes a character', 'é日', 'c3a9e697a5'],
      ['a surrogate pair as four bytes', '😀', 'f09f9880'],
      ['a lone high surrogate as ?', 'a\ud83d', '613f'],
      ['a lone low surrogate as ?', '\ude00b', '3f62'],
      ['two lone surrogates in front of a pair', '\ud83d\ud83d\ude00', '3ff09f9880'],
      ['pairs in the wrong order', '\ude00\ud83d', '3f3f'],
      ['U+FFFD as itself', '\ufffd', 'efbfbd'],
    ]
    for (const [title, text, utf8] of rows) {
      it(`writes ${title}`, () => {
        expect(hexOf((to) => to.utf8(text))).to.equal(utf8)
      })
    }

    for (const length of [47, 48, 49, 5000]) {
      it(`writes ${length} characters, the last one not ASCII`, () => {
        const text = `${'a'.repeat(length - 1)}é`
        expect(hexOf((to) => to.utf8(text), 1)).to.equal(Buffer.from(text).toString('hex'))
        expect(new Writer(0).utf8(text)).to.equal(length + 1)
      })
    }

    it('agrees with Buffer.from on every well-formed text, at any position', () => {
      fc.assert(
        fc.property(fc.string({ unit: 'grapheme', maxLength: 60 }), fc.nat(9), (text, before) => {
          const writer = new Writer(0)
          writer.bytes(Buffer.alloc(before))
          const expected = Buffer.from(text)
          return writer.utf8(text) === expected.length && writer.finish().subarray(before).equals(expected)
        }),
      )
    })

    it('never writes the bytes of U+FFFD for a text that does not hold it', () => {
      const codeUnit = fc.oneof(fc.nat(0xfffc), fc.integer({ min: 0xd800, max: 0xdfff }))
      fc.assert(
        fc.property(fc.array(codeUnit, { maxLength: 80 }), (units) => {
          const text = String.fromCharCode(...units)
          return (
            !hexOf((to) => to.utf8(text)).includes(Buffer.from('\ufffd').toString('hex')) ||
            Buffer.from(wellFormed(text)).includes('\ufffd')
          )
        }),
      )
    })
  })

  describe('nullableBytes', () => {
    it('distinguishes null, empty and other text', () => {
      const written = hexOf((to) => {
        for (const value of [null, '', Buffer.alloc(0), 'a', Buffer.from('a')]) nullableBytes(to, value)
      })
      expect(written).to.equal('ffffffff' + '00000000' + '00000000' + '0000000161' + '0000000161')
    })

    it('counts bytes, not characters', () => {
      const from = reading(
        Buffer.from(
          hexOf((to) => nullableBytes(to, '日本')),
          'hex',
        ),
      )
      expect(String(from.bytes())).to.equal('日本')
    })

    it('takes a Uint8Array that is a view of other memory', () => {
      const view = new Uint8Array(new Uint8Array([1, 2, 3, 4]).buffer, 1, 2)
      expect(hexOf((to) => nullableBytes(to, view))).to.equal('000000020203')
    })
  })

  describe('varints', () => {
    for (const [value, bytes] of [
      [0, '00'],
      [127, '7f'],
      [128, '8001'],
      [16384, '808001'],
      [0x7fffffff, 'ffffffff07'],
      [0xffffffff, 'ffffffff0f'],
    ] as const) {
      it(`writes ${value} as ${bytes}`, () => {
        expect(hexOf((to) => to.uvarint(value), 0)).to.equal(bytes)
      })
    }

    it('patches any length into five bytes that read as the same number', () => {
      fc.assert(
        fc.property(fc.nat(0x7fffffff), (value) => {
          const writer = new Writer(8)
          const at = writer.skip(5)
          writer.patchWideUvarint(at, value)
          return uvarintOf(writer.finish()) === value && writer.finish()[4]! < 0x80
        }),
        { examples: [[0], [1], [127], [128], [0x0fffffff], [0x10000000], [0x7fffffff]] },
      )
    })
  })
})

describe('wellFormed', () => {
  it('returns well-formed text as it is', () => {
    expect(wellFormed('a😀')).to.equal('a😀')
  })
})

import { expect } from 'chai'
import fc from 'fast-check'
import { DecodeError } from '../../lib/errors.js'
import { Reader } from '../../lib/protocol/reader.js'
import { wire } from '../support/wire.js'

function reader(hex: string): Reader {
  return new Reader(Buffer.from(hex.replaceAll(' ', ''), 'hex'))
}

describe('Reader', () => {
  it('reads integers big-endian and signed, and counts what it has read', () => {
    const bytes = wire()
      .int8(-2)
      .int16(-300)
      .int32(-70000)
      .uint32(0xfffffffe)
      .int64(-(2n ** 40n))
      .build()
    const from = new Reader(bytes)
    expect([from.int8(), from.int16(), from.int32(), from.uint32(), from.int64()]).to.deep.equal([
      -2,
      -300,
      -70000,
      0xfffffffe,
      -(2n ** 40n),
    ])
    expect([from.offset, from.remaining]).to.deep.equal([19, 0])
  })

  const tooShort: [what: string, bytes: string, read: (from: Reader) => unknown][] = [
    ['int8', '', (from) => from.int8()],
    ['int16', '00', (from) => from.int16()],
    ['int32', '000000', (from) => from.int32()],
    ['uint32', '000000', (from) => from.uint32()],
    ['int64', '00000000000000', (from) => from.int64()],
    ['varint', '8080', (from) => from.uvarint()],
    ['string', '6162', (from) => from.utf8(3)],
    ['tag 7', '6162', (from) => from.bytes(3, 'tag 7')],
  ]
  for (const [what, bytes, read] of tooShort) {
    for (const value of [
      0n,
      1n,
      -1n,
      -2n,
      2n ** 32n - 1n,
      -(2n ** 32n),
      2n ** 53n - 1n,
      2n ** 53n,
      2n ** 53n + 1n,
      -(2n ** 53n) + 1n,
      -(2n ** 53n) - 1n,
      2n ** 63n - 1n,
      -(2n ** 63n),
    ]) {
      it(`Reader reads the int64 ${value} exactly`, () => {
        expect(new Reader(wire().int64(value).build()).int64()).to.equal(value)
      })
    }

    it(`reports the position at which the bytes of ${what} end too early`, () => {
      expect(() => read(reader(bytes))).to.throw(
        DecodeError,
        new RegExp(`^${what} at byte \\d needs \\d bytes?, `),
      )
    })
  }

  it('reports positions in the middle of a buffer', () => {
    const from = reader('00 01 02 03 04')
    from.int16()
    expect(() => from.int32()).to.throw(DecodeError, 'int32 at byte 2 needs 4 bytes, 3 left')
  })

  it('reads bytes from where it stands, none as well', () => {
    const from = reader('00 0102 0304')
    from.int8()
    expect([from.bytes(2), from.bytes(0), from.bytes(2)].map((bytes) => bytes.toString('hex'))).to.deep.equal(
      ['0102', '', '0304'],
    )
  })

  it('hands out bytes as a view and text as a copy', () => {
    const bytes = Buffer.from('abcdef')
    const from = new Reader(bytes)
    const [view, text] = [from.bytes(3), from.utf8(3)]
    bytes.fill('x')
    expect([String(view), text]).to.deep.equal(['xxx', 'def'])
  })

  it('refuses a negative length of bytes', () => {
    expect(() => reader('00 00').bytes(-2, 'records')).to.throw(
      DecodeError,
      'records at byte 0 has the negative length -2',
    )
  })

  it('stays where it is when a read is refused', () => {
    const from = reader('0001')
    expect(() => from.int32()).to.throw(DecodeError)
    expect(from.int16()).to.equal(1)
  })

  describe('uvarint', () => {
    const rows: [bytes: string, value: number][] = [
      ['00', 0],
      ['7f', 127],
      ['8001', 128],
      ['ff7f', 16383],
      ['808001', 16384],
      ['ffffffff07', 0x7fffffff],
      ['ffffffff0f', 0xffffffff],
      ['8180808000', 1],
    ]
    for (const [bytes, value] of rows) {
      it(`reads ${bytes} as ${value}`, () => {
        expect(reader(bytes).uvarint()).to.equal(value)
      })
    }

    for (const bytes of ['ffffffff10', 'ffffffff7f', '808080808000', 'ffffffffff01']) {
      it(`refuses ${bytes}, which exceeds 32 bits`, () => {
        expect(() => reader(bytes).uvarint()).to.throw(DecodeError, 'exceeds 32 bits')
      })
    }
  })

  describe('checkCount', () => {
    it('accepts as many elements as the rest can hold', () => {
      const from = reader('00 00000000 00000000')
      from.int8()
      expect(from.checkCount(2, 4)).to.equal(2)
      expect(from.checkCount(0, 4)).to.equal(0)
    })

    for (const count of [3, 0x7ffffff0, 0xffffffff, -1, -2]) {
      it(`refuses ${count} elements of 4 bytes where 8 are left`, () => {
        expect(() => reader('0000000000000000').checkCount(count, 4)).to.throw(
          DecodeError,
          `array at byte 0 announces ${count} elements, 8 bytes left`,
        )
      })
    }

    it('refuses more than 4,000,000 elements of all arrays together, however many bytes there are', () => {
      const from = new Reader(Buffer.alloc(4_000_000))
      expect(from.checkCount(3_000_000, 1)).to.equal(3_000_000)
      expect(from.checkCount(1_000_000, 1)).to.equal(1_000_000)
      expect(() => from.checkCount(1, 1)).to.throw(DecodeError, '4000000 are allowed altogether')
    })
  })

  it('ends in a value or a DecodeError whatever is read from whichever bytes', () => {
    const reads: ((from: Reader, length: number) => unknown)[] = [
      (from) => from.int8(),
      (from) => from.int16(),
      (from) => from.int32(),
      (from) => from.uint32(),
      (from) => from.int64(),
      (from) => from.uvarint(),
      (from, length) => from.bytes(length),
      (from, length) => from.utf8(Math.abs(length)),
      (from, length) => from.checkCount(length, 1),
    ]
    const steps = fc.array(fc.tuple(fc.nat(reads.length - 1), fc.integer()))
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), steps, (bytes, sequence) => {
        const from = new Reader(Buffer.from(bytes))
        for (const [index, length] of sequence) {
          try {
            reads[index]!(from, length)
          } catch (error) {
            if (!(error instanceof DecodeError)) throw error
          }
          if (from.offset + from.remaining !== bytes.length || from.remaining < 0) return false
        }
        return true
      }),
    )
  })
})

import { expect } from 'chai'
import { EncodeError } from '../../../lib/errors.js'
import { IntegerEncoder, LongEncoder } from '../../../lib/handler/encoders/number-encoders.js'

function hexOf(bytes: Uint8Array | null): string | null {
  return bytes && Buffer.from(bytes).toString('hex')
}

describe('LongEncoder', () => {
  const encoder = new LongEncoder()

  for (const [value, hex] of [
    [0, '0000000000000000'],
    [-0, '0000000000000000'],
    [-1, 'ffffffffffffffff'],
    [1n, '0000000000000001'],
    [Number.MAX_SAFE_INTEGER, '001fffffffffffff'],
    [Number.MIN_SAFE_INTEGER, 'ffe0000000000001'],
    [9223372036854775807n, '7fffffffffffffff'],
    [-9223372036854775808n, '8000000000000000'],
    [null, null],
  ] as const) {
    it(`writes ${typeof value} ${Object.is(value, -0) ? '-0' : value} as ${hex}`, () => {
      expect(hexOf(encoder.toBytes(value))).to.equal(hex)
    })
  }

  for (const value of [
    9223372036854775808n,
    -9223372036854775809n,
    2 ** 53,
    1.5,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    '7',
    true,
    undefined,
    Buffer.alloc(8),
  ]) {
    it(`refuses ${typeof value} ${String(value)} without showing it`, () => {
      expect(() => encoder.toBytes(value)).to.throw(
        EncodeError,
        `LongEncoder takes a bigint or a whole number within 64 bits, not this ${typeof value}`,
      )
    })
  }
})

describe('IntegerEncoder', () => {
  const encoder = new IntegerEncoder()

  for (const [value, hex] of [
    [0, '00000000'],
    [-0, '00000000'],
    [-1, 'ffffffff'],
    [2147483647, '7fffffff'],
    [-2147483648, '80000000'],
    [null, null],
  ] as const) {
    it(`writes ${Object.is(value, -0) ? '-0' : value} as ${hex}`, () => {
      expect(hexOf(encoder.toBytes(value))).to.equal(hex)
    })
  }

  for (const value of [2147483648, -2147483649, 0.5, Number.NaN, 1n, '1', undefined]) {
    it(`refuses ${typeof value} ${value} without showing it`, () => {
      expect(() => encoder.toBytes(value)).to.throw(
        EncodeError,
        `IntegerEncoder takes a whole number within 32 bits, not this ${typeof value}`,
      )
    })
  }
})

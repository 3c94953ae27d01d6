/**
 * Values computed by Java 17: `String.hashCode`, `Arrays.hashCode(byte[])`, `Long.hashCode`, `Double.hashCode`,
 * `Boolean.hashCode`; `Utils.abs` of Kafka 0.8.1 and 0.8.2. The recorded key vectors are in spec/golden.
 */
import { expect } from 'chai'
import fc from 'fast-check'
import {
  hashOfBoolean,
  hashOfBytes,
  hashOfDouble,
  hashOfLong,
  hashOfString,
  magnitude,
  masked,
} from '../../lib/handler/java-hash.js'

/** The definition, s[0]·31^(n−1) + … + s[n−1], in integers without a limit. */
function byDefinition(units: readonly number[], from: bigint): number {
  return Number(
    BigInt.asIntN(
      32,
      units.reduce((hash, unit) => hash * 31n + BigInt(unit), from),
    ),
  )
}

describe('hashOfString', () => {
  for (const [text, hash] of [
    ['', 0],
    ['a', 97],
    ['test', 3556498],
    ['key1', 3288498],
    ['Zürich', -1482116162],
    ['😀', 1772899],
    ['polygenelubricants', -2147483648],
  ] as const) {
    it(`of ${JSON.stringify(text)} is ${hash}`, () => {
      expect(hashOfString(text)).to.equal(hash)
    })
  }

  it('counts UTF-16 units, lone surrogates included', () => {
    expect(hashOfString('\ud83d')).to.equal(0xd83d)
    expect(hashOfString('\ud83da')).to.equal(0xd83d * 31 + 97)
  })

  it('follows its definition for any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (text) => {
        const units = Array.from({ length: text.length }, (_, i) => text.charCodeAt(i))
        expect(hashOfString(text)).to.equal(byDefinition(units, 0n))
      }),
    )
  })
})

describe('hashOfBytes', () => {
  for (const [title, bytes, hash] of [
    ['no bytes', Buffer.alloc(0), 1],
    ['UTF-8 "test"', Buffer.from('test'), 4480019],
    ['UTF-8 "Zürich"', Buffer.from('Zürich'), -1791914386],
    ['ff 00 80, as signed bytes', Buffer.from('ff0080', 'hex'), 28702],
  ] as const) {
    it(`of ${title} is ${hash}`, () => {
      expect(hashOfBytes(bytes)).to.equal(hash)
    })
  }

  it('follows its definition for any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        const signed = [...new Int8Array(bytes)]
        expect(hashOfBytes(bytes)).to.equal(byDefinition(signed, 1n))
      }),
    )
  })
})

describe('hashOfLong', () => {
  for (const [value, hash] of [
    [0n, 0],
    [1n, 1],
    [-1n, 0],
    [4294967296n, 1],
    [123456789012n, -1097262584],
    [9223372036854775807n, -2147483648],
    [-9223372036854775808n, -2147483648],
  ] as const) {
    it(`of ${value} is ${hash}`, () => {
      expect(hashOfLong(value)).to.equal(hash)
    })
  }
})

describe('hashOfDouble', () => {
  for (const [value, hash] of [
    [0, 0],
    [-0, -2147483648],
    [1.5, 1073217536],
    [0.1, -1507852285],
    [Number.POSITIVE_INFINITY, 2146435072],
    [Number.NEGATIVE_INFINITY, -1048576],
    [Number.NaN, 2146959360],
  ] as const) {
    it(`of ${Object.is(value, -0) ? '-0' : value} is ${hash}`, () => {
      expect(hashOfDouble(value)).to.equal(hash)
    })
  }

  it('hashes every NaN alike, whatever its bits', () => {
    const odd = new DataView(new ArrayBuffer(8))
    odd.setBigUint64(0, 0xfff8_0000_dead_beefn)
    expect(hashOfDouble(odd.getFloat64(0))).to.equal(2146959360)
  })
})

describe('hashOfBoolean', () => {
  it('is 1231 for true and 1237 for false', () => {
    expect([hashOfBoolean(true), hashOfBoolean(false)]).to.deep.equal([1231, 1237])
  })
})

describe('magnitude', () => {
  it('is the absolute value, and 0 for the int32 that has none (upstream: UtilsTest.testAbs)', () => {
    expect([-2147483648, -1, 0, 1, 2147483647].map(magnitude)).to.deep.equal([0, 1, 0, 1, 2147483647])
  })
})

describe('masked', () => {
  it('clears the sign bit', () => {
    expect([-2147483648, -1, 0, 1, 2147483647].map(masked)).to.deep.equal([0, 2147483647, 0, 1, 2147483647])
  })
})

import { expect } from 'chai'
import fc from 'fast-check'
import { DecodeError } from '../../lib/errors.js'
import { putVarlong } from '../../lib/protocol/primitives.js'
import { Reader } from '../../lib/protocol/reader.js'
import { Writer } from '../../lib/protocol/writer.js'

function written(put: (to: Writer) => void): string {
  const writer = new Writer(0)
  put(writer)
  return writer.finish().toString('hex')
}

function varlong(value: number): string {
  return written((to) => to.advanceTo(putVarlong(to.room(10), value, to.length)))
}

function reader(hex: string): Reader {
  return new Reader(Buffer.from(hex, 'hex'))
}

// The numbers of Kafka's own ByteUtilsTest and around them, from an independent encoder.
const varints: [value: number, bytes: string][] = [
  [0, '00'],
  [-1, '01'],
  [1, '02'],
  [-2, '03'],
  [2, '04'],
  [63, '7e'],
  [-64, '7f'],
  [64, '8001'],
  [-65, '8101'],
  [127, 'fe01'],
  [300, 'd804'],
  [-300, 'd704'],
  [8191, 'fe7f'],
  [8192, '808001'],
  [16384, '808002'],
  [2147483647, 'feffffff0f'],
  [-2147483648, 'ffffffff0f'],
]

const varlongs: [value: bigint, bytes: string][] = [
  [0n, '00'],
  [4294967296n, '8080808020'],
  [1700000000123n, 'f6a1abfef962'],
  [9223372036854775807n, 'feffffffffffffffff01'],
  [-9223372036854775808n, 'ffffffffffffffffff01'],
]

describe('signed varints', () => {
  for (const [value, bytes] of varints) {
    it(`are zig-zag: ${value} is ${bytes}`, () => {
      expect(written((to) => to.varint(value))).to.equal(bytes)
      expect(reader(bytes).varint()).to.equal(value)
    })
  }

  for (const [value, bytes] of [...varlongs, ...varints.map(([n, hex]) => [BigInt(n), hex] as const)]) {
    it(`are the same with 64 bits: ${bytes} is ${value}`, () => {
      expect(reader(bytes).varlong()).to.equal(value)
    })
  }

  it('of what a number can hold are written with 64 bits as they are read', () => {
    const safe = fc.maxSafeInteger()
    fc.assert(
      fc.property(safe, (value) => {
        const from = reader(varlong(value))
        return from.varlong() === BigInt(value) && from.remaining === 0
      }),
      {
        examples: [...varints.map(([value]): [number] => [value]), [2 ** 31], [-(2 ** 31) - 1], [4294967296]],
      },
    )
    expect(varlong(1700000000123)).to.equal('f6a1abfef962')
    expect(varlong(4294967296)).to.equal('8080808020')
  })

  for (const bytes of ['ffffffffffffffffff02', '80808080808080808080', 'ffffffffffffffffffff01']) {
    it(`refuse ${bytes}, which exceeds 64 bits`, () => {
      expect(() => reader(bytes).varlong()).to.throw(DecodeError, 'exceeds 64 bits')
    })
  }

  for (const bytes of ['', '80', 'ffffff']) {
    it(`refuse to end within a number: ${JSON.stringify(bytes)}`, () => {
      expect(() => reader(bytes).varint()).to.throw(DecodeError)
      expect(() => reader(bytes).varlong()).to.throw(DecodeError)
    })
  }
})

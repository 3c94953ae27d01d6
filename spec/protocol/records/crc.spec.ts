import { crc32 as zlibCrc32 } from 'node:zlib'
import { expect } from 'chai'
import { crc32 } from '../../../lib/protocol/records/crc.js'

describe('crc32', () => {
  const rows: [title: string, bytes: Buffer, sum: number][] = [
    ['nothing', Buffer.alloc(0), 0x00000000],
    ['a', Buffer.from('a'), 0xe8b7be43],
    ['abc', Buffer.from('abc'), 0x352441c2],
    ['123456789', Buffer.from('123456789'), 0xcbf43926],
    ['32 zeros', Buffer.alloc(32), 0x190a55ad],
    ['32 bytes 0xff', Buffer.alloc(32, 0xff), 0xff6cab0b],
    ['0 to 31', Buffer.from(Array.from({ length: 32 }, (_, i) => i)), 0x91267e8a],
    ['31 to 0', Buffer.from(Array.from({ length: 32 }, (_, i) => 31 - i)), 0x9ab0ef72],
    ['a pangram', Buffer.from('The quick brown fox jumps over the lazy dog'), 0x414fa339],
  ]
  for (const [title, bytes, sum] of rows) {
    it(`computes the checksum of ${title}`, () => {
      expect(crc32(bytes)).to.equal(sum)
    })
  }

  it('agrees with zlib on all lengths from 0 to 2000', () => {
    const bytes = Buffer.from(Array.from({ length: 2000 }, (_, i) => (i * 167 + (i >> 3)) & 0xff))
    for (let length = 0; length <= bytes.length; length++) {
      expect(crc32(bytes, 0, length), `${length} bytes`).to.equal(zlibCrc32(bytes.subarray(0, length)))
    }
  })

  it('agrees with zlib on ranges that start anywhere', () => {
    const bytes = Buffer.from(Array.from({ length: 600 }, (_, i) => (i * 251) & 0xff))
    for (let from = 0; from < 20; from++) {
      for (const to of [from, from + 1, from + 9, from + 255, from + 256, 600]) {
        expect(crc32(bytes, from, to), `${from} to ${to}`).to.equal(zlibCrc32(bytes.subarray(from, to)))
      }
      expect(crc32(bytes, from)).to.equal(zlibCrc32(bytes.subarray(from)))
    }
  })
})

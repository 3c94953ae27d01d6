import { expect } from 'chai'
import { crc32c } from '../../../lib/protocol/records/crc32c.js'
import { slowCrc32c } from '../support/slow-crc32c.js'

describe('crc32c', () => {
  // RFC 3720, B.4, and an independent implementation.
  const rows: [title: string, bytes: Buffer, sum: number][] = [
    ['nothing', Buffer.alloc(0), 0x00000000],
    ['a', Buffer.from('a'), 0xc1d04330],
    ['abc', Buffer.from('abc'), 0x364b3fb7],
    ['123456789', Buffer.from('123456789'), 0xe3069283],
    ['32 zeros', Buffer.alloc(32), 0x8a9136aa],
    ['32 bytes 0xff', Buffer.alloc(32, 0xff), 0x62a8ab43],
    ['0 to 31', Buffer.from(Array.from({ length: 32 }, (_, i) => i)), 0x46dd794e],
    ['31 to 0', Buffer.from(Array.from({ length: 32 }, (_, i) => 31 - i)), 0x113fdb5c],
    ['a pangram', Buffer.from('The quick brown fox jumps over the lazy dog'), 0x22620404],
  ]
  for (const [title, bytes, sum] of rows) {
    it(`computes the checksum of ${title}`, () => {
      expect(crc32c(bytes)).to.equal(sum)
    })
  }

  it('agrees with the definition on all lengths from 0 to 300, wherever the range starts', () => {
    const bytes = Buffer.from(Array.from({ length: 320 }, (_, i) => (i * 167 + (i >> 3)) & 0xff))
    for (let from = 0; from < 20; from += 3) {
      for (let length = 0; length <= 300; length++) {
        const expected = slowCrc32c(bytes.subarray(from, from + length))
        expect(crc32c(bytes, from, from + length), `${length} bytes from ${from}`).to.equal(expected)
      }
    }
  })

  it('agrees with the definition where it takes sixteen bytes a step, wherever the range starts', () => {
    const bytes = Buffer.from(Array.from({ length: 1100 }, (_, i) => (i * 167 + (i >> 3)) & 0xff)).subarray(3)
    for (let from = 0; from < 17; from++) {
      for (let length = 505; length <= 545; length++) {
        const expected = slowCrc32c(bytes.subarray(from, from + length))
        expect(crc32c(bytes, from, from + length), `${length} bytes from ${from}`).to.equal(expected)
      }
    }
  })
})

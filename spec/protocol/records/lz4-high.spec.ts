import { expect } from 'chai'
import lz4 from 'lz4-napi'
import { asMagic0Frame } from '../../../lib/protocol/records/lz4-frame.js'
import { compressHigh } from '../../../lib/protocol/records/lz4-high.js'
import { forEachSeed } from '../../support/for-each-seed.js'
import { readLz4OfMagic0 } from '../../support/lz4.js'
import { SeededRandom } from '../../support/seeded-random.js'

const BLOCK_BYTES = 65536
const json = (rows: number): Buffer =>
  Buffer.from(
    Array.from(
      { length: rows },
      (_, i) => `{"id":${i},"user":"user-${(i * 7919) % 1000}","ok":${i % 3 === 0}}`,
    ).join(''),
  )

describe('compressHigh', () => {
  const contents: [title: string, plain: Buffer][] = [
    ['nothing', Buffer.alloc(0)],
    ['one byte', Buffer.from('a')],
    ['twelve bytes that are the same', Buffer.alloc(12, 'a')],
    ['thirteen bytes that are the same', Buffer.alloc(13, 'a')],
    ['a block that is all the same', Buffer.alloc(BLOCK_BYTES, 'a')],
    ['a byte more than a block', Buffer.alloc(BLOCK_BYTES + 1, 'ab')],
    ['text over several blocks', json(5000)],
    [
      'lengths of 15 and 270 literals',
      Buffer.concat([bytesOf(15), Buffer.alloc(20), bytesOf(270), Buffer.alloc(300)]),
    ],
  ]
  for (const [title, plain] of contents) {
    for (const level of [1, 9, 17]) {
      it(`makes a frame that gives ${title} back, at level ${level}`, async () => {
        const frame = await compressHigh(plain, level)
        expect(lz4.decompressFrameSync(frame).equals(plain)).to.equal(true)
        expect(readLz4OfMagic0(asMagic0Frame(frame)).equals(plain)).to.equal(true)
      })
    }
  }

  it('gives random mixtures of repeated and new bytes back', async () => {
    await forEachSeed(30, 4, async (seed) => {
      const random = new SeededRandom(seed)
      let plain = Buffer.alloc(0)
      for (let i = random.int(200); i >= 0; i--) {
        const length = random.int(400)
        const at = random.int(plain.length + 1)
        const isNew = random.int(2) === 0
        plain = Buffer.concat([plain, isNew ? bytesOf(length, i) : plain.subarray(at, at + length)])
      }
      const frame = await compressHigh(plain, 1 + random.int(17))
      expect(readLz4OfMagic0(asMagic0Frame(frame)).equals(plain)).to.equal(true)
    })
  })

  it('lets the event loop turn while it works', async () => {
    let turns = 0
    let isDone = false
    const count = (): void => {
      turns++
      if (!isDone) setImmediate(count)
    }
    count()
    await compressHigh(Buffer.from(Array.from(bytesOf(BLOCK_BYTES), (byte) => byte & 1)), 17)
    isDone = true
    expect(turns).to.be.greaterThan(10)
  })

  it('makes smaller frames than a fast compressor, and smaller ones at higher levels', async () => {
    const plain = json(5000)
    const sizes = [(await compressHigh(plain, 12)).length, (await compressHigh(plain, 2)).length]
    expect(sizes[0]).to.be.lessThan(sizes[1]!)
    expect(sizes[0]).to.be.lessThan(lz4.compressFrameSync(plain).length * 0.9)
  })

  it('stores what does not get smaller', async () => {
    const plain = bytesOf(BLOCK_BYTES)
    expect((await compressHigh(plain, 9)).length).to.equal(plain.length + 7 + 4 + 4)
  })
})

/** The same for the same seed, and without repetitions. */
function bytesOf(length: number, seed = 1): Buffer {
  const bytes = Buffer.alloc(length)
  let state = seed * 2654435761
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    bytes[i] = state >>> 24
  }
  return bytes
}

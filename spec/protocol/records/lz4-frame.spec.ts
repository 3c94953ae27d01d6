import { expect } from 'chai'
import { EncodeError } from '../../../lib/errors.js'
import { asMagic0Frame, asStandardFrame } from '../../../lib/protocol/records/lz4-frame.js'
import { readLz4OfMagic0 } from '../../support/lz4.js'
import { vectorsOf } from '../support/vectors.js'

const vectors = vectorsOf('magic-0')

describe('asMagic0Frame', () => {
  it("gives a frame the checksum that Kafka's own code computes for magic 0", () => {
    expect(asMagic0Frame(vectors('lz4-standard'))).to.deep.equal(vectors('lz4-magic-0'))
  })

  for (const largestBlock of [0x40, 0x50, 0x60, 0x70]) {
    it(`satisfies a reader of magic 0 for blocks of descriptor 0x${largestBlock.toString(16)}`, () => {
      const frame = vectors('lz4-standard')
      frame[5] = largestBlock
      expect(String(readLz4OfMagic0(asMagic0Frame(frame)))).to.equal('hello')
    })
  }

  for (const [title, at, byte] of [
    ['linked blocks', 4, 0x40],
    ['a content checksum', 4, 0x64],
    ['an unknown block size', 5, 0x30],
  ] as const) {
    it(`refuses a frame with ${title}, which brokers would not read`, () => {
      const frame = vectors('lz4-standard')
      frame[at] = byte
      expect(() => asMagic0Frame(frame)).to.throw(EncodeError)
    })
  }
})

describe('asStandardFrame', () => {
  it('repairs the checksum of a frame of magic 0 in a copy', () => {
    const frame = vectors('lz4-magic-0')
    expect(asStandardFrame(frame)).to.deep.equal(vectors('lz4-standard'))
    expect(frame).to.deep.equal(vectors('lz4-magic-0'))
  })

  it('returns a standard frame as it is', () => {
    const frame = vectors('lz4-standard')
    expect(asStandardFrame(frame)).to.equal(frame)
  })

  for (const length of [0, 4, 5, 6]) {
    it(`leaves ${length} bytes of a frame alone`, () => {
      const frame = vectors('lz4-magic-0').subarray(0, length)
      expect(asStandardFrame(frame).subarray(0, length)).to.deep.equal(
        vectors('lz4-standard').subarray(0, length),
      )
    })
  }
})

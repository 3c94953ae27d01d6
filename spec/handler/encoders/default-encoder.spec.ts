import { expect } from 'chai'
import { EncodeError } from '../../../lib/errors.js'
import { DefaultEncoder } from '../../../lib/handler/encoders/default-encoder.js'

describe('DefaultEncoder', () => {
  const encoder = new DefaultEncoder()

  it('returns bytes as they are, without a copy', () => {
    for (const bytes of [Buffer.from('a'), new Uint8Array([1, 2]), Buffer.alloc(0)]) {
      expect(encoder.toBytes(bytes)).to.equal(bytes)
    }
  })

  it('returns null for null', () => {
    expect(encoder.toBytes(null)).to.equal(null)
  })

  // Upstream: AsyncProducerTest.testIncompatibleEncoder.
  for (const value of ['secret', 7, 7n, {}, undefined, new Uint16Array(1), new ArrayBuffer(1)]) {
    it(`refuses ${Object.prototype.toString.call(value)} and names the encoder for text`, () => {
      expect(() => encoder.toBytes(value))
        .to.throw(EncodeError, /kafka\.serializer\.StringEncoder/)
        .that.satisfies(({ message }: Error) => !message.includes('secret'))
    })
  }
})

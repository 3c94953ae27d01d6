import { expect } from 'chai'
import sinon from 'sinon'
import { EncodeError } from '../../lib/errors.js'
import { type Encoders, serialize } from '../../lib/handler/serialize.js'
import { envelopeOf } from './support/envelopes.js'

function encodersOf(encode: (value: unknown) => unknown, encodeKey = encode): Encoders {
  return { key: { toBytes: encodeKey }, value: { toBytes: encode } } as Encoders
}

describe('serialize', () => {
  it('fills in the bytes of key and message', () => {
    const envelope = envelopeOf('v', { key: 'k' })
    const encoders = encodersOf(
      (value) => `<${value}>`,
      (key) => Buffer.from(String(key)),
    )
    expect(serialize(envelope, encoders)).to.equal(null)
    expect([envelope.key, envelope.value, envelope.isSerialized]).to.deep.equal([
      Buffer.from('k'),
      '<v>',
      true,
    ])
  })

  it('serializes the key, never the partition key', () => {
    const envelope = envelopeOf('v', { key: 'k', partKey: 'p' })
    serialize(
      envelope,
      encodersOf((value) => `<${value}>`),
    )
    expect(envelope.key).to.equal('<k>')
  })

  it('does not ask the key encoder about a message without a key', () => {
    const encodeKey = sinon.fake.returns('never')
    const envelope = envelopeOf('v', { partKey: 'p' })
    expect(
      serialize(
        envelope,
        encodersOf((value) => `<${value}>`, encodeKey),
      ),
    ).to.equal(null)
    expect([envelope.key, encodeKey.callCount]).to.deep.equal([null, 0])
  })

  it('asks the encoder about a null message: what a null becomes is its decision', () => {
    const envelope = envelopeOf(null)
    serialize(
      envelope,
      encodersOf((value) => (value === null ? 'tombstone' : 'v')),
    )
    expect(envelope.value).to.equal('tombstone')
  })

  it('lets an encoder make a null key and a null value', () => {
    const envelope = envelopeOf('v', { key: 'k' })
    expect(
      serialize(
        envelope,
        encodersOf(() => null),
      ),
    ).to.equal(null)
    expect([envelope.key, envelope.value]).to.deep.equal([null, null])
  })

  it('encodes a message once, however often it is asked', () => {
    const encode = sinon.fake.returns('bytes')
    const envelope = envelopeOf('v')
    serialize(envelope, encodersOf(encode))
    expect(serialize(envelope, encodersOf(encode))).to.equal(null)
    expect(encode.callCount).to.equal(1)
  })

  for (const [what, thrown, told] of [
    ['an error', new TypeError('secret'), 'the encoder threw TypeError'],
    ['an error with an odd name', Object.assign(new Error('secret'), { name: 5 }), 'the encoder threw 5'],
    ['a string', 'secret', 'the encoder threw something of type string'],
    ['an object without a prototype', Object.create(null), 'the encoder threw something of type object'],
    ['an error of ours, whose text shows nothing', new EncodeError('too long'), 'too long'],
  ] as const) {
    it(`turns ${what} thrown by an encoder into an EncodeError that keeps it as cause and shows no payload`, () => {
      const envelope = envelopeOf('secret')
      const error = serialize(
        envelope,
        encodersOf(() => {
          throw thrown
        }),
      )
      expect(error).to.be.instanceOf(EncodeError)
      expect(error).to.include({
        message: `a message to t cannot be serialized: ${told}`,
        topic: 't',
        cause: thrown,
        retriable: false,
        persistence: 'not-persisted',
      })
      expect(envelope.isSerialized).to.equal(false)
    })
  }

  for (const [what, returned] of [
    ['undefined', undefined],
    ['number', 7],
    ['object', {}],
    ['object', Promise.resolve(Buffer.from('too late'))],
    ['object', new ArrayBuffer(3)],
  ] as const) {
    it(`refuses what is not bytes, a string or null: ${Object.prototype.toString.call(returned)}`, () => {
      expect(
        serialize(
          envelopeOf('v'),
          encodersOf(() => returned),
        ),
      ).to.have.property(
        'message',
        `a message to t cannot be serialized: the message encoder returned ${what}, not bytes, a string or null`,
      )
    })
  }

  it('says so when it was the key encoder', () => {
    const encoders = encodersOf(
      () => 'v',
      () => 7,
    )
    expect(serialize(envelopeOf('v', { key: 'k' }), encoders)?.message).to.contain(
      'the key encoder returned number',
    )
  })

  it('refuses a topic name that no request can carry, before anything is encoded', () => {
    const encode = sinon.fake.returns('bytes')
    expect(serialize(envelopeOf('v', { topic: 't'.repeat(32768) }), encodersOf(encode))).to.be.instanceOf(
      EncodeError,
    )
    expect(encode.callCount).to.equal(0)
  })

  it('takes the longest topic name that a request can carry, counted in bytes', () => {
    const encoders = encodersOf(() => 'bytes')
    expect(serialize(envelopeOf('v', { topic: 't'.repeat(32767) }), encoders)).to.equal(null)
    expect(serialize(envelopeOf('v', { topic: 'ü'.repeat(16383) }), encoders)).to.equal(null)
    expect(serialize(envelopeOf('v', { topic: 'ü'.repeat(16384) }), encoders)).to.be.instanceOf(EncodeError)
  })

  it('takes encoders as they are, methods of their object', () => {
    class Prefixing {
      readonly prefix = 'p:'
      toBytes(value: unknown): string {
        return this.prefix + String(value)
      }
    }
    const envelope = envelopeOf('v')
    serialize(envelope, { key: new Prefixing(), value: new Prefixing() })
    expect(envelope.value).to.equal('p:v')
  })
})

// Upstream: AsyncProducerTest.testSerializeEvents.
describe('serializing several messages', () => {
  it('keeps them apart', () => {
    const envelopes = ['a', 'b', 'c', 'd', 'e'].map((value) => envelopeOf(value))
    const encoders = encodersOf((value) => Buffer.from(String(value)))
    for (const envelope of envelopes) expect(serialize(envelope, encoders)).to.equal(null)
    expect(envelopes.map(({ value }) => String(value))).to.deep.equal(['a', 'b', 'c', 'd', 'e'])
  })
})

import { expect } from 'chai'
import sinon from 'sinon'
import { EncodeError } from '../../lib/errors.js'
import { type Encoders, serialize } from '../../lib/handler/serialize.js'
import { pendingOf } from './support/pending-messages.js'

function encodersOf(encode: (value: unknown) => unknown, encodeKey = encode): Encoders {
  return { key: { toBytes: encodeKey }, value: { toBytes: encode } } as Encoders
}

describe('serialize', () => {
  it('sets the bytes of key and value', () => {
    const pending = pendingOf('v', { key: 'k' })
    const encoders = encodersOf(
      (value) => `<${value}>`,
      (key) => Buffer.from(String(key)),
    )
    expect(serialize(pending, encoders)).to.equal(null)
    expect([pending.key, pending.value, pending.isSerialized]).to.deep.equal([Buffer.from('k'), '<v>', true])
  })

  it('serializes the key, never the partition key', () => {
    const pending = pendingOf('v', { key: 'k', partKey: 'p' })
    serialize(
      pending,
      encodersOf((value) => `<${value}>`),
    )
    expect(pending.key).to.equal('<k>')
  })

  it('does not ask the key encoder about a message without a key', () => {
    const encodeKey = sinon.fake.returns('never')
    const pending = pendingOf('v', { partKey: 'p' })
    expect(
      serialize(
        pending,
        encodersOf((value) => `<${value}>`, encodeKey),
      ),
    ).to.equal(null)
    expect([pending.key, encodeKey.callCount]).to.deep.equal([null, 0])
  })

  it('calls the encoder for a null value', () => {
    const pending = pendingOf(null)
    serialize(
      pending,
      encodersOf((value) => (value === null ? 'tombstone' : 'v')),
    )
    expect(pending.value).to.equal('tombstone')
  })

  it('accepts null from an encoder, for key and value', () => {
    const pending = pendingOf('v', { key: 'k' })
    expect(
      serialize(
        pending,
        encodersOf(() => null),
      ),
    ).to.equal(null)
    expect([pending.key, pending.value]).to.deep.equal([null, null])
  })

  it('encodes a message once, however often it is called', () => {
    const encode = sinon.fake.returns('bytes')
    const pending = pendingOf('v')
    serialize(pending, encodersOf(encode))
    expect(serialize(pending, encodersOf(encode))).to.equal(null)
    expect(encode.callCount).to.equal(1)
  })

  for (const [what, thrown, why] of [
    ['an error', new TypeError('secret'), 'the encoder threw TypeError'],
    ['an error with an odd name', Object.assign(new Error('secret'), { name: 5 }), 'the encoder threw 5'],
    ['a string', 'secret', 'the encoder threw something of type string'],
    ['an object without a prototype', Object.create(null), 'the encoder threw something of type object'],
    ['an error of ours, whose text shows nothing', new EncodeError('too long'), 'too long'],
  ] as const) {
    it(`turns ${what} thrown by an encoder into an EncodeError that keeps it as cause and shows no payload`, () => {
      const pending = pendingOf('secret')
      const error = serialize(
        pending,
        encodersOf(() => {
          throw thrown
        }),
      )
      expect(error).to.be.instanceOf(EncodeError)
      expect(error).to.include({
        message: `a message to t cannot be serialized: ${why}`,
        topic: 't',
        cause: thrown,
        retriable: false,
        persistence: 'not-persisted',
      })
      expect(pending.isSerialized).to.equal(false)
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
          pendingOf('v'),
          encodersOf(() => returned),
        ),
      ).to.have.property(
        'message',
        `a message to t cannot be serialized: the message encoder returned ${what}, not bytes, a string or null`,
      )
    })
  }

  it('names the key encoder where it threw', () => {
    const encoders = encodersOf(
      () => 'v',
      () => 7,
    )
    expect(serialize(pendingOf('v', { key: 'k' }), encoders)?.message).to.contain(
      'the key encoder returned number',
    )
  })

  it('refuses a topic name that no request can carry, before anything is encoded', () => {
    const encode = sinon.fake.returns('bytes')
    expect(serialize(pendingOf('v', { topic: 't'.repeat(32768) }), encodersOf(encode))).to.be.instanceOf(
      EncodeError,
    )
    expect(encode.callCount).to.equal(0)
  })

  it('takes the longest topic name that a request can carry, counted in bytes', () => {
    const encoders = encodersOf(() => 'bytes')
    expect(serialize(pendingOf('v', { topic: 't'.repeat(32767) }), encoders)).to.equal(null)
    expect(serialize(pendingOf('v', { topic: 'ü'.repeat(16383) }), encoders)).to.equal(null)
    expect(serialize(pendingOf('v', { topic: 'ü'.repeat(16384) }), encoders)).to.be.instanceOf(EncodeError)
  })

  it('calls encoders as methods of their object', () => {
    class Prefixing {
      readonly prefix = 'p:'
      toBytes(value: unknown): string {
        return this.prefix + String(value)
      }
    }
    const pending = pendingOf('v')
    serialize(pending, { key: new Prefixing(), value: new Prefixing() })
    expect(pending.value).to.equal('p:v')
  })
})

// Upstream: AsyncProducerTest.testSerializeEvents.
describe('serializing several messages', () => {
  it('keeps their errors apart', () => {
    const messages = ['a', 'b', 'c', 'd', 'e'].map((value) => pendingOf(value))
    const encoders = encodersOf((value) => Buffer.from(String(value)))
    for (const pending of messages) expect(serialize(pending, encoders)).to.equal(null)
    expect(messages.map(({ value }) => String(value))).to.deep.equal(['a', 'b', 'c', 'd', 'e'])
  })
})

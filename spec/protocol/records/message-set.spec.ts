import { gunzipSync, gzipSync } from 'node:zlib'
import { expect } from 'chai'
import fc from 'fast-check'
import { DecodeError } from '../../../lib/errors.js'
import {
  CompressedMessageSet,
  PlainMessageSet,
  readMessageSet,
} from '../../../lib/protocol/records/message-set.js'
import type { BatchSummary, RecordBody } from '../../../lib/protocol/records/record-body.js'
import type { Payload } from '../../../lib/protocol/types.js'
import { type Serialized, Writer } from '../../../lib/protocol/writer.js'
import { recordOf } from '../../support/messages.js'
import { wire } from '../../support/wire.js'
import { codecs, messageSet, readMessageSet as readByHand } from '../../support/wire-message-set.js'
import { checkHostileBytes } from '../support/hostile-bytes.js'
import { vectorsOf } from '../support/vectors.js'

const magic0 = vectorsOf('magic-0')
const scala = vectorsOf('scala-producer-0.8.2.2')
const librdkafka = vectorsOf('librdkafka-2.0.2')

const BASE_MS = 1_700_000_000_123
const hello = recordOf('k1', 'hello', { timestampMs: BASE_MS })
const world = recordOf(null, 'world', { timestampMs: BASE_MS + 5 })

function bytesOf(payload: Payload, initialBytes = 0): Buffer {
  const writer = new Writer(initialBytes)
  payload.writeTo(writer)
  return writer.finish()
}

function plain(...messages: RecordBody[]): Buffer {
  return bytesOf(new PlainMessageSet(0, messages))
}

/** What a wrapper of this many messages contains about them. */
function of(count: number): BatchSummary {
  return { count, baseTimestampMs: BASE_MS, maxTimestampMs: BASE_MS + 5 }
}

/** The bytes that a user's value is on the wire. */
function onTheWire(value: Serialized): Buffer | null {
  return value === null ? null : Buffer.from(value as string)
}

describe('PlainMessageSet', () => {
  const messages: [name: string, key: Serialized, value: Serialized][] = [
    ['message-null-key', null, 'value'],
    ['message-keyed', 'key', Buffer.from('value')],
    ['message-null-null', null, null],
    ['message-empty-empty', Buffer.alloc(0), ''],
  ]
  for (const [name, key, value] of messages) {
    it(`writes Kafka's own bytes: ${name}`, () => {
      expect(plain(recordOf(key, value))).to.deep.equal(wire().int64(0).bytes(magic0(name)).build())
    })
  }

  it('writes what an independent encoder writes', () => {
    expect(plain(hello)).to.deep.equal(magic0('set-one'))
  })

  it('is empty without messages', () => {
    expect(plain()).to.deep.equal(Buffer.alloc(0))
  })

  it('numbers its messages from 0', () => {
    expect(readByHand(plain(hello, world, hello)).map(({ offset }) => offset)).to.deep.equal([0n, 1n, 2n])
  })

  it('writes text as UTF-8 with a checksum over those bytes, a lone surrogate as ?', () => {
    const [message] = readByHand(plain(recordOf('Zürich😀', 'a\ud83d')))
    expect(message).to.include({ crcIsValid: true })
    expect([String(message!.key), String(message!.value)]).to.deep.equal(['Zürich😀', 'a?'])
  })

  it('writes the same bytes however often its buffer has to grow, and behind others', () => {
    const set = new PlainMessageSet(0, [recordOf('k', 'v'.repeat(5000)), world])
    const writer = new Writer(0)
    writer.int32(7)
    set.writeTo(writer)
    expect(writer.finish().subarray(4)).to.deep.equal(bytesOf(set, 100_000))
  })

  it('writes messages of any size that hand-written code reads with a valid checksum', () => {
    const value = fc.option(
      fc.oneof(
        fc.string({ unit: 'grapheme', maxLength: 400 }),
        fc.uint8Array({ maxLength: 600 }).map((bytes) => Buffer.from(bytes)),
      ),
    )
    const message = fc.record({ key: value, value })
    fc.assert(
      fc.property(fc.array(message, { maxLength: 6 }), (given) => {
        const read = readByHand(plain(...given.map(({ key, value: sent }) => recordOf(key, sent))))
        expect(
          read.every(({ crcIsValid, magic, attributes }) => crcIsValid && magic === 0 && attributes === 0),
        ).to.equal(true)
        expect(read.map(({ key, value: found }) => [key, found])).to.deep.equal(
          given.map(({ key, value: sent }) => [onTheWire(key), onTheWire(sent)]),
        )
      }),
    )
  })
})

describe('a set of magic 1', () => {
  it('is what an independent encoder makes of it, timestamps included', () => {
    expect(bytesOf(new PlainMessageSet(1, [hello, world]))).to.deep.equal(magic0('set-magic-1'))
  })

  it('is wrapped in a message of magic 1 with the latest timestamp inside and the offset of the last one', () => {
    const inner = bytesOf(new PlainMessageSet(1, [hello, world]))
    const [wrapper] = readMessageSet(
      bytesOf(new CompressedMessageSet(1, codecs.gzip, of(2), gzipSync(inner))),
    )
    expect(wrapper).to.include({
      offset: 1n,
      magic: 1,
      codecId: 1,
      isChecksumValid: true,
      timestampMs: BigInt(BASE_MS + 5),
      key: null,
    })
    expect(readMessageSet(gunzipSync(wrapper!.value!)).map(({ offset }) => offset)).to.deep.equal([0n, 1n])
  })

  it('has a timestamp of −1 where there is none', () => {
    const [message] = readMessageSet(bytesOf(new PlainMessageSet(1, [recordOf('k', 'v')])))
    expect(message!.timestampMs).to.equal(-1n)
  })
})

describe('CompressedMessageSet', () => {
  it('is one message with a null key, the codec in its attributes, and the offset of the last message inside', () => {
    const [wrapper, ...more] = readByHand(
      bytesOf(new CompressedMessageSet(0, codecs.gzip, of(3), gzipSync(plain(hello, world, hello)))),
    )
    expect(more).to.deep.equal([])
    expect(wrapper).to.include({ offset: 2n, attributes: 1, magic: 0, key: null, crcIsValid: true })
    expect(wrapper!.inner!.map(({ offset }) => offset)).to.deep.equal([0n, 1n, 2n])
  })

  it('has offset 0 around a single message', () => {
    const [wrapper] = readByHand(
      bytesOf(new CompressedMessageSet(0, codecs.gzip, of(1), gzipSync(plain(hello)))),
    )
    expect(wrapper!.offset).to.equal(0n)
  })

  for (const [name, codec] of [
    ['set-snappy', codecs.snappy],
    ['set-lz4', codecs.lz4],
  ] as const) {
    it(`puts an independent encoder's compressed bytes into its wrapper: ${name}`, () => {
      const value = readMessageSet(magic0(name))[0]!.value!
      expect(bytesOf(new CompressedMessageSet(0, codec, of(2), value))).to.deep.equal(magic0(name))
    })
  }
})

describe('readMessageSet', () => {
  it('reads what the Scala producer sent in gzip, wrapper and messages', () => {
    const SET_AT = 41
    const [wrapper] = readMessageSet(scala('gzip').subarray(SET_AT))
    expect(wrapper).to.include({
      offset: 1n,
      magic: 0,
      codecId: 1,
      isChecksumValid: true,
      timestampMs: null,
      key: null,
    })
    const inner = readMessageSet(gunzipSync(wrapper!.value!))
    expect(
      inner.map(({ offset, key, isChecksumValid }) => [offset, String(key), isChecksumValid]),
    ).to.deep.equal([
      [0n, 'b', true],
      [1n, 'b', true],
    ])
    expect(String(inner[1]!.value)).to.match(/^t-value-5-(abc)+ab$/)
  })

  it('reads what librdkafka sent in gzip', () => {
    const [wrapper] = readMessageSet(librdkafka('gzip'))
    expect(wrapper).to.include({ codecId: 1, isChecksumValid: true })
    const inner = readMessageSet(gunzipSync(wrapper!.value!))
    expect(inner.map(({ key }) => String(key))).to.deep.equal(['k1', 'k2'])
  })

  it('reads messages of magic 1 with their timestamps', () => {
    const messages = readMessageSet(magic0('set-magic-1'))
    expect(
      messages.map(({ magic, timestampMs, isChecksumValid, key, value }) => [
        magic,
        timestampMs,
        isChecksumValid,
        key && String(key),
        String(value),
      ]),
    ).to.deep.equal([
      [1, 1700000000123n, true, 'k1', 'hello'],
      [1, 1700000000128n, true, null, 'world'],
    ])
  })

  it('distinguishes null and empty keys and values', () => {
    const set = messageSet([
      { key: null, value: '' },
      { key: '', value: null },
    ])
    const empty = Buffer.alloc(0)
    expect(readMessageSet(set).map(({ key, value }) => [key, value])).to.deep.equal([
      [null, empty],
      [empty, null],
    ])
  })

  it('notices any changed byte behind the checksum', () => {
    const set = messageSet([{ key: 'k', value: 'v' }])
    const VALUE_AT = set.length - 1
    set[VALUE_AT]! ^= 1
    expect(readMessageSet(set)[0]!.isChecksumValid).to.equal(false)
  })

  it('leaves out an entry that is truncated, wherever it is truncated', () => {
    const whole = messageSet([{ value: 'first' }, { value: 'second' }])
    const first = messageSet([{ value: 'first' }]).length
    for (let length = 0; length < whole.length; length++) {
      expect(readMessageSet(whole.subarray(0, length)), `${length} bytes`).to.have.length(
        length < first ? 0 : 1,
      )
    }
  })

  for (const size of [13, 0, -1, -0x80000000]) {
    it(`refuses a message of ${size} bytes`, () => {
      const set = wire().int64(0).int32(size).raw(Buffer.alloc(20)).build()
      expect(() => readMessageSet(set)).to.throw(
        DecodeError,
        `message of ${size} bytes at byte 12 is too short`,
      )
    })
  }

  it('refuses a bad size also where nothing follows it', () => {
    expect(() => readMessageSet(wire().int64(0).int32(13).build())).to.throw(DecodeError, 'too short')
  })

  it('takes a size beyond the end for a truncated set, without making room for it', () => {
    expect(readMessageSet(wire().int64(0).int32(0x7ffffff0).raw(Buffer.alloc(20)).build())).to.deep.equal([])
  })

  for (const magic of [2, -1]) {
    it(`refuses magic ${magic}`, () => {
      const set = wire()
        .int64(9)
        .bytes(wire().uint32(0).int8(magic).raw(Buffer.alloc(20)).build())
        .build()
      expect(() => readMessageSet(set)).to.throw(
        DecodeError,
        `message at offset 9 has magic ${magic}, not 0 or 1`,
      )
    })
  }

  for (const length of [-2, 0x7ffffff0]) {
    it(`refuses a key of ${length} bytes`, () => {
      const message = wire().uint32(0).int8(0).int8(0).int32(length).raw(Buffer.alloc(8)).build()
      expect(() => readMessageSet(wire().int64(0).bytes(message).build())).to.throw(DecodeError)
    })
  }

  it('refuses a message of magic 1 that ends within its timestamp', () => {
    const message = wire().uint32(0).int8(1).int8(0).raw(Buffer.alloc(8)).build()
    expect(() => readMessageSet(wire().int64(0).bytes(message).build())).to.throw(DecodeError)
  })

  describe('with bytes that lie', () => {
    checkHostileBytes(readMessageSet, [
      messageSet([{ key: 'k', value: 'v' }, { value: null }]),
      magic0('set-magic-1'),
      magic0('set-snappy'),
    ])
  })
})

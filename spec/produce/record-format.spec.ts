import { gunzipSync } from 'node:zlib'
import { expect } from 'chai'
import sinon from 'sinon'
import { EncodeError, KafkaError, UnsupportedCodecError } from '../../lib/errors.js'
import type { PartitionBatch } from '../../lib/produce/partition-batch.js'
import { type BatchPayload, type PayloadOptions, payloadOf } from '../../lib/produce/record-format.js'
import { requestBuffers } from '../../lib/protocol/buffer-pool.js'
import {
  type Compression,
  type CompressionName,
  compressionNamed,
} from '../../lib/protocol/records/compression.js'
import { readRecordBatches } from '../../lib/protocol/records/read-record-batch.js'
import type { Payload } from '../../lib/protocol/types.js'
import { Writer } from '../../lib/protocol/writer.js'
import { recordOf } from '../support/messages.js'
import { reading } from '../support/wire.js'

/** Where both kinds of sets and batches have their magic; behind it come the attributes. */
const MAGIC_AT = 16
const RECORDS_AT = 61

const noCodec: PayloadOptions = { compression: null, compressedTopics: new Set() }

function withCodec(name: CompressionName, ...topics: string[]): PayloadOptions {
  return { compression: compressionNamed(name), compressedTopics: new Set(topics) }
}

function batch(topic = 't', ...values: string[]): PartitionBatch {
  const messages = (values.length > 0 ? values : ['a', 'b']).map((value) =>
    recordOf(null, value, { timestampMs: 1_700_000_000_000 }),
  )
  return { topic, partition: 0, messages }
}

function bytesOf(payload: Payload): Buffer {
  const writer = new Writer()
  payload.writeTo(writer)
  return writer.finish()
}

/** What goes out to a broker that takes this version of Produce. */
async function written(
  version: number,
  options = noCodec,
  from = batch(),
): Promise<BatchPayload & { bytes: Buffer }> {
  const one = await payloadOf(from, version, 'b:9092', options)
  return { ...one, bytes: bytesOf(one.payload) }
}

async function failureOf(version: number, options: PayloadOptions, from = batch()): Promise<KafkaError> {
  try {
    await payloadOf(from, version, 'b:9092', options)
  } catch (error) {
    expect(error).to.be.instanceOf(KafkaError)
    return error as KafkaError
  }
  throw new Error('it was written')
}

describe('payloadOf', () => {
  it('writes the producer of a batch from magic 2 on, plain and compressed', async () => {
    const producer = { producerId: 7n, producerEpoch: 2, baseSequence: 5, isTransactional: true }
    for (const options of [noCodec, withCodec('gzip')]) {
      const { bytes } = await written(3, options, { ...batch(), producer })
      expect(readRecordBatches(bytes)[0]).to.include({ producerId: 7n, producerEpoch: 2, baseSequence: 5 })
      expect((await written(2, options, { ...batch(), producer })).bytes).to.deep.equal(
        (await written(2, options)).bytes,
      )
    }
  })

  const formats: [version: number, magic: number][] = [
    [0, 0],
    [1, 0],
    [2, 1],
    [3, 2],
    [7, 2],
    [13, 2],
  ]
  for (const [version, magic] of formats) {
    it(`writes magic ${magic} for Produce v${version}, plain and compressed`, async () => {
      for (const [options, codec] of [
        [noCodec, 0],
        [withCodec('gzip'), 1],
      ] as const) {
        const { bytes } = await written(version, options)
        expect(bytes[MAGIC_AT], 'magic').to.equal(magic)
        const attributes = magic === 2 ? bytes.readInt16BE(21) : bytes[MAGIC_AT + 1]
        expect(attributes, 'codec').to.equal(codec)
      }
    })
  }

  it('is returned synchronously where nothing is compressed', () => {
    expect(payloadOf(batch(), 3, 'b', noCodec)).not.to.be.instanceOf(Promise)
  })

  it('compresses all topics, or only compressed.topics', async () => {
    const codecs: number[] = []
    for (const [options, topic] of [
      [withCodec('gzip'), 't'],
      [withCodec('gzip', 't'), 't'],
      [withCodec('gzip', 't'), 'u'],
    ] as const) {
      codecs.push((await written(0, options, batch(topic))).bytes[MAGIC_AT + 1]!)
    }
    expect(codecs).to.deep.equal([1, 1, 0])
  })

  it('compresses only the records of magic 2, whose head stays readable', async () => {
    const plain = (await written(3)).bytes
    const { bytes } = await written(3, withCodec('gzip'))
    expect(gunzipSync(bytes.subarray(RECORDS_AT)).equals(plain.subarray(RECORDS_AT))).to.equal(true)
    expect(reading(bytes.subarray(57)).int32(), 'count').to.equal(2)
  })

  describe('has as size that counts against max.message.bytes', () => {
    for (const version of [0, 2]) {
      it(`0 where each message counts by itself, as in plain sets of Produce v${version}`, async () => {
        expect((await written(version)).limitedBytes).to.equal(0)
      })
    }

    it('about the size of a plain batch', async () => {
      const big = batch('t', 'x'.repeat(10_000), 'y'.repeat(10_000))
      const { limitedBytes, bytes } = await written(3, noCodec, big)
      expect(limitedBytes).to.be.closeTo(bytes.length, 200)
    })

    for (const version of [0, 2, 3]) {
      it(`the compressed size, for Produce v${version}`, async () => {
        const big = batch('t', 'x'.repeat(10_000))
        const { limitedBytes, bytes } = await written(version, withCodec('gzip'), big)
        expect(limitedBytes).to.be.within(bytes.length - 100, bytes.length)
      })
    }
  })

  describe('with zstd', () => {
    it('compresses from Produce v7 on, which is Kafka 2.1', async () => {
      expect((await written(7, withCodec('zstd'))).bytes.readInt16BE(21)).to.equal(4)
    })

    for (const version of [0, 2, 3, 6]) {
      it(`refuses it for Produce v${version} and names the codecs that work`, async () => {
        const error = await failureOf(version, withCodec('zstd'))
        expect(error)
          .to.be.instanceOf(UnsupportedCodecError)
          .and.include({ topic: 't', partition: 0, broker: 'b:9092' })
        expect(error.message).to.equal(
          `compression.codec=zstd needs Kafka 2.1 or newer, and b:9092 supports Produce v${version}: use gzip, snappy or lz4`,
        )
      })
    }

    it('accepts topics that are not compressed', async () => {
      expect((await written(0, withCodec('zstd', 'u'))).bytes[MAGIC_AT + 1]).to.equal(0)
    })
  })

  it('reports the number and the partition of messages that a codec failed on, without their content', async () => {
    const cause = new Error('out of memory')
    const broken: Compression = {
      ...compressionNamed('gzip')!,
      compress: async () => {
        throw cause
      },
    }
    for (const version of [0, 3]) {
      const error = await failureOf(
        version,
        { compression: broken, compressedTopics: new Set() },
        batch('a\nb', 'secret', 'secret'),
      )
      expect(error).to.be.instanceOf(EncodeError).and.include({ cause, topic: 'a\nb', partition: 0 })
      expect(error.message).to.equal('2 messages to a\\u{a}b/0 cannot be compressed with gzip')
    }
  })

  it('gives the buffer of the plain records back when they are compressed, and never where that has failed', async () => {
    const gzip = compressionNamed('gzip')!
    let fail = false
    const compression: Compression = {
      ...gzip,
      async compress(plain, magic) {
        expect(give.callCount, 'while it compresses').to.equal(0)
        if (fail) throw new Error('another thread may still read it')
        return gzip.compress(plain, magic)
      },
    }
    const options = { compression, compressedTopics: new Set<string>() }
    const give = sinon.spy(requestBuffers, 'give')
    await payloadOf(batch(), 3, 'b:9092', options)
    expect(give.callCount).to.equal(1)
    give.resetHistory()
    fail = true
    await failureOf(3, options)
    expect(give.callCount).to.equal(0)
  })
})

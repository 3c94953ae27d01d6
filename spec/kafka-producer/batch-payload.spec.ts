/** Batches as brokers of all ages take them; message sets are written by hand. */
import { gunzipSync } from 'node:zlib'
import { expect } from 'chai'
import { UnsupportedCodecError, UnsupportedVersionError } from '../../lib/errors.js'
import { type BatchPayloadOptions, batchPayload } from '../../lib/kafka-producer/batch-payload.js'
import type { ProducerBatch } from '../../lib/kafka-producer/producer-batch.js'
import { FutureRecordMetadata } from '../../lib/kafka-producer/record-future.js'
import { compressionNamed } from '../../lib/protocol/records/compression.js'
import { NO_PRODUCER } from '../../lib/protocol/records/record-batch.js'
import type { RecordHeaders } from '../../lib/protocol/records/record-body.js'
import { Writer } from '../../lib/protocol/writer.js'
import { messageSet, readMessageSet } from '../support/wire-message-set.js'
import { accumulatorOf, STAMP_MS } from './support/accumulated.js'

const numbered = { producerId: 1000n, producerEpoch: 0, baseSequence: 0, isTransactional: false }

function batchOf(headers: RecordHeaders | null = null): ProducerBatch {
  const accumulator = accumulatorOf({ lingerMs: 0, isCompressed: true })
  for (const value of ['a', 'b', null]) {
    accumulator.append(new FutureRecordMetadata('test', 0), 'k', value, headers, STAMP_MS, 1, 0)
  }
  return accumulator.drain(1, 1e6, 0)[0]!
}

async function bytesOf(batch: ProducerBatch, given: Partial<BatchPayloadOptions>): Promise<Buffer> {
  const options = { produceVersion: 11, broker: 'b:1', compression: null, producer: NO_PRODUCER, ...given }
  const writer = new Writer()
  const payload = await batchPayload(batch, options)
  payload.writeTo(writer)
  return writer.finish()
}

describe('batchPayload', () => {
  it('a batch goes out as it was built, with the numbers of its producer', async () => {
    const bytes = await bytesOf(batchOf(), { producer: numbered })
    expect([bytes[16], bytes.subarray(43, 57).toString('hex'), bytes.readInt32BE(57)]).to.deep.equal([
      2,
      '00000000000003e8' + '0000' + '00000000',
      3,
    ])
    expect(bytes.subarray(61).toString('hex')).to.equal(
      '10000000026b026100' + '10000002026b026200' + '0e000004026b0100',
    )
  })

  it('a batch is compressed once, whatever numbers it gets later', async () => {
    const batch = batchOf()
    const plain = batch.builder.records.toString('hex')
    const compression = compressionNamed('gzip')!
    let calls = 0
    const counting = {
      ...compression,
      compress: (...given: Parameters<typeof compression.compress>) => {
        calls++
        return compression.compress(...given)
      },
    }
    for (const baseSequence of [0, 7]) {
      const bytes = await bytesOf(batch, { compression: counting, producer: { ...numbered, baseSequence } })
      expect([bytes.readInt16BE(21), bytes.readInt32BE(53)]).to.deep.equal([1, baseSequence])
      expect(gunzipSync(bytes.subarray(61)).toString('hex')).to.equal(plain)
    }
    expect(calls).to.equal(1)
  })

  it('brokers before 0.10 get a message set of magic 0', async () => {
    const expected = messageSet([
      { key: 'k', value: 'a' },
      { key: 'k', value: 'b' },
      { key: 'k', value: null },
    ])
    expect((await bytesOf(batchOf(), { produceVersion: 0 })).toString('hex')).to.equal(
      expected.toString('hex'),
    )
  })

  it('brokers before 0.10 get a compressed message set', async () => {
    const bytes = await bytesOf(batchOf(), { produceVersion: 1, compression: compressionNamed('gzip') })
    const [outer] = readMessageSet(bytes)
    expect(outer!.inner!.map(({ key, value }) => [String(key), value && String(value)])).to.deep.equal([
      ['k', 'a'],
      ['k', 'b'],
      ['k', null],
    ])
  })

  it('brokers of 0.10 get magic 1, with the timestamps of the records', async () => {
    const bytes = await bytesOf(batchOf(), { produceVersion: 2 })
    expect([bytes[16], bytes.readBigInt64BE(18)]).to.deep.equal([1, BigInt(STAMP_MS)])
  })

  it('batches of one request all have the magic of its version, also one that went to a newer broker before', async () => {
    const [sentBefore, fresh] = [batchOf(), batchOf()]
    expect((await bytesOf(sentBefore, { produceVersion: 11 }))[16]).to.equal(2)
    const lowered = await Promise.all(
      [sentBefore, fresh].map((batch) => bytesOf(batch, { produceVersion: 2 })),
    )
    expect(lowered.map((bytes) => bytes[16])).to.deep.equal([1, 1])
    expect(lowered[0]!.toString('hex')).to.equal(lowered[1]!.toString('hex'))
  })

  const refused: [
    title: string,
    given: Partial<BatchPayloadOptions>,
    headers: RecordHeaders | null,
    type: unknown,
    text: RegExp,
  ][] = [
    [
      'headers',
      { produceVersion: 2 },
      [['h', 'v']],
      UnsupportedVersionError,
      /records for test\/0 have headers, which needs Kafka 0.11 or newer: b:1 is older/,
    ],
    [
      'a producer id',
      { produceVersion: 1, producer: numbered },
      null,
      UnsupportedVersionError,
      /enable.idempotence/,
    ],
    [
      'zstd',
      { produceVersion: 6, compression: compressionNamed('zstd') },
      null,
      UnsupportedCodecError,
      /compression.type=zstd needs Kafka 2.1 or newer, and b:1 supports Produce v6/,
    ],
    [
      'zstd and record batches',
      { produceVersion: 2, compression: compressionNamed('zstd') },
      null,
      UnsupportedCodecError,
      /compression.type=zstd needs Kafka 2.1 or newer, and b:1 supports Produce v2/,
    ],
  ]
  for (const [title, given, headers, type, text] of refused) {
    it(`a broker that is too old for ${title} is sent nothing`, async () => {
      const error = await bytesOf(batchOf(headers), given).then(
        () => null,
        (thrown) => thrown,
      )
      expect(error).to.be.instanceOf(type).with.property('message').match(text)
    })
  }
})

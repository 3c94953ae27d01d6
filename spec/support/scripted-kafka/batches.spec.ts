/** The judge's own decoders against bytes of independent encoders. */
import { expect } from 'chai'
import { vectorsOf } from '../../protocol/support/vectors.js'
import { type DecodedBatch, decodeBatches, encodeBatch, isTransactional } from './batches.js'
import { prepareCodecs } from './codecs.js'

const independent = vectorsOf('independent-records')
const captured = vectorsOf('librdkafka-2.0.2-formats')

/** Keys, values and headers as text. */
function shown({ records }: DecodedBatch): string {
  return records
    .map(({ k, v, h = [] }) => [`${k}=${v}`, ...h.map(([name, value]) => `${name}:${value}`)].join(' '))
    .join(', ')
}

describe('decodeBatches of the scripted brokers', () => {
  before(prepareCodecs)

  it('reads key, value and headers of a record batch', () => {
    const [batch] = decodeBatches(independent('batch-one'))
    expect(batch).to.deep.include({ magic: 2, codec: 'none', crcOk: true, attributes: 0 })
    expect(shown(batch!)).to.match(/^k1=hello /)
    expect(batch!.records[0]!.h).to.have.length(2)
    expect(batch!.records[0]!.ts).to.equal(1_700_000_000_123)
  })

  it('reads producer id, epoch and sequence number', () => {
    const [batch] = decodeBatches(independent('batch-two-idempotent'))
    expect(batch!.v2).to.deep.include({ producerId: 4000, producerEpoch: 0, baseSequence: 10, count: 2 })
    expect(isTransactional(batch!)).to.equal(false)
  })

  it('reads null keys and values, negative deltas of time and empty headers', () => {
    expect(shown(decodeBatches(independent('batch-null-null'))[0]!)).to.equal('null=null')
    const [batch] = decodeBatches(independent('batch-empty-and-negative-delta'))
    const [first, second] = batch!.records
    expect(second!.ts - first!.ts).to.equal(-7)
    expect(second!.h).to.deep.equal([['', Buffer.alloc(0)]])
  })

  const compressed: [name: string, codec: string, magic: number, bytes: Buffer][] = [
    ['xerial snappy', 'snappy', 2, independent('batch-snappy')],
    ['lz4', 'lz4', 2, independent('batch-lz4')],
    ['xerial snappy in a wrapper', 'snappy', 1, independent('set-magic-1-snappy')],
    ['lz4 in a wrapper', 'lz4', 1, independent('set-magic-1-lz4')],
    ['raw snappy in a wrapper', 'snappy', 0, captured('p0-magic0-snappy-raw')],
    ['lz4 with the header checksum of magic 0', 'lz4', 0, captured('p0-magic0-lz4-broken-hc')],
    ['gzip in a wrapper', 'gzip', 0, captured('p1-magic0-gzip')],
    ['raw snappy', 'snappy', 2, captured('p7-magic2-snappy-raw')],
    ['zstd', 'zstd', 2, captured('p7-magic2-zstd')],
  ]
  for (const [name, codec, magic, bytes] of compressed) {
    it(`reads two records of magic ${magic} behind ${name}`, () => {
      const [batch, ...others] = decodeBatches(bytes)
      expect(others).to.deep.equal([])
      expect(batch).to.deep.include({ codec, magic, crcOk: true })
      expect(shown(batch!)).to.match(/^k1=hello.*, (k2|null)=world/)
    })
  }

  it('says where the checksum is wrong', () => {
    const bytes = independent('batch-one')
    bytes[bytes.length - 1]! ^= 1
    expect(decodeBatches(bytes)[0]!.crcOk).to.equal(false)
  })

  it('throws where a batch is shorter than it says', () => {
    const bytes = independent('batch-one')
    expect(() => decodeBatches(bytes.subarray(0, bytes.length - 1))).to.throw(
      RangeError,
      /bytes, \d+ are there/,
    )
  })

  it('has an encoder that writes the same bytes again', () => {
    for (const name of [
      'batch-one',
      'batch-two-idempotent',
      'batch-null-null',
      'batch-empty-and-negative-delta',
    ]) {
      const bytes = independent(name)
      const [batch] = decodeBatches(bytes)
      expect(encodeBatch(batch!.v2!, batch!.attributes, batch!.records).toString('hex')).to.equal(
        bytes.toString('hex'),
      )
    }
  })
})

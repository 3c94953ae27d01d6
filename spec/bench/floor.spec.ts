import { expect } from 'chai'
import { crc32c, wordsOf } from '../../bench/programs/floor/crc32c.js'
import { ProduceWriter } from '../../bench/programs/floor/produce-writer.js'
import type { Message } from '../../bench/programs/support/drive.js'
import { produce } from '../../lib/protocol/messages/index.js'
import { Reader } from '../../lib/protocol/reader.js'
import {
  type ReadRecord,
  readRecordBatches,
  readRecords,
} from '../../lib/protocol/records/read-record-batch.js'
import { readRequestHeader } from '../../lib/protocol/request-response.js'

interface Written {
  readonly acks: number
  readonly recordsByPartition: ReadonlyMap<number, ReadRecord[]>
}

/** What the library reads from a request that the floor wrote. */
function read(writer: ProduceWriter, messages: readonly Message[], from = 0, to = messages.length): Written {
  const { buffer } = writer.write(messages, from, to)
  const request = buffer.subarray(0, writer.length)
  expect(request.readInt32BE(0)).to.equal(request.length - 4)
  const reader = new Reader(request.subarray(4))
  expect(readRequestHeader(reader, () => Number.POSITIVE_INFINITY).apiVersion).to.equal(7)
  const { acks, topics } = produce.request(7).read(reader)
  expect(reader.remaining).to.equal(0)
  expect(topics.map(({ name }) => name)).to.deep.equal(['bench'])
  const recordsByPartition = new Map(
    topics[0]!.partitions.map(({ index, records }) => {
      const [batch, ...others] = readRecordBatches(records as Buffer)
      expect(others).to.deep.equal([])
      expect(batch!.isChecksumValid).to.equal(true)
      return [index, readRecords(batch!, batch!.records)]
    }),
  )
  return { acks, recordsByPartition }
}

function values(records: readonly ReadRecord[] | undefined): string[] {
  return (records ?? []).map(({ value }) => String(value))
}

const options = { topic: 'bench', partitions: 3, hasKeys: false, acks: 1 }

describe('The floor of the bench', () => {
  it('writes a record batch with every message in order, bytes and strings of any length', () => {
    const messages = [0, 1, 15, 16, 63, 64, 100, 8191, 8192, 20_000].flatMap((length) => [
      { topic: 'bench', message: 'x'.repeat(length) },
      { topic: 'bench', message: Buffer.alloc(length, 'y') },
    ])
    const { acks, recordsByPartition } = read(new ProduceWriter(options), messages)
    expect(acks).to.equal(1)
    expect([...recordsByPartition.keys()]).to.deep.equal([0])
    expect(values(recordsByPartition.get(0))).to.deep.equal(messages.map(({ message }) => String(message)))
  })

  it('writes ten thousand messages into one batch with their offsets', () => {
    const messages = Array.from({ length: 10_000 }, (_, index) => ({ topic: 'bench', message: `${index}` }))
    const records = read(new ProduceWriter(options), messages).recordsByPartition.get(0)!
    expect(records.map(({ offset, value }) => `${offset}` === String(value)).every(Boolean)).to.equal(true)
    expect(records).to.have.lengthOf(10_000)
  })

  it('puts each key into the partition of its Java hash code', () => {
    // "a".hashCode() is 97, "b" 98, "polygenelubricants" −2147483648.
    const messages = ['a', 'b', 'a', 'c'].map((key, index) => ({ topic: 'bench', key, message: `${index}` }))
    const writer = new ProduceWriter({ ...options, hasKeys: true })
    const { recordsByPartition } = read(writer, messages)
    expect(values(recordsByPartition.get(97 % 3))).to.deep.equal(['0', '2'])
    expect(values(recordsByPartition.get(98 % 3))).to.deep.equal(['1'])
    expect(values(recordsByPartition.get(99 % 3))).to.deep.equal(['3'])
    expect(String(recordsByPartition.get(98 % 3)![0]!.key)).to.equal('b')
  })

  it('writes a part of the queue alone', () => {
    const messages = ['0', '1', '2', '3'].map((message) => ({ topic: 'bench', message }))
    const { recordsByPartition } = read(new ProduceWriter(options), messages, 1, 3)
    expect(values(recordsByPartition.get(0))).to.deep.equal(['1', '2'])
  })

  it('writes into a buffer again once it has been released', () => {
    const writer = new ProduceWriter(options)
    const messages = [{ topic: 'bench', message: 'x' }]
    const first = writer.write(messages, 0, 1)
    const second = writer.write(messages, 0, 1)
    expect(second.buffer).not.to.equal(first.buffer)
    writer.release(first)
    expect(writer.write(messages, 0, 1).buffer).to.equal(first.buffer)
  })

  it('computes the CRC-32C of RFC 3720, from any byte on', () => {
    // RFC 3720, B.4: 32 bytes of zeros, of ones, and 0 to 31.
    const cases = [
      [Buffer.alloc(32), 0x8a9136aa],
      [Buffer.alloc(32, 0xff), 0x62a8ab43],
      [Buffer.from(Array.from({ length: 32 }, (_, index) => index)), 0x46dd794e],
    ] as const
    for (const [bytes, checksum] of cases) {
      for (let from = 0; from < 8; from++) {
        const buffer = Buffer.allocUnsafeSlow(64)
        bytes.copy(buffer, from)
        expect(crc32c(buffer, wordsOf(buffer), from, from + 32) >>> 0).to.equal(checksum)
      }
    }
  })
})

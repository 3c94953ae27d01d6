import { expect } from 'chai'
import fc from 'fast-check'
import { DecodeError } from '../../../lib/errors.js'
import { compressionWithId } from '../../../lib/protocol/records/compression.js'
import {
  type ReadBatch,
  type ReadRecord,
  readRecordBatches,
  readRecords,
} from '../../../lib/protocol/records/read-record-batch.js'
import {
  type BatchProducer,
  CompressedRecordBatch,
  PlainRecordBatch,
} from '../../../lib/protocol/records/record-batch.js'
import { type RecordBody, summaryOf } from '../../../lib/protocol/records/record-body.js'
import { writeRecords } from '../../../lib/protocol/records/write-records.js'
import type { Payload } from '../../../lib/protocol/types.js'
import { Writer } from '../../../lib/protocol/writer.js'
import { recordOf } from '../../support/messages.js'
import { wire } from '../../support/wire.js'
import { checkHostileBytes } from '../support/hostile-bytes.js'
import { slowCrc32c } from '../support/slow-crc32c.js'
import { vectorsOf } from '../support/vectors.js'

const independent = vectorsOf('independent-records')
const java = vectorsOf('kafka-clients-4.3.1')
const librdkafka = vectorsOf('librdkafka-2.0.2-formats')

const BASE_MS = 1_700_000_000_123
const UNLIMITED = 2 ** 30
const headers = [
  ['h1', 'v1'],
  ['h2', null],
] as const
const hello = recordOf('k1', 'hello', { timestampMs: BASE_MS, headers })
const world = recordOf(null, 'world', { timestampMs: BASE_MS + 5 })

function bytesOf(payload: Payload, initialBytes = 0): Buffer {
  const writer = new Writer(initialBytes)
  payload.writeTo(writer)
  return writer.finish()
}

function plain(...records: RecordBody[]): Buffer {
  return bytesOf(new PlainRecordBatch(records))
}

function producerOf(producerId: bigint, baseSequence: number): BatchProducer {
  return { producerId, producerEpoch: 0, baseSequence, isTransactional: false }
}

function recordsAlone(...records: RecordBody[]): Buffer {
  const writer = new Writer(0)
  writeRecords(writer, records, records[0]!.timestampMs)
  return writer.finish()
}

async function opened(batch: ReadBatch): Promise<ReadRecord[]> {
  const { codecId, records } = batch
  return readRecords(
    batch,
    codecId === 0 ? records : await compressionWithId(codecId).decompress(records, UNLIMITED),
  )
}

/** `key=value` with headers in brackets. */
function shown({ key, value, headers: all }: ReadRecord): string {
  const names = all.map(([name, content]) => `${name}:${content}`).join(' ')
  return `${key}=${value}${names && ` [${names}]`}`
}

describe('PlainRecordBatch', () => {
  const rows: [vector: string, records: RecordBody[]][] = [
    ['batch-one', [hello]],
    ['batch-null-null', [recordOf(null, null, { timestampMs: BASE_MS })]],
    [
      'batch-empty-and-negative-delta',
      [
        recordOf('a', '1', { timestampMs: BASE_MS }),
        recordOf('', '', { timestampMs: BASE_MS - 7, headers: [['', '']] }),
      ],
    ],
  ]
  for (const [vector, records] of rows) {
    it(`writes what an independent encoder writes: ${vector}`, () => {
      expect(plain(...records).toString('hex')).to.equal(independent(vector).toString('hex'))
    })
  }

  it('writes producer id, epoch and base sequence as an independent encoder does', () => {
    const batch = new PlainRecordBatch([hello, world], producerOf(4000n, 10))
    expect(bytesOf(batch).toString('hex')).to.equal(independent('batch-two-idempotent').toString('hex'))
  })

  const AT_MS = 1_700_000_000_000
  const at = (key: string | null, value: string | null, timestampMs = AT_MS): RecordBody =>
    recordOf(key, value, { timestampMs })
  const recorded: [vector: string, records: RecordBody[], producer?: BatchProducer][] = [
    ['no-producer', [at('k', 'v0'), at('k', 'v1'), at('k', 'v2')]],
    ['nulls', [at(null, 'v'), at('k', null), at(null, null), at('', '')], producerOf(1000n, 0)],
    [
      'timestamp-deltas',
      [2, 1, 3, 0, 2].map((seconds, i) => at(null, `v${i}`, AT_MS + 1000 * seconds)),
      producerOf(1000n, 0),
    ],
    ['sequence-7', [at(null, 'a'.repeat(70)), at(null, 'a')], producerOf(1000n, 7)],
    ['header', [recordOf(null, 'a', { timestampMs: AT_MS, headers: [['h', '1']] })], producerOf(1000n, 0)],
  ]
  for (const [vector, records, producer] of recorded) {
    it(`writes what the Java producer writes: ${vector}`, () => {
      const batch = new PlainRecordBatch(records, producer)
      expect(bytesOf(batch).toString('hex')).to.equal(java(vector).toString('hex'))
    })
  }

  it('marks the batch of a transaction, with the largest ids and sequences', () => {
    const checked = wire()
      .int16(0x10)
      .int32(0)
      .int64(5)
      .int64(5)
      .int64(2n ** 63n - 1n)
      .int16(32767)
      .int32(2 ** 31 - 1)
      .int32(1)
      .raw('0e 00 00 00 01 02 76 00')
      .build()
    const expected = wire()
      .int64(0)
      .int32(4 + 1 + 4 + checked.length)
      .int32(-1)
      .int8(2)
      .uint32(slowCrc32c(checked))
      .raw(checked)
      .build()
    const batch = new PlainRecordBatch([recordOf(null, 'v', { timestampMs: 5 })], {
      producerId: 2n ** 63n - 1n,
      producerEpoch: 32767,
      baseSequence: 2 ** 31 - 1,
      isTransactional: true,
    })
    expect(bytesOf(batch).toString('hex')).to.equal(expected.toString('hex'))
  })

  // Lengths take another byte from 64, 8,192 and 1,048,576 on, and a text has more bytes than characters.
  for (const limit of [64, 8192, 1_048_576]) {
    it(`writes text whose length in bytes is about ${limit}, in each part, however its bytes divide`, async () => {
      for (let characters = limit - 12; characters <= limit; characters += 1) {
        for (const wide of [0, 1, 3, 12]) {
          const text = 'é'.repeat(wide) + 'a'.repeat(characters - wide)
          const records = [
            recordOf(text, null),
            recordOf(null, text),
            recordOf('k', '', { headers: [[text, text]] }),
          ]
          const [batch] = readRecordBatches(plain(...records)) as [ReadBatch]
          const read = await opened(batch)
          const parts = [read[0]!.key, read[1]!.value, read[2]!.headers[0]![0], read[2]!.headers[0]![1]]
          for (const part of parts) expect(String(part) === text, `${characters}, ${wide}`).to.equal(true)
        }
        if (limit > 8192) characters += 5
      }
    })
  }

  it('writes text as bytes of the same content, a lone surrogate as ?', () => {
    const text = plain(
      recordOf('Zürich😀', `a\ud83d${'long '.repeat(20)}`, { timestampMs: 0, headers: [['ü', 'é']] }),
    )
    const bytes = plain(
      recordOf(Buffer.from('Zürich😀'), Buffer.from(`a?${'long '.repeat(20)}`), {
        timestampMs: 0,
        headers: [['ü', Buffer.from('é')]],
      }),
    )
    expect(text.toString('hex')).to.equal(bytes.toString('hex'))
  })

  it('writes the same bytes however often its buffer has to grow, and behind others', () => {
    const batch = new PlainRecordBatch([recordOf('k', 'v'.repeat(5000), { timestampMs: 1 }), world])
    const writer = new Writer(0)
    writer.int32(7)
    batch.writeTo(writer)
    expect(writer.finish().subarray(4)).to.deep.equal(bytesOf(batch, 100_000))
  })

  it('keeps timestamps of any distance, and no timestamp', async () => {
    const times = [-1, 0, 1, BASE_MS, 8.64e15, 2 ** 31, 2 ** 32 + 1, 2 ** 40]
    const [batch] = readRecordBatches(
      plain(...times.map((timestampMs) => recordOf(null, '', { timestampMs }))),
    )
    expect((await opened(batch!)).map(({ timestampMs }) => Number(timestampMs))).to.deep.equal(times)
    expect([batch!.baseTimestampMs, batch!.maxTimestampMs]).to.deep.equal([-1n, 8_640_000_000_000_000n])
  })
})

describe('CompressedRecordBatch', () => {
  it('carries producer id, epoch, base sequence and the mark of a transaction', () => {
    const records = Buffer.from('not opened')
    const producer = { producerId: 4000n, producerEpoch: 3, baseSequence: 10, isTransactional: true }
    const [batch] = readRecordBatches(
      bytesOf(new CompressedRecordBatch(4, summaryOf([hello, world]), records, producer)),
    )
    expect(batch).to.include({ producerId: 4000n, producerEpoch: 3, baseSequence: 10, attributes: 0x14 })
  })

  for (const [vector, codecId] of [
    ['batch-snappy', 2],
    ['batch-lz4', 3],
  ] as const) {
    it(`puts an independent encoder's compressed records behind its head: ${vector}`, () => {
      const [{ records }] = readRecordBatches(independent(vector)) as [ReadBatch]
      const batch = new CompressedRecordBatch(codecId, summaryOf([hello, world]), records)
      expect(bytesOf(batch).toString('hex')).to.equal(independent(vector).toString('hex'))
    })
  }

  for (const codecId of [1, 2, 3, 4]) {
    it(`is opened again with codec ${codecId}`, async () => {
      const compressed = await compressionWithId(codecId).compress(recordsAlone(hello, world), 2)
      const [batch] = readRecordBatches(
        bytesOf(new CompressedRecordBatch(codecId, summaryOf([hello, world]), compressed)),
      )
      expect(batch).to.include({ codecId, count: 2, lastOffsetDelta: 1, isChecksumValid: true })
      expect((await opened(batch!)).map(shown)).to.deep.equal(['k1=hello [h1:v1 h2:null]', 'null=world'])
    })
  }
})

describe('readRecordBatches', () => {
  const rows: [vector: string, bytes: Buffer, records: string[]][] = [
    ['batch-one', independent('batch-one'), ['k1=hello [h1:v1 h2:null]']],
    ['batch-two-idempotent', independent('batch-two-idempotent'), ['k1=hello [h1:v1 h2:null]', 'null=world']],
    ['batch-null-null', independent('batch-null-null'), ['null=null']],
    ['batch-empty-and-negative-delta', independent('batch-empty-and-negative-delta'), ['a=1', '= [:]']],
    ['batch-snappy', independent('batch-snappy'), ['k1=hello [h1:v1 h2:null]', 'null=world']],
    ['batch-lz4', independent('batch-lz4'), ['k1=hello [h1:v1 h2:null]', 'null=world']],
    ...(['snappy-raw', 'lz4', 'zstd'] as const).map((codec): [string, Buffer, string[]] => [
      `librdkafka, ${codec}`,
      librdkafka(`p7-magic2-${codec}`),
      ['k1=hello [h1:v1]', `k2=${Array(12).fill('world').join(' ')} [h1:v1]`],
    ]),
  ]
  for (const [title, bytes, records] of rows) {
    it(`reads what others wrote: ${title}`, async () => {
      const [batch, ...more] = readRecordBatches(bytes)
      expect(more).to.deep.equal([])
      expect(batch!.isChecksumValid).to.equal(true)
      expect((await opened(batch!)).map(shown)).to.deep.equal(records)
    })
  }

  it('reads producer id, epoch and sequence', () => {
    const [batch] = readRecordBatches(independent('batch-two-idempotent'))
    expect(batch).to.include({ producerId: 4000n, producerEpoch: 0, baseSequence: 10, leaderEpoch: -1 })
  })

  it('notices any changed byte from the attributes on', () => {
    const ATTRIBUTES_AT = 21
    const whole = plain(hello)
    for (let at = ATTRIBUTES_AT; at < whole.length; at++) {
      const bytes = Buffer.from(whole)
      bytes[at]! ^= 1
      expect(readRecordBatches(bytes)[0]!.isChecksumValid, `byte ${at}`).to.equal(false)
    }
  })

  it('leaves out a batch that is truncated, wherever it is truncated', () => {
    const first = plain(hello)
    const whole = Buffer.concat([first, plain(world)])
    for (let length = 0; length < whole.length; length++) {
      expect(readRecordBatches(whole.subarray(0, length)), `${length} bytes`).to.have.length(
        length < first.length ? 0 : 1,
      )
    }
  })

  for (const length of [48, 0, -1, -0x80000000]) {
    it(`refuses a batch of ${length} bytes`, () => {
      const bytes = wire().int64(0).int32(length).raw(Buffer.alloc(80)).build()
      expect(() => readRecordBatches(bytes)).to.throw(DecodeError, `record batch of ${length} bytes`)
    })
  }

  it('refuses another magic', () => {
    const bytes = Buffer.from(plain(hello))
    const MAGIC_AT = 16
    bytes[MAGIC_AT] = 1
    expect(() => readRecordBatches(bytes)).to.throw(DecodeError, 'has magic 1, not 2')
  })

  it('refuses records that are fewer, more or longer than announced', () => {
    const [batch] = readRecordBatches(plain(hello, world)) as [ReadBatch]
    expect(() => readRecords({ ...batch, count: 3 }, batch.records)).to.throw(DecodeError)
    expect(() => readRecords({ ...batch, count: 1 }, batch.records)).to.throw(
      DecodeError,
      'after the last record',
    )
    expect(() => readRecords({ ...batch, count: 2 ** 31 - 1 }, batch.records)).to.throw(
      DecodeError,
      'announces',
    )
  })

  describe('with bytes that lie', () => {
    checkHostileBytes(
      (bytes) => readRecordBatches(bytes).map((batch) => readRecords(batch, batch.records)),
      [plain(hello, world), independent('batch-empty-and-negative-delta')],
    )
  })

  it('reads back whatever was written', async () => {
    const content = fc.option(
      fc.oneof(
        fc.string({ unit: 'grapheme', maxLength: 200 }),
        fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
      ),
    )
    const header = fc.tuple(fc.string({ unit: 'grapheme', maxLength: 20 }), content)
    const record = fc.record({
      key: content,
      value: content,
      timestampMs: fc.integer({ min: -1, max: 8.64e15 }),
      headers: fc.option(fc.array(header, { minLength: 1, maxLength: 3 })),
    })
    const onTheWire = (value: string | Buffer | null) => value && Buffer.from(value as string)
    await fc.assert(
      fc.asyncProperty(fc.array(record, { minLength: 1, maxLength: 6 }), async (given) => {
        const [batch] = readRecordBatches(plain(...given)) as [ReadBatch]
        expect(batch.isChecksumValid).to.equal(true)
        expect(await opened(batch)).to.deep.equal(
          given.map(({ key, value, timestampMs, headers: all }, i) => ({
            offset: BigInt(i),
            timestampMs: BigInt(timestampMs),
            key: key === '' ? Buffer.alloc(0) : onTheWire(key),
            value: value === '' ? Buffer.alloc(0) : onTheWire(value),
            headers: (all ?? []).map(([name, of]) => [name, of === '' ? Buffer.alloc(0) : onTheWire(of)]),
          })),
        )
      }),
    )
  })
})

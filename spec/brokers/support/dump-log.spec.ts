import { expect } from 'chai'
import { parseDump } from './dump-log.js'
import type { StoredRecord } from './stored-record.js'

const FILE = 'Dumping /data/logs-2/00000000000000000000.log\nStarting offset: 0\n'
const OLD = 'position: 0 isvalid: true'

function parse(...lines: string[]): StoredRecord[] {
  return parseDump(Buffer.from(`${FILE}${lines.join('\n')}\n`))
}

/** Lines as the versions print them, each with the record k1 → v1 at offset 0. */
const SAME_RECORD: readonly (readonly [versions: string, codec: string, magic: number, lines: string[]])[] = [
  [
    '0.8 to 0.10.0',
    'none',
    0,
    [
      'offset: 0 position: 0 isvalid: true payloadsize: 2 magic: 0 compresscodec: NoCompressionCodec crc: 1474775406 keysize: 2 key: k1 payload: v1',
    ],
  ],
  [
    '0.10.2',
    'none',
    1,
    [
      'offset: 0 position: 0 CreateTime: 1700000000000 isvalid: true payloadsize: 2 magic: 1 compresscodec: NONE crc: 1474775406 keysize: 2 key: k1 payload: v1',
    ],
  ],
  [
    '0.11 to 2.0',
    'gzip',
    2,
    [
      'offset: 0 position: 0 CreateTime: 1700000000000 isvalid: true keysize: 2 valuesize: 2 magic: 2 compresscodec: GZIP producerId: -1 producerEpoch: -1 sequence: -1 isTransactional: false headerKeys: [] key: k1 payload: v1',
    ],
  ],
  [
    '2.8 and later',
    'gzip',
    2,
    [
      'baseOffset: 0 lastOffset: 0 count: 1 baseSequence: 0 lastSequence: 0 producerId: 0 producerEpoch: 0 magic: 2 compresscodec: gzip crc: 55 isvalid: true',
      '| offset: 0 CreateTime: 1700000000000 keySize: 2 valueSize: 2 sequence: 0 headerKeys: [a,b] key: k1 payload: v1',
    ],
  ],
]

describe('The parser of DumpLogSegments', () => {
  for (const [versions, codec, magic, lines] of SAME_RECORD) {
    it(`reads the lines of ${versions}`, () => {
      expect(parse(...lines)).to.deep.equal([
        { partition: 2, offset: 0n, key: Buffer.from('k1'), value: Buffer.from('v1'), codec, magic },
      ])
    })
  }

  it('distinguishes null from empty', () => {
    const tail = 'magic: 0 compresscodec: NoCompressionCodec crc: 1'
    const records = parse(
      `offset: 0 ${OLD} payloadsize: -1 ${tail} keysize: 1 key: k payload: null`,
      `offset: 1 ${OLD} payloadsize: 0 ${tail} payload: `,
      `offset: 2 ${OLD} payloadsize: 4 ${tail} keysize: 0 key:  payload: null`,
    )

    expect(
      records.map(({ key, value }) => [key?.toString() ?? null, value?.toString() ?? null]),
    ).to.deep.equal([
      ['k', null],
      [null, ''],
      ['', 'null'],
    ])
  })

  it('lets sizes decide, so that values may look like the dump itself', () => {
    const value = 'v payload: x\noffset: 9 ä'
    const size = Buffer.byteLength(value)
    const records = parse(
      `offset: 0 ${OLD} payloadsize: ${size} magic: 0 compresscodec: NoCompressionCodec crc: 1 payload: ${value}`,
      `offset: 1 ${OLD} payloadsize: 1 magic: 0 compresscodec: NoCompressionCodec crc: 1 payload: w`,
    )

    expect(records.map((record) => String(record.value))).to.deep.equal([value, 'w'])
  })

  it('refuses a value that was not UTF-8, whose bytes the dump has lost', () => {
    const line = `offset: 0 ${OLD} payloadsize: 1 magic: 0 compresscodec: NoCompressionCodec crc: 1 payload: \ufffd`
    expect(() => parse(line)).to.throw(/not UTF-8/)
  })

  it('finds the partition of each given file', () => {
    const line = `offset: 0 ${OLD} payloadsize: 1 magic: 0 compresscodec: NoCompressionCodec crc: 1 payload: w`
    const second = `${line}\nDumping /data/some-topic-11/00000000000000000007.log\n${line}`
    expect(parse(second).map(({ partition }) => partition)).to.deep.equal([2, 11])
  })
})

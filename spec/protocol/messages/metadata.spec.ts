import { expect } from 'chai'
import fc from 'fast-check'
import { DecodeError } from '../../../lib/errors.js'
import {
  type MetadataRequest,
  type MetadataResponse,
  metadata,
  metadataRequest,
} from '../../../lib/protocol/messages/index.js'
import { decodeResponse, encodeRequest } from '../../../lib/protocol/request-response.js'
import { metadataResponse } from '../../support/messages.js'
import { wire } from '../../support/wire.js'
import { type CodecRow, checkCodecRows, read, written } from '../support/codec-rows.js'
import { checkHostileBytes } from '../support/hostile-bytes.js'
import { vectorsOf } from '../support/vectors.js'

const independent = vectorsOf('independent-v0')
const broker = vectorsOf('kafka-0.8.2.2-answers')

describe('Metadata request', () => {
  const requests: CodecRow<MetadataRequest>[] = [
    ['no topics, which means all', 0, metadataRequest([]), '00000000'],
    ['topics in their order', 0, metadataRequest(['b', 'é']), '00000002 0001 62 0002 c3a9'],
  ]
  checkCodecRows((version) => metadata.request(version), requests)

  for (const [name, topics] of [
    ['metadata-request', ['test']],
    ['metadata-request-all', []],
  ] as const) {
    it(`is what an independent encoder makes of it: ${name}`, () => {
      expect(encodeRequest(metadata, 0, 8, 'vec', metadataRequest(topics))).to.deep.equal(independent(name))
    })
  }

  it('is byte for byte what the Scala producer sent', () => {
    expect(encodeRequest(metadata, 0, 0, 'c1', metadataRequest(['t']))).to.deep.equal(
      vectorsOf('scala-producer-0.8.2.2')('metadata-request'),
    )
  })
})

describe('Metadata response', () => {
  const answers: CodecRow<MetadataResponse>[] = [
    ['an empty cluster', 0, metadataResponse({ brokers: [], topics: [] }), '00000000 00000000'],
    [
      'brokers, a topic without partitions, and a partition without a leader',
      0,
      metadataResponse({
        brokers: [{ nodeId: -1, host: 'b', port: 9092 }],
        topics: [
          { errorCode: 5, name: 'fresh', partitions: [] },
          {
            errorCode: 0,
            name: 't',
            partitions: [{ errorCode: 5, index: 3, leaderId: -1, replicas: [1, 2], isr: [] }],
          },
        ],
      }),
      wire()
        .array([-1], (to, id) => to.int32(id).string('b').int32(9092))
        .int32(2)
        .int16(5)
        .string('fresh')
        .int32(0)
        .int16(0)
        .string('t')
        .int32(1)
        .int16(5)
        .int32(3)
        .int32(-1)
        .raw('00000002 00000001 00000002')
        .raw('00000000')
        .build(),
    ],
  ]
  checkCodecRows((version) => metadata.response(version), answers)

  it('is read as an independent encoder wrote it', () => {
    expect(decodeResponse(metadata, 0, independent('metadata-answer').subarray(4))).to.deep.equal({
      body: metadataResponse({
        brokers: [{ nodeId: 1, host: 'b1', port: 9092 }],
        topics: [
          {
            errorCode: 0,
            name: 'test',
            partitions: [{ errorCode: 0, index: 0, leaderId: 1, replicas: [1], isr: [1] }],
          },
        ],
      }),
      trailingBytes: 0,
    })
  })

  const logs = {
    errorCode: 0,
    name: 'logs',
    partitions: [
      { errorCode: 0, index: 1, leaderId: 2, replicas: [2, 1], isr: [2, 1] },
      { errorCode: 0, index: 0, leaderId: 1, replicas: [1, 2], isr: [1, 2] },
    ],
  }
  const brokers = [
    { nodeId: 1, host: '127.0.0.1', port: 19867 },
    { nodeId: 2, host: '127.0.0.1', port: 31349 },
  ]

  it('is read as a 0.8.2.2 broker sent it, partitions unsorted', () => {
    expect(decodeResponse(metadata, 0, broker('metadata'))).to.deep.equal({
      body: metadataResponse({ brokers, topics: [logs] }),
      trailingBytes: 0,
    })
  })

  it('is read as a 0.8.2.2 broker sent it for a topic that the request created', () => {
    expect(decodeResponse(metadata, 0, broker('metadata-of-a-created-topic')).body).to.deep.equal(
      metadataResponse({ brokers, topics: [logs, { errorCode: 5, name: 'fresh', partitions: [] }] }),
    )
  })

  for (const [what, front] of [
    ['brokers', '7ffffff0'],
    ['topics', '00000000 7ffffff0'],
    ['partitions', '00000000 00000001 0000 0001 74 7ffffff0'],
    ['replicas', '00000000 00000001 0000 0001 74 00000001 0000 00000000 00000000 7ffffff0'],
  ] as const) {
    it(`refuses 2,147,483,632 ${what} in 80 bytes without making room for them`, () => {
      const bytes = wire().raw(front).raw(Buffer.alloc(80)).build()
      expect(() => read(metadata.response(0), bytes)).to.throw(DecodeError, 'announces 2147483632 elements')
    })
  }

  describe('with bytes that lie', () => {
    checkHostileBytes((bytes) => decodeResponse(metadata, 0, bytes), [broker('metadata-of-a-created-topic')])
  })

  it('reads back whatever it wrote', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 12 })
    const int16 = fc.integer({ min: -32768, max: 32767 })
    const ids = fc.array(fc.integer(), { maxLength: 3 })
    const record = <T>(shape: { [K in keyof T]: fc.Arbitrary<T[K]> }) =>
      fc.record(shape, { noNullPrototype: true })
    const response = record({
      brokers: fc.array(record({ nodeId: fc.integer(), host: text, port: fc.integer() }), { maxLength: 3 }),
      topics: fc.array(
        record({
          errorCode: int16,
          name: text,
          partitions: fc.array(
            record({
              errorCode: int16,
              index: fc.integer(),
              leaderId: fc.integer(),
              replicas: ids,
              isr: ids,
            }),
            { maxLength: 3 },
          ),
        }),
        { maxLength: 3 },
      ),
    })
    fc.assert(
      fc.property(response, (sparse) => {
        const value = metadataResponse(sparse)
        const bytes = written(metadata.response(0), value)
        expect(read(metadata.response(0), bytes)).to.deep.equal({ value, left: 0 })
      }),
    )
  })
})

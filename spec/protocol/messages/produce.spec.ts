import { expect } from 'chai'
import fc from 'fast-check'
import { DecodeError } from '../../../lib/errors.js'
import { type ProduceRequest, type ProduceResponse, produce } from '../../../lib/protocol/messages/index.js'
import { PlainMessageSet } from '../../../lib/protocol/records/message-set.js'
import type { RecordBody } from '../../../lib/protocol/records/record-body.js'
import { decodeResponse, encodeRequest } from '../../../lib/protocol/request-response.js'
import { produceRequest, produceResponse, recordOf } from '../../support/messages.js'
import { wire } from '../../support/wire.js'
import { messageSet } from '../../support/wire-message-set.js'
import { type CodecRow, checkCodecRows, read, written } from '../support/codec-rows.js'
import { checkHostileBytes } from '../support/hostile-bytes.js'
import { vectorsOf } from '../support/vectors.js'

const independent = vectorsOf('independent-v0')
const scala = vectorsOf('scala-producer-0.8.2.2')
const broker = vectorsOf('kafka-0.8.2.2-answers')

const set = messageSet([{ key: 'k', value: 'v' }])

function setOf(...records: RecordBody[]): PlainMessageSet {
  return new PlainMessageSet(0, records)
}

describe('Produce request', () => {
  const requests: CodecRow<ProduceRequest>[] = [
    [
      'a request without topics',
      0,
      produceRequest({ acks: 0, timeoutMs: 0, topics: [] }),
      '0000 00000000 00000000',
    ],
    [
      'topics, partitions and sets in their order',
      0,
      produceRequest({
        acks: -1,
        timeoutMs: 1500,
        topics: [
          { name: 'b', partitions: [{ index: 7, records: set }] },
          {
            name: 'a',
            partitions: [
              { index: 1, records: set },
              { index: 0, records: Buffer.alloc(0) },
            ],
          },
        ],
      }),
      wire()
        .int16(-1)
        .int32(1500)
        .array(['b', 'a'], (to, name) => {
          to.string(name)
          if (name === 'b') to.int32(1).int32(7).bytes(set)
          else to.int32(2).int32(1).bytes(set).int32(0).int32(0)
        })
        .build(),
    ],
  ]
  checkCodecRows((version) => produce.request(version), requests)

  /** The request of one message to one partition, as it goes out: the set writes itself. */
  function single(
    topic: string,
    index: number,
    acks: number,
    timeoutMs: number,
    key: string,
    value: string | null,
  ) {
    return produceRequest({
      acks,
      timeoutMs,
      topics: [{ name: topic, partitions: [{ index, records: setOf(recordOf(key, value)) }] }],
    })
  }

  it('is what an independent encoder makes of it', () => {
    const request = single('test', 0, 1, 1500, 'k1', 'hello')
    expect(encodeRequest(produce, 0, 1, 'vec', request)).to.deep.equal(independent('produce-request'))
  })

  const recorded: [name: string, correlationId: number, request: ProduceRequest][] = [
    ['keyed', 2, single('t', 0, 1, 1000, 'c', 'v1')],
    ['tombstone', 2, single('t', 1, 1, 1000, 'a', null)],
    ['empty', 4, single('t', 0, 1, 1000, '', '')],
    [
      'three-topics',
      13,
      produceRequest({
        acks: 1,
        timeoutMs: 1000,
        topics: [
          {
            name: 't1',
            partitions: [{ index: 2, records: setOf(recordOf('b', 't1b')) }],
          },
          {
            name: 't3',
            partitions: [{ index: 0, records: setOf(recordOf('c', 't3c')) }],
          },
          {
            name: 't2',
            partitions: [
              {
                index: 1,
                records: setOf(recordOf('a', 't2a'), recordOf('d', 't2d')),
              },
            ],
          },
        ],
      }),
    ],
  ]
  for (const [name, correlationId, request] of recorded) {
    it(`is byte for byte what the Scala producer sent: ${name}`, () => {
      expect(encodeRequest(produce, 0, correlationId, 'c1', request)).to.deep.equal(scala(name))
    })
  }

  describe('with bytes that lie', () => {
    const REQUEST_HEADER_BYTES = 16
    checkHostileBytes(
      (bytes) => read(produce.request(0), bytes),
      [scala('three-topics').subarray(REQUEST_HEADER_BYTES), scala('gzip').subarray(REQUEST_HEADER_BYTES)],
    )
  })
})

describe('Produce response', () => {
  const answers: CodecRow<ProduceResponse>[] = [
    ['an answer without topics', 0, produceResponse({ topics: [] }), '00000000'],
    [
      'an acknowledgement and an error',
      0,
      produceResponse({
        topics: [
          {
            name: 't',
            partitions: [
              { index: 1, errorCode: 0, baseOffset: 2n ** 53n },
              { index: 0, errorCode: -1, baseOffset: -1n },
            ],
          },
        ],
      }),
      wire()
        .int32(1)
        .string('t')
        .int32(2)
        .int32(1)
        .int16(0)
        .int64(2n ** 53n)
        .int32(0)
        .int16(-1)
        .int64(-1)
        .build(),
    ],
  ]
  checkCodecRows((version) => produce.response(version), answers)

  it('is read as an independent encoder wrote it', () => {
    expect(decodeResponse(produce, 0, independent('produce-answer').subarray(4))).to.deep.equal({
      body: produceResponse({
        topics: [{ name: 'test', partitions: [{ index: 0, errorCode: 0, baseOffset: 42n }] }],
      }),
      trailingBytes: 0,
    })
  })

  it('is read as a 0.8.2.2 broker sent it, partitions in its own order', () => {
    expect(decodeResponse(produce, 0, broker('produce'))).to.deep.equal({
      body: produceResponse({
        topics: [
          {
            name: 'logs',
            partitions: [
              { index: 1, errorCode: 6, baseOffset: -1n },
              { index: 0, errorCode: 0, baseOffset: 0n },
              { index: 7, errorCode: 3, baseOffset: -1n },
            ],
          },
        ],
      }),
      trailingBytes: 0,
    })
    const { body } = decodeResponse(produce, 0, broker('produce-of-corrupt-messages'))
    expect(body.topics[0]!.partitions.map(({ errorCode }) => errorCode)).to.deep.equal([6, 2])
  })

  it('keeps topics that are named like properties of every object', () => {
    const names = ['__proto__', 'constructor', 'toString']
    const value = produceResponse({ topics: names.map((name) => ({ name, partitions: [] })) })
    const { value: decoded } = read(produce.response(0), written(produce.response(0), value))
    expect(decoded.topics.map(({ name }) => name)).to.deep.equal(names)
  })

  for (const [what, bytes] of [
    ['topics', '7ffffff0'],
    ['partitions', '00000001 0001 74 7ffffff0'],
  ] as const) {
    it(`refuses 2,147,483,632 ${what} in 80 bytes without making room for them`, () => {
      const frame = wire().raw(bytes).raw(Buffer.alloc(80)).build()
      expect(() => read(produce.response(0), frame)).to.throw(DecodeError, 'announces 2147483632 elements')
    })
  }

  describe('with bytes that lie', () => {
    checkHostileBytes((bytes) => decodeResponse(produce, 0, bytes), [broker('produce')])
  })

  it('reads back whatever it wrote', () => {
    const partition = fc.record(
      {
        index: fc.integer(),
        errorCode: fc.integer({ min: -32768, max: 32767 }),
        baseOffset: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      },
      { noNullPrototype: true },
    )
    const topic = fc.record(
      { name: fc.string({ unit: 'grapheme' }), partitions: fc.array(partition) },
      { noNullPrototype: true },
    )
    fc.assert(
      fc.property(fc.array(topic, { maxLength: 5 }), (topics) => {
        const value = produceResponse({ topics })
        const bytes = written(produce.response(0), value)
        expect(read(produce.response(0), bytes)).to.deep.equal({ value, left: 0 })
      }),
    )
  })
})

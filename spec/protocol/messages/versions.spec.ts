/** The newer versions of Produce, Metadata and ApiVersions against an encoder that is not ours. */
import { expect } from 'chai'
import type { Api } from '../../../lib/protocol/api.js'
import {
  type ApiVersionsRequest,
  apiVersions,
  type MetadataRequest,
  metadata,
  metadataRequest,
  produce,
} from '../../../lib/protocol/messages/index.js'
import { PlainRecordBatch } from '../../../lib/protocol/records/record-batch.js'
import { decodeResponse, encodeRequest, encodeResponse } from '../../../lib/protocol/request-response.js'
import { type WithoutDefaults, withDefaults } from '../../../lib/protocol/with-defaults.js'
import { produceRequest, recordOf } from '../../support/messages.js'
import { vectorsOf } from '../support/vectors.js'

const independent = vectorsOf('independent-versions')
const TOPIC_ID = Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex')

type Row = readonly [vector: string, encode: () => Buffer]

function produceBytes(version: number, correlationId: number): Buffer {
  const headers = [
    ['h1', 'v1'],
    ['h2', null],
  ] as const
  const record = recordOf('k1', 'hello', { timestampMs: 1_700_000_000_123, headers })
  const request = produceRequest({
    acks: -1,
    timeoutMs: 30_000,
    topics: [{ name: 'test', partitions: [{ index: 0, records: new PlainRecordBatch([record]) }] }],
  })
  const topics = request.topics.map((topic) => ({ ...topic, topicId: TOPIC_ID }))
  return encodeRequest(produce, version, correlationId, 'vec', { ...request, topics })
}

function metadataBytes(version: number, body: MetadataRequest = metadataRequest(['test'])): Buffer {
  return encodeRequest(metadata, version, 8, 'vec', body)
}

function versionsBytes(version: number, body: ApiVersionsRequest): Buffer {
  return encodeRequest(apiVersions, version, 7, 'vec', body)
}

const software: ApiVersionsRequest = { clientSoftwareName: 'my-client', clientSoftwareVersion: '1.0.0' }

const requests: readonly Row[] = [
  ['api-versions-request-v0', () => versionsBytes(0, software)],
  ['api-versions-request-v3', () => versionsBytes(3, software)],
  ['api-versions-request-v4', () => versionsBytes(4, software)],
  ['metadata-request-v1-all', () => metadataBytes(1, { ...metadataRequest([]), topics: null })],
  ['metadata-request-v1-none', () => metadataBytes(1, metadataRequest([]))],
  ['metadata-request-v4', () => metadataBytes(4)],
  ['metadata-request-v8', () => metadataBytes(8)],
  ['metadata-request-v9', () => metadataBytes(9)],
  ['metadata-request-v12', () => metadataBytes(12)],
  ['produce-request-v3', () => produceBytes(3, 2)],
  ['produce-request-v7', () => produceBytes(7, 3)],
  ['produce-request-v9', () => produceBytes(9, 4)],
  ['produce-request-v13', () => produceBytes(13, 5)],
]

describe('requests of newer versions', () => {
  for (const [vector, encode] of requests) {
    it(`are what an independent encoder makes of them: ${vector}`, () => {
      expect(withoutWideLengths(encode()).toString('hex')).to.equal(independent(vector).toString('hex'))
    })
  }
})

/**
 * Records of flexible versions have their compact length in five bytes, which every reader takes: here it is made as
 * narrow as the independent encoder's, so that all other bytes can be compared.
 */
function withoutWideLengths(frame: Buffer): Buffer {
  const wide = frame.indexOf(Buffer.from('d680808000', 'hex'))
  if (wide < 0) return frame
  const narrow = Buffer.concat([frame.subarray(0, wide), Buffer.from([0x56]), frame.subarray(wide + 5)])
  narrow.writeInt32BE(narrow.length - 4)
  return narrow
}

interface AnswerRow<Response> {
  readonly vector: string
  readonly api: Api<unknown, Response>
  readonly version: number
  readonly correlationId: number
  readonly body: WithoutDefaults<Response>
}

function row<Response>(
  vector: string,
  api: Api<unknown, Response>,
  version: number,
  correlationId: number,
  body: WithoutDefaults<Response>,
): AnswerRow<unknown> {
  return { vector, api, version, correlationId, body } as AnswerRow<unknown>
}

const acknowledged = { name: 'test', partitions: [{ index: 0, errorCode: 0, baseOffset: 42n }] }
const ranges = (...rows: [apiKey: number, maxVersion: number][]) =>
  rows.map(([apiKey, maxVersion]) => ({ apiKey, minVersion: 0, maxVersion }))

const answers = [
  row('api-versions-answer-v0', apiVersions, 0, 7, {
    errorCode: 0,
    apiKeys: ranges([0, 2], [3, 1], [18, 0]),
  }),
  row('api-versions-answer-v3', apiVersions, 3, 7, {
    errorCode: 0,
    apiKeys: ranges([0, 9], [3, 12], [18, 3]),
  }),
  row('metadata-answer-v9', metadata, 9, 8, {
    brokers: [{ nodeId: 1, host: 'b1', port: 9092 }],
    clusterId: 'clu',
    controllerId: 1,
    topics: [
      {
        errorCode: 0,
        name: 'test',
        partitions: [{ errorCode: 0, index: 0, leaderId: 1, leaderEpoch: 3, replicas: [1], isr: [1] }],
      },
    ],
  }),
  row('produce-answer-v2', produce, 2, 1, { topics: [acknowledged] }),
  row('produce-answer-v5', produce, 5, 2, {
    topics: [{ name: 'test', partitions: [{ ...acknowledged.partitions[0]!, logStartOffset: 0n }] }],
  }),
  row('produce-answer-v8', produce, 8, 3, {
    topics: [
      {
        name: 'test',
        partitions: [
          {
            index: 0,
            errorCode: 87,
            baseOffset: -1n,
            logStartOffset: 0n,
            recordErrors: [{ batchIndex: 1, message: 'bad' }],
            errorMessage: 'oops',
          },
        ],
      },
    ],
  }),
  row('produce-answer-v9', produce, 9, 4, {
    topics: [{ name: 'test', partitions: [{ ...acknowledged.partitions[0]!, logStartOffset: 0n }] }],
  }),
  row('produce-answer-v10', produce, 10, 4, {
    topics: [
      {
        name: 'test',
        partitions: [
          { index: 0, errorCode: 6, baseOffset: -1n, currentLeader: { leaderId: 2, leaderEpoch: 7 } },
        ],
      },
    ],
    nodeEndpoints: [{ nodeId: 2, host: 'b2', port: 9093, rack: null }],
  }),
]

describe('answers of newer versions', () => {
  for (const { vector, api, version, correlationId, body } of answers) {
    it(`are read as an independent encoder wrote them: ${vector}`, () => {
      expect(decodeResponse(api, version, independent(vector).subarray(4))).to.deep.equal({
        body: withDefaults(api.tables.response, body as never),
        trailingBytes: 0,
      })
    })

    it(`are written as an independent encoder writes them: ${vector}`, () => {
      const value = withDefaults(api.tables.response, body as never)
      expect(encodeResponse(api, version, correlationId, value).toString('hex')).to.equal(
        independent(vector).toString('hex'),
      )
    })
  }

  // The trap: a broker that does not know the version asked for answers in the shape of v0.
  for (const [vector, version, apiKeys] of [
    ['api-versions-refused-by-0.10', 3, []],
    ['api-versions-refused-by-2.4', 4, ranges([18, 3])],
  ] as const) {
    it(`are read in the shape of v0 where ApiVersions is refused: ${vector}`, () => {
      const { body, trailingBytes } = decodeResponse(apiVersions, version, independent(vector).subarray(4))
      expect([body.errorCode, body.apiKeys, trailingBytes]).to.deep.equal([35, apiKeys, 0])
    })
  }
})

import { expect } from 'chai'
import { UnsupportedVersionError } from '../../../lib/errors.js'
import {
  type AddPartitionsToTxnRequest,
  type AddPartitionsToTxnResponse,
  addPartitionsToTxn,
} from '../../../lib/protocol/messages/index.js'
import { wire } from '../../support/wire.js'
import { type CodecRow, checkCodecRows } from '../support/codec-rows.js'
import { checkRecordedRequests } from '../support/recorded-requests.js'

const producer = { transactionalId: 'tx', producerId: 1000n, producerEpoch: 2 }
const value: AddPartitionsToTxnRequest = {
  ...producer,
  topics: [
    { name: 'a', partitions: [3, 0] },
    { name: 'b', partitions: [1] },
  ],
}

describe('AddPartitionsToTxn request', () => {
  const rows: CodecRow<AddPartitionsToTxnRequest>[] = [
    ...[0, 2].map(
      (version): CodecRow<AddPartitionsToTxnRequest> => [
        `v${version}`,
        version,
        value,
        wire()
          .string('tx')
          .int64(1000)
          .int16(2)
          .array(value.topics, (to, { name, partitions }) =>
            to.string(name).array(partitions, (into, index) => into.int32(index)),
          )
          .build(),
      ],
    ),
    [
      'v3, the flexible one',
      3,
      value,
      wire()
        .compactString('tx')
        .int64(1000)
        .int16(2)
        .compactArray(value.topics, (to, { name, partitions }) =>
          to
            .compactString(name)
            .compactArray(partitions, (into, index) => into.int32(index))
            .noTags(),
        )
        .noTags()
        .build(),
    ],
  ]
  checkCodecRows((version) => addPartitionsToTxn.request(version), rows)

  checkRecordedRequests(addPartitionsToTxn, [
    [
      'add-partitions-to-txn-v3',
      3,
      9,
      { ...producer, producerEpoch: 0, topics: [{ name: 't', partitions: [0] }] },
    ],
  ])

  it('has no v4, which brokers refuse from clients', () => {
    expect(() => addPartitionsToTxn.request(4)).to.throw(UnsupportedVersionError, 'AddPartitionsToTxn v4')
  })
})

describe('AddPartitionsToTxn response', () => {
  const answer: AddPartitionsToTxnResponse = {
    throttleTimeMs: 4,
    topics: [
      {
        name: 'a',
        partitions: [
          { index: 3, errorCode: 29 },
          { index: 0, errorCode: 55 },
        ],
      },
    ],
  }
  const [topic] = answer.topics
  const rows: CodecRow<AddPartitionsToTxnResponse>[] = [
    ...[0, 2].map(
      (version): CodecRow<AddPartitionsToTxnResponse> => [
        `v${version}`,
        version,
        answer,
        wire()
          .int32(4)
          .array(['a'], (to, name) =>
            to
              .string(name)
              .array(topic!.partitions, (into, { index, errorCode }) => into.int32(index).int16(errorCode)),
          )
          .build(),
      ],
    ),
    [
      'v3, the flexible one',
      3,
      answer,
      wire()
        .int32(4)
        .compactArray(['a'], (to, name) =>
          to
            .compactString(name)
            .compactArray(topic!.partitions, (into, { index, errorCode }) =>
              into.int32(index).int16(errorCode).noTags(),
            )
            .noTags(),
        )
        .noTags()
        .build(),
    ],
  ]
  checkCodecRows((version) => addPartitionsToTxn.response(version), rows)
})

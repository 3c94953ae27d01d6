import {
  type TxnOffsetCommitRequest,
  type TxnOffsetCommitResponse,
  txnOffsetCommit,
} from '../../../lib/protocol/messages/index.js'
import { type WithoutDefaults, withDefaults } from '../../../lib/protocol/with-defaults.js'
import { wire } from '../../support/wire.js'
import { type CodecRow, checkCodecRows } from '../support/codec-rows.js'
import { checkRecordedRequests } from '../support/recorded-requests.js'

const TOPIC_ID = Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex')
const producer = { transactionalId: 'tx', groupId: 'g', producerId: 1000n, producerEpoch: 0 }
const member = { generationId: 4, memberId: 'm1', groupInstanceId: 'gi' }
const request = (value: WithoutDefaults<TxnOffsetCommitRequest>): TxnOffsetCommitRequest =>
  withDefaults(txnOffsetCommit.tables.request, value)

describe('TxnOffsetCommit request', () => {
  const partition = { index: 2, committedOffset: 9n, committedMetadata: null }
  const head = () => wire().string('tx').string('g').int64(1000).int16(0)
  const rows: CodecRow<TxnOffsetCommitRequest>[] = [
    [
      'v0',
      0,
      request({ ...producer, topics: [{ name: 'in', partitions: [partition] }] }),
      head()
        .array(['in'], (to, name) => to.string(name).int32(1).int32(2).int64(9).nullableString(null))
        .build(),
    ],
    [
      'v2, with the leader epoch',
      2,
      request({
        ...producer,
        topics: [{ name: 'in', partitions: [{ ...partition, committedLeaderEpoch: 3 }] }],
      }),
      head()
        .array(['in'], (to, name) => to.string(name).int32(1).int32(2).int64(9).int32(3).nullableString(null))
        .build(),
    ],
    [
      'v6, which names topics by id',
      6,
      request({ ...producer, ...member, topics: [{ topicId: TOPIC_ID, partitions: [partition] }] }),
      wire()
        .compactString('tx')
        .compactString('g')
        .int64(1000)
        .int16(0)
        .int32(4)
        .compactString('m1')
        .compactString('gi')
        .compactArray([TOPIC_ID], (to, id) =>
          to
            .raw(id)
            .compactArray([2], (into, index) =>
              into.int32(index).int64(9).int32(-1).compactString(null).noTags(),
            )
            .noTags(),
        )
        .noTags()
        .build(),
    ],
  ]
  checkCodecRows((version) => txnOffsetCommit.request(version), rows)

  checkRecordedRequests(txnOffsetCommit, [
    [
      'txn-offset-commit-v4',
      4,
      13,
      request({
        ...producer,
        ...member,
        topics: [
          {
            name: 'in',
            partitions: [
              { index: 2, committedOffset: 9n, committedLeaderEpoch: 3, committedMetadata: 'note' },
              { index: 0, committedOffset: 5n, committedMetadata: '' },
            ],
          },
        ],
      }),
    ],
    [
      'txn-offset-commit-v5',
      5,
      9,
      request({
        ...producer,
        topics: [{ name: 'in', partitions: [{ index: 0, committedOffset: 7n, committedMetadata: '' }] }],
      }),
    ],
  ])
})

describe('TxnOffsetCommit response', () => {
  const response = (value: WithoutDefaults<TxnOffsetCommitResponse>): TxnOffsetCommitResponse =>
    withDefaults(txnOffsetCommit.tables.response, value)
  const partitions = [
    { index: 2, errorCode: 0 },
    { index: 0, errorCode: 22 },
  ]
  const rows: CodecRow<TxnOffsetCommitResponse>[] = [
    ...[0, 2].map(
      (version): CodecRow<TxnOffsetCommitResponse> => [
        `v${version}`,
        version,
        response({ throttleTimeMs: 6, topics: [{ name: 'in', partitions }] }),
        wire()
          .int32(6)
          .array(['in'], (to, name) =>
            to
              .string(name)
              .array(partitions, (into, { index, errorCode }) => into.int32(index).int16(errorCode)),
          )
          .build(),
      ],
    ),
    ...[3, 5].map(
      (version): CodecRow<TxnOffsetCommitResponse> => [
        `v${version}, which is flexible`,
        version,
        response({ throttleTimeMs: 0, topics: [{ name: 'in', partitions }] }),
        wire()
          .int32(0)
          .compactArray(['in'], (to, name) =>
            to
              .compactString(name)
              .compactArray(partitions, (into, { index, errorCode }) =>
                into.int32(index).int16(errorCode).noTags(),
              )
              .noTags(),
          )
          .noTags()
          .build(),
      ],
    ),
    [
      'v6, which names topics by id',
      6,
      response({
        throttleTimeMs: 0,
        topics: [{ topicId: TOPIC_ID, partitions: [{ index: 2, errorCode: 100 }] }],
      }),
      wire()
        .int32(0)
        .compactArray([TOPIC_ID], (to, id) =>
          to
            .raw(id)
            .compactArray([2], (into, index) => into.int32(index).int16(100).noTags())
            .noTags(),
        )
        .noTags()
        .build(),
    ],
  ]
  checkCodecRows((version) => txnOffsetCommit.response(version), rows)
})

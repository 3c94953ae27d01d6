import {
  type AddOffsetsToTxnRequest,
  type AddOffsetsToTxnResponse,
  addOffsetsToTxn,
} from '../../../lib/protocol/messages/index.js'
import { wire } from '../../support/wire.js'
import { type CodecRow, checkCodecRows } from '../support/codec-rows.js'
import { checkRecordedRequests } from '../support/recorded-requests.js'

const value: AddOffsetsToTxnRequest = {
  transactionalId: 'tx',
  producerId: 1000n,
  producerEpoch: 2,
  groupId: 'readers',
}

describe('AddOffsetsToTxn request', () => {
  const rows: CodecRow<AddOffsetsToTxnRequest>[] = [
    ...[0, 2].map(
      (version): CodecRow<AddOffsetsToTxnRequest> => [
        `v${version}`,
        version,
        value,
        wire().string('tx').int64(1000).int16(2).string('readers').build(),
      ],
    ),
    ...[3, 4].map(
      (version): CodecRow<AddOffsetsToTxnRequest> => [
        `v${version}, which is flexible`,
        version,
        value,
        wire().compactString('tx').int64(1000).int16(2).compactString('readers').noTags().build(),
      ],
    ),
  ]
  checkCodecRows((version) => addOffsetsToTxn.request(version), rows)

  checkRecordedRequests(addOffsetsToTxn, [
    ['add-offsets-to-txn-v4', 4, 11, { ...value, producerEpoch: 0, groupId: 'g' }],
  ])
})

describe('AddOffsetsToTxn response', () => {
  const rows: CodecRow<AddOffsetsToTxnResponse>[] = [
    ['v0', 0, { throttleTimeMs: 9, errorCode: 30 }, wire().int32(9).int16(30).build()],
    [
      'v4, which is flexible',
      4,
      { throttleTimeMs: 0, errorCode: 120 },
      wire().int32(0).int16(120).noTags().build(),
    ],
  ]
  checkCodecRows((version) => addOffsetsToTxn.response(version), rows)
})

import { type EndTxnRequest, type EndTxnResponse, endTxn } from '../../../lib/protocol/messages/index.js'
import { wire } from '../../support/wire.js'
import { type CodecRow, checkCodecRows } from '../support/codec-rows.js'
import { checkRecordedRequests } from '../support/recorded-requests.js'

const commit: EndTxnRequest = { transactionalId: 'tx', producerId: 1000n, producerEpoch: 0, committed: true }

describe('EndTxn request', () => {
  const rows: CodecRow<EndTxnRequest>[] = [
    ['v0', 0, commit, wire().string('tx').int64(1000).int16(0).int8(1).build()],
    [
      'v3, the first flexible one',
      3,
      { ...commit, committed: false },
      wire().compactString('tx').int64(1000).int16(0).int8(0).noTags().build(),
    ],
  ]
  checkCodecRows((version) => endTxn.request(version), rows)

  checkRecordedRequests(endTxn, [
    ['end-txn-v4-commit', 4, 14, commit],
    ['end-txn-v4-abort', 4, 9, { ...commit, committed: false }],
    ['end-txn-v5', 5, 9, commit],
  ])
})

describe('EndTxn response', () => {
  const nothing = { producerId: -1n, producerEpoch: -1 }
  const rows: CodecRow<EndTxnResponse>[] = [
    ['v0', 0, { throttleTimeMs: 2, errorCode: 47, ...nothing }, wire().int32(2).int16(47).build()],
    [
      'v4, which is flexible',
      4,
      { throttleTimeMs: 0, errorCode: 0, ...nothing },
      wire().int32(0).int16(0).noTags().build(),
    ],
    [
      'v5, with the id and epoch of the next transaction',
      5,
      { throttleTimeMs: 0, errorCode: 0, producerId: 1000n, producerEpoch: 1 },
      wire().int32(0).int16(0).int64(1000).int16(1).noTags().build(),
    ],
  ]
  checkCodecRows((version) => endTxn.response(version), rows)
})

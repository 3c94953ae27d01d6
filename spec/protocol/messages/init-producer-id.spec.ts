import {
  type InitProducerIdRequest,
  type InitProducerIdResponse,
  initProducerId,
} from '../../../lib/protocol/messages/index.js'
import { type WithoutDefaults, withDefaults } from '../../../lib/protocol/with-defaults.js'
import { wire } from '../../support/wire.js'
import { type CodecRow, checkCodecRows } from '../support/codec-rows.js'
import { checkRecordedRequests } from '../support/recorded-requests.js'

const request = (value: WithoutDefaults<InitProducerIdRequest>): InitProducerIdRequest =>
  withDefaults(initProducerId.tables.request, value)

/** What a producer without transactions asks with. */
const NO_TIMEOUT_MS = 2147483647
const idempotent = request({ transactionalId: null, transactionTimeoutMs: NO_TIMEOUT_MS })
const transactional = { transactionalId: 'tx', transactionTimeoutMs: 60_000 }

describe('InitProducerId request', () => {
  const rows: CodecRow<InitProducerIdRequest>[] = [
    ['v1 of a transactional id', 1, request(transactional), wire().string('tx').int32(60_000).build()],
    [
      'v2, the first flexible one, without a transactional id',
      2,
      idempotent,
      wire().compactString(null).int32(NO_TIMEOUT_MS).noTags().build(),
    ],
    [
      'v3, with the id and epoch to go on from',
      3,
      request({ ...transactional, producerId: 2n ** 40n, producerEpoch: 32767 }),
      wire()
        .compactString('tx')
        .int32(60_000)
        .int64(2n ** 40n)
        .int16(32767)
        .noTags()
        .build(),
    ],
  ]
  checkCodecRows((version) => initProducerId.request(version), rows)

  checkRecordedRequests(initProducerId, [
    ['init-producer-id-v0', 0, 3, idempotent],
    ['init-producer-id-v1', 1, 3, idempotent],
    ['init-producer-id-v5', 5, 7, request(transactional)],
    [
      'init-producer-id-v5-epoch-bump',
      5,
      11,
      request({ ...transactional, producerId: 1000n, producerEpoch: 0 }),
    ],
  ])
})

describe('InitProducerId response', () => {
  const granted = { throttleTimeMs: 0, errorCode: 0, producerId: 4000n, producerEpoch: 3 }
  const refused = { throttleTimeMs: 7, errorCode: 51, producerId: -1n, producerEpoch: -1 }
  const rows: CodecRow<InitProducerIdResponse>[] = [
    ['v0', 0, granted, wire().int32(0).int16(0).int64(4000).int16(3).build()],
    ['v1 with an error', 1, refused, wire().int32(7).int16(51).int64(-1).int16(-1).build()],
    [
      'v2, the first flexible one',
      2,
      granted,
      wire().int32(0).int16(0).int64(4000).int16(3).noTags().build(),
    ],
    ['v5', 5, granted, wire().int32(0).int16(0).int64(4000).int16(3).noTags().build()],
  ]
  checkCodecRows((version) => initProducerId.response(version), rows)
})

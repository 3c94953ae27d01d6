import { expect } from 'chai'
import {
  coordinatorOf,
  type FindCoordinatorRequest,
  type FindCoordinatorResponse,
  findCoordinator,
  findCoordinatorRequest,
  GROUP_KEY,
  TRANSACTION_KEY,
} from '../../../lib/protocol/messages/index.js'
import { type WithoutDefaults, withDefaults } from '../../../lib/protocol/with-defaults.js'
import { wire } from '../../support/wire.js'
import { type CodecRow, checkCodecRows, written } from '../support/codec-rows.js'
import { checkRecordedRequests } from '../support/recorded-requests.js'

const request = (value: WithoutDefaults<FindCoordinatorRequest>): FindCoordinatorRequest =>
  withDefaults(findCoordinator.tables.request, value)
const response = (value: WithoutDefaults<FindCoordinatorResponse>): FindCoordinatorResponse =>
  withDefaults(findCoordinator.tables.response, value)

const both = {
  coordinators: [
    { key: 'tx', nodeId: 2, host: 'b2', port: 9093, errorCode: 0, errorMessage: null },
    { key: 'ty', nodeId: -1, host: '', port: -1, errorCode: 15, errorMessage: 'no leader' },
  ],
}

describe('FindCoordinator request', () => {
  const rows: CodecRow<FindCoordinatorRequest>[] = [
    ['v0, which knows groups alone', 0, request({ key: 'g' }), wire().string('g').build()],
    [
      'v1, with the kind of the key',
      1,
      request({ key: 'tx', keyType: TRANSACTION_KEY }),
      wire().string('tx').int8(1).build(),
    ],
    [
      'v3, the first flexible one',
      3,
      request({ key: 'tx', keyType: TRANSACTION_KEY }),
      wire().compactString('tx').int8(1).noTags().build(),
    ],
    [
      'v4, with a list of keys',
      4,
      request({ keyType: GROUP_KEY, coordinatorKeys: ['a', 'bc'] }),
      wire()
        .int8(0)
        .compactArray(['a', 'bc'], (to, key) => to.compactString(key))
        .noTags()
        .build(),
    ],
  ]
  checkCodecRows((version) => findCoordinator.request(version), rows)

  checkRecordedRequests(findCoordinator, [
    ['find-coordinator-v6', 6, 3, request({ keyType: TRANSACTION_KEY, coordinatorKeys: ['tx'] })],
    ['find-coordinator-v6-group', 6, 12, request({ coordinatorKeys: ['g'] })],
  ])

  for (const [version, hex] of [
    [0, '0002 7478'],
    [2, '0002 7478 01'],
    [6, '01 02 037478 00'],
  ] as const) {
    it(`asks for one transactional id in the shape of v${version}`, () => {
      const bytes = written(findCoordinator.request(version), findCoordinatorRequest(TRANSACTION_KEY, 'tx'))
      expect(bytes.toString('hex')).to.equal(hex.replaceAll(' ', ''))
    })
  }
})

describe('FindCoordinator response', () => {
  const node = { nodeId: 2, host: 'b2', port: 9093 }
  const rows: CodecRow<FindCoordinatorResponse>[] = [
    ['v0', 0, response(node), wire().int16(0).int32(2).string('b2').int32(9093).build()],
    [
      'v1, with a throttle time and a text',
      1,
      response({ throttleTimeMs: 5, errorCode: 15, errorMessage: 'no leader', host: '' }),
      wire().int32(5).int16(15).string('no leader').int32(-1).string('').int32(-1).build(),
    ],
    [
      'v3, the first flexible one',
      3,
      response(node),
      wire().int32(0).int16(0).compactString(null).int32(2).compactString('b2').int32(9093).noTags().build(),
    ],
    ...[4, 6].map(
      (version): CodecRow<FindCoordinatorResponse> => [
        `v${version}, with a list`,
        version,
        response(both),
        wire()
          .int32(0)
          .compactArray(both.coordinators, (to, one) =>
            to
              .compactString(one.key)
              .int32(one.nodeId)
              .compactString(one.host)
              .int32(one.port)
              .int16(one.errorCode)
              .compactString(one.errorMessage)
              .noTags(),
          )
          .noTags()
          .build(),
      ],
    ),
  ]
  checkCodecRows((version) => findCoordinator.response(version), rows)

  it('gives the one coordinator of a version without lists', () => {
    expect(coordinatorOf(response(node), 3, 'tx')).to.include({ errorCode: 0, ...node })
  })

  it('gives the coordinator of a key from a list', () => {
    expect(coordinatorOf(response(both), 4, 'ty')).to.include({ nodeId: -1, errorCode: 15 })
  })

  it('gives null for a key that the list does not have', () => {
    expect(coordinatorOf(response(both), 6, 'tz')).to.equal(null)
  })
})

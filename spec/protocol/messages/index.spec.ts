import { expect } from 'chai'
import { type Api, defineApi } from '../../../lib/protocol/api.js'
import {
  addOffsetsToTxn,
  addPartitionsToTxn,
  apis,
  apiVersions,
  endTxn,
  findCoordinator,
  initProducerId,
  metadata,
  produce,
  saslAuthenticate,
  saslHandshake,
  txnOffsetCommit,
} from '../../../lib/protocol/messages/index.js'
import { between, since, struct, tagged, until } from '../../../lib/protocol/schema.js'
import { array, int16, int32, string } from '../../../lib/protocol/types.js'
import { tableProblems } from '../support/table-problems.js'

describe('the registry of APIs', () => {
  it('finds each API under its own key', () => {
    expect([...apis.entries()].filter(([key, api]) => key !== api.key)).to.deep.equal([])
    expect(apis.get(0)).to.equal(produce)
    expect(apis.get(3)).to.equal(metadata)
    expect(apis.get(18)).to.equal(apiVersions)
    const ofTransactions = [
      findCoordinator,
      initProducerId,
      addPartitionsToTxn,
      addOffsetsToTxn,
      endTxn,
      txnOffsetCommit,
    ]
    expect(ofTransactions.map(({ key }) => key)).to.deep.equal([10, 22, 24, 25, 26, 28])
    for (const api of ofTransactions) expect(apis.get(api.key)).to.equal(api)
    expect([apis.get(17), apis.get(36)]).to.deep.equal([saslHandshake, saslAuthenticate])
  })

  it('gives no two APIs the same name', () => {
    const names = [...apis.values()].map(({ name }) => name)
    expect(new Set(names).size).to.equal(names.length)
  })

  for (const api of apis.values()) {
    it(`has sound tables for ${api.name}`, () => {
      expect(tableProblems(api)).to.deep.equal([])
    })

    it(`compiles every version of ${api.name}`, () => {
      for (let version = api.minVersion; version <= api.maxVersion; version++) {
        // ApiVersions asks without a word before v3.
        const isEmpty = api === apiVersions && version < 3
        expect(api.request(version).minBytes > 0, `request v${version}`).to.equal(!isEmpty)
        expect(api.response(version).minBytes, `response v${version}`).to.be.above(0)
      }
    })
  }
})

describe('the walk over the tables', () => {
  const sound = struct({ a: int32, b: array(struct({ c: since(2, string, '') })), d: tagged(0, 3, int32, 0) })

  function problems(response: Parameters<typeof defineApi>[0]['response']): string[] {
    const table = {
      key: 1,
      name: 'Toy',
      versions: [1, 4],
      flexibleFrom: 3,
      request: sound,
      response,
    } as const
    return tableProblems(defineApi(table) as Api<unknown, unknown>)
  }

  const rows: [problem: string, table: Parameters<typeof problems>[0]][] = [
    ['ToyResponse.a_b: is no camelCase name', struct({ a_b: int32 })],
    ['ToyResponse.a: is in none of the versions', struct({ a: since(5, int32, 0) })],
    ['ToyResponse.a: is in none of the versions', struct({ a: until(0, int32, 0) })],
    ['ToyResponse.a: ends after the last version', struct({ a: until(4, int32, 0) })],
    ['ToyResponse.a: ends at 2, before it starts at 3', struct({ a: between(3, 2, int32, 0) })],
    [
      'ToyResponse.a: is in all versions, so its first version has no effect',
      struct({ a: since(1, int32, 0) }),
    ],
    ['ToyResponse.a: is tagged before the flexible versions', struct({ a: tagged(0, 2, int32, 0) })],
    [
      'ToyResponse: two fields have the same tag',
      struct({ a: tagged(0, 3, int32, 0), b: tagged(0, 4, int16, 0) }),
    ],
    [
      'ToyResponse[].a[].b: is in none of the versions',
      array(struct({ a: array(struct({ b: since(9, int32, 0) })) })),
    ],
  ]
  for (const [problem, table] of rows) {
    it(`finds: ${problem}`, () => {
      expect(problems(table)).to.deep.equal([problem])
    })
  }

  it('finds nothing wrong with a sound table', () => {
    expect(problems(sound)).to.deep.equal([])
  })
})

import { expect } from 'chai'
import type { Api } from '../../lib/protocol/api.js'
import { metadata, produce } from '../../lib/protocol/messages/index.js'
import { decodeResponse, encodeResponse } from '../../lib/protocol/request-response.js'
import { since, struct } from '../../lib/protocol/schema.js'
import { array, int16, nullableString, string } from '../../lib/protocol/types.js'
import { withDefaults } from '../../lib/protocol/with-defaults.js'

const table = struct({
  always: int16,
  later: since(2, string, 'absent'),
  text: since(3, nullableString, 'absent'),
  rows: array(struct({ id: int16, name: since(1, string, 'none') })),
})

const acknowledgement = withDefaults(produce.tables.response, {
  topics: [{ partitions: [{ index: 3, errorCode: 0, baseOffset: 1n }] }],
})
const emptyMetadata = withDefaults(metadata.tables.response, { brokers: [], topics: [] })

describe('withDefaults', () => {
  it('sets the default of a missing field that only some versions have', () => {
    expect(withDefaults(table, { always: 7, rows: [] })).to.deep.equal({
      always: 7,
      later: 'absent',
      text: 'absent',
      rows: [],
    })
  })

  it('keeps given values, null included', () => {
    const given = { always: 7, later: 'given', text: null, rows: [] }
    expect(withDefaults(table, given)).to.deep.equal(given)
  })

  it('sets defaults within arrays', () => {
    const { rows } = withDefaults(table, { always: 7, rows: [{ id: 1 }, { id: 2, name: 'two' }] })
    expect(rows).to.deep.equal([
      { id: 1, name: 'none' },
      { id: 2, name: 'two' },
    ])
  })

  it('sets no default for a field that every version has', () => {
    expect(withDefaults(table, { rows: [] }).always).to.equal(undefined)
  })

  it('does not change the given value', () => {
    const partial = { always: 7, rows: [{ id: 1 }] }
    withDefaults(table, partial)
    expect(partial).to.deep.equal({ always: 7, rows: [{ id: 1 }] })
  })

  it('completes nested rows of the real tables', () => {
    expect(acknowledgement.topics[0]!.partitions[0]).to.include({ logAppendTimeMs: -1n, errorMessage: null })
    expect(emptyMetadata).to.include({ throttleTimeMs: 0, errorCode: 0 })
  })

  for (const [api, response] of [
    [produce, acknowledgement],
    [metadata, emptyMetadata],
  ] as [Api<unknown, unknown>, unknown][]) {
    for (let version = api.minVersion; version <= api.maxVersion; version++) {
      it(`makes a ${api.name} answer that can be written and read in v${version}`, () => {
        const frame = encodeResponse(api, version, 7, response)
        const { body, trailingBytes } = decodeResponse(api, version, frame.subarray(4))
        // What a version does not carry is read as its default, and the given fields are in every version.
        expect(body).to.deep.equal(response)
        expect(trailingBytes).to.equal(0)
      })
    }
  }
})

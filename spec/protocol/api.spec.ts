import { expect } from 'chai'
import sinon from 'sinon'
import { UnsupportedVersionError } from '../../lib/errors.js'
import { defineApi } from '../../lib/protocol/api.js'
import { struct } from '../../lib/protocol/schema.js'
import { int8 } from '../../lib/protocol/types.js'

describe('defineApi', () => {
  const request = struct({ a: int8 })
  const table = {
    key: 77,
    name: 'Toy',
    versions: [2, 4],
    flexibleFrom: 3,
    request,
    response: request,
  } as const

  it('compiles each version once, flexible from the version in the table', () => {
    const compile = sinon.spy(request, 'compile')
    const api = defineApi(table)
    for (const version of [2, 3, 4, 3, 2]) api.request(version)
    expect(compile.args).to.deep.equal([
      [2, false],
      [3, true],
      [4, true],
    ])
  })

  it('keeps request and response apart', () => {
    const response = struct({ a: int8, b: int8 })
    const api = defineApi({ ...table, response })
    expect([api.request(2).minBytes, api.response(2).minBytes]).to.deep.equal([1, 2])
  })

  it('is never flexible where the table has no flexible version', () => {
    const { flexibleFrom: _, ...classic } = table
    expect(defineApi(classic).request(4).minBytes).to.equal(1)
  })

  for (const version of [1, 5, -1, 2.5, Number.NaN]) {
    it(`refuses version ${version}`, () => {
      const message = `Toy v${version} is not supported; versions 2 to 4 are`
      expect(() => defineApi(table).request(version)).to.throw(UnsupportedVersionError, message)
      expect(() => defineApi(table).response(version)).to.throw(UnsupportedVersionError, message)
    })
  }
})

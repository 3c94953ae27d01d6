import { expect } from 'chai'
import { NullEncoder } from '../../../lib/handler/encoders/null-encoder.js'

describe('NullEncoder', () => {
  it('returns null for any value', () => {
    const encoder: { toBytes(value: unknown): null } = new NullEncoder()
    for (const value of [null, 'text', Buffer.from('bytes'), 7]) expect(encoder.toBytes(value)).to.equal(null)
  })
})

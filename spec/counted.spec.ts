import { expect } from 'chai'
import { counted } from '../lib/counted.js'

describe('counted', () => {
  const rows: [count: number, text: string][] = [
    [0, '0 messages'],
    [1, '1 message'],
    [2, '2 messages'],
    [100_000, '100000 messages'],
  ]
  for (const [count, text] of rows) {
    it(`writes ${text}`, () => {
      expect(counted(count, 'message')).to.equal(text)
    })
  }

  it('takes a plural that is not the noun with an s', () => {
    expect([1, 2].map((count) => counted(count, 'batch', 'batches'))).to.deep.equal(['1 batch', '2 batches'])
  })
})

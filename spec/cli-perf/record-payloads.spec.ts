import { expect } from 'chai'
import { recordPayloads } from '../../lib/cli-perf/record-payloads.js'

describe('recordPayloads', () => {
  it('letters are A to Z, of the given size, and differ from record to record', () => {
    const payloadOf = recordPayloads({ kind: 'letters', bytes: 100 })
    const values = [0, 1, 2].map((n) => String(payloadOf(n)))
    for (const value of values) expect(value).to.match(/^[A-Z]{100}$/)
    expect(new Set(values).size).to.equal(3)
  })

  it('values of a file are drawn at random', () => {
    const values = ['a', 'b', 'c'].map((text) => Buffer.from(text))
    const draws = [0.99, 0, 0.5]
    const payloadOf = recordPayloads({ kind: 'values', path: 'f', values }, () => draws.shift()!)
    expect([0, 1, 2].map((n) => String(payloadOf(n)))).to.deep.equal(['c', 'a', 'b'])
  })

  it('monotonic payloads are the numbers from 0 on, as text', () => {
    const payloadOf = recordPayloads({ kind: 'monotonic' })
    expect([0, 1, 10].map((n) => String(payloadOf(n)))).to.deep.equal(['0', '1', '10'])
  })
})

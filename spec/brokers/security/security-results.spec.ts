import { expect } from 'chai'
import { securityTable } from '../../../scripts/security-docs.js'
import { mergedSecurity } from './security-results.js'

describe('The results of the matrix of security', () => {
  it('keep what was found of versions that did not run, oldest first, and drop unknown versions', () => {
    const earlier = {
      '4.3.1': { SSL: 'failed' },
      gone: { SSL: 'passed' },
      '0.9.0.1': { SSL: 'passed' },
    } as const
    const latest = new Map([['4.3.1', { SSL: 'passed' } as const]])
    expect(Object.entries(mergedSecurity(earlier, latest))).to.deep.equal([
      ['0.9.0.1', { SSL: 'passed' }],
      ['4.3.1', { SSL: 'passed' }],
    ])
  })

  it('become a table with a row for each combination, where what a version does not know differs from a failure', () => {
    const table = securityTable({
      '0.9.0.1': { SSL: 'passed' },
      '4.3.1': { SSL: 'passed', 'SASL_SSL, PLAIN': 'failed' },
    })
    expect(table).to.equal(
      ['|  | 0.9.0.1 | 4.3.1 |', '|---|:-:|:-:|', '| SSL | ✓ | ✓ |', '| SASL_SSL, PLAIN | – | ✗ |'].join(
        '\n',
      ),
    )
  })
})

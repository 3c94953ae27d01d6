import { expect } from 'chai'
import { fullTable, shortTable } from '../../../scripts/matrix-tables.js'
import { contractCases } from './cases/index.js'
import type { ContractCase } from './contract-case.js'
import { type MatrixResults, merged, recordOf } from './matrix-results.js'
import type { CaseResult } from './run-contract.js'

const named = (name: string): ContractCase => ({ name, title: '', group: '', write: async () => ({}) })

describe('The results of the matrix', () => {
  it('contain passed cases with their figures, and count cases with an error or without a result as failed', () => {
    const [good, bad, absent] = [named('good'), named('bad'), named('absent')] as const
    const results = new Map<string, CaseResult>([
      ['good', { case: good, error: null, figure: '17 ms' }],
      ['bad', { case: bad, error: new Error('lost') }],
    ])
    expect(recordOf([good, bad, absent], results)).to.deep.equal({
      good: { outcome: 'passed', figure: '17 ms' },
      bad: { outcome: 'failed' },
      absent: { outcome: 'failed' },
    })
  })

  it('count everything as failed for a version whose broker could not be used', () => {
    expect(recordOf([named('any')], null)).to.deep.equal({ any: { outcome: 'failed' } })
  })

  it('keep the results of versions that did not run, and drop unknown versions', () => {
    const earlier = {
      cases: {},
      versions: { '0.8.0': {}, gone: {}, '4.3.1': { any: { outcome: 'failed' } } },
    } as const
    const latest = new Map([['4.3.1', { any: { outcome: 'passed' } } as const]])
    const { cases, versions } = merged(earlier, latest, ['0.8.0', '0.9.0.1', '4.3.1'])
    expect(Object.keys(versions)).to.deep.equal(['0.8.0', '4.3.1'])
    expect(versions['4.3.1']).to.deep.equal({ any: { outcome: 'passed' } })
    expect(Object.keys(cases)).to.deep.equal(contractCases.map(({ name }) => name))
  })
})

describe('The tables of the matrix', () => {
  const results: MatrixResults = {
    cases: { gzip: 'codecs', zstd: 'codecs', first: 'speed' },
    versions: {
      '0.8.0': { gzip: { outcome: 'passed' }, first: { outcome: 'passed', figure: '17 ms' } },
      '4.3.1': { gzip: { outcome: 'passed' }, zstd: { outcome: 'failed' }, first: { outcome: 'failed' } },
    },
  }

  it('have a row for each case, with failures, measurements and cases that do not apply', () => {
    expect(fullTable(results)).to.equal(
      [
        '|  | 0.8.0 | 4.3.1 |',
        '|---|:-:|:-:|',
        '| gzip | ✓ | ✓ |',
        '| zstd | · | ✗ |',
        '| first | 17 ms | ✗ |',
      ].join('\n'),
    )
  })

  it('have a row for each version in short, where one failure of a group is the failure of the group', () => {
    expect(shortTable(results)).to.equal(
      [
        '| broker | codecs | speed |',
        '|---|:-:|:-:|',
        '| 0.8.0 | ✓ | 17 ms |',
        '| 4.3.1 | ✗ 1 of 2 | ✗ |',
      ].join('\n'),
    )
  })
})

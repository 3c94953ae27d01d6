import { expect } from 'chai'
import { fullTable, shortTable } from '../../../scripts/matrix-tables.js'
import { contractCases } from './cases/index.js'
import { type ContractCase, PRODUCERS, producerOf } from './contract-case.js'
import { type MatrixResults, merged, recordOf, type VersionRecord } from './matrix-results.js'
import type { CaseResult } from './run-contract.js'

const named = (name: string): ContractCase => ({ name, title: '', group: '', write: async () => ({}) })

describe('The results of the matrix', () => {
  it('contain passed cases with their figures, and count cases with an error or without a result as failed', () => {
    const [good, bad, absent] = [named('good'), named('bad'), named('absent')] as const
    const results = new Map<ContractCase, CaseResult>([
      [good, { case: good, error: null, figure: '17 ms' }],
      [bad, { case: bad, error: new Error('lost') }],
    ])
    expect(recordOf([good, bad, absent], results).Producer).to.deep.equal({
      good: { outcome: 'passed', figure: '17 ms' },
      bad: { outcome: 'failed' },
      absent: { outcome: 'failed' },
    })
  })

  it('keep cases of the same name apart by their producer', () => {
    const own = named('gzip')
    const other: ContractCase = { ...own, producer: 'KafkaProducer' }
    const results = new Map<ContractCase, CaseResult>([[own, { case: own, error: null }]])
    expect(recordOf([own, other], results)).to.deep.equal({
      Producer: { gzip: { outcome: 'passed' } },
      KafkaProducer: { gzip: { outcome: 'failed' } },
    })
  })

  it('count everything as failed for a version whose broker could not be used', () => {
    expect(recordOf([named('any')], null).Producer).to.deep.equal({ any: { outcome: 'failed' } })
  })

  const recorded = (records: VersionRecord['Producer']): VersionRecord => ({
    Producer: records,
    KafkaProducer: {},
  })
  const none = { Producer: {}, KafkaProducer: {} }

  it('keep the results of versions that did not run, and drop unknown versions', () => {
    const earlier: MatrixResults = {
      cases: none,
      versions: { '0.8.0': none, gone: none, '4.3.1': recorded({ any: { outcome: 'failed' } }) },
    }
    const latest = new Map([['4.3.1', recorded({ any: { outcome: 'passed' } })]])
    const { cases, versions } = merged(earlier, latest, { allVersions: ['0.8.0', '0.9.0.1', '4.3.1'] })
    expect(Object.keys(versions)).to.deep.equal(['0.8.0', '4.3.1'])
    expect(versions['4.3.1']!.Producer).to.deep.equal({ any: { outcome: 'passed' } })
    for (const producer of PRODUCERS) {
      const own = contractCases.filter((one) => producerOf(one) === producer)
      expect(Object.keys(cases[producer])).to.deep.equal(own.map(({ name }) => name))
    }
  })

  it('keep earlier times on a busy machine, but neither other figures nor what has failed by now', () => {
    const timed = contractCases.find(({ isTiming }) => isTiming)!.name
    const before = { outcome: 'passed', figure: '17 ms' } as const
    const earlier = {
      cases: none,
      versions: {
        '0.8.0': recorded({ [timed]: before, other: before }),
        '4.3.1': recorded({ [timed]: before }),
      },
    }
    const latest = new Map([
      ['0.8.0', recorded({ [timed]: { outcome: 'passed', figure: '90 ms' }, other: { outcome: 'passed' } })],
      ['4.3.1', recorded({ [timed]: { outcome: 'failed', figure: '300 ms' } })],
    ])
    const options = { allVersions: ['0.8.0', '4.3.1'], keepsTimings: true }
    const { versions } = merged(earlier, latest, options)
    expect(versions['0.8.0']!.Producer).to.deep.equal({ [timed]: before, other: { outcome: 'passed' } })
    expect(versions['4.3.1']!.Producer).to.deep.equal({ [timed]: { outcome: 'failed', figure: '300 ms' } })
  })
})

describe('The tables of the matrix', () => {
  const results: MatrixResults = {
    cases: {
      Producer: { gzip: 'codecs', zstd: 'codecs', first: 'speed' },
      KafkaProducer: { commit: 'transactions' },
    },
    versions: {
      '0.8.0': {
        Producer: { gzip: { outcome: 'passed' }, first: { outcome: 'passed', figure: '17 ms' } },
        KafkaProducer: {},
      },
      '4.3.1': {
        Producer: { gzip: { outcome: 'passed' }, zstd: { outcome: 'failed' }, first: { outcome: 'failed' } },
        KafkaProducer: { commit: { outcome: 'passed' } },
      },
    },
  }

  it('have a row for each case, with failures, measurements and cases that do not apply', () => {
    expect(fullTable(results, 'Producer')).to.equal(
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
    expect(shortTable(results, 'Producer')).to.equal(
      [
        '| broker | codecs | speed |',
        '|---|:-:|:-:|',
        '| 0.8.0 | ✓ | 17 ms |',
        '| 4.3.1 | ✗ 1 of 2 | ✗ |',
      ].join('\n'),
    )
  })

  it('show each producer by itself', () => {
    expect(fullTable(results, 'KafkaProducer')).to.equal(
      ['|  | 0.8.0 | 4.3.1 |', '|---|:-:|:-:|', '| commit | · | ✓ |'].join('\n'),
    )
    expect(shortTable(results, 'KafkaProducer')).to.equal(
      ['| broker | transactions |', '|---|:-:|', '| 0.8.0 | · |', '| 4.3.1 | ✓ |'].join('\n'),
    )
  })
})

/** The tables that an exactly-once run leaves. */
import { expect } from 'chai'
import { exactlyOnceSection, mutantsTable, runsTable } from '../../../scripts/exactly-once-tables.js'
import { type RunRow, rowOf } from '../../brokers/exactly-once/results.js'
import { recordedRun } from './recorded-run.js'

const brokerFaults = { kill: 2, pause: 0, 'long pause': 1, restart: 0 }

function row(change: Partial<RunRow> = {}): RunRow {
  const { producers, read } = recordedRun()
  const histories = producers.map((one) =>
    one.name === 't0.1' ? { ...one, error: 'ProducerFencedError: another one has taken over' } : one,
  )
  const result = {
    histories,
    violations: [{ kind: 'twice', text: '' } as const],
    brokerFaults,
    producerFaults: { killed: 2, fenced: 1 },
    read: read.records.length,
  }
  return { ...rowOf({ version: '4.3.1', traffic: 'transactional', seconds: 180 }, result), ...change }
}

const lastLine = (table: string): string[] =>
  table
    .split('\n')
    .at(-1)!
    .split('|')
    .map((cell) => cell.trim())

describe('the tables of exactly-once runs', () => {
  it('count what was sent, what became known of it, and each kind of violation', () => {
    const { sent, acknowledged, doubtful, committed, aborted, unknown, producersFenced, violations } = row()
    expect({ sent, acknowledged, doubtful }).to.deep.equal({ sent: 35, acknowledged: 30, doubtful: 4 })
    expect({ committed, aborted, unknown }).to.deep.equal({ committed: 3, aborted: 2, unknown: 2 })
    expect([producersFenced, violations.twice, violations.lost]).to.deep.equal([1, 1, 0])
  })

  it('have a row for each run, with faults that were injected only', () => {
    const cells = lastLine(runsTable([row()]))
    expect(cells.slice(1, 6)).to.deep.equal([
      '4.3.1',
      'transactional',
      '180 s',
      'kill 2, long pause 1',
      '2 / 1',
    ])
    expect(cells.slice(-7, -1)).to.deep.equal(['0', '1', '0', '0', '0', '0'])
  })

  it('have no transactions where there were none', () => {
    const cells = lastLine(runsTable([row({ traffic: 'idempotent' })]))
    expect(cells.slice(9, 12)).to.deep.equal(['·', '·', '·'])
  })

  it('name what a mutant was caught by, or that it was not', () => {
    const caught = { title: 'x', traffic: 'idempotent', violations: { twice: 1200, lost: 1 } } as const
    const missed = { title: 'y', traffic: 'idempotent', violations: {} } as const
    expect(lastLine(mutantsTable([caught]))[3]).to.equal('lost: 1, twice: 1,200')
    expect(lastLine(mutantsTable([missed]))[3]).to.equal('**nothing**')
  })

  it('say when and how they were made', () => {
    const made = { date: '2026-01-02', command: 'npm run x', seed: 4, rows: [] }
    const mutants = { ...made, command: 'npm run y', version: '2.8.2', seconds: 40 }
    expect(exactlyOnceSection({ runs: [{ ...made, rows: [row()] }], mutants: null })).to.include(
      '4.3.1: made on 2026-01-02 by `npm run x` (seed 4).',
    )
    const section = exactlyOnceSection({ runs: [], mutants })
    expect(section).to.include('40 s each on Kafka 2.8.2').and.to.include('by `npm run y` (seed 4)')
  })
})

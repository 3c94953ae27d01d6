/** Journals of producer processes, and what they come to. */
import { expect } from 'chai'
import { historyOf, type JournalEvent, journalLine, readJournal } from './journal.js'

const owner = { chain: 't0', place: 3, isTransactional: true }
const transactionsAfter = (...events: JournalEvent[]) =>
  historyOf(owner, [['begun', 0], ...events]).transactions.map(({ outcome }) => outcome)
const sentAfter = (...events: JournalEvent[]) =>
  historyOf(owner, [['begun', 0], ['sent', 7, 1, 0], ...events]).sent

describe('the journal of a producer process', () => {
  it('is read as it was written', () => {
    const events: JournalEvent[] = [
      ['ready'],
      ['sent', 1, 0, null],
      ['refused', 1, 'not-persisted', 'KAFKA_X'],
    ]
    expect(readJournal(events.map(journalLine).join(''))).to.deep.equal(events)
  })

  it('is read without the line that a killed process has not completed', () => {
    const text = journalLine(['ready']) + journalLine(['sent', 1, 0, null]).slice(0, -3)
    expect(readJournal(text)).to.deep.equal([['ready']])
  })

  it('names the producer by its chain and its place', () => {
    const { name, chain, place, isTransactional } = historyOf(owner, [])
    expect([name, chain, place, isTransactional]).to.deep.equal(['t0.3', 't0', 3, true])
  })

  it('of a process that did not say how it ended is that of a killed one', () => {
    expect(historyOf(owner, [['ready']]).end).to.equal('killed')
  })

  it('ends as closed, or as failed with what failed', () => {
    expect(historyOf(owner, [['closed']]).end).to.equal('closed')
    const { end, error } = historyOf(owner, [['failed', 'KAFKA_BROKER', 'fenced']])
    expect([end, error]).to.deep.equal(['failed', 'KAFKA_BROKER: fenced'])
  })

  it('has a transaction that was not to be committed as abandoned', () => {
    expect(transactionsAfter()).to.deep.equal(['abandoned'])
  })

  it('has a transaction whose commit was not answered as unknown', () => {
    expect(transactionsAfter(['committing', 0])).to.deep.equal(['unknown'])
  })

  it('has a transaction as committed or aborted once the call has ended', () => {
    expect(transactionsAfter(['committing', 0], ['committed', 0])).to.deep.equal(['committed'])
    expect(transactionsAfter(['committing', 0], ['aborted', 0])).to.deep.equal(['aborted'])
    expect(transactionsAfter(['aborted', 0])).to.deep.equal(['aborted'])
  })

  it('has the offset that a transaction commits for its group', () => {
    const events: JournalEvent[] = [
      ['begun', 4],
      ['offsets', 4, '3004'],
    ]
    expect(historyOf(owner, events).transactions[0]!.groupOffset).to.equal(3004n)
  })

  it('has a record with its partition, its transaction and how it ended', () => {
    const sent = { number: 7, partition: 1, transaction: 0 }
    expect(sentAfter()).to.deep.equal([{ ...sent, outcome: 'none', offset: -1n }])
    expect(sentAfter(['acknowledged', 7, '42'])).to.deep.equal([
      { ...sent, outcome: 'acknowledged', offset: 42n },
    ])
    for (const persistence of ['not-persisted', 'possibly-persisted'] as const) {
      expect(sentAfter(['refused', 7, persistence, 'X'])).to.deep.equal([
        { ...sent, outcome: persistence, offset: -1n },
      ])
    }
  })
})

/**
 * The journal of a producer process: what it was about to do and what it was answered, one event per line, written before
 * anything else happens, so that a process that is killed has said all that it knew.
 *
 * `sent` and `committing` are written before the call, everything else after its end. The last line may be incomplete.
 */
import type {
  ProducerEnd,
  ProducerHistory,
  ReportedTransaction,
  SentOutcome,
  SentRecord,
  TransactionOutcome,
} from './history.js'

export type JournalEvent =
  | readonly ['ready']
  | readonly ['begun', transaction: number]
  | readonly ['sent', number: number, partition: number, transaction: number | null]
  | readonly ['acknowledged', number: number, offset: string]
  | readonly ['refused', number: number, persistence: string, code: string]
  | readonly ['offsets', transaction: number, offset: string]
  | readonly ['committing', transaction: number]
  | readonly ['committed', transaction: number]
  | readonly ['aborted', transaction: number]
  | readonly ['failed', code: string, text: string]
  | readonly ['closed']

export function journalLine(event: JournalEvent): string {
  return `${JSON.stringify(event)}\n`
}

/** The events of a journal; the incomplete last line of a killed process is left out. */
export function readJournal(text: string): JournalEvent[] {
  const lines = text.split('\n').slice(0, -1)
  return lines.map((line) => JSON.parse(line) as JournalEvent)
}

export interface JournalOwner {
  readonly chain: string
  readonly place: number
  readonly isTransactional: boolean
}

type Open<T> = { -readonly [Key in keyof T]: T[Key] }

/** What the events of one producer come to. */
export function historyOf(
  { chain, place, isTransactional }: JournalOwner,
  events: readonly JournalEvent[],
): ProducerHistory {
  const sent = new Map<number, Open<SentRecord>>()
  const transactions = new Map<number, Open<ReportedTransaction>>()
  let end: ProducerEnd = 'killed'
  let error: string | null = null
  const settle = (number: number, outcome: SentOutcome, offset = -1n): void => {
    Object.assign(sent.get(number)!, { outcome, offset })
  }
  const become = (number: number, outcome: TransactionOutcome): void => {
    transactions.get(number)!.outcome = outcome
  }
  for (const event of events) {
    switch (event[0]) {
      case 'begun':
        transactions.set(event[1], { number: event[1], outcome: 'abandoned', groupOffset: null })
        break
      case 'sent':
        sent.set(event[1], {
          number: event[1],
          partition: event[2],
          transaction: event[3],
          outcome: 'none',
          offset: -1n,
        })
        break
      case 'acknowledged':
        settle(event[1], 'acknowledged', BigInt(event[2]))
        break
      case 'refused':
        settle(event[1], event[2] === 'not-persisted' ? 'not-persisted' : 'possibly-persisted')
        break
      case 'offsets':
        transactions.get(event[1])!.groupOffset = BigInt(event[2])
        break
      case 'committing':
        become(event[1], 'unknown')
        break
      case 'committed':
      case 'aborted':
        become(event[1], event[0])
        break
      case 'failed':
        end = 'failed'
        error = `${event[1]}: ${event[2]}`
        break
      case 'closed':
        end = 'closed'
        break
    }
  }
  const name = `${chain}.${place}`
  return {
    name,
    chain,
    place,
    isTransactional,
    end,
    error,
    sent: [...sent.values()],
    transactions: [...transactions.values()],
  }
}

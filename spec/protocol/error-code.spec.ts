import { readFileSync } from 'node:fs'
import { expect } from 'chai'
import { errorCode } from '../../lib/protocol/error-code.js'

const FIRST = -1
const LAST = 133
const all = Array.from({ length: LAST - FIRST + 1 }, (_, index) => errorCode(index + FIRST))

/** The rows of docs/reference/faults.md#error-codes-in-a-produce-answer; "unknown codes" has its own spec. */
const rows = readFileSync('docs/reference/faults.md', 'utf8')
  .split('## Error codes in a produce answer')[1]!
  .split('\n## ')[0]!
  .split('\n')
  .filter((line) => /^\| [−\d]/.test(line))
  .map((line) => {
    const [codes, name, javaRetries, stored, here] = line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim())
    return {
      codes: [...codes!.replaceAll('−', '-').matchAll(/-?\d+/g)].map(([number]) => Number(number)),
      name: name!,
      javaRetries: javaRetries!,
      stored: stored as 'no' | 'perhaps' | 'acks −1: perhaps',
      here: here!,
    }
  })

describe('error codes', () => {
  it('are complete from −1 to 133', () => {
    expect(all.map(({ code }) => code)).to.deep.equal(all.map((_, index) => index + FIRST))
    expect(all.filter(({ name }) => /\d/.test(name))).to.deep.equal([])
  })

  it('have names in capitals, no two the same', () => {
    expect(
      all.filter(({ name }) => !/^[A-Z][A-Z_]+$/.test(name) || name.startsWith('UNKNOWN_-')),
    ).to.deep.equal([])
    expect(new Set(all.map(({ name }) => name)).size).to.equal(all.length)
  })

  // Kafka's own names, at the ends, where names changed, and where a producer looks.
  const names: [code: number, name: string][] = [
    [-1, 'UNKNOWN_SERVER_ERROR'],
    [0, 'NONE'],
    [2, 'CORRUPT_MESSAGE'],
    [3, 'UNKNOWN_TOPIC_OR_PARTITION'],
    [5, 'LEADER_NOT_AVAILABLE'],
    [6, 'NOT_LEADER_OR_FOLLOWER'],
    [7, 'REQUEST_TIMED_OUT'],
    [10, 'MESSAGE_TOO_LARGE'],
    [17, 'INVALID_TOPIC_EXCEPTION'],
    [18, 'RECORD_LIST_TOO_LARGE'],
    [19, 'NOT_ENOUGH_REPLICAS'],
    [20, 'NOT_ENOUGH_REPLICAS_AFTER_APPEND'],
    [21, 'INVALID_REQUIRED_ACKS'],
    [29, 'TOPIC_AUTHORIZATION_FAILED'],
    [35, 'UNSUPPORTED_VERSION'],
    [45, 'OUT_OF_ORDER_SEQUENCE_NUMBER'],
    [51, 'CONCURRENT_TRANSACTIONS'],
    [56, 'KAFKA_STORAGE_ERROR'],
    [76, 'UNSUPPORTED_COMPRESSION_TYPE'],
    [87, 'INVALID_RECORD'],
    [90, 'PRODUCER_FENCED'],
    [100, 'UNKNOWN_TOPIC_ID'],
    [120, 'TRANSACTION_ABORTABLE'],
    [129, 'REBOOTSTRAP_REQUIRED'],
    [133, 'SHARE_SESSION_LIMIT_REACHED'],
  ]
  for (const [code, name] of names) {
    it(`names ${code} ${name}`, () => {
      expect(errorCode(code).name).to.equal(name)
    })
  }

  it('are retriable where they are in the Java client', () => {
    expect(all.filter(({ retriable }) => retriable).map(({ code }) => code)).to.deep.equal([
      2, 3, 5, 6, 7, 9, 13, 14, 15, 16, 19, 20, 41, 51, 56, 70, 71, 72, 74, 75, 78, 80, 83, 84, 88, 89, 100,
      103, 106, 122, 123, 133,
    ])
  })

  it('describe every code that a produce or metadata answer has for a producer', () => {
    const met = [
      -1, 2, 3, 5, 6, 7, 8, 9, 10, 13, 17, 18, 19, 20, 21, 29, 31, 32, 35, 42, 43, 44, 56, 72, 74, 75, 76, 87,
      89,
    ]
    expect(met.filter((code) => errorCode(code).description === '')).to.deep.equal([])
  })

  it('describe every code that an answer about transactions has for a producer', () => {
    const met = [14, 15, 16, 22, 25, 30, 45, 46, 47, 48, 49, 50, 51, 53, 59, 82, 90, 120]
    expect(met.filter((code) => errorCode(code).description === '')).to.deep.equal([])
  })

  for (const code of [134, 999, -2, -77]) {
    it(`carries the unknown number ${code} and does not call it retriable`, () => {
      expect(errorCode(code)).to.include({ code, name: `UNKNOWN_${code}`, retriable: false })
    })
  }

  it('unknown to the table are retried and may be stored', () => {
    expect(errorCode(999)).to.include({ action: 'retry', isAmbiguous: true })
  })

  it('that the reference page does not list are retried, and nothing is stored', () => {
    const listed = new Set(rows.flatMap(({ codes }) => codes))
    for (const { code, action, isAmbiguous } of all) {
      if (code === 0 || listed.has(code)) continue
      expect({ action, isAmbiguous }, `${code}`).to.deep.equal({ action: 'retry', isAmbiguous: false })
    }
  })

  it('have the only code without an error among them', () => {
    expect(all.filter(({ action }) => action === 'delivered').map(({ code }) => code)).to.deep.equal([0])
  })
})

describe('the table of error codes on the reference page', () => {
  for (const { codes, name, javaRetries, stored, here } of rows) {
    for (const code of codes) {
      it(`says of ${code} what the code has in its row: ${here.split(/[:;]/)[0]}, stored: ${stored}`, () => {
        const row = errorCode(code)
        if (codes.length === 1) expect(row.name).to.equal(name)
        expect(row).to.include({
          action: here.match(/^\w+/)![0],
          isAmbiguous: { no: false, perhaps: true, 'acks −1: perhaps': 'acks -1' }[stored],
          retriable: javaRetries.startsWith('yes'),
        })
      })
    }
  }
})

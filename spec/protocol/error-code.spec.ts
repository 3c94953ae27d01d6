import { expect } from 'chai'
import { errorCode, isKnownErrorCode } from '../../lib/protocol/error-code.js'

const FIRST = -1
const LAST = 133
const all = Array.from({ length: LAST - FIRST + 1 }, (_, index) => errorCode(index + FIRST))

describe('error codes', () => {
  it('are complete from −1 to 133', () => {
    expect(all.map(({ code }) => code)).to.deep.equal(all.map((_, index) => index + FIRST))
    expect(all.filter(({ code }) => !isKnownErrorCode(code))).to.deep.equal([])
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
    [56, 'KAFKA_STORAGE_ERROR'],
    [76, 'UNSUPPORTED_COMPRESSION_TYPE'],
    [87, 'INVALID_RECORD'],
    [100, 'UNKNOWN_TOPIC_ID'],
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

  for (const code of [134, 999, -2, -77]) {
    it(`carries the unknown number ${code} and does not call it retriable`, () => {
      expect(errorCode(code)).to.include({ code, name: `UNKNOWN_${code}`, retriable: false })
      expect(isKnownErrorCode(code)).to.equal(false)
    })
  }
})

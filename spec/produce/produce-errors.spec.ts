/** What each error code of a produce answer means; the table of docs/reference/faults.md#error-codes-in-a-produce-answer, row by row. */
import { expect } from 'chai'
import { BrokerError } from '../../lib/errors.js'
import { actionOn, brokerError } from '../../lib/produce/produce-errors.js'
import type { ErrorAction } from '../../lib/protocol/error-code.js'

type Persisted = 'no' | 'maybe' | 'maybe with acks -1'

// codes, action, whether the messages may be stored
const table: [number[], ErrorAction, Persisted][] = [
  [[2, 3, 5], 'retry', 'no'],
  [[6], 'retry', 'maybe with acks -1'],
  [[7], 'retry', 'maybe'],
  [[9, 72, 74, 100, 103], 'retry', 'no'],
  [[13], 'retry', 'maybe'],
  [[19], 'retry', 'no'],
  [[20], 'retry', 'maybe'],
  [[41, 51, 75, 78, 89], 'retry', 'no'],
  [[56], 'retry', 'maybe'],
  [[8], 'retry', 'no'],
  [[10, 18], 'split', 'no'],
  [[17, 21, 29, 31, 32, 33, 35, 42, 43, 44, 53, 54, 58, 76, 87], 'fail', 'no'],
  [[-1], 'retry', 'maybe'],
  // Not in Kafka's table.
  [[-77, -2, 999, 32767, -32768], 'retry', 'maybe'],
]

const where = { broker: 'b:9092', topic: 't', partition: 3 }

describe('actionOn', () => {
  it('delivers on 0 only', () => {
    expect(actionOn(0)).to.equal('delivered')
    for (let code = -1; code <= 140; code++) {
      if (code !== 0) expect(actionOn(code), `${code}`).not.to.equal('delivered')
    }
  })

  for (const [codes, action] of table) {
    for (const code of codes) {
      it(`maps code ${code} to ${action}`, () => {
        expect(actionOn(code)).to.equal(action)
      })
    }
  }

  it('retries every other code, as the original', () => {
    const listed = new Set(table.flatMap(([codes]) => codes))
    for (let code = 1; code <= 140; code++) {
      if (!listed.has(code)) expect(actionOn(code), `${code}`).to.equal('retry')
    }
  })
})

describe('brokerError', () => {
  for (const [codes, action, persisted] of table) {
    for (const code of codes) {
      it(`of ${code}: ${action === 'retry' ? 'retriable' : 'not retriable'}, stored: ${persisted}`, () => {
        for (const acks of [-1, 1]) {
          const isAmbiguous = persisted === 'maybe' || (persisted === 'maybe with acks -1' && acks === -1)
          const error = brokerError(code, { ...where, acks })
          expect(error, `acks ${acks}`).to.include({
            errorCode: code,
            retriable: action === 'retry',
            persistence: isAmbiguous ? 'possibly-persisted' : 'not-persisted',
          })
        }
      })
    }
  }

  it('names broker, topic and partition, the code by name and number, and what it means', () => {
    const error = brokerError(6, { ...where, acks: 1 })
    expect(error).to.be.instanceOf(BrokerError)
    expect(error).to.include({
      code: 'KAFKA_BROKER_NOT_LEADER_OR_FOLLOWER',
      errorName: 'NOT_LEADER_OR_FOLLOWER',
      broker: 'b:9092',
      topic: 't',
      partition: 3,
      message:
        'b:9092 answered NOT_LEADER_OR_FOLLOWER (6) for t/3: another broker leads the partition by now',
    })
  })

  it('keeps the number of an unknown code', () => {
    expect(brokerError(999, { ...where, acks: 1 })).to.include({
      errorCode: 999,
      errorName: 'UNKNOWN_999',
    })
  })

  it('escapes and shortens the topic', () => {
    const { message } = brokerError(6, { ...where, topic: `\u001b${'t'.repeat(300)}`, acks: 1 })
    expect(message).to.contain('\\u{1b}tt').and.not.contain('t'.repeat(200))
  })

  it('accepts a topic without a partition', () => {
    const error = brokerError(29, { broker: 'the cluster', topic: 't', acks: 1 })
    expect(error.message).to.match(/^the cluster answered TOPIC_AUTHORIZATION_FAILED \(29\) for t:/)
    expect(error).not.to.have.property('partition')
  })
})

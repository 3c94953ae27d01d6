import { expect } from 'chai'
import { Tally } from '../../lib/cli-perf/tally.js'
import { BrokerError, type KafkaError } from '../../lib/errors.js'
import type { MessageFailure } from '../../lib/failure.js'
import { KeyedMessage } from '../../lib/keyed-message.js'

function failure(cause: KafkaError): MessageFailure {
  const message = new KeyedMessage('t', 'v')
  return {
    message,
    topic: 't',
    partition: 0,
    cause,
    persistence: 'not-persisted',
    attempts: [],
    attemptCount: 0,
  }
}

describe('Tally', () => {
  it('calls unsettled what was sent and has no outcome', () => {
    const tally = new Tally()
    tally.sent = 10
    tally.delivered = 6
    tally.addFailures([failure(new BrokerError(10, 'MESSAGE_TOO_LARGE', 'too large'))])
    tally.addFailure('gone', 2)
    expect(tally).to.include({ failed: 3, unsettled: 1 })
    expect(tally.causes).to.deep.equal([
      ['gone', 2],
      ['too large', 1],
    ])
  })

  it('counts by cause, the most frequent first, and reports each new cause once', () => {
    const reported: string[] = []
    const tally = new Tally((cause) => reported.push(cause))
    for (const cause of ['a', 'b', 'b', 'a', 'b']) tally.addFailure(cause)
    expect(tally.causes).to.deep.equal([
      ['b', 3],
      ['a', 2],
    ])
    expect(reported).to.deep.equal(['a', 'b'])
  })

  it('does not grow with the number of causes', () => {
    const reported: string[] = []
    const tally = new Tally((cause) => reported.push(cause))
    for (let n = 0; n < 1000; n++) tally.addFailure(`cause ${'x'.repeat(n)}`)
    expect(tally.failed).to.equal(1000)
    expect(tally.causes).to.have.lengthOf(11)
    expect(tally.causes[0]).to.deep.equal(['other causes', 990])
    expect(reported).to.have.lengthOf(11)
  })

  it('joins causes that differ in numbers alone, and keeps the numbers that they have in common', () => {
    const reported: string[] = []
    const tally = new Tally((cause) => reported.push(cause))
    tally.addFailure('broker h1:9092 refused a batch of 12 records for t/0', 12)
    tally.addFailure('broker h1:9092 refused a batch of 3 records for t/1', 3)
    tally.addFailure('broker h2:9093 is gone')
    expect(tally.causes).to.deep.equal([
      ['broker h1:9092 refused a batch of … records for t/…', 15],
      ['broker h2:9093 is gone', 1],
    ])
    expect(reported).to.deep.equal([
      'broker h1:9092 refused a batch of 12 records for t/0',
      'broker h2:9093 is gone',
    ])
  })
})

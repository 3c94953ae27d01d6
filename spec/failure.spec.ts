import { format, inspect } from 'node:util'
import { expect } from 'chai'
import {
  ConnectionError,
  EncodeError,
  type KafkaError,
  type Persistence,
  RequestTimeoutError,
} from '../lib/errors.js'
import { DeliveryError, FailedToSendMessageError, type MessageFailure } from '../lib/failure.js'
import { KeyedMessage } from '../lib/keyed-message.js'

const CANARY = 'canary'
const refused = new ConnectionError('cannot connect to b:1', { broker: 'b:1' })
const late = new RequestTimeoutError('b:1 did not answer', {
  broker: 'b:1',
  persistence: 'possibly-persisted',
})
const nonRetriable = new EncodeError('cannot be encoded')

interface Given {
  topic?: string
  partition?: number
  cause?: KafkaError
  persistence?: Persistence
  attempts?: KafkaError[]
  attemptCount?: number
}

function failure({
  topic = 'logs',
  partition = 2,
  cause = refused,
  persistence,
  attempts = [cause],
  attemptCount = attempts.length,
}: Given = {}): MessageFailure {
  return {
    message: new KeyedMessage(topic, CANARY, CANARY, Buffer.from(CANARY)),
    topic,
    partition,
    cause,
    persistence: persistence ?? cause.persistence,
    attempts: attempts.map((error) => ({ atMs: 1, broker: 'b:1', error })),
    attemptCount,
  }
}

function messageOf(failures: MessageFailure[], accepted = failures.length): string {
  return new FailedToSendMessageError(failures, accepted).message
}

describe('FailedToSendMessageError', () => {
  it('has one failure per message, in the order of the call', () => {
    const failures = [failure(), failure({ topic: 'other' })]
    expect(new FailedToSendMessageError(failures, 3).failures).to.deep.equal(failures)
  })

  it('states how many of all messages failed, where and why', () => {
    expect(messageOf([failure()], 1)).to.equal(
      '1 of 1 message failed: logs/2: cannot connect to b:1 (1 message)',
    )
  })

  it('groups messages of one partition with one cause, with the most attempts', () => {
    const failures = [
      failure(),
      failure({ attempts: [refused, refused, refused, refused] }),
      failure({ partition: 0 }),
    ]
    expect(messageOf(failures, 200)).to.equal(
      '3 of 200 messages failed: logs/2: cannot connect to b:1 (2 messages, 4 attempts); ' +
        'logs/0: cannot connect to b:1 (1 message)',
    )
  })

  for (const [attempts, ending] of [
    [0, '(1 message)'],
    [1, '(1 message)'],
    [2, '(1 message, 2 attempts)'],
  ] as const) {
    it(`ends with "${ending}" after ${attempts} attempts`, () => {
      expect(messageOf([failure({ attempts: Array(attempts).fill(refused) })]).endsWith(ending)).to.equal(
        true,
      )
    })
  }

  it('counts attempts that are no longer kept', () => {
    const text = messageOf([failure({ attempts: [refused, refused], attemptCount: 1234 })])
    expect(text.endsWith('(1 message, 1234 attempts)')).to.equal(true)
  })

  it('names the topic alone where no partition was chosen', () => {
    expect(messageOf([failure({ partition: -1, cause: nonRetriable })])).to.include(
      'failed: logs: cannot be encoded',
    )
  })

  for (const [causes, rest] of [
    [5, ''],
    [6, '; and 1 other cause'],
    [1000, '; and 995 other causes'],
  ] as const) {
    it(`prints at most five of ${causes} causes`, () => {
      const message = messageOf(Array.from({ length: causes }, (_, partition) => failure({ partition })))
      expect(message.match(/cannot connect/g)).to.have.length(5)
      expect(message.endsWith(rest || ')')).to.equal(true)
    })
  }

  it('escapes topics', () => {
    expect(messageOf([failure({ topic: 'a\n\x1b[31mb' })])).to.include('a\\u{a}\\u{1b}[31mb/2')
  })

  const persistence: [of: Persistence[], all: Persistence][] = [
    [['not-persisted', 'not-persisted'], 'not-persisted'],
    [['not-persisted', 'possibly-persisted'], 'possibly-persisted'],
    [['possibly-persisted', 'possibly-persisted'], 'possibly-persisted'],
    [['persisted', 'persisted'], 'persisted'],
    [['persisted', 'not-persisted'], 'possibly-persisted'],
    [['persisted', 'possibly-persisted'], 'possibly-persisted'],
  ]
  for (const [each, all] of persistence) {
    it(`is ${all} when its messages are ${each.join(' and ')}`, () => {
      const failures = each.map((one) => failure({ persistence: one }))
      expect(new FailedToSendMessageError(failures, 2).persistence).to.equal(all)
    })
  }

  it('is retriable only when every failure is', () => {
    expect(new FailedToSendMessageError([failure(), failure({ cause: late })], 2).retriable).to.equal(true)
    expect(new FailedToSendMessageError([failure(), failure({ cause: nonRetriable })], 2).retriable).to.equal(
      false,
    )
  })

  it('has the first failure as its cause', () => {
    expect(new FailedToSendMessageError([failure({ cause: late }), failure()], 2)).to.include({
      code: 'KAFKA_FAILED_TO_SEND',
      cause: late,
    })
  })

  it('groups topics named like inherited properties separately', () => {
    const message = messageOf([failure({ topic: '__proto__' }), failure({ topic: 'constructor' })])
    expect(message).to.include('__proto__/2').and.include('constructor/2')
  })
})

describe('DeliveryError', () => {
  it('is the failure of one message under the code of its cause', () => {
    const error = new DeliveryError(failure({ cause: late, attempts: [refused, late] }))
    expect(error).to.include({
      code: 'KAFKA_REQUEST_TIMEOUT',
      message: 'logs/2: b:1 did not answer (after 2 attempts)',
      cause: late,
      retriable: true,
      persistence: 'possibly-persisted',
      topic: 'logs',
      partition: 2,
      broker: 'b:1',
    })
    expect(error.attempts.map(({ error: one }) => one)).to.deep.equal([refused, late])
  })

  it('counts attempts that are no longer kept', () => {
    const error = new DeliveryError(failure({ attempts: [refused, refused], attemptCount: 1234 }))
    expect(error.message).to.equal('logs/2: cannot connect to b:1 (after 1234 attempts)')
    expect(error.attemptCount).to.equal(1234)
  })

  it('stays possibly persisted when only an earlier attempt was ambiguous', () => {
    const error = new DeliveryError(failure({ persistence: 'possibly-persisted', attempts: [late, refused] }))
    expect(error).to.include({ cause: refused, persistence: 'possibly-persisted' })
  })

  it('names partition 0, and does not count a single attempt', () => {
    const error = new DeliveryError(failure({ partition: 0 }))
    expect(error).to.include({ partition: 0, message: 'logs/0: cannot connect to b:1' })
  })

  it('has no partition and no broker where there was none', () => {
    const error = new DeliveryError(failure({ partition: -1, cause: nonRetriable, attempts: [] }))
    expect(error).not.to.have.any.keys('partition', 'broker')
    expect(error.message).to.equal('logs: cannot be encoded')
  })
})

describe('failures in logs', () => {
  const errors = [
    new FailedToSendMessageError([failure(), failure({ cause: late, attempts: [refused, late] })], 2),
    new DeliveryError(failure({ attempts: [refused, late] })),
  ]
  for (const error of errors) {
    it(`never show key or message: ${error.name}`, () => {
      const wrapped = new Error('outer', { cause: error })
      const texts = [
        inspect(error, { depth: 20, showHidden: true }),
        inspect(error, { depth: 20, showHidden: true, customInspect: false }),
        inspect(wrapped, { depth: 20, showHidden: true }),
        format('%o %O %j %s', error, error, error, error),
        JSON.stringify([error]),
        JSON.stringify({ ...error }),
        String(error),
        String(error.stack),
      ]
      for (const text of texts) {
        expect(text).not.to.include(CANARY)
        expect(text).not.to.include('63 61 6e 61 72 79')
      }
    })

    it(`state what happened: ${error.name}`, () => {
      expect(inspect(error)).to.include(error.message)
    })
  }
})

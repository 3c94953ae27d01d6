import { expect } from 'chai'
import fc from 'fast-check'
import { type BrokerError, DecodeError } from '../../lib/errors.js'
import {
  type AnswerContext,
  type ReadAnswer,
  readAnswer,
  type SentBatch,
} from '../../lib/produce/read-answer.js'
import type { ProduceResponse } from '../../lib/protocol/messages/index.js'
import { produceResponse } from '../support/messages.js'

interface Message {
  readonly key: null
  readonly value: string
  readonly timestampMs: number
  readonly headers: null
  readonly isSettled: boolean
}

/** In brackets: it has its outcome already, as its time limit had passed. */
function message(text: string): Message {
  const value = text.replace(/[()]/g, '')
  return { key: null, value, timestampMs: -1, headers: null, isSettled: text.startsWith('(') }
}

/** `t/0: a (b) c`. */
function sent(text: string, limitedBytes = 0): SentBatch<Message> {
  const [place, texts] = text.split(': ') as [string, string]
  const [topic, partition] = place.split('/') as [string, string]
  return {
    batch: { topic, partition: Number(partition), messages: texts.split(' ').map(message) },
    limitedBytes,
  }
}

interface Answer {
  code?: number
  offset?: number
  logAppendTimeMs?: number
  errorMessage?: string
  recordErrors?: { batchIndex: number; message: string | null }[]
}

/** `t/0` → what is answered. */
function answering(answers: [place: string, answer: Answer][]): ProduceResponse {
  return produceResponse({
    topics: answers.map(
      ([place, { code = 0, offset = code === 0 ? 10 : -1, logAppendTimeMs = -1, ...more }]) => {
        const [name, index] = place.split('/') as [string, string]
        return {
          name,
          partitions: [
            {
              index: Number(index),
              errorCode: code,
              baseOffset: BigInt(offset),
              logAppendTimeMs: BigInt(logAppendTimeMs),
              ...more,
            },
          ],
        }
      },
    ),
  })
}

const context: AnswerContext = { broker: 'b:9092', acks: 1, codec: null }

function textOf({ topic, partition, messages }: SentBatch<Message>['batch']): string {
  return `${topic}/${partition}: ${messages.map(({ value }) => value).join(' ')}`
}

/** What was read as text; empty lists are left out. */
function shown(read: ReadAnswer<Message>): Record<string, unknown> {
  const { delivered, failed, retry, resend, refusedSizes, warnings } = read
  const all = {
    delivered: delivered.map(({ batch, stored }) => `${textOf(batch)} @${stored.baseOffset}`),
    failed: failed.map(
      ({ messages, error }) => `${messages.map(({ value }) => value).join(' ')}: ${error.errorCode}`,
    ),
    retry: retry.map(({ batch, error }) => `${textOf(batch)}, ${error.persistence}`),
    resend: resend.map(textOf),
    refusedSizes,
    warnings,
  }
  return Object.fromEntries(Object.entries(all).filter(([, list]) => list.length > 0))
}

/** It has numbers, and an earlier attempt with it may be stored. */
function inDoubt(text: string): SentBatch<Message> {
  const { batch, limitedBytes } = sent(text, 900)
  return { batch: { ...batch, mayBeStored: true }, limitedBytes }
}

const TOO_LARGE =
  'a message or compressed set is larger than max.message.bytes of the topic, or, where that is not set, message.max.bytes of the broker; before Kafka 0.10.1 replica.fetch.max.bytes has to be as large'

type Row = [
  title: string,
  sent: SentBatch<Message>[],
  answers: [place: string, answer: Answer][] | null,
  expected: Record<string, unknown>,
  context?: Partial<AnswerContext>,
]

const rows: Row[] = [
  // With numbers.
  [
    'delivers a batch that the broker has already, where batches are numbered',
    [sent('t/0: a b')],
    [['t/0', { code: 46 }]],
    { delivered: ['t/0: a b @-1'] },
    { isNumbered: true },
  ],
  [
    'fails a batch as a whole that may be stored and is too large now',
    [inDoubt('t/0: a (b) c')],
    [['t/0', { code: 10 }]],
    { failed: ['a c: 10'] },
    { isNumbered: true },
  ],
  [
    'fails a batch as a whole that may be stored and of which a message is refused now',
    [inDoubt('t/0: a b')],
    [['t/0', { code: 87, recordErrors: [{ batchIndex: 0, message: null }] }]],
    { failed: ['a b: 87'] },
    { isNumbered: true },
  ],
  [
    'delivers a batch that may be stored with its messages that have their outcome, which count in its offsets',
    [inDoubt('t/0: (a) b')],
    [['t/0', {}]],
    { delivered: ['t/0: a b @10'] },
    { isNumbered: true },
  ],
  // One batch, each action.
  [
    'delivers a stored batch with its offset',
    [sent('t/0: a b')],
    [['t/0', {}]],
    { delivered: ['t/0: a b @10'] },
  ],
  [
    'retries a retriable code',
    [sent('t/0: a b')],
    [['t/0', { code: 5 }]],
    { retry: ['t/0: a b, not-persisted'] },
  ],
  [
    'fails a code that can never succeed',
    [sent('t/0: a b')],
    [['t/0', { code: 29 }]],
    { failed: ['a b: 29'] },
  ],
  [
    'sends a set that is too large in two halves, and learns its size',
    [sent('t/0: a b c', 900)],
    [['t/0', { code: 10 }]],
    {
      resend: ['t/0: a b', 't/0: c'],
      refusedSizes: [{ topic: 't', bytes: 900 }],
      warnings: [
        `b:9092 answered MESSAGE_TOO_LARGE (10) for t/0: ${TOO_LARGE}; its batch of 3 messages is split in two`,
      ],
    },
  ],
  [
    'fails a single message that is too large',
    [sent('t/0: a', 900)],
    [['t/0', { code: 18 }]],
    { failed: ['a: 18'] },
  ],
  // Acks.
  [
    'delivers everything without an answer, with acks 0',
    [sent('t/0: a'), sent('t/1: b')],
    null,
    { delivered: ['t/0: a @-1', 't/1: b @-1'] },
    { acks: 0 },
  ],
  [
    'names no offset with acks 0 although the request was answered',
    [sent('t/0: a')],
    [['t/0', {}]],
    { delivered: ['t/0: a @-1'] },
    { acks: 0 },
  ],
  [
    'retries a refusal with acks 0 whose request was answered',
    [sent('t/0: a')],
    [['t/0', { code: 6 }]],
    { retry: ['t/0: a, not-persisted'] },
    { acks: 0 },
  ],
  [
    'takes messages of a deposed leader for possibly stored with acks −1',
    [sent('t/0: a')],
    [['t/0', { code: 6 }]],
    { retry: ['t/0: a, possibly-persisted'] },
    { acks: -1 },
  ],
  [
    'takes messages of a deposed leader for not stored with acks 1',
    [sent('t/0: a')],
    [['t/0', { code: 6 }]],
    { retry: ['t/0: a, not-persisted'] },
  ],
  [
    'retries a code that nobody knows as possibly stored',
    [sent('t/0: a')],
    [['t/0', { code: 999 }]],
    { retry: ['t/0: a, possibly-persisted'] },
  ],
  // Many batches.
  [
    'reads each partition by itself, in the order of the request',
    [sent('t/0: a'), sent('t/1: b c', 50), sent('u/0: d'), sent('u/1: e')],
    [
      ['u/1', {}],
      ['u/0', { code: 17 }],
      ['t/1', { code: 10 }],
      ['t/0', { code: 3 }],
    ],
    {
      delivered: ['u/1: e @10'],
      failed: ['d: 17'],
      retry: ['t/0: a, not-persisted'],
      resend: ['t/1: b', 't/1: c'],
      refusedSizes: [{ topic: 't', bytes: 50 }],
      warnings: [
        `b:9092 answered MESSAGE_TOO_LARGE (10) for t/1: ${TOO_LARGE}; its batch of 2 messages is split in two`,
      ],
    },
  ],
  // Answers that do not fit.
  [
    'retries a partition without an answer as possibly stored',
    [sent('t/0: a'), sent('t/1: b')],
    [['t/1', {}]],
    { delivered: ['t/1: b @10'], retry: ['t/0: a, possibly-persisted'] },
  ],
  [
    'counts the same answer twice once',
    [sent('t/0: a')],
    [
      ['t/0', {}],
      ['t/0', {}],
    ],
    { delivered: ['t/0: a @10'] },
  ],
  [
    'warns of answers for what was not asked, and does not take them for missing ones',
    [sent('t/0: a')],
    [
      ['t/1', {}],
      ['x\u001b/7', { code: 6 }],
    ],
    {
      retry: ['t/0: a, possibly-persisted'],
      warnings: ['b:9092 answered for t/1, x\\u{1b}/7, which it was not asked for'],
    },
  ],
  // Record errors.
  [
    'fails the messages that the broker names, and sends the others again in their order',
    [sent('t/0: a b c d')],
    [
      [
        't/0',
        {
          code: 87,
          recordErrors: [
            { batchIndex: 2, message: null },
            { batchIndex: 0, message: 'no key' },
          ],
        },
      ],
    ],
    { failed: ['a c: 87'], resend: ['t/0: b d'] },
  ],
  [
    'fails the whole batch where the broker names only messages that are not there',
    [sent('t/0: a b')],
    [
      [
        't/0',
        {
          code: 32,
          recordErrors: [
            { batchIndex: 2, message: 'x' },
            { batchIndex: -1, message: 'x' },
          ],
        },
      ],
    ],
    { failed: ['a b: 32'] },
  ],
  [
    'sends nothing again where the broker names all messages, some of them twice',
    [sent('t/0: a b')],
    [['t/0', { code: 87, recordErrors: [0, 1, 1].map((batchIndex) => ({ batchIndex, message: null })) }]],
    { failed: ['a b: 87'] },
  ],
  [
    'does not look at named messages of a code that is retried',
    [sent('t/0: a b')],
    [['t/0', { code: 3, recordErrors: [{ batchIndex: 0, message: 'x' }] }]],
    { retry: ['t/0: a b, not-persisted'] },
  ],
  // Time limits.
  [
    'leaves out a batch whose messages all have their outcome',
    [sent('t/0: (a) (b)'), sent('t/1: c')],
    [['t/0', { code: 10 }]],
    { retry: ['t/1: c, possibly-persisted'] },
  ],
  [
    'leaves out a batch that is settled where there is no answer, too',
    [sent('t/0: (a)')],
    null,
    {},
    { acks: 0 },
  ],
  [
    'delivers a batch whole, because its offsets count every message',
    [sent('t/0: (a) b')],
    [['t/0', {}]],
    { delivered: ['t/0: a b @10'] },
  ],
  [
    'retries only messages without an outcome',
    [sent('t/0: a (b) c')],
    [['t/0', { code: 3 }]],
    { retry: ['t/0: a c, not-persisted'] },
  ],
  [
    'fails only messages without an outcome',
    [sent('t/0: a (b) c')],
    [['t/0', { code: 17 }]],
    { failed: ['a c: 17'] },
  ],
  [
    'counts settled messages where the broker names messages by their position',
    [sent('t/0: (a) b (c) d')],
    [
      [
        't/0',
        {
          code: 87,
          recordErrors: [
            { batchIndex: 0, message: 'x' },
            { batchIndex: 3, message: 'x' },
          ],
        },
      ],
    ],
    { failed: ['d: 87'], resend: ['t/0: b'] },
  ],
  [
    'fails nothing where the broker names only settled messages',
    [sent('t/0: (a) b')],
    [['t/0', { code: 87, recordErrors: [{ batchIndex: 0, message: 'x' }] }]],
    { resend: ['t/0: b'] },
  ],
]

describe('readAnswer', () => {
  for (const [title, batches, answers, expected, more] of rows) {
    it(title, () => {
      const read = readAnswer(batches, answers && answering(answers), { ...context, ...more })
      expect(shown(read)).to.deep.equal(expected)
    })
  }

  it('says when a broker has stored a batch where it stamps messages itself, but not with acks 0', () => {
    const response = answering([['t/0', { logAppendTimeMs: 1_700_000_000_123 }]])
    const timeOf = (acks: number) =>
      readAnswer([sent('t/0: a')], response, { ...context, acks }).delivered[0]!.stored.timestampMs
    expect([timeOf(1), timeOf(0)]).to.deep.equal([1_700_000_000_123, null])
  })

  it('gives a message the words of the broker about it, and the others those about their batch', () => {
    const recordErrors = [
      { batchIndex: 0, message: 'no key' },
      { batchIndex: 1, message: null },
    ]
    const response = answering([['t/0', { code: 87, errorMessage: 'compacted topic', recordErrors }]])
    const [failed] = readAnswer([sent('t/0: a b')], response, context).failed
    const { messages, error, errorByMessage } = failed!
    const said = messages.map((one): BrokerError => errorByMessage.get(one) ?? error)
    expect(said.map(({ message: text }) => text)).to.deep.equal([
      'b:9092 answered INVALID_RECORD (87) for t/0: no key',
      'b:9092 answered INVALID_RECORD (87) for t/0: compacted topic',
    ])
  })

  for (const [codec, isGuessed] of [
    ['lz4', true],
    ['gzip', false],
  ] as const) {
    it(`${isGuessed ? 'guesses' : 'does not guess'} that the broker may not know the codec where it fails on ${codec}`, () => {
      const { retry } = readAnswer([sent('t/0: a')], answering([['t/0', { code: -1 }]]), {
        ...context,
        codec,
      })
      expect(retry[0]!.error.message.includes('Kafka before 0.8.2 does not support lz4')).to.equal(isGuessed)
    })
  }

  it('says which partition was left out', () => {
    const [left] = readAnswer([sent('t/0: a')], answering([]), context).retry
    expect(left!.error).to.be.instanceOf(DecodeError)
    expect(left!.error).to.include({ broker: 'b:9092', topic: 't', partition: 0, retriable: true })
    expect(left!.error.message).to.equal('b:9092 left t/0 out of its produce answer')
  })

  it('throws over two different answers for one partition, after which everything may be stored', () => {
    const response = answering([
      ['t/0', {}],
      ['t/0', { code: 6 }],
    ])
    expect(() => readAnswer([sent('t/0: a')], response, context))
      .to.throw(DecodeError, 'b:9092: two different answers for t/0 in one produce response')
      .that.includes({ persistence: 'possibly-persisted', broker: 'b:9092' })
  })

  it('puts each message without an outcome into exactly one list, in its order, whatever is answered', () => {
    const batch = fc.record({
      settled: fc.array(fc.boolean(), { minLength: 1, maxLength: 5 }),
      code: fc.constantFrom(null, 0, 3, 6, 10, 17, 87, -1, 999),
      named: fc.array(fc.integer({ min: -1, max: 6 }), { maxLength: 3 }),
    })
    fc.assert(
      fc.property(fc.array(batch, { maxLength: 5 }), fc.boolean(), (batches, isAnswered) => {
        const all = batches.map(({ settled }, partition) =>
          sent(`t/${partition}: ${settled.map((isSettled, i) => (isSettled ? `(${i})` : `${i}`)).join(' ')}`),
        )
        const answers = batches.flatMap(({ code, named }, partition): [string, Answer][] => {
          const recordErrors = named.map((batchIndex) => ({ batchIndex, message: null }))
          return code === null ? [] : [[`t/${partition}`, { code, recordErrors }]]
        })
        const read = readAnswer(all, isAnswered ? answering(answers) : null, context)
        const kinds = [
          read.delivered.flatMap(({ batch: { messages } }) => messages),
          read.failed.flatMap(({ messages }) => messages),
          read.retry.flatMap(({ batch: { messages } }) => messages),
          read.resend.flatMap(({ messages }) => messages),
        ].map((messages) => messages.filter(({ isSettled }) => !isSettled))
        const open = all.flatMap(({ batch: { messages } }) => messages).filter(({ isSettled }) => !isSettled)
        const position = new Map(open.map((one, i) => [one, i]))
        for (const messages of kinds) {
          const positions = messages.map((one) => position.get(one)!)
          expect(positions).to.deep.equal([...positions].sort((a, b) => a - b))
        }
        expect(kinds.flat()).to.have.members(open)
      }),
    )
  })
})

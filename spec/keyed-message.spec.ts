import { format, inspect } from 'node:util'
import { expect } from 'chai'
import { ConfigError, EncodeError } from '../lib/errors.js'
import { checkTopic, KeyedMessage, type MessageLike } from '../lib/keyed-message.js'

const CANARY = 'canary'

/** Every way in which an object commonly ends up in a log. */
function shownAs(value: unknown): string[] {
  return [
    inspect(value, { depth: 20, showHidden: true }),
    inspect({ nested: [value] }, { depth: 20, showHidden: true, compact: false }),
    inspect(value, { depth: 20, showHidden: true, customInspect: false }),
    format('%o %O %j %s', value, value, value, value),
    JSON.stringify([value]),
    String(value),
    JSON.stringify({ ...(value as object) }),
    Object.getOwnPropertyNames(value).join(),
  ]
}

describe('KeyedMessage', () => {
  const forms: [title: string, message: KeyedMessage, key: unknown, partitionKey: unknown, value: unknown][] =
    [
      ['(topic, message) has no key', new KeyedMessage('t', 'v'), null, null, 'v'],
      ['(topic, key, message) partitions by its key', new KeyedMessage('t', 'k', 'v'), 'k', 'k', 'v'],
      [
        '(topic, key, partKey, message) partitions by partKey',
        new KeyedMessage('t', 'k', 7, 'v'),
        'k',
        7,
        'v',
      ],
      ['a null partKey leaves it to the key', new KeyedMessage('t', 'k', null, 'v'), 'k', 'k', 'v'],
      ['a partKey alone is not stored', new KeyedMessage('t', null, 'p', 'v'), null, 'p', 'v'],
      ['a null message is null', new KeyedMessage('t', 'k', null), 'k', 'k', null],
      ['falsy keys are keys', new KeyedMessage('t', 0, '', 'v'), 0, '', 'v'],
    ]
  for (const [title, message, key, partitionKey, value] of forms) {
    it(title, () => {
      expect([message.topic, message.key, message.partitionKey, message.message]).to.deep.equal([
        't',
        key,
        partitionKey,
        value,
      ])
      expect(message.hasKey).to.equal(key !== null)
    })
  }

  it('treats an undefined key as null', () => {
    const message = new KeyedMessage<string, string>('t', undefined as unknown as null, 'v')
    expect([message.key, message.partitionKey]).to.deep.equal([null, null])
  })

  it('refuses undefined as a message, which would write a tombstone', () => {
    const write = () => new KeyedMessage<string, string>('t', 'k', undefined as unknown as null)
    expect(write).to.throw(ConfigError, 'the message is undefined; write null')
  })

  for (const [topic, what] of [
    [undefined, 'undefined'],
    [null, 'null'],
    [7, 'number'],
    [['t'], 'an array'],
  ] as const) {
    it(`refuses ${what} as a topic`, () => {
      expect(() => new KeyedMessage(topic as unknown as string, 'v')).to.throw(
        ConfigError,
        `the topic of a message must be a string, not ${what}`,
      )
    })
  }

  describe('from', () => {
    it('returns an instance as itself', () => {
      const message = new KeyedMessage('t', 'v')
      expect(KeyedMessage.from(message)).to.equal(message)
    })

    const plain: [title: string, given: MessageLike, key: unknown, partitionKey: unknown, value: unknown][] =
      [
        ['takes topic and message', { topic: 't', message: 'v' }, null, null, 'v'],
        ['takes a key', { topic: 't', key: 'k', message: 'v' }, 'k', 'k', 'v'],
        ['takes a partKey', { topic: 't', key: 'k', partKey: 'p', message: 'v' }, 'k', 'p', 'v'],
        ['takes nulls', { topic: 't', key: null, partKey: null, message: null }, null, null, null],
        ['takes inherited fields', Object.create({ topic: 't', message: 'v' }), null, null, 'v'],
      ]
    for (const [title, given, key, partitionKey, value] of plain) {
      it(title, () => {
        const message = KeyedMessage.from(given)
        expect([message.topic, message.key, message.partitionKey, message.message]).to.deep.equal([
          't',
          key,
          partitionKey,
          value,
        ])
      })
    }

    for (const [given, what] of [
      ['text', 'string'],
      [null, 'null'],
      [undefined, 'undefined'],
      [[], 'an array'],
      [{ message: CANARY }, 'object'],
      [Buffer.from(CANARY), 'object'],
    ] as const) {
      it(`refuses ${inspect(given).slice(0, 25)} and does not show it`, () => {
        expect(() => KeyedMessage.from(given as unknown as MessageLike))
          .to.throw(ConfigError, `objects, not ${what}`)
          .with.property('message')
          .that.does.not.include(CANARY)
      })
    }

    it('requires a message field, which may be null', () => {
      expect(() => KeyedMessage.from({ topic: 't' } as unknown as MessageLike)).to.throw(
        ConfigError,
        'the message is undefined',
      )
    })
  })

  describe('in logs', () => {
    const messages: [title: string, message: KeyedMessage][] = [
      ['text', new KeyedMessage('t', CANARY, CANARY, CANARY)],
      ['bytes', new KeyedMessage('t', Buffer.from(CANARY), Buffer.from(CANARY), Buffer.from(CANARY))],
      ['objects', new KeyedMessage('t', { [CANARY]: 1 }, { [CANARY]: 1 }, { a: { b: { c: [CANARY] } } })],
      ['headers of text', new KeyedMessage('t', 'm').withHeaders({ [CANARY]: CANARY })],
      ['headers of bytes', new KeyedMessage('t', 'm').withHeaders([['h', Buffer.from(CANARY)]])],
      ['headers of a plain object', KeyedMessage.from({ topic: 't', message: 'm', headers: { h: CANARY } })],
    ]
    for (const [title, message] of messages) {
      it(`never shows key, message or headers: ${title}`, () => {
        for (const text of shownAs(message)) {
          expect(text).not.to.include(CANARY)
          expect(text).not.to.include(Buffer.from(CANARY).toString('hex').match(/../g)!.join(' '))
        }
      })
    }

    it('does not show its timestamp', () => {
      for (const text of shownAs(new KeyedMessage('t', 'm').withTimestamp(1_234_567_890_123))) {
        expect(text).not.to.include('1234567890123')
      }
    })

    it('shows the escaped topic, and whether there is a key', () => {
      expect(inspect(new KeyedMessage('a\nb', 'v'))).to.equal('KeyedMessage(topic=a\\u{a}b, no key)')
      expect(String(new KeyedMessage('t', 'k', 'v'))).to.equal('KeyedMessage(topic=t, keyed)')
      expect(JSON.stringify(new KeyedMessage('t', 'k', 'v'))).to.equal('{"topic":"t","hasKey":true}')
    })
  })
})

describe('checkTopic', () => {
  for (const topic of ['t', '', 'x'.repeat(32767), 'é'.repeat(16383), '日'.repeat(10922)]) {
    it(`accepts ${Buffer.byteLength(topic)} bytes in ${topic.length} characters`, () => {
      expect(() => checkTopic(topic)).not.to.throw()
    })
  }

  for (const topic of ['x'.repeat(32768), 'é'.repeat(16384), '日'.repeat(10923)]) {
    it(`refuses ${Buffer.byteLength(topic)} bytes in ${topic.length} characters`, () => {
      expect(() => checkTopic(topic)).to.throw(EncodeError, 'has more than 32767 bytes')
    })
  }

  it('shows only the beginning of the topic', () => {
    expect(() => checkTopic('x'.repeat(40_000)))
      .to.throw(EncodeError)
      .with.property('message')
      .that.has.length.below(300)
  })
})

import { expect } from 'chai'
import { ConfigError } from '../lib/errors.js'
import { PendingMessage } from '../lib/handler/pending-message.js'
import { Producer } from '../lib/index.js'
import { KeyedMessage, type MessageLike } from '../lib/keyed-message.js'
import { silentLogger } from '../lib/logger.js'

const CANARY = 'canary'

describe('A message in plain form', () => {
  for (const [field, advice] of [
    ['value', 'write message'],
    ['payload', 'write message'],
    ['messages', 'write message, and give send() one object for each'],
    ['timestamp', 'write timestampMs'],
    ['partitionKey', 'write partKey'],
    ['Header', 'write headers'],
    ['mesage', 'it has topic, key, partKey, partition, message, headers, timestampMs'],
    ['a\nb', 'a\\u{a}b; it has topic'],
  ] as const) {
    it(`is refused with the field ${JSON.stringify(field)}, and the error names the right one`, () => {
      const given = { topic: 't', message: 'm', [field]: CANARY } as unknown as MessageLike
      for (const work of [() => KeyedMessage.from(given), () => new PendingMessage(given, null)]) {
        expect(work)
          .to.throw(ConfigError, 'a message has no field ')
          .with.property('message')
          .that.includes(advice)
          .and.does.not.include(CANARY)
      }
    })
  }

  it('is refused with a wrong field in place of the topic, and the error names topic', () => {
    const given = { topicName: 't', message: 'm' } as unknown as MessageLike
    expect(() => KeyedMessage.from(given)).to.throw(ConfigError, 'no field topicName; write topic')
  })

  it('is refused with { value } in place of { message } before anybody is advised to write null', () => {
    const given = { topic: 't', value: 'v' } as unknown as MessageLike
    expect(() => new PendingMessage(given, null)).to.throw(ConfigError, 'no field value; write message')
  })

  it('may have fields that no loop shows, such as methods of its class', () => {
    class Line {
      topic = 't'
      message = 'm'
      shout(): string {
        return this.message.toUpperCase()
      }
    }
    expect(new PendingMessage(new Line(), null).topic).to.equal('t')
  })

  for (const type of ['sync', 'async']) {
    it(`makes send() and deliver() reject in ${type} mode when it has an unknown field`, async () => {
      const producer = new Producer(
        { 'metadata.broker.list': '127.0.0.1:1', 'producer.type': type },
        { logger: silentLogger },
      )
      const given = { topic: 't', value: 'v' } as unknown as MessageLike
      for (const sent of [producer.send(given), producer.send([given]), producer.deliver(given)]) {
        const error = await sent.then(
          () => null,
          (thrown: unknown) => thrown,
        )
        expect(error).to.be.instanceOf(ConfigError)
      }
      await producer.close()
    })
  }
})

describe('The partition of a message', () => {
  const bytes = Buffer.from('v')

  it('is null where none is given', () => {
    for (const given of [{}, { partition: null }, { partition: undefined }]) {
      const plain = { topic: 't', message: 'm', ...given } as MessageLike
      expect(KeyedMessage.from(plain).partition).to.equal(null)
      expect(new PendingMessage(plain, null)).to.include({ partition: -1, isPartitionGiven: false })
    }
  })

  it('is kept by copies of the message', () => {
    const message = new KeyedMessage('t', 'k', bytes).withPartition(7)
    for (const copy of [message.withHeaders({ a: '1' }), message.withTimestamp(1), message.withOwnBytes()]) {
      expect(copy.partition).to.equal(7)
    }
    expect(message.withPartition(null).partition).to.equal(null)
    expect(message.withPartition(0).partition).to.equal(0)
  })

  it('is that of the pending message, whatever its key', () => {
    for (const given of [
      { topic: 't', key: 'k', message: 'm', partition: 0 },
      new KeyedMessage('t', 'm').withPartition(0),
    ]) {
      expect(new PendingMessage(given, null)).to.include({
        partition: 0,
        isPartitionGiven: true,
        isBound: true,
      })
    }
  })

  for (const [partition, what] of [
    [-1, '-1'],
    [1.5, '1.5'],
    [2 ** 31, '2147483648'],
    [Number.NaN, 'NaN'],
    ['7', 'string'],
    [7n, 'bigint'],
    [[7], 'an array'],
  ] as const) {
    it(`is refused where it is ${what}`, () => {
      const given = { topic: 't', message: 'm', partition } as unknown as MessageLike
      for (const work of [
        () => KeyedMessage.from(given),
        () => new PendingMessage(given, null),
        () => new KeyedMessage('t', 'm').withPartition(partition as unknown as number),
      ]) {
        expect(work).to.throw(
          ConfigError,
          `the partition of a message must be an integer from 0 on, not ${what}`,
        )
      }
    })
  }
})

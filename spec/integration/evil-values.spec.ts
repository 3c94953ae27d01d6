import { expect } from 'chai'
import { type Classes, KafkaError, KeyedMessage, Producer } from '../../lib/index.js'
import type { Logger } from '../../lib/logger.js'
import { errorCode, TestCluster } from '../../lib/testing/index.js'
import { LogKeeper } from '../handler/support/log-keeper.js'
import { evilValues } from '../support/evil-values.js'
import { rejection } from './support/stage.js'

const MARK = 'evil'
const NOT_LEADER = 6

/** Foreign code that throws or answers `value` whenever it meets the mark. */
type Boundary = (value: unknown) => {
  properties?: Record<string, string>
  classes?: Classes
  logger?: Logger
}

const throwing = (value: unknown) => {
  throw value
}

const encoder = (work: (value: unknown) => unknown) => ({
  properties: { 'serializer.class': 'E', 'key.serializer.class': 'kafka.serializer.StringEncoder' },
  classes: { E: { toBytes: (text: string) => (text === MARK ? work(text) : text) } } as Classes,
})
const keyEncoder = (work: (value: unknown) => unknown) => ({
  properties: { 'key.serializer.class': 'E' },
  classes: { E: { toBytes: (text: string) => (text === MARK ? work(text) : text) } } as Classes,
})
const partitioner = (work: (key: unknown) => unknown) => ({
  properties: { 'partitioner.class': 'P' },
  classes: { P: { partition: (key: string) => (key === MARK ? work(key) : 0) } } as Classes,
})

/** Each makes the message with the mark fail, and that alone. */
const failing: Record<string, Boundary> = {
  'an encoder throws': (value) => encoder(() => throwing(value)),
  'an encoder of keys throws': (value) => keyEncoder(() => throwing(value)),
  'a partitioner throws': (value) => partitioner(() => throwing(value)),
}
const answering: Record<string, Boundary> = {
  'an encoder answers': (value) => encoder(() => value),
  'an encoder of keys answers': (value) => keyEncoder(() => value),
  'a partitioner answers': (value) => partitioner(() => value),
}

/** Whatever they do, no message fails by it. */
const reporting = ['delivered', 'failed', 'retry', 'refresh', 'connect', 'disconnect', 'close'] as const

const modes = (['sync', 'async'] as const).flatMap((type) => [1, 5].map((inFlight) => ({ type, inFlight })))

describe('Sending continues although', () => {
  let cluster: TestCluster
  let log: LogKeeper

  before(async () => {
    cluster = await TestCluster.start({ era: '0.8' })
    cluster.createTopic('t')
  })
  after(() => cluster.close())
  beforeEach(() => {
    log = new LogKeeper()
  })

  function producerOf(
    { type, inFlight }: (typeof modes)[number],
    { properties = {}, classes = {}, logger = log }: ReturnType<Boundary> = {},
  ): Producer<unknown, unknown> {
    return new Producer<unknown, unknown>(
      {
        'metadata.broker.list': cluster.bootstrap,
        'serializer.class': 'kafka.serializer.StringEncoder',
        'producer.type': type,
        'request.required.acks': 1,
        'retry.backoff.ms': 1,
        'queue.buffering.max.ms': 1,
        'queue.buffering.max.bytes': 1_000_000,
        'max.in.flight.requests.per.connection': inFlight,
        ...properties,
      },
      { logger, classes },
    )
  }

  /** What a message that foreign code spoilt is rejected with, between two that are delivered; then the producer closes. */
  async function spoilt(producer: Producer<unknown, unknown>, message: object = {}): Promise<Error> {
    const good = { topic: 't', key: 'k', message: 'good' }
    const evil = { topic: 't', key: MARK, message: MARK, ...message }
    const outcomes = [producer.deliver(good), rejection(producer.deliver(evil)), producer.deliver(good)]
    const [, error] = await Promise.all(outcomes)
    await producer.deliver(good)
    await producer.flush()
    await producer.close()
    return error as Error
  }

  function expectTyped(error: Error): void {
    expect(error).to.be.instanceOf(KafkaError)
    expect(error).to.include({ persistence: 'not-persisted', retriable: false })
    expect(error)
      .to.have.property('code')
      .that.matches(/^KAFKA_[A-Z_]+$/)
    expect(`${error.message} ${error.stack}`).not.to.contain('secret')
  }

  for (const [what, value] of Object.entries(evilValues)) {
    for (const [where, boundary] of Object.entries(failing)) {
      it(`${where} ${what}`, async () => {
        for (const mode of modes) expectTyped(await spoilt(producerOf(mode, boundary(value))))
      })
    }

    for (const [where, boundary] of Object.entries(answering)) {
      it(`${where} ${what}`, async () => {
        for (const mode of modes) expectTyped(await spoilt(producerOf(mode, boundary(value))))
      })
    }

    it(`the hashCode of a key throws ${what}`, async () => {
      const key = { toString: () => 'k', hashCode: () => throwing(value) }
      const properties = { 'key.serializer.class': 'E' }
      for (const mode of modes) {
        const producer = producerOf(mode, { properties, classes: { E: { toBytes: String } } })
        expectTyped(await spoilt(producer, { key }))
      }
    })

    it(`a message of a class of its own throws ${what} when it is read`, async () => {
      for (const name of ['topic', 'key', 'partitionKey', 'message', 'hasKey', 'headers', 'timestampMs']) {
        for (const mode of modes) {
          const message = new KeyedMessage<unknown, unknown>('t', MARK, MARK)
          Object.defineProperty(message, name, { get: () => throwing(value) })
          const producer = producerOf(mode)
          const sent = rejection(producer.deliver(message))
          await producer.deliver({ topic: 't', key: 'k', message: 'good' })
          expectTyped(await sent)
          await producer.close()
        }
      }
    })

    it(`send() is given ${what}`, async () => {
      for (const mode of modes) {
        const producer = producerOf(mode)
        const calls = [
          rejection(producer.send(value as never)),
          rejection(producer.send([value as never])),
          rejection(producer.deliver(value as never)),
          rejection(producer.send({ topic: value as never, message: 'm' })),
          rejection(producer.send({ topic: 't', message: 'm', timestampMs: (value ?? 'now') as never })),
          ...[[value], { h: value }].map((headers) =>
            rejection(producer.send({ topic: 't', message: 'm', headers: headers as never })),
          ),
        ]
        for (const error of await Promise.all(calls)) expectTyped(error)
        await producer.deliver({ topic: 't', key: 'k', message: 'good' })
        await producer.close()
      }
    })

    it(`its listeners throw ${what}`, async () => {
      for (const mode of modes) {
        const producer = producerOf(
          mode,
          keyEncoder(() => throwing(new Error('spoilt'))),
        )
        for (const event of reporting) producer.on(event, () => throwing(value))
        cluster.faults.on('Produce', {}, errorCode(NOT_LEADER))
        expectTyped(await spoilt(producer))
      }
      expect(log.at('error').join()).to.contain('"delivered"')
    })

    it(`a logger throws ${what}`, async () => {
      const logger = new Proxy({} as Logger, { get: () => () => throwing(value) })
      for (const mode of modes) {
        const producer = producerOf(mode, { ...keyEncoder(() => throwing(new Error('spoilt'))), logger })
        cluster.faults.on('Produce', {}, errorCode(NOT_LEADER))
        expectTyped(await spoilt(producer))
      }
    })

    it(`a class throws ${what} when it is constructed, or is that`, () => {
      class Broken {
        constructor() {
          throwing(value)
        }
      }
      for (const registered of [Broken, value]) {
        for (const key of ['serializer.class', 'key.serializer.class', 'partitioner.class']) {
          const boundary = { properties: { [key]: 'C' }, classes: { C: registered } as Classes }
          let error: unknown
          try {
            producerOf(modes[0]!, boundary)
          } catch (thrown) {
            error = thrown
          }
          expect(error, key).to.be.instanceOf(KafkaError).and.include({ code: 'KAFKA_CONFIG' })
        }
      }
    })
  }
})

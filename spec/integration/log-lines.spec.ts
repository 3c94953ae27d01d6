/**
 * The original's log lines and their levels, event by event: docs/reference/classic-producer.md#log-lines. Where we
 * differ is in docs/WHERE-WE-DIFFER.md#log-lines.
 */
import { expect } from 'chai'
import type { Logger, Producer } from '../../lib/index.js'
import { errorCode, close as hangUp } from '../../lib/testing/index.js'
import { rejection, Stage } from './support/stage.js'

const NOT_LEADER = 6
const LEADER_NOT_AVAILABLE = 5
const INVALID_TOPIC = 17
const MESSAGE_TOO_LARGE = 10

interface Event {
  readonly what: string
  readonly level: keyof Logger
  readonly line: RegExp
  /** Of the same line, the first time. */
  readonly before?: keyof Logger
  readonly properties?: Readonly<Record<string, unknown>>
  play(stage: Stage, producer: Producer<unknown, unknown>): Promise<unknown>
}

const once = { 'message.send.max.retries': 0 }
const retried = { 'message.send.max.retries': 1 }
const isAsync = { 'producer.type': 'async', 'message.send.max.retries': 0 }

const send: Event['play'] = (_, producer) => producer.send({ topic: 't', message: 'secret' })
const sendInVain: Event['play'] = (_, producer) =>
  rejection(producer.send({ topic: 't', key: 'secret', message: 'secret' }))
const close: Event['play'] = async (_, producer) => {
  await producer.send({ topic: 't', message: 'secret' })
  await producer.close()
}
const refused: Event['play'] = async (stage, producer) => {
  stage.cluster.faults.on('Produce', { times: 9 }, errorCode(NOT_LEADER))
  await sendInVain(stage, producer)
}
/** Of two messages in one batch the first is too large. */
const tooLarge: Event['play'] = async (stage, producer) => {
  stage.cluster.faults.on('Produce', { times: 2 }, errorCode(MESSAGE_TOO_LARGE))
  await producer.send(['secret', 'secret'].map((text) => ({ topic: 't', key: 'secret', message: text })))
  await producer.flush()
}

const events: readonly Event[] = [
  { what: 'the properties', level: 'info', line: /^configured with metadata\.broker\.list=/, play: send },
  {
    what: 'metadata is asked for',
    level: 'info',
    line: /^fetching metadata of 1 topic from 127/,
    play: send,
  },
  {
    what: 'back-off',
    level: 'info',
    line: /^retrying 1 message in 1 ms, 1 attempt left$/,
    properties: retried,
    play: refused,
  },
  { what: 'connected', level: 'info', line: /^connected to 127/, play: send },
  { what: 'disconnected', level: 'info', line: /^disconnected from 127/, play: close },
  { what: 'closing all connections', level: 'info', line: /^closing all connections$/, play: close },
  { what: 'shutting down', level: 'info', line: /^the producer is closing$/, play: close },
  { what: 'shut down', level: 'info', line: /^the producer is closed, after \d+ ms$/, play: close },
  {
    what: 'the send thread is shut down',
    level: 'info',
    line: /^sending what is queued: 1 message$/,
    properties: { ...isAsync, 'queue.buffering.max.ms': 60_000 },
    play: close,
  },
  {
    what: 'the send thread is gone',
    level: 'info',
    line: /^the queue is empty, and every message has its outcome$/,
    properties: isAsync,
    play: close,
  },
  {
    what: 'an unknown property',
    level: 'warn',
    line: /^(?!configured).*no\.such\.key/,
    properties: { 'no.such.key': 1 },
    play: async () => {},
  },
  {
    what: 'one broker gives no metadata',
    level: 'warn',
    line: /^fetching metadata of 1 topic failed: /,
    properties: { ...once, 'metadata.broker.list': '127.0.0.1:1' },
    play: sendInVain,
  },
  {
    what: 'a topic’s error in the metadata, when a retry has failed',
    level: 'warn',
    before: 'info',
    line: /^topic t is not available: LEADER_NOT_AVAILABLE/,
    properties: retried,
    async play(stage, producer) {
      stage.cluster.faults.on('Metadata', { topic: 't', times: 2 }, errorCode(LEADER_NOT_AVAILABLE))
      await sendInVain(stage, producer)
    },
  },
  {
    what: 'a topic’s error in the metadata, before a retry has failed',
    level: 'info',
    line: /^topic t is not available: LEADER_NOT_AVAILABLE/,
    properties: retried,
    async play(stage, producer) {
      stage.cluster.faults.on('Metadata', { topic: 't' }, errorCode(LEADER_NOT_AVAILABLE))
      await send(stage, producer)
    },
  },
  {
    what: 'no leader for a message, before a retry has failed',
    level: 'info',
    line: /^1 message could not be assigned to a leader; the first: /,
    properties: retried,
    async play(stage, producer) {
      stage.cluster.faults.on('Metadata', { topic: 't' }, errorCode(LEADER_NOT_AVAILABLE))
      await send(stage, producer)
    },
  },
  {
    what: 'a partition without a leader in the metadata',
    level: 'warn',
    line: /^t\/0 has no leader at the moment \(LEADER_NOT_AVAILABLE\)$/,
    properties: once,
    async play(stage, producer) {
      stage.cluster.moveLeader('t', 0, null)
      await sendInVain(stage, producer)
    },
  },
  {
    what: 'no leader for a message, when a retry has failed',
    level: 'warn',
    before: 'info',
    line: /^1 message could not be assigned to a leader; the first: /,
    properties: retried,
    async play(stage, producer) {
      stage.cluster.moveLeader('t', 0, null)
      await sendInVain(stage, producer)
    },
  },
  {
    what: 'a partition’s error in an answer',
    level: 'warn',
    line: /^producing 1 message failed: .* answered NOT_LEADER_OR_FOLLOWER \(6\) for t\/0/,
    properties: once,
    play: refused,
  },
  {
    what: 'a produce request that failed',
    level: 'warn',
    line: /^producing 1 message failed: .*127\.0\.0\.1:\d+/,
    properties: { ...once, 'topic.metadata.refresh.interval.ms': -1 },
    async play(stage, producer) {
      await send(stage, producer)
      await stage.cluster.stopBroker(0)
      await sendInVain(stage, producer)
    },
  },
  {
    what: 'a refresh that failed',
    level: 'warn',
    line: /^metadata could not be refreshed: no broker of metadata\.broker\.list/,
    properties: { ...once, 'metadata.broker.list': '127.0.0.1:1' },
    play: sendInVain,
  },
  {
    what: 'a message that can have no partition',
    level: 'error',
    line: /^1 message could not be assigned to a partition and failed; the first: the partitioner answered -1/,
    properties: { 'partitioner.class': 'Nowhere' },
    play: sendInVain,
  },
  {
    what: 'a message that cannot be serialized, async',
    level: 'error',
    line: /^1 message could not be serialized and failed$/,
    properties: isAsync,
    async play(_, producer) {
      await producer.send({ topic: 't', message: 7 })
      await producer.flush()
    },
  },
  {
    what: 'the end of all attempts',
    level: 'error',
    line: /^1 message to t failed after 2 attempts; the first: .* NOT_LEADER_OR_FOLLOWER/,
    properties: retried,
    play: refused,
  },
  {
    what: 'a batch that failed, async',
    level: 'error',
    line: /^1 of 1 message failed: t\/0: .* INVALID_TOPIC_EXCEPTION/,
    properties: isAsync,
    async play(stage, producer) {
      stage.cluster.faults.on('Produce', {}, errorCode(INVALID_TOPIC))
      await send(stage, producer)
      await producer.flush()
    },
  },
  {
    what: 'a batch that is split',
    level: 'warn',
    line: /^\S+ answered MESSAGE_TOO_LARGE .*; its batch of 2 messages is split in two$/,
    properties: { ...isAsync, 'queue.buffering.max.ms': 60_000 },
    play: tooLarge,
  },
  {
    what: 'a message that cannot succeed',
    level: 'warn',
    line: /^producing 1 message failed without a retry: .* MESSAGE_TOO_LARGE/,
    properties: { ...isAsync, 'queue.buffering.max.ms': 60_000 },
    play: tooLarge,
  },
  {
    what: 'headers that an old broker cannot store',
    level: 'warn',
    line: /^dropping the headers of 1 message to t\/0: 127\.0\.0\.1:\d+ is older than Kafka 0\.11$/,
    properties: { 'headers.on.old.brokers': 'drop' },
    play: (_, producer) => producer.send({ topic: 't', message: 'secret', headers: { secret: 'secret' } }),
  },
  {
    what: 'messages of an acks 0 connection that may be lost',
    level: 'warn',
    line: /^up to 1 message in 1 request with acks 0 may be lost: the connection to 127\.0\.0\.1:\d+ ended without proof that it had read them: /,
    properties: { 'request.required.acks': 0, 'message.send.max.retries': 0 },
    async play(stage, producer) {
      stage.cluster.faults.on('Produce', {}, hangUp())
      await send(stage, producer)
      await rejection(producer.flush())
    },
  },
  {
    what: 'a listener that throws',
    level: 'error',
    line: /^a listener of "delivered" threw Error$/,
    properties: isAsync,
    async play(stage, producer) {
      producer.on('delivered', () => {
        throw new Error('secret')
      })
      await send(stage, producer)
      await producer.flush()
    },
  },
  { what: 'the release of a broker', level: 'info', line: /^127\.0\.0\.1:\d+ is Kafka 0\.8/, play: send },
  { what: 'what a cycle does', level: 'debug', line: /^sending 1 message to 1 leader$/, play: send },
]

describe('Log lines', () => {
  let stage: Stage
  beforeEach(async () => {
    stage = new Stage()
    await stage.start({ brokers: 1 })
    stage.cluster.createTopic('t', { partitions: 1 })
  })
  afterEach(() => stage.close())

  for (const { what, level, line, before, properties, play } of events) {
    it(`of the level ${level.toUpperCase()} report ${what}`, async () => {
      const producer = stage.producer(properties, { Nowhere: { partition: () => -1 } })
      await play(stage, producer)
      const reported = stage.log.lines.filter(({ text }) => line.test(text))
      const levels = new Set(reported.map((one) => one.level))
      expect([...levels], 'levels').to.deep.equal(before ? [before, level] : [level])
      expect(stage.log.lines.map(({ text }) => text).join('\n')).not.to.contain('secret')
    })
  }

  it('are at INFO and below where nothing is wrong', async () => {
    await close(stage, stage.producer())
    expect(stage.log.at('warn')).to.deep.equal([])
    expect(stage.log.at('error')).to.deep.equal([])
  })
})

/** A DefaultEventHandler on doubles, and time that passes only when a spec lets it. */
import { expect } from 'chai'
import sinon from 'sinon'
import { FailedToSendMessageError } from '../../../lib/failure.js'
import { BrokerPartitionInfo } from '../../../lib/handler/broker-partition-info.js'
import type { RetryEvent } from '../../../lib/handler/cycle-listener.js'
import {
  DefaultEventHandler,
  type DefaultEventHandlerOptions,
} from '../../../lib/handler/default-event-handler.js'
import { StringEncoder } from '../../../lib/handler/encoders/string-encoder.js'
import type { PendingMessage } from '../../../lib/handler/pending-message.js'
import { KeyedMessage } from '../../../lib/keyed-message.js'
import { FakeClusterSource } from './fake-cluster-source.js'
import { FakePool } from './fake-pool.js'
import { LogKeeper } from './log-keeper.js'
import { OutcomeKeeper } from './outcome-keeper.js'
import { pendingOf, textsOf } from './pending-messages.js'

export const NOT_LEADER = 6
export const BACKOFF_MS = 100
const TOPICS = { t: [0, 1], u: [2] }

class Listener extends OutcomeKeeper {
  readonly retries: RetryEvent[] = []
  /** Values of the messages of each cycle that could be serialized. */
  readonly serialized: string[][] = []
  attemptsFailed = 0

  onSerialized(messages: readonly PendingMessage[]): void {
    this.serialized.push(textsOf(messages))
  }

  onAttemptFailed(): void {
    this.attemptsFailed++
  }

  onRetry(event: RetryEvent): void {
    this.retries.push(event)
  }
}

export function makeHandler(
  options: Partial<DefaultEventHandlerOptions> = {},
  topics: FakeClusterSource['topics'] = TOPICS,
) {
  const pool = new FakePool()
  const source = new FakeClusterSource({ ...topics })
  const listener = new Listener()
  const logger = new LogKeeper()
  const encoder = new StringEncoder({ serializerEncoding: 'UTF8' })
  const info = new BrokerPartitionInfo({
    source,
    logger,
    random: () => 0,
    onLeaders: (leaders) => pool.update(leaders),
  })
  const handler = new DefaultEventHandler({
    pool: pool.asPool,
    brokerPartitionInfo: info,
    partitioner: { partition: (key, count) => Number(key) % count },
    encoders: { key: { toBytes: (key) => String(key) }, value: encoder },
    logger,
    listener,
    maxRetries: 3,
    retryBackoffMs: BACKOFF_MS,
    refreshIntervalMs: 600_000,
    random: () => 0,
    acks: 1,
    requestTimeoutMs: 10_000,
    compression: null,
    compressedTopics: new Set(),
    ...options,
  })
  return { handler, pool, source, listener, logger, info }
}

/** `a@1` is value a with key 1 in topic t; `u/a@1` the same in topic u; without @ it has no key. */
export function message(text: string): KeyedMessage<number, string> {
  const [, topic = 't', value, key] = /^(?:(\w+)\/)?([^@]+)(?:@(-?\d+))?$/.exec(text)!
  return new KeyedMessage(topic, key === undefined ? null : Number(key), value!)
}

export function messages(...texts: string[]): PendingMessage[] {
  return texts.map((text) => {
    const { topic, key, message: value } = message(text)
    return pendingOf(value, { topic, key })
  })
}

/** What follows the last colon of each line. */
export function reasonsOf(lines: readonly string[]): string[] {
  return lines.map((line) => line.slice(line.lastIndexOf(': ') + 2))
}

/** Milliseconds from now at which each request arrives. */
export function requestTimes(pool: FakePool): number[] {
  const start = performance.now()
  const times: number[] = []
  const { before } = pool
  pool.before = (request) => {
    times.push(Math.round(performance.now() - start))
    return before(request)
  }
  return times
}

/** Stops the clock for each spec of the suite. @returns what lets time pass. */
export function useFakeTime() {
  let clock: sinon.SinonFakeTimers
  beforeEach(() => {
    clock = sinon.useFakeTimers({ now: 1_000_000 })
  })

  /** Lets time pass until the promise settles; nothing here takes more than a minute. */
  async function ended<T>(promise: Promise<T>): Promise<T> {
    let isOver = false
    const over = promise.finally(() => {
      isOver = true
    })
    over.catch(() => {})
    for (let ms = 0; !isOver; ms += 1) {
      if (ms > 60_000) throw new Error('not over after a minute')
      await clock.tickAsync(1)
    }
    return over
  }

  async function failureOf(promise: Promise<unknown>): Promise<FailedToSendMessageError> {
    const error = await ended(
      promise.then(
        () => new Error('it succeeded'),
        (thrown) => thrown,
      ),
    )
    expect(error).to.be.instanceOf(FailedToSendMessageError)
    return error as FailedToSendMessageError
  }

  return {
    ended,
    failureOf,
    tick: (ms: number): Promise<number> => clock.tickAsync(ms),
    countTimers: (): number => clock.countTimers(),
  }
}

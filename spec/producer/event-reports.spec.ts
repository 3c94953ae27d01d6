import { expect } from 'chai'
import sinon from 'sinon'
import { EncodeError, MetadataError } from '../../lib/errors.js'
import { PendingMessage } from '../../lib/handler/pending-message.js'
import { KeyedMessage } from '../../lib/keyed-message.js'
import { silentLogger } from '../../lib/logger.js'
import { ProducerMetrics } from '../../lib/metrics/producer-metrics.js'
import { OutageLog } from '../../lib/outage-log.js'
import { reportsOf } from '../../lib/producer/event-reports.js'
import { UnconfirmedTally } from '../../lib/producer/unconfirmed-tally.js'

function pending(topic: string, value: string | Uint8Array | null): PendingMessage {
  const made = new PendingMessage(new KeyedMessage(topic, value), null)
  made.value = value
  return made
}

/** The metrics that are counted, and the listener that counts. */
function counting() {
  const metrics = new ProducerMetrics({ clientId: 'c1', queueSize: null, now: () => 0 })
  const { outcomes } = reportsOf({
    report: () => {},
    isHeard: () => false,
    metrics,
    unconfirmed: new UnconfirmedTally(),
    logger: new OutageLog(silentLogger, 'message'),
    isAsync: false,
  })
  return { metrics, outcomes }
}

describe('reportsOf', () => {
  it('counts bytes of values as UTF-8, null as none, keys not at all', () => {
    const { metrics, outcomes } = counting()
    outcomes.onSerialized!([
      pending('a', 'häh'),
      pending('b', Buffer.from('xyz')),
      pending('a', null),
      pending('a', '😀'),
      pending('b', ''),
    ])
    expect(metrics.snapshot().BytesPerSec.map(({ tags, count }) => [tags.topic, count])).to.deep.equal([
      [undefined, 11],
      ['a', 8],
      ['b', 3],
    ])
  })

  it('counts the bytes of a topic with an odd name, the empty one included', () => {
    const { metrics, outcomes } = counting()
    outcomes.onSerialized!([pending('', 'abc'), pending('b', 'd'), pending('', 'e')])
    expect(metrics.snapshot().BytesPerSec[0]?.count).to.equal(5)
  })

  it('counts the latency of messages that were accepted together at once, with one look at the clock for a batch', () => {
    const { metrics, outcomes } = counting()
    const now = sinon.stub(metrics, 'now').returns(150)
    const settledAfter = sinon.spy(metrics, 'settledAfter')
    const [early, late] = [100, 140].map((acceptedMs) => ({ timestampMs: 1, acceptedMs, deadlineMs: 0 }))
    const messages = [early, early, early, late, late].map(
      (accepted) => new PendingMessage({ topic: 't', message: 'm' }, null, accepted),
    )
    const stored = { baseOffset: 0n, timestampMs: null } as Parameters<typeof outcomes.onDelivered>[1]
    outcomes.onDelivered(
      { topic: 't', partition: 0, messages } as Parameters<typeof outcomes.onDelivered>[0],
      stored,
      'b:1',
    )
    expect(now.callCount).to.equal(1)
    expect(settledAfter.args).to.deep.equal([
      ['delivered', 50, 3, 150],
      ['delivered', 10, 2, 150],
    ])
  })

  it('counts failures by topic and code', () => {
    const { metrics, outcomes } = counting()
    const messages = ['a', 'a', 'b'].map((topic) => pending(topic, 'm'))
    const causes = [new EncodeError('x'), new EncodeError('y'), new MetadataError('z')]
    const failures = messages.map(({ message, topic }, i) => {
      const cause = causes[i]!
      return {
        message,
        topic,
        partition: -1,
        cause,
        persistence: 'not-persisted' as const,
        attempts: [],
        attemptCount: 0,
      }
    })
    outcomes.onFailed(failures, messages)
    const { MessagesFailedByCode, MessageLatencyMs } = metrics.snapshot()
    expect(MessagesFailedByCode.map(({ tags, count }) => [tags.topic, tags.code, count])).to.deep.equal([
      ['a', 'KAFKA_ENCODE', 2],
      ['b', 'KAFKA_METADATA', 1],
    ])
    expect(MessageLatencyMs.map(({ tags, count }) => [tags.outcome, count])).to.deep.equal([
      ['delivered', 0],
      ['failed', 3],
    ])
  })

  it('counts messages to one topic that follow each other together', () => {
    const { metrics, outcomes } = counting()
    const valueBytes = sinon.spy(metrics, 'valueBytes')
    outcomes.onSerialized!(Array.from({ length: 1000 }, () => pending('a', 'x')))
    expect(valueBytes.callCount).to.be.at.most(2)
  })

  it('tells the metrics that a cycle has serialized even where all of its messages were refused', () => {
    const { metrics, outcomes } = counting()
    metrics.cycleBegun(1)
    outcomes.onSerialized!([])
    metrics.failed(1)
    expect(metrics.snapshot().FailedSendsPerSec[0]?.count).to.equal(1)
  })
})

import { expect } from 'chai'
import { LeaderDispatch } from '../../lib/handler/leader-dispatch.js'
import type { PendingBatch } from '../../lib/handler/partition-and-collate.js'
import type { Delivery, PendingMessage } from '../../lib/handler/pending-message.js'
import { compressionNamed } from '../../lib/protocol/records/compression.js'
import { FakePool, type SentSet } from './support/fake-pool.js'
import { LogKeeper } from './support/log-keeper.js'
import { OutcomeKeeper } from './support/outcome-keeper.js'
import { batchOf, serialized } from './support/pending-messages.js'

const TOO_LARGE = 10
const NOT_LEADER = 6
const INVALID_TIMESTAMP = 32
const INVALID_RECORD = 87
const UNKNOWN_SERVER_ERROR = -1

type RecordError = { batchIndex: number; message: string | null }

function batch(...values: string[]): PendingBatch {
  return batchOf('t', 0, ...values.map((value) => serialized(value)))
}

function unsettled({ messages }: PendingBatch): PendingMessage[] {
  return messages.filter(({ isSettled }) => !isSettled)
}

describe('LeaderDispatch with details of a refusal', () => {
  let pool: FakePool
  let keeper: OutcomeKeeper
  let logger: LogKeeper

  beforeEach(() => {
    pool = new FakePool()
    keeper = new OutcomeKeeper()
    logger = new LogKeeper()
  })

  function dispatchOf(codec: 'lz4' | 'gzip' | 'none' = 'none'): LeaderDispatch {
    return new LeaderDispatch({
      pool: pool.asPool,
      outcomes: keeper.outcomes,
      logger,
      acks: 1,
      requestTimeoutMs: 1500,
      compression: compressionNamed(codec),
      compressedTopics: new Set(),
    })
  }

  /** Refuses sets that hold a text with `bad`, and names those records. */
  function refusingBad(
    errorCode: number,
    recordErrors = ({ texts }: SentSet): RecordError[] =>
      texts.flatMap((text, batchIndex) =>
        text.includes('bad') ? [{ batchIndex, message: `${text} is bad` }] : [],
      ),
    errorMessage: string | null = null,
  ): void {
    pool.refuse = ({ texts }) => (texts.some((text) => text.includes('bad')) ? errorCode : undefined)
    pool.after = ({ sets }, response) => {
      for (const { name, partitions } of response.topics) {
        for (const partition of partitions) {
          if (partition.errorCode === 0) continue
          const set = sets.find(({ topic, partition: index }) => topic === name && index === partition.index)!
          Object.assign(partition, { recordErrors: recordErrors(set), errorMessage })
        }
      }
      return response
    }
  }

  // KIP-467: one bad record makes the broker refuse all of its batch.
  it('fails the records that the broker names, and sends the others again in their order', async () => {
    refusingBad(INVALID_RECORD)
    await dispatchOf().dispatch(0, [batch('a', 'bad-1', 'b', 'bad-2', 'c')])
    expect(pool.wire).to.deep.equal(['0: t/0=a,bad-1,b,bad-2,c', '0: t/0=a,b,c'])
    expect(keeper.delivered).to.deep.equal(['t/0@0: a,b,c'])
    expect(Object.keys(keeper.failed)).to.deep.equal(['bad-1', 'bad-2'])
  })

  it('fails each rejected record with the broker’s text, with the attempt noted', async () => {
    refusingBad(INVALID_RECORD)
    await dispatchOf().dispatch(0, [batch('bad-1', 'a', 'bad-2')])
    expect(keeper.failures.map(({ cause }) => cause.message)).to.deep.equal([
      'b0:9092 answered INVALID_RECORD (87) for t/0: bad-1 is bad',
      'b0:9092 answered INVALID_RECORD (87) for t/0: bad-2 is bad',
    ])
    expect(keeper.failures.map(({ attempts }) => attempts.length)).to.deep.equal([1, 1])
    expect(keeper.failures[0]!.persistence).to.equal('not-persisted')
  })

  it('fails a rejected record without a text with the text of the batch', async () => {
    refusingBad(INVALID_RECORD, () => [{ batchIndex: 1, message: null }], 'no key in a compacted topic')
    await dispatchOf().dispatch(0, [batch('a', 'bad')])
    expect(keeper.failed).to.deep.equal({
      bad: 'b0:9092 answered INVALID_RECORD (87) for t/0: no key in a compacted topic',
    })
  })

  it('escapes the broker’s text in log lines and errors', async () => {
    refusingBad(INVALID_RECORD, () => [{ batchIndex: 0, message: 'x\n\u001b[31my' }])
    await dispatchOf().dispatch(0, [batch('bad')])
    expect(keeper.failed.bad).to.include('x\\u{a}\\u{1b}[31my')
  })

  const vague: [title: string, recordErrors: RecordError[]][] = [
    ['no record', []],
    [
      'only records that are not there',
      [
        { batchIndex: 7, message: 'x' },
        { batchIndex: -1, message: 'x' },
      ],
    ],
  ]
  for (const [title, recordErrors] of vague) {
    it(`fails the whole batch where the broker names ${title}`, async () => {
      refusingBad(INVALID_TIMESTAMP, () => recordErrors, 'timestamps are out of range')
      await dispatchOf().dispatch(0, [batch('a', 'bad')])
      expect(pool.requests).to.have.length(1)
      expect(Object.keys(keeper.failed)).to.deep.equal(['a', 'bad'])
      expect(keeper.failed.a).to.equal(
        'b0:9092 answered INVALID_TIMESTAMP (32) for t/0: timestamps are out of range',
      )
    })
  }

  it('fails a record that is named twice once', async () => {
    refusingBad(INVALID_RECORD, () => [
      { batchIndex: 1, message: 'first' },
      { batchIndex: 1, message: 'second' },
    ])
    await dispatchOf().dispatch(0, [batch('a', 'bad')])
    expect(keeper.failures).to.have.length(1)
    expect(keeper.delivered).to.deep.equal(['t/0@0: a'])
  })

  it('holds later messages of the partition back where the resent ones must be retried', async () => {
    refusingBad(INVALID_RECORD)
    const { refuse } = pool
    pool.refuse = (set, request) => (pool.requests.length > 1 ? NOT_LEADER : refuse(set, request))
    const sent = batch('a', 'bad', 'b')
    await dispatchOf().dispatch(0, [sent])
    expect(Object.keys(keeper.failed)).to.deep.equal(['bad'])
    expect(unsettled(sent).map(({ value }) => value)).to.deep.equal(['a', 'b'])
  })

  it('ends also where a broker names another record each time', async () => {
    pool.refuse = () => INVALID_RECORD
    pool.after = (_, response) => {
      Object.assign(response.topics[0]!.partitions[0]!, { recordErrors: [{ batchIndex: 0, message: 'no' }] })
      return response
    }
    await dispatchOf().dispatch(0, [batch('a', 'b', 'c')])
    expect(pool.wire).to.deep.equal(['0: t/0=a,b,c', '0: t/0=b,c', '0: t/0=c'])
    expect(Object.keys(keeper.failed)).to.deep.equal(['a', 'b', 'c'])
  })

  it('names lz4 as the possible cause where a broker before 0.8.2 fails', async () => {
    pool.refuse = () => UNKNOWN_SERVER_ERROR
    const [lz4, gzip] = [batch('a'), batch('a')]
    await dispatchOf('lz4').dispatch(0, [lz4])
    await dispatchOf('gzip').dispatch(0, [gzip])
    const errorOf = ({ messages }: PendingBatch) => messages[0]!.attempts[0]!.error.message
    expect(errorOf(lz4)).to.include('Kafka before 0.8.2 does not support lz4')
    expect(errorOf(gzip)).not.to.include('lz4')
  })

  it('splits later sets that are as large as a refused one', async () => {
    pool.refuse = ({ texts }) => (texts.length > 2 ? TOO_LARGE : undefined)
    const dispatch = dispatchOf('gzip')
    await dispatch.dispatch(0, [batch('a', 'b', 'c', 'd')])
    await dispatch.dispatch(0, [batch('a', 'b', 'c', 'd')])
    expect(pool.wire).to.deep.equal([
      '0: t/0=a,b,c,d',
      '0: t/0=a,b',
      '0: t/0=c,d',
      '0: t/0=a,b',
      '0: t/0=c,d',
    ])
    expect(keeper.delivered).to.have.length(4)
  })

  describe('reports the timestamp of the broker', () => {
    async function deliveredAt(logAppendTimeMs: bigint): Promise<(number | null)[]> {
      const times: (number | null)[] = []
      const waiter = {
        delivered: (_: PendingMessage, __: Delivery['offset'], ___: string, timestampMs: number | null) =>
          void times.push(timestampMs),
        failed: () => {},
      }
      pool.after = (_, response) => {
        Object.assign(response.topics[0]!.partitions[0]!, { logAppendTimeMs })
        return response
      }
      await dispatchOf().dispatch(0, [
        batchOf('t', 0, serialized('a', { waiter }), serialized('b', { waiter })),
      ])
      return times
    }

    it('for LogAppendTime, the same for all messages of a batch', async () => {
      expect(await deliveredAt(1_700_000_000_123n)).to.deep.equal([1_700_000_000_123, 1_700_000_000_123])
    })

    it('not for messages that keep their own timestamp', async () => {
      expect(await deliveredAt(-1n)).to.deep.equal([null, null])
    })
  })
})

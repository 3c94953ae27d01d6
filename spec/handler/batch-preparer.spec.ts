import { expect } from 'chai'
import { EncodeError, UnsupportedVersionError } from '../../lib/errors.js'
import { BatchPreparer, type PreparerOptions } from '../../lib/handler/batch-preparer.js'
import type { PendingBatch } from '../../lib/handler/partition-and-collate.js'
import { PendingMessage } from '../../lib/handler/pending-message.js'
import { KeyedMessage } from '../../lib/keyed-message.js'
import { LearnedSizeLimits } from '../../lib/produce/learned-size-limits.js'
import type { Compression } from '../../lib/protocol/records/compression.js'
import { UnreadableRecordError } from '../../lib/protocol/records/record-body.js'
import { LogKeeper } from './support/log-keeper.js'
import { OutcomeKeeper } from './support/outcome-keeper.js'
import { batchOf, serialized, textsOf } from './support/pending-messages.js'

function withHeader(value: string): PendingMessage {
  const pending = new PendingMessage(new KeyedMessage('t', value).withHeaders({ secret: 'secret' }), null)
  pending.value = value
  pending.isSerialized = true
  return pending
}

function plain(topic: string, partition: number, ...values: string[]): PendingBatch {
  return batchOf(topic, partition, ...values.map((value) => serialized(value)))
}

describe('BatchPreparer', () => {
  let keeper: OutcomeKeeper
  let logger: LogKeeper
  let limits: LearnedSizeLimits

  beforeEach(() => {
    keeper = new OutcomeKeeper()
    logger = new LogKeeper()
    limits = new LearnedSizeLimits()
  })

  async function prepare(version: number, batches: PendingBatch[], options: Partial<PreparerOptions> = {}) {
    const defaults = {
      outcomes: keeper.outcomes,
      logger,
      compression: null,
      compressedTopics: new Set<string>(),
    }
    const preparer = new BatchPreparer({ ...defaults, ...options }, limits)
    const { ready, tooLarge } = await preparer.prepare(batches, version, 'b:9092')
    return {
      ready: ready.map(
        ({ batch }) => `${batch.topic}/${batch.partition}: ${textsOf(batch.messages).join(' ')}`,
      ),
      tooLarge: tooLarge.map(({ topic, partition }) => `${topic}/${partition}`),
    }
  }

  it('prepares all batches in their order', async () => {
    const { ready } = await prepare(3, [plain('t', 1, 'a', 'b'), plain('t', 0, 'c'), plain('u', 0, 'd')])
    expect(ready).to.deep.equal(['t/1: a b', 't/0: c', 'u/0: d'])
  })

  describe('with headers', () => {
    const mixed = () => batchOf('t', 0, serialized('a'), withHeader('h'), serialized('b'))

    it('sends headers to brokers from 0.11 on', async () => {
      expect((await prepare(3, [mixed()])).ready).to.deep.equal(['t/0: a h b'])
      expect([keeper.failures, logger.lines]).to.deep.equal([[], []])
    })

    for (const version of [0, 1, 2]) {
      it(`fails only messages with headers before 0.11: Produce v${version}`, async () => {
        expect((await prepare(version, [mixed()])).ready).to.deep.equal(['t/0: a b'])
        expect(Object.keys(keeper.failed)).to.deep.equal(['h'])
        expect(keeper.failures[0]!.cause).to.be.instanceOf(UnsupportedVersionError).and.include({
          broker: 'b:9092',
          topic: 't',
          partition: 0,
          retriable: false,
          persistence: 'not-persisted',
          message:
            'b:9092 cannot store the headers of messages to t/0: that needs Kafka 0.11 or newer. Leave them out, or set headers.on.old.brokers=drop',
        })
      })
    }

    it('drops a batch whose messages all have headers', async () => {
      const { ready } = await prepare(2, [batchOf('t', 0, withHeader('h')), plain('t', 1, 'a')])
      expect(ready).to.deep.equal(['t/1: a'])
    })

    it('drops headers where that is set, with a warning that shows none of them', async () => {
      const { ready } = await prepare(2, [mixed()], { headersOnOldBrokers: 'drop' })
      expect(ready).to.deep.equal(['t/0: a h b'])
      expect(keeper.failures).to.deep.equal([])
      expect(logger.lines.map(({ level }) => level)).to.deep.equal(['warn'])
      expect(logger.at('warn')[0]).to.match(/\b1 message to t\/0\b.*b:9092/)
    })

    it('logs nothing where no message has headers', async () => {
      await prepare(0, [plain('t', 0, 'a')], { headersOnOldBrokers: 'drop' })
      expect(logger.lines).to.deep.equal([])
    })
  })

  it('fails the messages of a batch that cannot be written, and prepares the others', async () => {
    const broken: Compression = {
      id: 1,
      name: 'gzip',
      compress: async () => {
        throw new Error('out of memory')
      },
      decompress: async (bytes) => bytes,
    }
    const batches = [plain('t', 0, 'a', 'b'), plain('u', 0, 'c')]
    const { ready } = await prepare(0, batches, { compression: broken, compressedTopics: new Set(['t']) })
    expect(ready).to.deep.equal(['u/0: c'])
    expect(Object.keys(keeper.failed)).to.deep.equal(['a', 'b'])
    expect(keeper.failures[0]!.cause).to.be.instanceOf(EncodeError)
  })

  describe('with a size that was refused before', () => {
    it('returns batches of that size and topic for splitting', async () => {
      limits.refused('t', 10)
      const batches = [plain('t', 0, 'a', 'b'), plain('u', 0, 'a', 'b')]
      expect(await prepare(3, batches)).to.deep.equal({ ready: ['u/0: a b'], tooLarge: ['t/0'] })
    })

    it('sends a single message above the learned limit, because it cannot be split', async () => {
      limits.refused('t', 10)
      expect(await prepare(3, [plain('t', 0, 'a')])).to.deep.equal({ ready: ['t/0: a'], tooLarge: [] })
    })

    it('sends plain sets, whose messages count by themselves', async () => {
      limits.refused('t', 10)
      expect((await prepare(2, [plain('t', 0, 'a', 'b')])).ready).to.deep.equal(['t/0: a b'])
    })

    it('sends a batch as it is that may be stored, because halves would have other numbers', async () => {
      limits.refused('t', 10)
      const batch = { ...plain('t', 0, 'a', 'b'), mayBeStored: true }
      expect(await prepare(3, [batch])).to.deep.equal({ ready: ['t/0: a b'], tooLarge: [] })
    })
  })

  it('fails a batch as a whole that may be stored and of which a message cannot be read any more', () => {
    const options = {
      outcomes: keeper.outcomes,
      logger,
      compression: null,
      compressedTopics: new Set<string>(),
    }
    const batch = { ...plain('t', 0, 'a', 'b'), mayBeStored: true }
    const found = new UnreadableRecordError(batch.messages[1]!, new Error('transferred'))
    expect(new BatchPreparer(options, limits).withoutUnreadable([batch], found)).to.deep.equal([])
    expect(Object.keys(keeper.failed)).to.deep.equal(['a', 'b'])
  })
})

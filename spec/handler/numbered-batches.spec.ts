import { expect } from 'chai'
import { BrokerError, ConnectionError, UnsupportedVersionError } from '../../lib/errors.js'
import { OutdatedRequest } from '../../lib/handler/in-flight-messages.js'
import { NumberedBatches } from '../../lib/handler/numbered-batches.js'
import type { PendingBatch } from '../../lib/handler/partition-and-collate.js'
import type { ProduceConnection } from '../../lib/pool/sync-producer.js'
import { answering } from './support/fake-pool.js'
import { batch } from './support/leader-dispatch.js'
import { LogKeeper } from './support/log-keeper.js'
import { OutcomeKeeper } from './support/outcome-keeper.js'
import { textsOf } from './support/pending-messages.js'

const NOT_ENOUGH_REPLICAS = 19
const INVALID_PRODUCER_EPOCH = 47
const LARGE = 1_000_000
const lost = new ConnectionError('lost', { persistence: 'possibly-persisted' })
const unwritten = new ConnectionError('unwritten')

/** Batches on their way through {@link NumberedBatches}, to a broker that grants ids as a spec says. */
class Setting {
  readonly keeper = new OutcomeKeeper()
  readonly logger = new LogKeeper()
  readonly numbers = new NumberedBatches({ outcomes: this.keeper.outcomes, logger: this.logger })
  asked = 0
  version = 9
  /** What InitProducerId is answered with. */
  grant: () => { errorCode?: number; producerId?: bigint; producerEpoch?: number } = () => ({})

  readonly connection = {
    initProducerId: async () => {
      this.asked++
      const { errorCode = 0, producerId = 7n, producerEpoch = 0 } = this.grant()
      return { throttleTimeMs: 0, errorCode, producerId, producerEpoch }
    },
  }

  prepare(...batches: readonly PendingBatch[]): Promise<readonly PendingBatch[]> {
    const connection = { ...this.connection, version: this.version }
    return this.numbers.prepare(batches, connection as unknown as ProduceConnection, 'b1:9092')
  }

  async write(...batches: readonly PendingBatch[]): Promise<readonly PendingBatch[]> {
    const prepared = await this.prepare(...batches)
    this.numbers.writing(prepared)
    return prepared
  }

  answer(batches: readonly PendingBatch[], errorCode = 0): void {
    const topics = batches.map(({ topic: name, partition: index }) => ({
      name,
      partitions: [{ index, errorCode, baseOffset: 0n }],
    }))
    this.numbers.answered(batches, answering(topics))
  }

  /** Of the batches that a next attempt with these would write first. */
  again(...batches: readonly PendingBatch[]): string[][] {
    return this.numbers.requestsOf(batches, LARGE).map((request) => request.map(shown))
  }
}

/** `t/0 0:5 a b`: partition, epoch, number, values. */
function shown({ topic, partition, producer, messages }: PendingBatch): string {
  const numbers = producer ? ` ${producer.producerEpoch}:${producer.baseSequence}` : ''
  return `${topic}/${partition}${numbers} ${textsOf(messages).join(' ')}`
}

function settle({ messages }: PendingBatch, count = messages.length): void {
  for (const message of messages.slice(0, count)) message.isSettled = true
}

describe('NumberedBatches', () => {
  let setting: Setting

  beforeEach(() => {
    setting = new Setting()
  })

  it('NumberedBatches numbers batches in the order in which they are written', async () => {
    const first = await setting.write(batch('t/0: a b'), batch('t/1: c'))
    setting.answer(first)
    expect([...first, ...(await setting.write(batch('t/0: d')))].map(shown)).to.deep.equal([
      't/0 0:0 a b',
      't/1 0:0 c',
      't/0 0:2 d',
    ])
  })

  it('NumberedBatches sends a batch that may be stored first, alone and whole, though some of its messages have failed', async () => {
    const [sent] = await setting.write(batch('t/0: a b'))
    setting.numbers.unanswered([sent!], lost)
    settle(sent!, 1)
    const [, b] = sent!.messages
    const more = batch('t/0: c')
    const next = { ...more, messages: [b!, ...more.messages] }
    expect(setting.again(next, batch('t/1: d'))).to.deep.equal([['t/0 0:0 a b'], ['t/0 c', 't/1 d']])
  })

  it('NumberedBatches sends batches that may be stored together as far as they fit into a request', async () => {
    const sent = await setting.write(batch('t/0: a'), batch('t/1: b'), batch('t/2: c'))
    setting.numbers.unanswered(sent, lost)
    const sizes = (maxBytes: number): number[] =>
      setting.numbers.requestsOf(sent, maxBytes).map((request) => request.length)
    expect([sizes(LARGE), sizes(1)]).to.deep.equal([[3], [1, 1, 1]])
  })

  it('NumberedBatches gives the numbers of a batch that was not written to whatever comes next', async () => {
    const [sent] = await setting.write(batch('t/0: a b'))
    setting.numbers.unanswered([sent!], unwritten)
    expect(setting.again(sent!)).to.deep.equal([['t/0 0:0 a b']])
    expect((await setting.write(batch('t/0: c'))).map(shown)).to.deep.equal(['t/0 0:0 c'])
  })

  it('NumberedBatches keeps a batch that may be stored though it could not be written again', async () => {
    const [sent] = await setting.write(batch('t/0: a'))
    setting.numbers.unanswered([sent!], lost)
    const again = setting.numbers.requestsOf([sent!], LARGE)[0]!
    setting.numbers.writing(again)
    setting.numbers.unanswered(again, unwritten)
    setting.numbers.writing(again)
    setting.answer(again, NOT_ENOUGH_REPLICAS)
    expect(setting.numbers.requestsOf([sent!], LARGE)[0]![0]!.mayBeStored).to.equal(true)
  })

  it('NumberedBatches raises the epoch behind a batch whose messages have failed while it may be stored', async () => {
    const [sent] = await setting.write(batch('t/0: a'))
    setting.numbers.unanswered([sent!], lost)
    settle(sent!)
    setting.numbers.dropSettled()
    expect((await setting.write(batch('t/0: b'))).map(shown)).to.deep.equal(['t/0 1:0 b'])
  })

  it('NumberedBatches does not give up a batch in flight because its messages have failed', async () => {
    const [sent] = await setting.write(batch('t/0: a'))
    settle(sent!)
    setting.numbers.dropSettled()
    setting.answer([sent!])
    expect((await setting.write(batch('t/0: b'))).map(shown)).to.deep.equal(['t/0 0:1 b'])
  })

  it('NumberedBatches gives up a batch whose messages have gone to another partition', async () => {
    const [sent] = await setting.write(batch('t/0: a'))
    setting.numbers.unanswered([sent!], lost)
    expect(setting.again(batch('t/0: b'))).to.deep.equal([['t/0 b']])
    expect((await setting.write(batch('t/0: b'))).map(shown)).to.deep.equal(['t/0 1:0 b'])
  })

  it('NumberedBatches keeps a batch that may be stored while messages of a later cycle are put into requests', async () => {
    const [sent] = await setting.write(batch('t/0: a'))
    setting.numbers.unanswered([sent!], lost)
    expect(setting.again(batch('t/0: b'))).to.deep.equal([['t/0 b']])
    expect(setting.again(sent!)).to.deep.equal([['t/0 0:0 a']])
  })

  it('NumberedBatches raises the epoch when a broker knows a newer one', async () => {
    const sent = await setting.write(batch('t/0: a'))
    setting.answer(sent, INVALID_PRODUCER_EPOCH)
    expect((await setting.write(batch('t/0: a'))).map(shown)).to.deep.equal(['t/0 1:0 a'])
  })

  it('NumberedBatches asks for another producer id after the last epoch', async () => {
    setting.grant = () => ({ producerId: BigInt(setting.asked), producerEpoch: 32767 })
    const [sent] = await setting.write(batch('t/0: a'))
    setting.numbers.unanswered([sent!], lost)
    settle(sent!)
    setting.numbers.dropSettled()
    const [next] = await setting.write(batch('t/0: b'))
    expect([next!.producer!.producerId, shown(next!)]).to.deep.equal([2n, 't/0 32767:0 b'])
  })

  it('NumberedBatches lets no batch be written for whose partition another producer id is needed', async () => {
    setting.grant = () => ({ producerEpoch: 32767 })
    const [sent] = await setting.write(batch('t/0: a'))
    const [other] = await setting.prepare(batch('t/1: b'))
    setting.numbers.unanswered([sent!], lost)
    settle(sent!)
    setting.numbers.dropSettled()
    expect(() => setting.numbers.writing([other!])).to.throw(OutdatedRequest)
  })

  describe('ahead', () => {
    it('NumberedBatches knows the numbers of a batch before it is written', async () => {
      const sent = await setting.write(batch('t/0: a b'))
      const ahead = setting.numbers.ahead([batch('t/0: c')], 9)!
      setting.answer(sent)
      setting.numbers.writing(ahead)
      expect(ahead.map(shown)).to.deep.equal(['t/0 0:2 c'])
    })

    it('NumberedBatches refuses a request that was encoded with other numbers than it has to have, and numbers nothing of it', async () => {
      const sent = await setting.write(batch('t/0: a b'))
      const ahead = setting.numbers.ahead([batch('t/1: d'), batch('t/0: c')], 9)!
      setting.answer(sent, NOT_ENOUGH_REPLICAS)
      expect(() => setting.numbers.writing(ahead)).to.throw(OutdatedRequest)
      expect((await setting.write(batch('t/1: d'), batch('t/0: a b'))).map(shown)).to.deep.equal([
        't/1 0:0 d',
        't/0 0:0 a b',
      ])
    })

    it('NumberedBatches knows no numbers without a producer id, nor for a broker before 0.11', async () => {
      expect(setting.numbers.ahead([batch('t/0: a')], 9)).to.equal(null)
      await setting.write(batch('t/0: a'))
      expect(setting.numbers.ahead([batch('t/1: b')], 2)).to.equal(null)
    })
  })

  describe('producer id', () => {
    it('NumberedBatches asks once for all who wait', async () => {
      await Promise.all([setting.prepare(batch('t/0: a')), setting.prepare(batch('t/1: b'))])
      expect(setting.asked).to.equal(1)
    })

    it('NumberedBatches asks on the next connection when the first one came to nothing', async () => {
      setting.grant = () => {
        if (setting.asked === 1) throw unwritten
        return {}
      }
      const outcomes = await Promise.allSettled([
        setting.prepare(batch('t/0: a')),
        setting.prepare(batch('t/1: b')),
      ])
      expect(outcomes.map(({ status }) => status)).to.deep.equal(['rejected', 'fulfilled'])
    })

    it('NumberedBatches throws a refusal that may pass, and fails the messages on one that does not', async () => {
      setting.grant = () => ({ errorCode: setting.asked === 1 ? 14 : 31 })
      const first = await setting.prepare(batch('t/0: a')).catch((error) => error)
      expect([first instanceof BrokerError, first.retriable, first.errorCode]).to.deep.equal([true, true, 14])
      expect(await setting.prepare(batch('t/0: a'))).to.deep.equal([])
      expect(setting.keeper.failures.map(({ cause }) => (cause as BrokerError).errorCode)).to.deep.equal([31])
    })

    it('NumberedBatches does not ask on and on where what is granted is no producer id', async () => {
      setting.grant = () => ({ producerId: -1n })
      const thrown = await setting.prepare(batch('t/0: a')).catch((error) => error)
      expect([thrown.code, setting.asked]).to.deep.equal(['KAFKA_DECODE', 1])
    })

    it('NumberedBatches fails messages at once where a broker takes no InitProducerId', async () => {
      setting.grant = () => {
        throw new UnsupportedVersionError('no InitProducerId')
      }
      expect(await setting.prepare(batch('t/0: a'))).to.deep.equal([])
      expect(setting.keeper.failed).to.deep.equal({ a: 'no InitProducerId' })
    })

    it('NumberedBatches fails messages for brokers before 0.11 and logs that once', async () => {
      setting.version = 2
      expect([await setting.prepare(batch('t/0: a')), await setting.prepare(batch('t/0: b'))]).to.deep.equal([
        [],
        [],
      ])
      expect(
        setting.keeper.failures.map(({ cause }) => cause instanceof UnsupportedVersionError),
      ).to.deep.equal([true, true])
      expect([setting.logger.at('error').length, setting.asked]).to.deep.equal([1, 0])
    })
  })
})

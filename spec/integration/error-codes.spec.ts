/** Every error code that a produce answer can carry, over the wire: docs/reference/faults.md#error-codes-in-a-produce-answer. */
import { expect } from 'chai'
import type { Producer } from '../../lib/index.js'
import { errorCode, omitPartition } from '../../lib/testing/index.js'
import { rejection, Stage } from './support/stage.js'

const RETRIES = 2
const NOT_LEADER = 6
const retriable = [-1, 2, 3, 5, 6, 7, 8, 9, 13, 19, 20, 41, 51, 56, 72, 74, 75, 78, 89, 100, 103, 999, -77]
const nonRetriable = [17, 21, 29, 31, 32, 33, 35, 42, 43, 44, 53, 54, 58, 76, 87]
/** With acks 1. */
const ambiguous = new Set([-1, 7, 13, 20, 56, 999, -77])

const byKey = { ByKey: { partition: (key: unknown) => Number(key) } }

for (const type of ['sync', 'async'] as const) {
  describe(`A produce answer with an error code, ${type} mode`, () => {
    let stage: Stage
    let producer: Producer<unknown, unknown>
    before(async () => {
      stage = new Stage()
      await stage.start()
      stage.cluster.createTopic('t', { partitions: 3, maxMessageBytes: 1000 })
    })
    after(() => stage.close())
    // A producer each: one of them asks for metadata ten times a second at most.
    beforeEach(async () => {
      stage.cluster.faults.clear()
      producer = stage.producer(
        {
          'producer.type': type,
          'partitioner.class': 'ByKey',
          'key.serializer.class': 'kafka.serializer.IntegerEncoder',
          'message.send.max.retries': RETRIES,
          'queue.buffering.max.ms': 1,
        },
        byKey,
      )
      await producer.deliver({ topic: 't', key: 2, message: 'warm-up' })
      stage.cluster.clearRequests()
    })
    afterEach(() => producer.close())

    const produced = (): (readonly number[])[] =>
      stage.cluster.requests.filter(({ api }) => api === 'Produce').map(({ topics }) => topics[0]!.partitions)

    for (const code of retriable) {
      it(`is followed by a successful retry: code ${code} once`, async () => {
        stage.cluster.faults.on('Produce', {}, errorCode(code))
        await producer.deliver({ topic: 't', key: 0, message: `once ${code}` })
        expect(produced()).to.deep.equal([[0], [0]])
        expect(stage.values().filter((value) => value === `once ${code}`)).to.have.length(1)
      })

      it(`fails its messages after ${RETRIES + 1} attempts as ${ambiguous.has(code) ? 'possibly' : 'not'} persisted: code ${code} in every answer`, async () => {
        stage.cluster.faults.on('Produce', { times: 99 }, errorCode(code))
        const error = await rejection(producer.deliver({ topic: 't', key: 0, message: `for ever ${code}` }))
        expect(produced()).to.have.length(RETRIES + 1)
        expect(error.attempts).to.have.length(RETRIES + 1)
        expect(error).to.include({
          persistence: ambiguous.has(code) ? 'possibly-persisted' : 'not-persisted',
          retriable: true,
        })
        expect(error.cause).to.include({ errorCode: code })
        expect(error.message).to.contain(`(${code})`)
      })
    }

    for (const code of nonRetriable) {
      it(`fails its messages without a retry while other partitions succeed: code ${code}`, async () => {
        stage.cluster.faults.on('Produce', { partition: 1, times: 99 }, errorCode(code))
        const outcomes = await Promise.allSettled(
          [0, 1, 2].map((key) => producer.deliver({ topic: 't', key, message: `${code}` })),
        )
        expect(outcomes.map(({ status }) => status)).to.deep.equal(['fulfilled', 'rejected', 'fulfilled'])
        expect((outcomes[1] as PromiseRejectedResult).reason).to.include({
          retriable: false,
          persistence: 'not-persisted',
        })
        expect(produced().filter((partitions) => partitions.includes(1))).to.have.length(1)
      })
    }

    it('does not send stored partitions again where others are retried or failed', async () => {
      stage.cluster.faults.on('Produce', { partition: 1 }, errorCode(NOT_LEADER))
      stage.cluster.faults.on('Produce', { partition: 2, times: 99 }, errorCode(10))
      const before = stage.values().length
      const messages = [0, 1, 2].map((key) => ({ topic: 't', key, message: `row 57 ${key}` }))
      const outcomes = await Promise.allSettled(messages.map((message) => producer.deliver(message)))
      expect(outcomes.map(({ status }) => status)).to.deep.equal(['fulfilled', 'fulfilled', 'rejected'])
      expect(stage.values().length - before).to.equal(2)
      expect(
        produced()
          .flat()
          .filter((partition) => partition === 0),
      ).to.have.length(1)
      expect(
        produced()
          .flat()
          .filter((partition) => partition === 1),
      ).to.have.length(2)
    })

    // Upstream: ProducerFailureHandlingTest.testTooLargeRecordWithAckOne.
    it('fails the message that is too large, and stores its neighbours in order', async () => {
      const large = 'x'.repeat(2000)
      const texts = ['a', 'b', large, 'c', large, 'd']
      const outcomes = await Promise.allSettled(
        texts.map((message) => producer.deliver({ topic: 't', key: 0, message })),
      )
      expect(outcomes.map(({ status }) => status === 'fulfilled')).to.deep.equal(
        texts.map((text) => text !== large),
      )
      const [failed] = outcomes.filter(({ status }) => status === 'rejected') as PromiseRejectedResult[]
      expect(failed!.reason).to.include({ code: 'KAFKA_BROKER_MESSAGE_TOO_LARGE', retriable: false })
      expect(stage.stored()[0]!.slice(-4)).to.deep.equal(['a', 'b', 'c', 'd'])
    })

    it('leads to a retry as possibly-persisted where a partition is missing in it', async () => {
      stage.cluster.faults.on('Produce', { partition: 1 }, omitPartition())
      await producer.deliver({ topic: 't', key: 1, message: 'twice' })
      expect(stage.values().filter((value) => value === 'twice')).to.have.length(2)
    })
  })
}

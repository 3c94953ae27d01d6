/** Messages of a partition are stored in the order in which they were sent, whatever is retried. See docs/reference/faults.md#what-must-hold. */
import { expect } from 'chai'
import type { Classes, Producer } from '../../lib/index.js'
import { close, errorCode, holdUntil, noAnswer } from '../../lib/testing/index.js'
import { eventually, gate, inTurns, rejection, Stage } from './support/stage.js'

const NOT_LEADER = 6

/** Leaves out what was stored before: first occurrences count. */
function firsts(values: readonly string[]): string[] {
  return [...new Set(values)]
}

for (const [type, maxInFlight] of [
  ['sync', 1],
  ['sync', 5],
  ['async', 1],
  ['async', 5],
] as const) {
  describe(`Order, ${type} mode, ${maxInFlight} in flight`, () => {
    let stage: Stage
    beforeEach(async () => {
      stage = new Stage()
      await stage.start({ brokers: 2 })
      stage.cluster.createTopic('t', { partitions: 2 })
    })
    afterEach(() => stage.close())

    function start(
      properties: Readonly<Record<string, unknown>>,
      classes?: Classes,
    ): Producer<unknown, unknown> {
      const mode = { 'producer.type': type, 'max.in.flight.requests.per.connection': maxInFlight }
      return stage.producer({ ...mode, ...properties }, classes)
    }

    const sequence = (count: number): string[] => Array.from({ length: count }, (_, i) => `${i}`)

    // Catches a producer that puts retries behind newer messages.
    it('is kept while older messages of the partition are retried', async () => {
      const producer = start({
        'retry.backoff.ms': 20,
        'batch.num.messages': 2,
      })
      stage.cluster.faults.on('Produce', { times: 2 }, errorCode(NOT_LEADER))
      const first = producer.deliver({ topic: 't', key: 'k', message: '0' })
      await eventually(() => stage.produceRequests === 1)
      const later = sequence(20)
        .slice(1)
        .map((message) => producer.deliver({ topic: 't', key: 'k', message }))
      await Promise.all([first, ...later])
      expect(stage.values()).to.deep.equal(sequence(20))
    })

    it('is kept through broken connections, with older messages sent again first', async () => {
      const producer = start({ 'batch.num.messages': 3 })
      stage.cluster.faults.on('Produce', { times: 1, after: 1 }, close('afterStoring'))
      stage.cluster.faults.on('Produce', { times: 1, after: 3 }, close('beforeStoring'))
      const deliveries = await inTurns(sequence(30), (message) =>
        producer.deliver({ topic: 't', key: 'k', message }),
      )
      await Promise.all(deliveries)
      expect(firsts(stage.values())).to.deep.equal(sequence(30))
    })

    it('is kept when a leader moves', async () => {
      const producer = start({ 'batch.num.messages': 3 })
      const deliveries = await inTurns(sequence(30), (message, i) => {
        if (i === 10) stage.cluster.moveLeader('t', 0, 1)
        if (i === 10) stage.cluster.moveLeader('t', 1, 0)
        return producer.deliver({ topic: 't', key: 'k', message })
      })
      await Promise.all(deliveries)
      expect(firsts(stage.values())).to.deep.equal(sequence(30))
    })

    it('is that of outcomes of a partition, too', async () => {
      const producer = start({ 'batch.num.messages': 4 })
      stage.cluster.faults.on('Produce', { times: 1, after: 1 }, errorCode(NOT_LEADER))
      const settled: string[] = []
      const deliveries = await inTurns(sequence(20), (message) =>
        producer.deliver({ topic: 't', key: 'k', message }).then(() => settled.push(message)),
      )
      await Promise.all(deliveries)
      expect(settled).to.deep.equal(sequence(20))
    })

    it('is kept behind a message that fails', async () => {
      const producer = start({
        'message.send.max.retries': 1,
        'batch.num.messages': 1,
      })
      stage.cluster.faults.on('Produce', { times: 2 }, errorCode(NOT_LEADER))
      const settled: string[] = []
      const [failure, delivery] = await inTurns(['given up', 'next'], (message) =>
        producer.deliver({ topic: 't', key: 'k', message }).finally(() => settled.push(message)),
      )
      await Promise.all([rejection(failure!), delivery])
      expect(settled).to.deep.equal(['given up', 'next'])
      expect(stage.values()).to.deep.equal(['next'])
    })

    // Catches a producer that goes on with a connection whose answer is overdue.
    it('is not affected by late answers, whose connection was closed', async () => {
      const producer = start({
        'request.timeout.ms': 50,
        'message.send.max.retries': 0,
      })
      await producer.deliver({ topic: 't', key: 'k', message: 'warm-up' })
      const { opened, open } = gate()
      stage.cluster.faults.on('Produce', {}, holdUntil(opened))
      const late = await rejection(producer.deliver({ topic: 't', key: 'k', message: 'late' }))
      expect(late).to.include({ code: 'KAFKA_REQUEST_TIMEOUT', persistence: 'possibly-persisted' })
      const next = producer.deliver({ topic: 't', key: 'k', message: 'next' })
      open()
      const { offset, partition } = await next
      expect(stage.stored()[partition]![Number(offset)]).to.equal('next')
      const produced = stage.cluster.requests.filter(({ api }) => api === 'Produce')
      expect(produced.at(-1)!.connection).not.to.equal(produced.at(-2)!.connection)
    })

    it('delays messages of other brokers at most by the time limit of a silent broker', async () => {
      const byKey = { ByKey: { partition: (key: unknown) => Number(key) } }
      const producer = start(
        {
          'partitioner.class': 'ByKey',
          'key.serializer.class': 'kafka.serializer.IntegerEncoder',
          'request.timeout.ms': 100,
          'message.send.max.retries': 0,
        },
        byKey,
      )
      await Promise.all([0, 1].map((key) => producer.deliver({ topic: 't', key, message: 'warm-up' })))
      stage.cluster.faults.on('Produce', { partition: 0 }, noAnswer())
      const silent = rejection(producer.deliver({ topic: 't', key: 0, message: 'silent' }))
      const startMs = performance.now()
      await producer.deliver({ topic: 't', key: 1, message: 'other' })
      expect(performance.now() - startMs).to.be.lessThan(1000)
      expect(await silent).to.include({ code: 'KAFKA_REQUEST_TIMEOUT' })
    })
  })
}

/**
 * Brokers that are away, or stall, or whose time goes another way than ours.
 *
 * @see docs/reference/faults.md#brokers-that-are-away, #time-outs
 */
import { expect } from 'chai'
import sinon from 'sinon'
import { Producer } from '../../lib/index.js'
import { delayMs, holdUntil } from '../../lib/testing/index.js'
import { LogKeeper } from '../handler/support/log-keeper.js'
import { ScriptedCluster } from '../support/scripted/scripted-cluster.js'
import { eventually, gate, modes, rejection, Stage } from './support/stage.js'

/** Nothing else of this process runs meanwhile. */
function stall(milliseconds: number): void {
  const end = performance.now() + milliseconds
  while (performance.now() < end);
}

for (const { type, version } of modes) {
  describe(`A producer during outages, ${type} mode, broker.version=${version},`, () => {
    let stage: Stage
    beforeEach(async () => {
      stage = new Stage({ 'broker.version': version })
      await stage.start({ brokers: 2, failover: false })
      stage.cluster.createTopic('t', { leaders: [0, 1] })
    })
    afterEach(() => stage.close())

    const away = () => Promise.all([0, 1].map((id) => stage.cluster.stopBroker(id)))

    // librdkafka tests/0095-all_brokers_down.cpp.
    it('delivers everything in order after all brokers were down for less than the retries last', async () => {
      const producer = stage.producer({
        'producer.type': type,
        'message.send.max.retries': 50,
        'retry.backoff.ms': 20,
      })
      await producer.deliver({ topic: 't', key: 'a', message: 'before' })
      let retries = 0
      producer.on('retry', () => retries++)
      await away()
      const deliveries = ['1', '2', '3'].map((message) => producer.deliver({ topic: 't', key: 'a', message }))
      await eventually(() => retries > 1)
      await Promise.all([0, 1].map((id) => stage.cluster.startBroker(id)))
      await Promise.all(deliveries)
      expect(stage.values()).to.deep.equal(['before', '1', '2', '3'])
    })

    it('fails each message as not-persisted with all attempts where all brokers are down for longer', async () => {
      const producer = stage.producer({ 'producer.type': type, 'message.send.max.retries': 2 })
      await producer.deliver({ topic: 't', key: 'a', message: 'before' })
      let disconnects = 0
      producer.on('disconnect', () => disconnects++)
      await away()
      // A request written to a broker that has just gone may have been read: that would be another story.
      await eventually(() => disconnects > 0)
      const error = await rejection(producer.deliver({ topic: 't', key: 'a', message: 'm' }))
      expect(error).to.include({ code: 'KAFKA_CONNECTION', persistence: 'not-persisted', retriable: true })
      expect(error.attempts).to.have.length(3)
      expect(error.message).to.contain('ECONNREFUSED')
    })

    // No storm: docs/reference/faults.md#request-storms.
    it('requests metadata at most ten times a second while all brokers are down, however short the back-off', async () => {
      const producer = stage.producer({
        'producer.type': type,
        'message.send.max.retries': 1_000_000,
        'retry.backoff.ms': 0,
      })
      await away()
      let refreshes = 0
      producer.on('refresh', () => refreshes++)
      const failure = rejection(producer.deliver({ topic: 't', message: 'm' }))
      await new Promise((resolve) => setTimeout(resolve, 500))
      expect(refreshes).to.be.within(2, 11)
      await producer.close({ timeoutMs: 0 })
      await failure
    })

    // librdkafka tests/0088-produce_metadata_timeout.c, 0094-idempotence_msg_timeout.c: a topic known before an outage.
    it('delivers messages of a running broker while another one is down', async () => {
      const producer = stage.producer({ 'producer.type': type, 'message.send.max.retries': 1 })
      await stage.cluster.stopBroker(1)
      const outcomes = await Promise.allSettled(
        // Java's hash codes of these keys are 97 and 98.
        ['a', 'b'].map((key) => producer.deliver({ topic: 't', key, message: key })),
      )
      expect(outcomes.map(({ status }) => status)).to.deep.equal(['rejected', 'fulfilled'])
    })

    // Acks 0: a failure on this side is a failure, in contrast to a broker's refusal.
    it('fails a message with acks 0 after the retries where it cannot be written', async () => {
      const producer = stage.producer({
        'producer.type': type,
        'request.required.acks': 0,
        'message.send.max.retries': 1,
      })
      await producer.deliver({ topic: 't', key: 'a', message: 'before' })
      await producer.flush()
      await away()
      await eventually(() => stage.log.at('info').some((line) => line.startsWith('disconnected')))
      const error = await rejection(producer.deliver({ topic: 't', key: 'a', message: 'm' }))
      expect(error).to.include({ persistence: 'not-persisted' })
      expect(error.attempts).to.have.length(2)
    })

    it('accepts an answer that came while this process stalled for longer than request.timeout.ms', async () => {
      const producer = stage.producer({
        'producer.type': type,
        'request.timeout.ms': 100,
        'message.send.max.retries': 0,
      })
      await producer.deliver({ topic: 't', key: 'a', message: 'warm-up' })
      const delivery = producer.deliver({ topic: 't', key: 'a', message: 'm' })
      await eventually(() => stage.produceRequests === 2)
      stall(400)
      expect(await delivery).to.include({ offset: 1n })
    })

    it('is not affected by the system clock jumping by an hour, forwards and back', async () => {
      const producer = stage.producer({
        'producer.type': type,
        'request.timeout.ms': 1000,
        'delivery.timeout.ms': 1000,
        'queue.buffering.max.ms': 20,
        'message.send.max.retries': 0,
      })
      await producer.deliver({ topic: 't', key: 'a', message: 'before' })
      for (const hours of [1, -1]) {
        stage.cluster.faults.on('Produce', {}, delayMs(30))
        const delivery = producer.deliver({ topic: 't', key: 'a', message: `${hours}` })
        const clock = sinon.useFakeTimers({ now: Date.now() + hours * 3_600_000, toFake: ['Date'] })
        await delivery
        clock.restore()
      }
      expect(stage.values()).to.deep.equal(['before', '1', '-1'])
    })

    // librdkafka tests/0055-producer_latency.c, 0125-immediate_flush.c: no timer delays what need not wait.
    it('delivers the first message to a topic that is being created without delay', async () => {
      const producer = stage.producer({
        'producer.type': type,
        'queue.buffering.max.ms': 5,
        'retry.backoff.ms': 10,
      })
      const start = performance.now()
      await producer.deliver({ topic: 'fresh', message: 'm' })
      expect(performance.now() - start).to.be.lessThan(300)
    })

    // A slow broker below the time-out is no fault.
    it('does not retry with a slow broker that answers in time', async () => {
      const producer = stage.producer({ 'producer.type': type, 'request.timeout.ms': 1000 })
      stage.cluster.faults.on('Produce', { times: 5 }, delayMs(20))
      for (let i = 0; i < 5; i++) await producer.deliver({ topic: 't', key: 'a', message: `${i}` })
      expect(stage.values()).to.deep.equal(['0', '1', '2', '3', '4'])
      expect(stage.log.at('warn')).to.deep.equal([])
    })

    // Memory is bounded by the queue, also while nothing goes out.
    if (type === 'async') {
      it('lets senders wait for room while a broker stalls', async () => {
        const producer = stage.producer({
          'producer.type': type,
          'batch.num.messages': 5,
          'queue.buffering.max.messages': 10,
        })
        const { opened, open } = gate()
        stage.cluster.faults.on('Produce', {}, holdUntil(opened))
        let accepted = 0
        const sends = Array.from({ length: 100 }, (_, i) =>
          producer.send({ topic: 't', key: 'a', message: `${i}` }).then(() => accepted++),
        )
        await eventually(() => stage.produceRequests === 1)
        expect(accepted).to.be.at.most(15)
        open()
        await Promise.all(sends)
        await producer.flush()
        expect(stage.values()).to.deep.equal(Array.from({ length: 100 }, (_, i) => `${i}`))
      })
    }
  })
}

// A connect that gets no answer at all.
describe('A broker behind a black hole', () => {
  let cluster: ScriptedCluster
  let producer: Producer<unknown, unknown>

  async function start(requestTimeoutMs: number): Promise<void> {
    cluster = await ScriptedCluster.start({
      brokers: 2,
      blackhole: [1],
      topics: { t: { partitions: [{ id: 0, leader: 1 }] } },
    })
    producer = new Producer<unknown, unknown>(
      {
        'metadata.broker.list': cluster.address(0),
        'serializer.class': 'kafka.serializer.StringEncoder',
        'request.required.acks': 1,
        'request.timeout.ms': requestTimeoutMs,
        'message.send.max.retries': 1,
        'retry.backoff.ms': 1,
      },
      { logger: new LogKeeper() },
    )
  }
  afterEach(async () => {
    await producer.close({ timeoutMs: 0 })
    await cluster.close()
  })

  it('costs request.timeout.ms for each attempt, and its messages are not persisted', async () => {
    await start(60)
    const startMs = performance.now()
    const error = await rejection(producer.deliver({ topic: 't', message: 'm' }))
    expect(performance.now() - startMs).to.be.within(115, 1500)
    expect(error).to.include({
      code: 'KAFKA_REQUEST_TIMEOUT',
      persistence: 'not-persisted',
      broker: cluster.address(1),
    })
    expect(error.message).to.contain(cluster.address(1))
  })

  it('does not keep close with a time limit waiting', async () => {
    await start(60_000)
    const failure = rejection(producer.deliver({ topic: 't', message: 'm' }))
    await eventually(() => cluster.recording.requests.length > 0)
    const startMs = performance.now()
    await producer.close({ timeoutMs: 20 })
    expect(performance.now() - startMs).to.be.lessThan(1000)
    expect(await failure).to.include({ code: 'KAFKA_DELIVERY_TIMEOUT', persistence: 'not-persisted' })
  })
})

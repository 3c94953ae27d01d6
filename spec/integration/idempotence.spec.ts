/** `enable.idempotence` of the classic producer: the numbers that it puts on the wire, read by decoders that share nothing with lib/. */
import { expect } from 'chai'
import { DeliveryError, Producer, UnsupportedVersionError } from '../../lib/index.js'
import { LogKeeper } from '../handler/support/log-keeper.js'
import { isRequest, type SeenRequest } from '../support/scripted-kafka/recording.js'
import type { ClusterScript, Rule } from '../support/scripted-kafka/script.js'
import { ScriptedKafka } from '../support/scripted-kafka/scripted-kafka.js'

const ONE: ClusterScript = { brokers: 1, topics: { t: { partitions: 1 } } }
const TWO: ClusterScript = { brokers: 1, topics: { t: { partitions: 2 }, u: { partitions: 1 } } }
/** By the key: 0 goes to partition 0, 1 to 1. */
const modulo = { 'spec.Modulo': { partition: (key: unknown, count: number) => Number(key) % count } }

describe('A Producer with enable.idempotence=true', () => {
  let cluster: ScriptedKafka
  let log: LogKeeper
  const open: Producer<unknown, unknown>[] = []

  afterEach(async () => {
    await Promise.all(open.splice(0).map((producer) => producer.close({ timeoutMs: 0 })))
    await cluster.close()
  })

  async function start(script: ClusterScript, ...rules: Rule[]): Promise<void> {
    cluster = await ScriptedKafka.start(script, rules)
    log = new LogKeeper()
  }

  function producer(properties: Readonly<Record<string, unknown>> = {}): Producer<unknown, unknown> {
    const made = new Producer<unknown, unknown>(
      {
        'metadata.broker.list': cluster.addresses(),
        'serializer.class': 'kafka.serializer.StringEncoder',
        'partitioner.class': 'spec.Modulo',
        'enable.idempotence': true,
        'request.timeout.ms': 2000,
        'retry.backoff.ms': 1,
        'queue.buffering.max.ms': 5,
        ...properties,
      },
      { logger: log, classes: modulo as never },
    )
    open.push(made)
    return made
  }

  const requests = (): SeenRequest[] => cluster.seen.filter(isRequest)

  /** `topic/partition epoch:number values` of each batch that was written. */
  const written = (): string[] =>
    requests().flatMap(({ sent }) =>
      sent.flatMap(({ topic, partition, batches }) =>
        batches.map(({ v2, records }) => {
          const values = records.map(({ v }) => String(v)).join(' ')
          return `${topic}/${partition} ${v2?.producerEpoch}:${v2?.baseSequence} ${values}`
        }),
      ),
    )

  /** Values of messages to topic t, which go out together: `a@1` is a with key 1. */
  const messages = (text: string, topic = 't') =>
    text.split(' ').map((one) => {
      const [message, key = '0'] = one.split('@') as [string, string?]
      return { topic, key, message }
    })

  const persistenceOf = async (outcome: Promise<unknown>): Promise<string> => {
    const error = await outcome.then(
      () => null,
      (thrown) => thrown,
    )
    expect(error).to.be.instanceOf(DeliveryError)
    return (error as DeliveryError).persistence
  }

  const lost: Rule = { on: 'Produce', close: 'after', nth: 1 }

  for (const type of ['sync', 'async'])
    for (const maxInFlight of [1, 5]) {
      const mode = `${type} with ${maxInFlight} in flight`
      const settings = { 'producer.type': type, 'max.in.flight.requests.per.connection': maxInFlight }

      it(`A batch whose answer was lost is written again as it was, and the next one goes on behind it (${mode})`, async () => {
        await start(ONE, lost)
        const sender = producer(settings)
        await sender.send(messages('a b'))
        await sender.flush()
        await sender.send(messages('c'))
        await sender.flush()
        expect(written()).to.deep.equal(['t/0 0:0 a b', 't/0 0:0 a b', 't/0 0:2 c'])
      })

      it(`A batch that was refused has the same numbers when it is written again (${mode})`, async () => {
        await start(ONE, { on: 'Produce', error: 'NOT_ENOUGH_REPLICAS', nth: 1 })
        const sender = producer(settings)
        await sender.send(messages('a b'))
        await sender.flush()
        await sender.send(messages('c'))
        await sender.flush()
        expect(written()).to.deep.equal(['t/0 0:0 a b', 't/0 0:0 a b', 't/0 0:2 c'])
      })

      it(`The halves of a batch that was too large have its numbers (${mode})`, async () => {
        await start(ONE, { on: 'Produce', error: 'MESSAGE_TOO_LARGE', nth: 1 })
        const sender = producer(settings)
        await sender.send(messages('a b c'))
        await sender.flush()
        expect(written()).to.deep.equal(['t/0 0:0 a b c', 't/0 0:0 a b', 't/0 0:2 c'])
      })
    }

  it('A batch that may be stored stays whole when an attempt after that is refused for its size', async () => {
    await start(ONE, lost, { on: 'Produce', error: 'MESSAGE_TOO_LARGE', nth: 2 })
    const sender = producer()
    const outcomes = messages('a b').map((message) => persistenceOf(sender.deliver(message)))
    expect(await Promise.all(outcomes)).to.deep.equal(['possibly-persisted', 'possibly-persisted'])
    await sender.send(messages('c'))
    expect(written()).to.deep.equal(['t/0 0:0 a b', 't/0 0:0 a b', 't/0 1:0 c'])
  })

  it('A batch that may be stored stays as it is when an attempt after that is surely not stored', async () => {
    await start(ONE, lost, { on: 'Produce', error: 'NOT_ENOUGH_REPLICAS', nth: 2 })
    const sender = producer()
    await Promise.all([sender.send(messages('a')), sender.send(messages('b'))])
    expect(written()).to.deep.equal(['t/0 0:0 a b', 't/0 0:0 a b', 't/0 0:0 a b'])
  })

  it('Messages behind a batch that may be stored stay in batches of their own', async () => {
    await start(ONE, lost)
    const sender = producer({ 'producer.type': 'async', 'batch.num.messages': 2 })
    await sender.send(messages('a b c'))
    await sender.flush()
    expect(written()).to.deep.equal(['t/0 0:0 a b', 't/0 0:0 a b', 't/0 0:2 c'])
  })

  it('Numbers count per partition', async () => {
    await start(TWO)
    const sender = producer()
    await sender.send(messages('a b@1 c'))
    await sender.send(messages('d@1 e'), messages('f', 'u'))
    expect(written()).to.deep.equal(['t/0 0:0 a c', 't/1 0:0 b', 't/1 0:1 d', 't/0 0:2 e', 'u/0 0:0 f'])
  })

  it('A message without a key that may be stored stays in its partition', async () => {
    await start({ brokers: 1, topics: { t: { partitions: 20 } } }, lost)
    await producer().send({ topic: 't', message: 'a' })
    const [first, again] = written()
    expect(again).to.equal(first)
  })

  for (const error of ['UNKNOWN_TOPIC_OR_PARTITION', 'KAFKA_STORAGE_ERROR'] as const)
    it(`A message without a key stays in its partition after ${error}, with which a leader may have stored it`, async () => {
      await start(
        { brokers: 1, topics: { t: { partitions: 20 } } },
        { on: 'Produce', error, append: true, nth: 1 },
      )
      await producer().send({ topic: 't', message: 'a' })
      const [first, again] = written()
      expect(again).to.equal(first)
    })

  it('A batch that was given up while it may be stored is followed by one of the next epoch', async () => {
    await start(ONE, { on: 'Produce', close: 'after', to: 2 })
    const sender = producer({ 'message.send.max.retries': 1 })
    expect(await persistenceOf(sender.deliver(messages('a')[0]!))).to.equal('possibly-persisted')
    await sender.send(messages('b'))
    await sender.send(messages('c'))
    expect(written()).to.deep.equal(['t/0 0:0 a', 't/0 0:0 a', 't/0 1:0 b', 't/0 1:1 c'])
  })

  it('A batch that was given up for certain leaves its numbers to the next one', async () => {
    await start(ONE, { on: 'Produce', error: 'NOT_ENOUGH_REPLICAS', to: 2 })
    const sender = producer({ 'message.send.max.retries': 1 })
    expect(await persistenceOf(sender.deliver(messages('a')[0]!))).to.equal('not-persisted')
    await sender.send(messages('b'))
    expect(written()).to.deep.equal(['t/0 0:0 a', 't/0 0:0 a', 't/0 0:0 b'])
  })

  it('Other partitions take the next epoch with their next batch', async () => {
    await start(TWO, { on: 'Produce', partition: 0, close: 'after', to: 2 })
    const sender = producer({ 'message.send.max.retries': 1 })
    await sender.send(messages('a@1'))
    expect(await persistenceOf(sender.deliver(messages('b')[0]!))).to.equal('possibly-persisted')
    await sender.send(messages('c@1'))
    await sender.send(messages('d'))
    expect(written()).to.deep.equal(['t/1 0:0 a', 't/0 0:0 b', 't/0 0:0 b', 't/1 1:0 c', 't/0 1:0 d'])
  })

  it('A batch whose time limit passed in flight is followed by one of the next epoch', async () => {
    await start(ONE, { on: 'Produce', drop: true, nth: 2 })
    const sender = producer({ 'delivery.timeout.ms': 1000, 'request.timeout.ms': 1100 })
    await sender.send(messages('first'))
    const ended = new Promise((resolve) => sender.once('disconnect', resolve))
    expect(await persistenceOf(sender.deliver(messages('a')[0]!))).to.equal('possibly-persisted')
    await ended
    await sender.send(messages('b'))
    expect(written()).to.deep.equal(['t/0 0:0 first', 't/0 0:1 a', 't/0 1:0 b'])
  })

  it('A batch that was refused with OUT_OF_ORDER_SEQUENCE_NUMBER is written again from number 0 of the next epoch on', async () => {
    await start(ONE, { on: 'Produce', error: 'OUT_OF_ORDER_SEQUENCE_NUMBER', nth: 2 })
    const sender = producer()
    await sender.send(messages('a'))
    await sender.send(messages('b'))
    await sender.send(messages('c'))
    expect(written()).to.deep.equal(['t/0 0:0 a', 't/0 0:1 b', 't/0 1:0 b', 't/0 1:1 c'])
  })

  it('A batch that was refused with DUPLICATE_SEQUENCE_NUMBER is delivered', async () => {
    await start(ONE, { on: 'Produce', error: 'DUPLICATE_SEQUENCE_NUMBER', nth: 1 })
    const { offset } = await producer().deliver(messages('a')[0]!)
    expect([written(), offset]).to.deep.equal([['t/0 0:0 a'], -1n])
  })

  it('Each producer asks for an id of its own, once, on the connection to a leader', async () => {
    await start(TWO)
    const [one, other] = [producer(), producer()]
    await one.send(messages('a b@1'), messages('c', 'u'))
    await other.send(messages('d'))
    const ids = requests().flatMap(({ sent }) => sent.map(({ batches }) => batches[0]!.v2!.producerId))
    expect(new Set(ids).size).to.equal(2)
    expect(requests().filter(({ api }) => api === 'InitProducerId').length).to.equal(2)
    expect(log.at('info').filter((line) => line.includes('granted producer id')).length).to.equal(2)
  })

  it('A producer id that is not granted at the moment is asked for again with the retry', async () => {
    await start(ONE, { on: 'InitProducerId', error: 'COORDINATOR_LOAD_IN_PROGRESS', to: 2 })
    await producer().send(messages('a'))
    expect(written()).to.deep.equal(['t/0 0:0 a'])
  })

  it('A producer id that is refused for ever fails the messages at once', async () => {
    await start(ONE, { on: 'InitProducerId', error: 'CLUSTER_AUTHORIZATION_FAILED' })
    const error = (await producer()
      .deliver(messages('a')[0]!)
      .catch((thrown) => thrown)) as DeliveryError
    expect([error.persistence, error.message.includes('CLUSTER_AUTHORIZATION_FAILED')]).to.deep.equal([
      'not-persisted',
      true,
    ])
    expect(requests().filter(({ api }) => api === 'InitProducerId').length).to.equal(1)
  })

  it('Messages for a broker before 0.11 fail at once, and that is logged once', async () => {
    await start({ ...ONE, kafka: '0.10.2' })
    const sender = producer()
    for (const message of messages('a b')) {
      const error = (await sender.deliver(message).catch((thrown) => thrown)) as DeliveryError
      expect(error.cause).to.be.instanceOf(UnsupportedVersionError)
      expect(error.persistence).to.equal('not-persisted')
    }
    expect(written()).to.deep.equal([])
    expect(log.at('error').filter((line) => line.includes('enable.idempotence')).length).to.equal(1)
  })

  it('Compressed and plain topics beside each other are numbered alike', async () => {
    await start(TWO, lost)
    const sender = producer({ 'compression.codec': 'gzip', 'compressed.topics': 'u' })
    await sender.send(messages('a b'), messages('c d', 'u'))
    await sender.send(messages('e'), messages('f', 'u'))
    expect(written()).to.deep.equal([
      ...['t/0 0:0 a b', 'u/0 0:0 c d'],
      ...['t/0 0:0 a b', 'u/0 0:0 c d'],
      ...['t/0 0:2 e', 'u/0 0:2 f'],
    ])
    const codecs = requests().flatMap(({ sent }) => sent.map(({ batches }) => batches[0]!.codec))
    expect(new Set(codecs)).to.deep.equal(new Set(['none', 'gzip']))
  })

  it('Without it nothing is numbered', async () => {
    await start(ONE, lost)
    await producer({ 'enable.idempotence': false, 'request.required.acks': -1 }).send(messages('a'))
    expect(written()).to.deep.equal(['t/0 -1:-1 a', 't/0 -1:-1 a'])
    expect(requests().some(({ api }) => api === 'InitProducerId')).to.equal(false)
  })
})

import { expect } from 'chai'
import { BrokerError } from '../../lib/errors.js'
import { KafkaProducer } from '../../lib/kafka-producer/kafka-producer.js'
import { close, errorCode, TestCluster } from '../../lib/testing/index.js'
import { recordingLogger } from '../config/recording-logger.js'

describe('A batch of KafkaProducer that is refused for its size after its answer was lost', () => {
  let cluster: TestCluster
  let producer: KafkaProducer<string, string>

  const start = async (more: Record<string, unknown> = {}): Promise<void> => {
    cluster = await TestCluster.start({ brokers: 1 })
    cluster.createTopic('t', { partitions: 1 })
    const serializer = 'org.apache.kafka.common.serialization.StringSerializer'
    producer = new KafkaProducer(
      {
        'bootstrap.servers': cluster.bootstrap,
        'key.serializer': serializer,
        'value.serializer': serializer,
        'retry.backoff.ms': 1,
        'retry.backoff.max.ms': 1,
        'linger.ms': 1,
        ...more,
      },
      { logger: recordingLogger() },
    )
  }

  afterEach(async () => {
    await producer.close({ timeoutMs: 0 })
    await cluster.close()
  })

  const failAttempts = (): void => {
    cluster.faults.on('Produce', { times: 1 }, close('afterStoring'))
    cluster.faults.on('Produce', { after: 1 }, errorCode('MESSAGE_TOO_LARGE'))
  }
  const send = (...values: string[]) =>
    Promise.allSettled(values.map((value) => producer.send({ topic: 't', value })))
  const stored = (): string[] => cluster.messages('t').map(({ value }) => String(value))

  it('fails as possibly persisted with idempotence and is not divided: its parts would be stored again', async () => {
    await start()
    failAttempts()
    for (const outcome of await send('a', 'b')) {
      expect(outcome.status).to.equal('rejected')
      const { reason } = outcome as PromiseRejectedResult
      expect(reason).to.be.instanceOf(BrokerError)
      expect(reason).to.include({ code: 'KAFKA_BROKER_MESSAGE_TOO_LARGE', persistence: 'possibly-persisted' })
    }
    expect(await send('c')).to.have.nested.property('[0].status', 'fulfilled')
    expect(stored()).to.deep.equal(['a', 'b', 'c'])
  })

  it('is divided without idempotence, where a retry may store a record twice anyway', async () => {
    await start({ 'enable.idempotence': false })
    failAttempts()
    expect((await send('a', 'b')).map(({ status }) => status)).to.deep.equal(['fulfilled', 'fulfilled'])
    expect(stored()).to.deep.equal(['a', 'b', 'a', 'b'])
  })
})

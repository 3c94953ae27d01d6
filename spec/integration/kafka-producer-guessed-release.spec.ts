/** A KafkaProducer whose broker is taken for older than it is, by something in between, and what becomes known later. */
import { expect } from 'chai'
import sinon from 'sinon'
import { KafkaProducer } from '../../lib/kafka-producer/kafka-producer.js'
import type { RecordMetadata } from '../../lib/kafka-producer/record-metadata.js'
import { close, TestCluster } from '../../lib/testing/index.js'
import { recordingLogger } from '../config/recording-logger.js'
import { eventually } from './support/stage.js'

const STRINGS = 'org.apache.kafka.common.serialization.StringSerializer'

describe('A KafkaProducer, and a broker of 2.8 behind something that closes on the question for its versions', () => {
  let cluster: TestCluster
  let producer: KafkaProducer<string, string>
  let clock: sinon.SinonFakeTimers
  beforeEach(async () => {
    cluster = await TestCluster.start({ era: '2.8' })
    cluster.createTopic('t', { partitions: 1 })
    cluster.faults.on('ApiVersions', { times: 2 }, close('beforeStoring'))
    clock = sinon.useFakeTimers({ toFake: ['performance'] })
  })
  afterEach(async () => {
    await producer.close({ timeoutMs: 0 })
    await cluster.close()
  })

  for (const acks of ['all', '0', '1']) {
    it(`keeps timestamps seconds later, and no record is lost or overtaken: acks ${acks}`, async () => {
      producer = new KafkaProducer<string, string>(
        {
          'bootstrap.servers': cluster.bootstrap,
          'key.serializer': STRINGS,
          'value.serializer': STRINGS,
          'linger.ms': 0,
          acks,
        },
        { logger: recordingLogger() },
      )
      let sent = 0
      const send = () => producer.send({ topic: 't', value: `r${sent++}`, timestamp: 1000 })
      await send()
      await eventually(() => cluster.messages('t').length === 1)
      expect(cluster.messages('t')[0]!.timestampMs).to.equal(null)
      clock.tick(3000)
      const futures: PromiseLike<RecordMetadata>[] = []
      await eventually(() => {
        futures.push(send())
        return cluster.messages('t').some(({ timestampMs }) => timestampMs === 1000)
      })
      await Promise.all([...futures, send()])
      await producer.flush()
      await eventually(() => cluster.messages('t').length === sent)
      expect(cluster.messages('t').map(({ value }) => String(value))).to.deep.equal(
        Array.from({ length: sent }, (_, i) => `r${i}`),
      )
    })
  }
})

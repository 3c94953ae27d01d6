import { expect } from 'chai'
import { type KafkaProducerProperties, Producer, type ProducerProperties } from '../../lib/index.js'
import { TestCluster } from '../../lib/testing/index.js'

describe('await using', () => {
  it('Producer delivers what is in its queue and closes at the end of the block, before its TestCluster does', async () => {
    let ended: TestCluster
    let closed: Producer
    {
      await using cluster = await TestCluster.start({ brokers: 1 })
      cluster.createTopic('t')
      await using producer = new Producer({
        'metadata.broker.list': cluster.bootstrap,
        'producer.type': 'async',
        'request.required.acks': 1,
      })
      await producer.send({ topic: 't', message: Buffer.from('m') })
      ended = cluster
      closed = producer
    }
    expect(ended.messages('t').map(({ value }) => String(value))).to.deep.equal(['m'])
    const refused = await closed.send({ topic: 't', message: Buffer.from('n') }).then(
      () => null,
      (error: { code: string }) => error.code,
    )
    expect(refused).to.equal('KAFKA_PRODUCER_CLOSED')
  })
})

describe('the types of configuration objects', () => {
  it('ProducerProperties and KafkaProducerProperties have the keys of their settings, and accept others', () => {
    const properties: ProducerProperties = { 'request.required.acks': 1, 'com.acme.key': 'x' }
    type Known<T> = keyof { [Key in keyof T as string extends Key ? never : Key]: T[Key] }
    const known: Known<ProducerProperties>[] = ['queue.buffering.max.ms', 'ssl.truststore.location']
    // @ts-expect-error: a setting of the other producer.
    const foreign: Known<ProducerProperties> = 'linger.ms'
    const modern: Known<KafkaProducerProperties>[] = ['linger.ms', 'sasl.mechanism']
    expect([...known, foreign, ...modern]).to.have.length(5)
    expect(properties['com.acme.key']).to.equal('x')
  })
})

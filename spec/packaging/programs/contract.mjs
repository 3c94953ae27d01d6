/**
 * What every place that loads this package has to be able to do: both producers against the embedded broker. Runs as it is under Node, Bun
 * and Deno, and is what bundlers are given. Prints one line of JSON.
 */
import { KafkaError, KafkaProducer, Producer } from 'kafka-classic-producer'
import { TestCluster } from 'kafka-classic-producer/testing'

const STRINGS = 'org.apache.kafka.common.serialization.StringSerializer'
const cluster = await TestCluster.start({ brokers: 2, defaultPartitions: 2 })

async function classic(settings) {
  const producer = new Producer({
    'metadata.broker.list': cluster.bootstrap,
    'serializer.class': 'kafka.serializer.StringEncoder',
    'request.required.acks': '1',
    ...settings,
  })
  await Promise.all(
    Array.from({ length: 20 }, (_, n) =>
      producer.send({ topic: 'classic', key: `k${n % 4}`, message: `m${n}` }),
    ),
  )
  await producer.close()
}

async function transactional() {
  const producer = new KafkaProducer({
    'bootstrap.servers': cluster.bootstrap,
    'key.serializer': STRINGS,
    'value.serializer': STRINGS,
    'transactional.id': 'contract',
  })
  await producer.initTransactions()
  await producer.withTransaction(async () => {
    for (let n = 0; n < 20; n++)
      producer.send({ topic: 'records', key: `k${n % 4}`, value: `m${n}`, headers: { n: String(n) } })
  })
  await producer.close()
}

/** @returns the code of the error that an unreachable broker ends in. */
async function unreachable() {
  const producer = new Producer({
    'metadata.broker.list': '127.0.0.1:1',
    'message.send.max.retries': '0',
    'producer.type': 'sync',
    'serializer.class': 'kafka.serializer.StringEncoder',
  })
  try {
    await producer.send({ topic: 'nobody', message: 'x' })
    return 'sent'
  } catch (error) {
    return error instanceof KafkaError ? 'KafkaError' : String(error)
  } finally {
    await producer.close()
  }
}

await classic({ 'producer.type': 'sync' })
await classic({ 'producer.type': 'async', 'queue.buffering.max.ms': '5', 'compression.codec': 'gzip' })
await transactional()
const result = {
  classic: cluster.messages('classic').length,
  gzip: cluster.messages('classic').filter(({ codec }) => codec === 'gzip').length,
  committed: cluster.committed('records').length,
  unreachable: await unreachable(),
}
await cluster.close()
console.log(JSON.stringify(result))

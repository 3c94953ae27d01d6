/**
 * What KafkaProducer does, on an embedded cluster: a record that is awaited, one with a callback, a transaction that is
 * committed and one that is aborted, each as a consumer would read it.
 */
import { KafkaProducer } from '../kafka-producer/kafka-producer.js'
import { StringSerializer } from '../kafka-producer/serializers.js'
import type { TestCluster } from '../testing/index.js'
import { storedTable } from './stored-table.js'

type Say = (text: string) => void

const RECORDS = 'demo-records'
const TRANSACTIONS = 'demo-transactions'

export async function demonstrateKafkaProducer(cluster: TestCluster, say: Say): Promise<void> {
  cluster.createTopic(RECORDS, { partitions: 3 })
  cluster.createTopic(TRANSACTIONS, { partitions: 1 })
  await demonstrateSending(cluster, say)
  await demonstrateTransactions(cluster, say)
}

async function demonstrateSending(cluster: TestCluster, say: Say): Promise<void> {
  const producer = stringProducer(cluster, {})
  try {
    say('\nKafkaProducer: a record that is awaited, and one with a callback:\n')
    const metadata = await producer.send({ topic: RECORDS, key: 'user-7', value: 'awaited' })
    say(`awaited: stored as ${metadata}`)
    producer.send({ topic: RECORDS, value: 'with a callback' }, (stored, error) => {
      say(error ? `callback: failed, ${error.message}` : `callback: stored as ${stored}`)
    })
    await producer.flush()
    say(`\n${storedTable(RECORDS, cluster.messages(RECORDS))}`)
  } finally {
    await producer.close()
  }
}

async function demonstrateTransactions(cluster: TestCluster, say: Say): Promise<void> {
  const producer = stringProducer(cluster, { 'transactional.id': 'demo' })
  try {
    await producer.initTransactions()
    for (const ending of ['committed', 'aborted']) {
      producer.beginTransaction()
      for (const n of [1, 2]) producer.send({ topic: TRANSACTIONS, value: `${ending} ${n}` })
      await producer.flush()
      if (ending === 'committed') await producer.commitTransaction()
      else await producer.abortTransaction()
    }
  } finally {
    await producer.close()
  }
  say(
    '\nKafkaProducer: a transaction that is committed and one that is aborted, read with read_uncommitted:\n',
  )
  say(storedTable(TRANSACTIONS, cluster.messages(TRANSACTIONS)))
  say(
    '\nThe offset between them is that of the marker. The same topic, read with isolation.level=read_committed:\n',
  )
  say(storedTable(TRANSACTIONS, cluster.committed(TRANSACTIONS)))
}

function stringProducer(
  cluster: TestCluster,
  more: Readonly<Record<string, string>>,
): KafkaProducer<string, string> {
  const text = new StringSerializer()
  return new KafkaProducer<string, string>(
    { 'bootstrap.servers': cluster.bootstrap, 'client.id': 'demo', ...more },
    { keySerializer: text, valueSerializer: text },
  )
}

/** Transactions, as a consumer with `read_committed` sees them. */
import { expect } from 'chai'
import { type KafkaProducer, ProducerFencedError, UnsupportedVersionError } from '../../../../../lib/index.js'
import { fetchCommittedOffset } from '../../../support/admin-requests.js'
import { eventually } from '../../../support/index.js'
import { useTransactionVersion2 } from '../../../support/transaction-version.js'
import {
  type ContractCase,
  type ContractContext,
  type ExpectedRecord,
  type ExpectedTopic,
  PARTITIONS,
} from '../../contract-case.js'
import { rejectionOf } from '../../rejection.js'
import { type Sends, sendAll } from './sent-records.js'

const FIRST = '0.11'
const TOPIC = 'kafka-producer-transactions'
const OFFSETS_TOPIC = 'kafka-producer-transaction-offsets'
const FENCED_TOPIC = 'kafka-producer-fenced'
const REFUSED_TOPIC = 'kafka-producer-transactions-refused'
const VERSION_2_TOPIC = 'kafka-producer-transactions-2'
const GROUP = 'group-of-the-contract'
const PER_TRANSACTION = 30

type TextProducer = KafkaProducer<string, string>
const portOf = ({ address }: ContractContext): number => Number(address.split(':')[1])

function write(to: Sends, topic: string, prefix: string): Promise<ExpectedRecord[]> {
  const records = Array.from({ length: PER_TRANSACTION }, (_, i) => {
    return { topic, partition: i % PARTITIONS, key: `k${i % 5}`, value: `${prefix} ${i}` }
  })
  return sendAll(to, records)
}

async function aborted(producer: TextProducer, topic: string, prefix: string): Promise<ExpectedRecord[]> {
  producer.beginTransaction()
  const records = await write(producer, topic, prefix)
  await producer.abortTransaction()
  return records
}

async function committed(producer: TextProducer, topic: string, prefix: string): Promise<ExpectedRecord[]> {
  producer.beginTransaction()
  const records = await write(producer, topic, prefix)
  await producer.commitTransaction()
  return records
}

/** On every partition: aborted, committed, aborted, committed. */
async function alternate(context: ContractContext, topic: string): Promise<ExpectedTopic> {
  const producer = context.kafkaProducer({ 'transactional.id': `writer of ${topic}` })
  await producer.initTransactions()
  const first = await aborted(producer, topic, 'aborted first')
  const second = await committed(producer, topic, 'committed first')
  const third = await aborted(producer, topic, 'aborted later')
  const last = await committed(producer, topic, 'committed later')
  const records = [...first, ...second, ...third, ...last]
  return { topic, records, committed: [...second, ...last], isNumbered: true }
}

async function commitOffsets(context: ContractContext): Promise<ExpectedTopic> {
  const offsetOf = (): Promise<bigint> => fetchCommittedOffset(portOf(context), GROUP, OFFSETS_TOPIC, 0)
  const producer = context.kafkaProducer({ 'transactional.id': 'writer of offsets' })
  const place = { topic: OFFSETS_TOPIC, partition: 0 }
  await producer.initTransactions()
  producer.beginTransaction()
  await producer.sendOffsetsToTransaction([{ ...place, offset: 3n }], GROUP)
  const dropped = await sendAll(producer, [{ ...place, value: 'aborted' }])
  await producer.abortTransaction()
  const kept = await producer.withTransaction(async (transaction) => {
    const sent = await sendAll(transaction as Sends, [{ ...place, value: 'committed' }])
    await transaction.sendOffsetsToTransaction([{ ...place, offset: 7n }], GROUP)
    return sent
  })
  // The marker that makes it visible is written after the commit was answered.
  const isThere = async (): Promise<true | null> => ((await offsetOf()) === 7n ? true : null)
  await eventually(isThere, { timeoutMs: 20_000, what: () => 'the committed offset to be 7' })
  return { topic: OFFSETS_TOPIC, records: [...dropped, ...kept], isNumbered: true }
}

async function fence({ kafkaProducer }: ContractContext): Promise<ExpectedTopic> {
  const [older, newer] = [1, 2].map(() => kafkaProducer({ 'transactional.id': 'one of two' }))
  await older!.initTransactions()
  older!.beginTransaction()
  const first = await sendAll(older!, [{ topic: FENCED_TOPIC, partition: 0, value: 'of the older' }])
  await newer!.initTransactions()
  expect(await rejectionOf(older!.commitTransaction())).to.be.instanceOf(ProducerFencedError)
  newer!.beginTransaction()
  const second = await sendAll(newer!, [{ topic: FENCED_TOPIC, partition: 0, value: 'of the newer' }])
  await newer!.commitTransaction()
  return { topic: FENCED_TOPIC, records: [...first, ...second], committed: second }
}

export const transactionCases: readonly ContractCase[] = [
  {
    name: 'transactions',
    title: 'shows committed transactions, and no aborted ones, to consumers that read what is committed',
    group: 'transactions',
    since: FIRST,
    topics: [TOPIC],
    // One epoch for all of them.
    write: async (context) => ({ topics: [{ ...(await alternate(context, TOPIC)), epochs: 1 }] }),
  },
  {
    name: 'offsets in transactions',
    title: 'commits the offsets of a consumer group with a transaction, and not when it is aborted',
    group: 'transactions',
    since: FIRST,
    topics: [OFFSETS_TOPIC],
    write: async (context) => ({ topics: [await commitOffsets(context)] }),
  },
  {
    name: 'fencing',
    title: 'is fenced by a newer one with the same transactional.id, which aborts what it has left',
    group: 'transactions',
    since: FIRST,
    topics: [FENCED_TOPIC],
    write: async (context) => ({ topics: [await fence(context)] }),
  },
  {
    name: 'transaction version 2',
    title: 'uses transaction version 2 where the cluster has it, with an epoch for each transaction',
    group: 'transactions',
    since: '4.0',
    topics: [VERSION_2_TOPIC],
    write: async (context) => {
      await useTransactionVersion2(portOf(context))
      return { topics: [{ ...(await alternate(context, VERSION_2_TOPIC)), epochs: 4 }] }
    },
  },
  {
    name: 'transactions refused',
    title: 'refuses transactions with the reason',
    group: 'old formats',
    before: FIRST,
    topics: [REFUSED_TOPIC],
    write: async ({ kafkaProducer }) => {
      const producer = kafkaProducer({ 'transactional.id': 'too early', 'max.block.ms': 20_000 })
      const error = await rejectionOf(producer.initTransactions())
      expect(error).to.be.instanceOf(UnsupportedVersionError)
      expect((error as Error).message).to.contain('0.11')
      return { topics: [{ topic: REFUSED_TOPIC, records: [] }] }
    },
  },
]

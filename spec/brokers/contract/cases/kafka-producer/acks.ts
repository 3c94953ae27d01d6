/** Each kind of acknowledgement, with what callbacks and futures say. */
import { expect } from 'chai'
import type { RecordMetadata } from '../../../../../lib/index.js'
import { type ContractCase, type ContractContext, type ExpectedRecord, magicOf } from '../../contract-case.js'
import { plainMurmurKeys } from '../../vector-keys.js'
import { expectedAt, recordLike, type SentRecord } from './sent-records.js'

const KEYS = plainMurmurKeys.slice(0, 40)
const ROUNDS = 5

const topicOf = (acks: string): string => `kafka-producer-acks-${acks}`

async function write(acks: string, context: ContractContext): Promise<ExpectedRecord[]> {
  const producer = context.kafkaProducer({ acks })
  const records = Array.from({ length: ROUNDS }, (_, round) =>
    KEYS.map(({ text }): SentRecord => {
      return { topic: topicOf(acks), key: text, value: `value ${round} of ${text}` }
    }),
  ).flat()
  const called: { index: number; metadata: RecordMetadata }[] = []
  const sent = records.map((record, index) =>
    producer.send(recordLike(record), (metadata, error) => {
      if (!error) called.push({ index, metadata })
    }),
  )
  const metadata = await Promise.all(sent)

  expect(called.length, 'callbacks').to.equal(records.length)
  const last = new Map<number, number>()
  for (const { index, metadata: said } of called) {
    expect(said, 'of callback and future').to.deep.equal(metadata[index])
    expect(index, 'order of callbacks').to.be.greaterThan(last.get(said.partition) ?? -1)
    last.set(said.partition, index)
  }
  if (acks === '0') expect(metadata.every((one) => !one.hasOffset())).to.equal(true)
  return records.map((record, i) => {
    const expected = expectedAt(record, metadata[i]!)
    expect(expected.partition).to.equal(KEYS[i % KEYS.length]!.partition)
    return expected
  })
}

export const acksCases: readonly ContractCase[] = ['0', '1', 'all'].map((acks) => ({
  name: `acks ${acks}`,
  title: `stores records with acks ${acks}, and answers callbacks, in the order of sending, and futures`,
  group: 'acks',
  topics: [topicOf(acks)],
  write: async (context) => {
    const isNumbered = acks === 'all' && magicOf(context.version) === 2
    const records = await write(acks, context)
    return { topics: [{ topic: topicOf(acks), records, isText: true, isNumbered }] }
  },
}))

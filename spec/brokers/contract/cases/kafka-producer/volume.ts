/** Many records, one per call, as fast as they go. */
import { type ContractCase, type ContractContext, type ExpectedRecord, magicOf } from '../../contract-case.js'
import { plainMurmurKeys } from '../../vector-keys.js'

const COUNT = 20_000
const TOPIC = 'kafka-producer-volume'

async function write({ kafkaProducer }: ContractContext): Promise<ExpectedRecord[]> {
  const producer = kafkaProducer()
  const failures: Error[] = []
  const records: ExpectedRecord[] = []
  for (let i = 0; i < COUNT; i++) {
    const { text: key, partition } = plainMurmurKeys[i % plainMurmurKeys.length]!
    const value = `${i} ${'.'.repeat(80)}`
    records.push({ partition, key: Buffer.from(key), value: Buffer.from(value) })
    await producer.send({ topic: TOPIC, key, value }, (_, error) => {
      if (error) failures.push(error)
    }).appended
  }
  await producer.flush()
  if (failures.length > 0) throw failures[0]
  return records
}

export const volumeCases: readonly ContractCase[] = [
  {
    name: '20,000 records',
    title: 'stores 20,000 records, all of them, once, in order',
    group: '20,000 records',
    topics: [TOPIC],
    write: async (context) => {
      const isNumbered = magicOf(context.version) === 2
      return { topics: [{ topic: TOPIC, records: await write(context), isText: true, isNumbered }] }
    },
  },
]

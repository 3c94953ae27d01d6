/** What a KafkaProducer says of the records that it sent, as what must be stored. */
import { expect } from 'chai'
import type { KafkaProducer, RecordMetadata } from '../../../../../lib/index.js'
import type { ExpectedHeader, ExpectedRecord } from '../../contract-case.js'

export type Content = Buffer | string | null

export interface SentRecord {
  readonly topic: string
  readonly partition?: number
  readonly key?: Content
  readonly value: Content
  readonly timestamp?: number
  readonly headers?: readonly ExpectedHeader[]
}

/** The parts of KafkaProducer that send, as a transaction has them too. */
export type Sends = Pick<KafkaProducer<never, never>, 'send'>

/** Sends all at once. The records are to be stored where the producer says, in this order. */
export async function sendAll(producer: Sends, records: readonly SentRecord[]): Promise<ExpectedRecord[]> {
  const sent = records.map((record) => producer.send(recordLike(record)))
  const metadata: readonly RecordMetadata[] = await Promise.all(sent)
  return records.map((record, i) => expectedAt(record, metadata[i]!))
}

export function recordLike({ headers = [], ...record }: SentRecord): never {
  const named = headers.map(({ name, value }) => [name, value] as const)
  return { ...record, ...(named.length > 0 && { headers: named }) } as never
}

/** Fails when the producer says something else of the record than what was sent. */
export function expectedAt(record: SentRecord, metadata: RecordMetadata): ExpectedRecord {
  const [key, value] = [bytesOf(record.key ?? null), bytesOf(record.value)]
  const { topic, partition, offset, serializedKeySize, serializedValueSize } = metadata
  expect({ topic, serializedKeySize, serializedValueSize }).to.deep.equal({
    topic: record.topic,
    serializedKeySize: key?.length ?? -1,
    serializedValueSize: value?.length ?? -1,
  })
  if (record.partition !== undefined) expect(partition).to.equal(record.partition)
  const { headers = [] } = record
  return { partition, key, value, headers, ...(metadata.hasOffset() && { offset }) }
}

function bytesOf(content: Content): Buffer | null {
  return typeof content === 'string' ? Buffer.from(content) : content
}

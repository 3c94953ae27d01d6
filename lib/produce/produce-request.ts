/** Batches, as they are written for their leader, as one produce request. */
import { NO_TOPIC_ID, type ProduceRequest } from '../protocol/messages/index.js'
import { estimateSetBytes } from '../protocol/records/record-body.js'
import type { Payload } from '../protocol/types.js'
import type { PartitionBatch } from './partition-batch.js'

export interface ProduceRequestOptions {
  readonly acks: number
  readonly requestTimeoutMs: number
  /** Of the transaction that all batches belong to. Default: none. */
  readonly transactionalId?: string | null
  /** The id that newer brokers know a topic by; all zero where it is not known, as it is by default. */
  readonly topicIdOf?: (topic: string) => Uint8Array
}

/** Bytes of a request beside its sets, roughly; only a hint. */
const REQUEST_OVERHEAD_BYTES = 256

type PartitionPlace = Pick<PartitionBatch, 'topic' | 'partition'>

const noTopicId = (): Uint8Array => NO_TOPIC_ID

/** Topics in the order in which they first come, partitions of a topic together. */
export function produceRequest(
  batches: readonly { readonly batch: PartitionPlace; readonly payload: Payload | Buffer }[],
  { acks, requestTimeoutMs, transactionalId = null, topicIdOf = noTopicId }: ProduceRequestOptions,
): ProduceRequest {
  const topics = new Map<string, ProduceRequest['topics'][number]>()
  for (const { batch, payload } of batches) {
    const { topic: name, partition: index } = batch
    let topic = topics.get(name)
    if (!topic) {
      topic = { name, topicId: topicIdOf(name), partitions: [] }
      topics.set(name, topic)
    }
    topic.partitions.push({ index, records: payload })
  }
  return { transactionalId, acks, timeoutMs: requestTimeoutMs, topics: [...topics.values()] }
}

/** Bytes of such a request, about: text counts as if it were ASCII, and nothing as compressed. */
export function estimateRequestBytes(batches: readonly PartitionBatch[]): number {
  return batches.reduce((sum, { messages }) => sum + estimateSetBytes(messages), REQUEST_OVERHEAD_BYTES)
}

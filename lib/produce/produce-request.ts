/** Batches, as they are written for their leader, as one produce request. */
import { NO_TOPIC_ID, type ProduceRequest } from '../protocol/messages/index.js'
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

/** Bytes of a request beside its partitions, roughly. */
const REQUEST_OVERHEAD_BYTES = 256
/** Index and length of a partition, and the header of a batch of magic 2. */
const PARTITION_OVERHEAD_BYTES = 70

type PartitionPlace = Pick<PartitionBatch, 'topic' | 'partition'>

const noTopicId = (): Uint8Array => NO_TOPIC_ID

/** Topics in the order in which they first come, partitions of a topic together. */
export function produceRequest(
  batches: readonly { readonly batch: PartitionPlace; readonly payload: Payload | Buffer }[],
  { acks, requestTimeoutMs, transactionalId = null, topicIdOf = noTopicId }: ProduceRequestOptions,
): ProduceRequest {
  const topics: ProduceRequest['topics'] = []
  const topicByName = new Map<string, ProduceRequest['topics'][number]>()
  let topic: ProduceRequest['topics'][number] | undefined
  for (const { batch, payload } of batches) {
    const { topic: name, partition: index } = batch
    if (topic?.name !== name) topic = topicByName.get(name)
    if (!topic) {
      topic = { name, topicId: topicIdOf(name), partitions: [] }
      topics.push(topic)
      topicByName.set(name, topic)
    }
    topic.partitions.push({ index, records: payload })
  }
  return { transactionalId, acks, timeoutMs: requestTimeoutMs, topics }
}

/** Bytes of such a request, about; only a hint. */
export function estimateRequestBytes(payloads: readonly { readonly sizeHint: number }[]): number {
  let sum = REQUEST_OVERHEAD_BYTES
  for (const { sizeHint } of payloads) sum += PARTITION_OVERHEAD_BYTES + sizeHint
  return sum
}

/** Messages of one partition that go to its leader together, whoever the messages belong to. */
import type { BatchProducer } from '../protocol/records/record-batch.js'
import type { RecordBody } from '../protocol/records/record-body.js'

export interface PartitionBatch<M extends RecordBody = RecordBody> {
  readonly topic: string
  readonly partition: number
  readonly messages: readonly M[]
  /** Magic 2 only. Default: none, as without idempotence. */
  readonly producer?: BatchProducer
}

/** `topic/partition`, unique because a partition has no slash. */
export function partitionName(topic: string, partition: number): string {
  return `${topic}/${partition}`
}

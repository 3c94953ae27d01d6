/** Messages of one partition that go to its leader together, whoever the messages belong to. */
import type { RecordBody } from '../protocol/records/record-body.js'

export interface PartitionBatch<M extends RecordBody = RecordBody> {
  readonly topic: string
  readonly partition: number
  readonly messages: readonly M[]
}

/** `topic/partition`, unique because a partition has no slash. */
export function partitionName(topic: string, partition: number): string {
  return `${topic}/${partition}`
}

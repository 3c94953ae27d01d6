/** What is known of a topic, written as partition id → leader's broker id. */
import { TopicPartitions } from '../../../lib/cluster/topic-partitions.js'

export function partitionsOf(
  name: string,
  leaderByPartition: Readonly<Record<number, number | null>>,
): TopicPartitions {
  return new TopicPartitions(
    Object.entries(leaderByPartition).map(([id, leaderId]) => ({
      topic: name,
      partitionId: Number(id),
      leaderId,
    })),
  )
}

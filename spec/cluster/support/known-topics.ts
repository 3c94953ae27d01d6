/** What a cache of topic metadata answers, in a form that is easy to compare: of BrokerPartitionInfo and TopicMetadata. */
import type { PartitionAndLeader, TopicPartitions } from '../../../lib/cluster/topic-partitions.js'
import { KafkaError } from '../../../lib/errors.js'

interface KnownTopics {
  partitionsOf(topic: string): readonly PartitionAndLeader[] | undefined
  lookUp(topic: string): TopicPartitions | KafkaError
}

/** id → leader. */
export function leadersOf(known: KnownTopics, topic: string): Record<number, number | null> | undefined {
  const partitions = known.partitionsOf(topic)
  return (
    partitions && Object.fromEntries(partitions.map(({ partitionId, leaderId }) => [partitionId, leaderId]))
  )
}

/** Why nothing is known of a topic. */
export function errorOf(known: KnownTopics, topic: string): KafkaError {
  const found = known.lookUp(topic)
  if (found instanceof KafkaError) return found
  throw new Error(`${topic} is known`)
}

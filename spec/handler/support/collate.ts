import type { TopicPartitions } from '../../../lib/cluster/topic-partitions.js'
import { MetadataError } from '../../../lib/errors.js'
import type { CollateContext } from '../../../lib/handler/choose-partition.js'
import type { Collated } from '../../../lib/handler/partition-and-collate.js'
import type { Partitioner } from '../../../lib/handler/partitioners/partitioner.js'
import { textOf, textsOf } from './pending-messages.js'
import { partitionsOf } from './topics.js'

export const modulo: Partitioner = { partition: (key, count) => Number(key) % count }

export interface World {
  topics?: Record<string, Record<number, number | null> | MetadataError>
  partitioner?: Partitioner
  sticky?: Record<string, number>
  random?: () => number
}

export function contextOf({
  topics = { t: { 0: 0, 1: 1 } },
  partitioner = modulo,
  sticky = {},
  random,
}: World = {}) {
  const known = new Map<string, TopicPartitions | MetadataError>(
    Object.entries(topics).map(([name, topic]) => [
      name,
      topic instanceof MetadataError ? topic : partitionsOf(name, topic),
    ]),
  )
  return {
    partitioner,
    topic: (name) => known.get(name) ?? new MetadataError(`nothing is known of ${name}`, { topic: name }),
    stickyPartitions: new Map(Object.entries(sticky)),
    random: random ?? (() => 0),
  } satisfies CollateContext
}

/** leader → `topic/partition: texts`. */
export function shapeOf({ batchesByLeader }: Collated): Record<number, string[]> {
  return Object.fromEntries(
    [...batchesByLeader].map(([leader, batches]) => [
      leader,
      batches.map(
        ({ topic, partition, messages }) => `${topic}/${partition}: ${textsOf(messages).join(' ')}`,
      ),
    ]),
  )
}

export function rejectedOf({ rejections }: Collated): [string, string][] {
  return rejections.map(({ message: pending, error }) => [textOf(pending), `${error.name}: ${error.message}`])
}

/** The topics and partitions that a request names, for rules and for the recording. */
import { withValues } from './answer-produce.js'
import type { DecodedRequest } from './frames.js'
import type { SentPartition } from './recording.js'
import type { Part } from './rule-book.js'
import type { Struct } from './schema.js'

export function partsOf({ api, body }: DecodedRequest, sent: readonly SentPartition[]): Part[] {
  switch (api) {
    case 'Produce':
      return sent.map(withValues)
    case 'Metadata':
      return ((body.topics ?? []) as Struct[]).map(({ name }) => ({ topic: String(name) }))
    case 'AddPartitionsToTxn':
      return transactionsOf(body).flatMap((topics) =>
        partitionsOf(topics, (partition) => partition as number),
      )
    case 'TxnOffsetCommit':
      return partitionsOf(
        body.topics as Struct[],
        (partition) => (partition as Struct).partitionIndex as number,
      )
    default:
      return []
  }
}

function transactionsOf(body: Struct): Struct[][] {
  if (body.v3AndBelowTopics !== undefined) return [body.v3AndBelowTopics as Struct[]]
  return (body.transactions as Struct[]).map(({ topics }) => topics as Struct[])
}

function partitionsOf(topics: Struct[], index: (partition: unknown) => number): Part[] {
  return topics.flatMap(({ name, partitions }) =>
    (partitions as unknown[]).map((partition) => ({ topic: name as string, partition: index(partition) })),
  )
}

/**
 * What can be said of partitions that chance decides: that they exist, and that a message without a key stays on
 * its topic's partition until the next metadata refresh or failure.
 */
import { type RecordedProduce, type RecordedRequest, sets } from '../support/scripted/recording.js'
import type { Replayed } from './replay.js'
import type { Scenario } from './scenario.js'

export function randomPartitionFaults(scenario: Scenario, { recording }: Replayed): string[] {
  const { nullTopics = [], anyPartitionTopics = [], noEpochReset = false } = scenario.compare ?? {}
  return [
    ...[...nullTopics, ...anyPartitionTopics].flatMap((topic) =>
      unknownPartitions(scenario, topic, recording.requests),
    ),
    ...nullTopics.flatMap((topic) => moves(topic, recording.requests, noEpochReset)),
  ]
}

function unknownPartitions(scenario: Scenario, topic: string, requests: RecordedRequest[]): string[] {
  const existing = scenario.cluster.topics?.[topic]?.partitions.map(({ id }) => id) ?? []
  return partitionsUsed(topic, requests)
    .filter(({ partition }) => !existing.includes(partition))
    .map(({ partition }) => `${topic}-${partition} was sent to and does not exist`)
}

function moves(topic: string, requests: RecordedRequest[], isOneEpoch: boolean): string[] {
  const found: string[] = []
  let sticky: number | undefined
  for (const request of requests) {
    if (!isOneEpoch && endsEpoch(topic, request)) sticky = undefined
    if (request.api !== 'produce') continue
    for (const { partition } of partitionsUsed(topic, [request])) {
      if (sticky !== undefined && partition !== sticky) {
        found.push(
          `messages without a key moved from ${topic}-${sticky} to ${topic}-${partition} for no reason`,
        )
      }
      sticky = partition
    }
  }
  return found
}

function endsEpoch(topic: string, request: RecordedRequest): boolean {
  if (request.api === 'metadata') return request.body.topics.includes(topic)
  return request.api === 'produce' && hasFailed(request)
}

function hasFailed({ answer, action }: RecordedProduce): boolean {
  return (
    action !== undefined ||
    (answer?.topics.some(({ partitions }) => partitions.some(({ error }) => error !== 0)) ?? false)
  )
}

function partitionsUsed(topic: string, requests: RecordedRequest[]): { partition: number }[] {
  return requests
    .filter((request) => request.api === 'produce')
    .flatMap(({ body }) => sets(body).filter((set) => set.topic === topic))
}

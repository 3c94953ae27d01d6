/** Topics whose partitions are chosen by chance: what still has to hold of them. */
import type { RecordedEvent, RecordedMetadata, Scenario, Sticky } from './scenario.js'
import type { Trace } from './trace.js'

/** What is less probable than this is a fault. */
const SMALLEST_CHANCE = 1e-6

export function stickyTopics({ compare }: Scenario): Sticky[] {
  return [compare.sticky ?? []].flat()
}

export function isSticky(scenario: Scenario, topic: string | undefined): boolean {
  return stickyTopics(scenario).some((sticky) => sticky.topic === topic)
}

/** Partitions that changed where they may not, or did not where they should. */
export function partitionFaults(scenario: Scenario, got: Trace): string[] {
  return stickyTopics(scenario).flatMap((sticky) => {
    const partitions = partitionsInOrder(got.events, sticky.topic)
    const found =
      partitions.length === sticky.count
        ? []
        : [`${partitions.length} records of ${sticky.topic} have a partition, expected ${sticky.count}`]
    const count = partitionCount(scenario, sticky.topic)
    return [
      ...found,
      ...changeFaults(sticky, partitions),
      ...standstillFaults(sticky, partitions, count),
      ...cycleFaults(sticky, partitions),
    ]
  })
}

function partitionCount({ cluster }: Scenario, topic: string): number {
  const { partitions = [] } = cluster.topics?.[topic] ?? {}
  return typeof partitions === 'number' ? partitions : partitions.length
}

/** Partitions of the records of a topic, in the order in which they were sent. */
function partitionsInOrder(events: readonly RecordedEvent[], topic: string): number[] {
  return events
    .flatMap((event) => (event.kind === 'result' && event.md?.topic === topic ? [event] : []))
    .sort((a, b) => Number(a.i) - Number(b.i) || Number(a.r) - Number(b.r))
    .map(({ md }) => (md as RecordedMetadata).partition)
}

function changeFaults({ topic, mayChangeAt }: Sticky, partitions: readonly number[]): string[] {
  if (mayChangeAt === undefined) return []
  return partitions.flatMap((partition, at) => {
    if (at === 0 || partition === partitions[at - 1] || mayChangeAt.includes(at)) return []
    return [`the partition of ${topic} changes before record ${at}, not at one of ${mayChangeAt.join(', ')}`]
  })
}

/** The next partition may be the old one, but hardly each time. */
function standstillFaults(
  { topic, mayChangeAt = [] }: Sticky,
  partitions: readonly number[],
  count: number,
): string[] {
  const changes = mayChangeAt.filter((at) => at > 0 && at < partitions.length).length
  if (count ** -changes > SMALLEST_CHANCE || new Set(partitions).size > 1) return []
  return [`all records of ${topic} go to partition ${partitions[0]}, though it could change ${changes} times`]
}

function cycleFaults({ topic, cycle }: Sticky, partitions: readonly number[]): string[] {
  if (cycle === undefined) return []
  return partitions.flatMap((_, at) => {
    const turn = partitions.slice(at, at + cycle)
    if (turn.length < cycle || new Set(turn).size === cycle) return []
    return [
      `records ${at} to ${at + cycle - 1} of ${topic} go to partitions ${turn}, expected ${cycle} different ones`,
    ]
  })
}

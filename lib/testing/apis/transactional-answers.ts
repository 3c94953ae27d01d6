/** What the answers to requests of transactions have in common. */
import { codes } from '../codes.js'
import type { Call } from './api-handler.js'

/** Of AddPartitionsToTxn, AddOffsetsToTxn and EndTxn. */
const FIRST_VERSION_WITH_FENCED = 2

/** Before KIP-588 a producer that was fenced and one of an old epoch were answered the same. */
export function fencedCode(code: number, { version }: Call): number {
  return code === codes.PRODUCER_FENCED && version < FIRST_VERSION_WITH_FENCED
    ? codes.INVALID_PRODUCER_EPOCH
    : code
}

interface TopicAnswer {
  readonly name: string
  readonly partitions: readonly { readonly index: number }[]
}

/** What the fault `omitPartition` leaves of an answer. */
export function withoutOmitted<T extends TopicAnswer>(topics: readonly T[], { faults }: Call): T[] {
  const isOmitted = (topic: string, partition: number): boolean =>
    faults.some(({ fault, fits }) => fault.kind === 'omitPartition' && fits(topic, partition))
  return topics.map((topic) => ({
    ...topic,
    partitions: topic.partitions.filter(({ index }) => !isOmitted(topic.name, index)),
  }))
}

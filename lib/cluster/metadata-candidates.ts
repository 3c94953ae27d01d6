/**
 * Policy: in which order brokers are asked for metadata, where their connections carry other requests as well.
 *
 * A broker answers a connection's requests one after the other, so one that has nothing in flight is asked first: a
 * refresh does not wait behind a slow produce request. Only where no such broker is left, or none but those that have
 * just failed, is the busy one with the fewest requests in flight asked. Among equals the given order counts.
 *
 * @see NetworkClient.leastLoadedNode of Kafka 3.9; docs/decisions/0006-one-session-per-broker.md
 */
import partition from 'lodash/partition.js'
import sortBy from 'lodash/sortBy.js'
import type { BrokerAddress } from '../broker-address.js'

export interface MetadataCandidate {
  readonly address: BrokerAddress
  /** Requests in flight on its connection; 0 where there is none, infinite while it holds requests back. */
  readonly load: number
  /** It gave no metadata when it was last asked. */
  readonly hasFailed: boolean
}

export function inOrderOfAsking(candidates: readonly MetadataCandidate[]): BrokerAddress[] {
  const [free, busy] = partition(candidates, ({ load }) => load === 0)
  const leastLoadedFirst = sortBy(busy, 'load')
  // Who does not even connect must not keep a refresh from a broker that is only busy.
  const [failed, untroubled] = busy.length > 0 ? partition(free, 'hasFailed') : [[], free]
  return [...untroubled, ...leastLoadedFirst, ...failed].map(({ address }) => address)
}

/**
 * Which versions of each API a release of Kafka takes; only what a producer uses.
 *
 * A row says from which release on a highest version holds. Lowest versions are 0 but where 4.0 removed some.
 *
 * @see docs/reference/wire-protocol.md#versions-by-release
 */
import type { ApiName } from './messages.js'

export interface VersionRange {
  min: number
  max: number
}

const highest: Readonly<Record<ApiName, readonly (readonly [release: string, max: number])[]>> = {
  Produce: [
    ['0.8', 0],
    ['0.9', 1],
    ['0.10', 2],
    ['0.11', 3],
    ['1.0', 5],
    ['2.0', 6],
    ['2.1', 7],
    ['2.4', 8],
    ['2.8', 9],
    ['3.7', 10],
    ['3.8', 11],
    ['4.0', 12],
    ['4.1', 13],
  ],
  Metadata: [
    ['0.8', 0],
    ['0.10.0', 1],
    ['0.10.1', 2],
    ['0.11', 4],
    ['1.0', 5],
    ['2.0', 6],
    ['2.1', 7],
    ['2.3', 8],
    ['2.4', 9],
    ['2.8', 11],
    ['3.1', 12],
    ['4.0', 13],
  ],
  ApiVersions: [
    ['0.10', 0],
    ['0.11', 1],
    ['2.0', 2],
    ['2.4', 3],
    ['3.9', 4],
  ],
  FindCoordinator: [
    ['0.9', 0],
    ['0.11', 1],
    ['2.0', 2],
    ['2.4', 3],
    ['3.0', 4],
    ['3.8', 5],
    ['3.9', 6],
  ],
  InitProducerId: [
    ['0.11', 0],
    ['2.0', 1],
    ['2.4', 2],
    ['2.5', 3],
    ['2.7', 4],
    ['3.8', 5],
  ],
  AddPartitionsToTxn: [
    ['0.11', 0],
    ['2.0', 1],
    ['2.7', 2],
    ['2.8', 3],
    ['3.5', 4],
    ['3.8', 5],
  ],
  AddOffsetsToTxn: [
    ['0.11', 0],
    ['2.0', 1],
    ['2.7', 2],
    ['2.8', 3],
    ['3.8', 4],
  ],
  EndTxn: [
    ['0.11', 0],
    ['2.0', 1],
    ['2.7', 2],
    ['2.8', 3],
    ['3.8', 4],
    ['4.0', 5],
  ],
  TxnOffsetCommit: [
    ['0.11', 0],
    ['2.0', 1],
    ['2.1', 2],
    ['2.5', 3],
    ['3.8', 4],
    ['4.0', 5],
  ],
}

/** What 4.0 no longer takes. */
const LOWEST_OF_4_PRODUCE = 3

/** The ranges of a release such as `3.9` or `0.10.2`. An API that it lacks has no entry. */
export function versionsOf(release: string): Map<ApiName, VersionRange> {
  const ranges = new Map<ApiName, VersionRange>()
  for (const [api, rows] of Object.entries(highest) as [ApiName, (typeof highest)[ApiName]][]) {
    const row = rows.findLast(([from]) => isAtLeast(release, from))
    if (row !== undefined) ranges.set(api, { min: lowest(api, release), max: row[1] })
  }
  return ranges
}

function lowest(api: ApiName, release: string): number {
  return api === 'Produce' && isAtLeast(release, '4.0') ? LOWEST_OF_4_PRODUCE : 0
}

/** True where `release` is `from` or a later one: numbers are compared one by one. */
export function isAtLeast(release: string, from: string): boolean {
  const [have, want] = [release.split('.').map(Number), from.split('.').map(Number)]
  for (const [at, number] of want.entries()) {
    const difference = (have[at] ?? 0) - number
    if (difference !== 0) return difference > 0
  }
  return true
}

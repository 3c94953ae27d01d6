/**
 * Which versions of which requests each Kafka release takes. Brokers before 0.10 say nothing of it, a pinned
 * `broker.version` asks nobody, and whoever was asked is recognised by it.
 *
 * @see docs/reference/wire-protocol.md#versions-by-release; https://kafka.apache.org/protocol#protocol_api_keys
 */

/** First and last version, both included. */
export type VersionRange = readonly [first: number, last: number]

/** Columns of the table below. */
const apiKeys = [0, 1, 2, 3, 17, 18, 19, 22, 36, 10, 24, 25, 26, 28] as const

type Row = readonly [
  release: string,
  produce: VersionRange,
  fetch: VersionRange,
  listOffsets: VersionRange,
  metadata: VersionRange,
  saslHandshake: VersionRange | null,
  apiVersions: VersionRange | null,
  createTopics: VersionRange | null,
  initProducerId: VersionRange | null,
  saslAuthenticate: VersionRange | null,
  findCoordinator: VersionRange | null,
  addPartitionsToTxn: VersionRange | null,
  addOffsetsToTxn: VersionRange | null,
  endTxn: VersionRange | null,
  txnOffsetCommit: VersionRange | null,
]

const to = (last: number): VersionRange => [0, last]

// Oldest first. Of 4.x what it takes, not what it lists: see `advertised`.
// biome-ignore format: a table
const rows: readonly Row[] = [
  ['0.8.0',  to(0),   to(0),   to(0),   to(0),  null,  null,  null,   null,  null,  null,  null,  null,  null,  null],
  ['0.8.1',  to(0),   to(0),   to(0),   to(0),  null,  null,  null,   null,  null,  null,  null,  null,  null,  null],
  ['0.8.2',  to(0),   to(0),   to(0),   to(0),  null,  null,  null,   null,  null,  to(0), null,  null,  null,  null],
  ['0.9.0',  to(1),   to(1),   to(0),   to(0),  null,  null,  null,   null,  null,  to(0), null,  null,  null,  null],
  ['0.10.0', to(2),   to(2),   to(0),   to(1),  to(0), to(0), null,   null,  null,  to(0), null,  null,  null,  null],
  ['0.10.1', to(2),   to(3),   to(1),   to(2),  to(0), to(0), to(0),  null,  null,  to(0), null,  null,  null,  null],
  ['0.10.2', to(2),   to(3),   to(1),   to(2),  to(0), to(0), to(1),  null,  null,  to(0), null,  null,  null,  null],
  ['0.11.0', to(3),   to(5),   to(2),   to(4),  to(0), to(1), to(2),  to(0), null,  to(1), to(0), to(0), to(0), to(0)],
  ['1.0',    to(5),   to(6),   to(2),   to(5),  to(1), to(1), to(2),  to(0), to(0), to(1), to(0), to(0), to(0), to(0)],
  ['1.1',    to(5),   to(7),   to(2),   to(5),  to(1), to(1), to(2),  to(0), to(0), to(1), to(0), to(0), to(0), to(0)],
  ['2.0',    to(6),   to(8),   to(3),   to(6),  to(1), to(2), to(3),  to(1), to(0), to(2), to(1), to(1), to(1), to(1)],
  ['2.1',    to(7),   to(10),  to(4),   to(7),  to(1), to(2), to(3),  to(1), to(0), to(2), to(1), to(1), to(1), to(2)],
  ['2.2',    to(7),   to(10),  to(5),   to(7),  to(1), to(2), to(3),  to(1), to(1), to(2), to(1), to(1), to(1), to(2)],
  ['2.3',    to(7),   to(11),  to(5),   to(8),  to(1), to(2), to(3),  to(1), to(1), to(2), to(1), to(1), to(1), to(2)],
  ['2.4',    to(8),   to(11),  to(5),   to(9),  to(1), to(3), to(5),  to(2), to(1), to(3), to(1), to(1), to(1), to(2)],
  ['2.5',    to(8),   to(11),  to(5),   to(9),  to(1), to(3), to(5),  to(3), to(2), to(3), to(1), to(1), to(1), to(3)],
  ['2.6',    to(8),   to(11),  to(5),   to(9),  to(1), to(3), to(5),  to(3), to(2), to(3), to(1), to(1), to(1), to(3)],
  ['2.7',    to(8),   to(12),  to(5),   to(9),  to(1), to(3), to(6),  to(4), to(2), to(3), to(2), to(2), to(2), to(3)],
  ['2.8',    to(9),   to(12),  to(6),   to(11), to(1), to(3), to(7),  to(4), to(2), to(3), to(3), to(3), to(3), to(3)],
  ['3.0',    to(9),   to(12),  to(7),   to(11), to(1), to(3), to(7),  to(4), to(2), to(4), to(3), to(3), to(3), to(3)],
  ['3.1',    to(9),   to(13),  to(7),   to(12), to(1), to(3), to(7),  to(4), to(2), to(4), to(3), to(3), to(3), to(3)],
  ['3.2',    to(9),   to(13),  to(7),   to(12), to(1), to(3), to(7),  to(4), to(2), to(4), to(3), to(3), to(3), to(3)],
  ['3.3',    to(9),   to(13),  to(7),   to(12), to(1), to(3), to(7),  to(4), to(2), to(4), to(3), to(3), to(3), to(3)],
  ['3.4',    to(9),   to(13),  to(7),   to(12), to(1), to(3), to(7),  to(4), to(2), to(4), to(3), to(3), to(3), to(3)],
  ['3.5',    to(9),   to(15),  to(8),   to(12), to(1), to(3), to(7),  to(4), to(2), to(4), to(3), to(3), to(3), to(3)],
  ['3.6',    to(9),   to(15),  to(8),   to(12), to(1), to(3), to(7),  to(4), to(2), to(4), to(4), to(3), to(3), to(3)],
  ['3.7',    to(10),  to(16),  to(8),   to(12), to(1), to(3), to(7),  to(4), to(2), to(4), to(4), to(3), to(3), to(3)],
  ['3.8',    to(11),  to(16),  to(8),   to(12), to(1), to(3), to(7),  to(5), to(2), to(5), to(5), to(4), to(4), to(4)],
  ['3.9',    to(11),  to(17),  to(9),   to(12), to(1), to(4), to(7),  to(5), to(2), to(6), to(5), to(4), to(4), to(4)],
  ['4.0',    [3, 12], [4, 17], [1, 10], to(13), to(1), to(4), [2, 7], to(5), to(2), to(6), to(5), to(4), to(5), to(5)],
  ['4.1',    [3, 13], [4, 18], [1, 10], to(13), to(1), to(4), [2, 7], to(5), to(2), to(6), to(5), to(4), to(5), to(5)],
  ['4.2',    [3, 13], [4, 18], [1, 11], to(13), to(1), to(4), [2, 7], to(5), to(2), to(6), to(5), to(4), to(5), to(5)],
  ['4.3',    [3, 13], [4, 18], [1, 11], to(13), to(1), to(4), [2, 7], to(5), to(2), to(6), to(5), to(4), to(5), to(5)],
  ['4.4',    [3, 13], [4, 18], [1, 11], to(13), to(1), to(5), [2, 7], to(5), to(2), to(6), to(5), to(4), to(5), to(6)],
]

const PRODUCE = 0
/** Brokers that take Produce v12 are 4.0 or newer. */
const PRODUCE_OF_4_0 = 12
const FIRST_PRODUCE_OF_4_0 = 3

/** What a release takes: API key → versions. */
export type ReleaseApis = ReadonlyMap<number, VersionRange>

function apisOf([, ...ranges]: Row): ReleaseApis {
  return new Map(
    apiKeys.flatMap((key, column) => {
      const range = ranges[column]
      return range ? [[key, range] as const] : []
    }),
  )
}

const releases: ReadonlyMap<string, ReleaseApis> = new Map(rows.map((row) => [row[0], apisOf(row)]))

/** Names of all releases known here, oldest first. */
export const releaseNames: readonly string[] = rows.map(([release]) => release)

/** @throws {RangeError} for a name that is not in {@link releaseNames}. */
export function releaseApis(release: string): ReleaseApis {
  const apis = releases.get(release)
  if (apis) return apis
  throw new RangeError(`no Kafka release ${release} is known here`)
}

/** What the broker of a release lists: 4.x says that it takes Produce v0 to v2, and closes the connection on them. */
export function advertised(release: string): ReleaseApis {
  return new Map(
    [...releaseApis(release)].map(([key, range]) => [key, key === PRODUCE ? to(range[1]) : range]),
  )
}

/** What a broker takes, of what it lists. */
export function usableRange(apiKey: number, listed: VersionRange): VersionRange {
  const [first, last] = listed
  const isLying = apiKey === PRODUCE && last >= PRODUCE_OF_4_0 && first < FIRST_PRODUCE_OF_4_0
  return isLying ? [FIRST_PRODUCE_OF_4_0, last] : listed
}

/**
 * The release that lists these versions: `2.8`, `3.1 to 3.4` where several do, the nearest one where none does, or
 * the newest one with a plus where something is newer than all.
 */
export function recognise(listed: ReadonlyMap<number, VersionRange>): string {
  const newest = rows.at(-1)!
  const isNewer = apiKeys.some(
    (key) => (listed.get(key)?.[1] ?? 0) > (releases.get(newest[0])!.get(key)?.[1] ?? 0),
  )
  if (isNewer) return `${newest[0]}+`
  let best: string[] = []
  let bestScore = -1
  for (const [release, apis] of releases) {
    // Whoever is asked knows ApiVersions.
    if (!apis.has(18)) continue
    const score = apiKeys.filter((key) => listed.get(key)?.[1] === apis.get(key)?.[1]).length
    if (score > bestScore) best = []
    if (score >= bestScore) best.push(release)
    bestScore = Math.max(bestScore, score)
  }
  return best.length > 1 ? `${best[0]} to ${best.at(-1)}` : best[0]!
}

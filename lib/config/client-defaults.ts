/**
 * What a key that is not set means, by release of the Java client: one row for each key whose default has changed.
 *
 * For a configuration that was written for one of them, see `client.defaults`.
 */

/** The releases that a configuration may have been written for, oldest first. */
export const clientReleases = ['0.11', '1.1', '2.3', '2.8', '3.9', '4.3'] as const

export type ClientRelease = (typeof clientReleases)[number]

/** How a record without a key gets its partition where there is no `partitioner.class`. */
export type NullKeyRule = 'rotate' | 'sticky' | 'adaptive'

const MAX_INT32 = '2147483647'

type Row<Value> = readonly [key: string, ...byRelease: readonly Value[]]

// biome-ignore format: a table.
const rows: readonly Row<string>[] = [
  //                               0.11     1.1      2.3        2.8        3.9        4.3
  ['acks',                         '1',     '1',     '1',       '1',       'all',     'all'],
  ['enable.idempotence',           'false', 'false', 'false',   'false',   'true',    'true'],
  ['retries',                      '0',     '0',     MAX_INT32, MAX_INT32, MAX_INT32, MAX_INT32],
  ['linger.ms',                    '0',     '0',     '0',       '0',       '0',       '5'],
  ['metadata.recovery.strategy',   'none',  'none',  'none',    'none',    'none',    'rebootstrap'],
]

const nullKeyRules: readonly NullKeyRule[] = ['rotate', 'rotate', 'rotate', 'sticky', 'adaptive', 'adaptive']

/** What differs in a release beside its defaults. */
export interface ReleaseRules {
  readonly nullKeys: NullKeyRule
  /** Whether `Partitioner.onNewBatch` is called, and the partitioner asked again. */
  readonly callsOnNewBatch: boolean
  /** Before 3.7: every pause is `retry.backoff.ms` long, unless `retry.backoff.max.ms` is set. */
  readonly isBackoffConstant: boolean
  /** Whether more than five requests in flight are an error where idempotence is on by default, or switch it off. */
  readonly refusesManyInFlight: boolean
}

/** Key → default, for the keys of which it has changed. */
export function defaultsOf(release: ClientRelease): ReadonlyMap<string, string> {
  const column = clientReleases.indexOf(release) + 1
  return new Map(rows.map((row) => [row[0], row[column]!]))
}

export function rulesOf(release: ClientRelease): ReleaseRules {
  return {
    nullKeys: nullKeyRules[clientReleases.indexOf(release)]!,
    callsOnNewBatch: release === '2.8' || release === '3.9',
    isBackoffConstant: clientReleases.indexOf(release) < clientReleases.indexOf('3.9'),
    refusesManyInFlight: release === '4.3',
  }
}

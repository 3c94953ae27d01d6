/**
 * Which versions of which requests a broker takes, and which it lists: those of its era's release, or less of them
 * where a proxy in front lets only some through.
 */
import { advertised, type ReleaseApis, releaseApis, type VersionRange } from '../protocol/releases.js'
import type { Era } from './eras.js'

/** API key → versions that a proxy lets through. APIs that are not named have all of the era's. */
export type VersionCaps = Readonly<Record<number, VersionRange>>

export interface OfferedApis {
  /** What answers to ApiVersions say. 4.x lists versions of Produce that it does not take. */
  readonly listed: ReleaseApis
  readonly taken: ReleaseApis
}

export function offeredApis(era: Era, caps: VersionCaps = {}): OfferedApis {
  return { listed: capped(advertised(era.release), caps), taken: capped(releaseApis(era.release), caps) }
}

/** An API of which nothing is left is not offered. */
function capped(apis: ReleaseApis, caps: VersionCaps): ReleaseApis {
  const left = [...apis].map(([key, range]) => [key, overlap(range, caps[key])] as const)
  return new Map(left.filter(([, [first, last]]) => first <= last))
}

function overlap([first, last]: VersionRange, cap?: VersionRange): VersionRange {
  return cap ? [Math.max(first, cap[0]), Math.min(last, cap[1])] : [first, last]
}

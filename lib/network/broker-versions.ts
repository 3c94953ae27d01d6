/**
 * Which versions one broker supports, and the version of each request to it: the newest that both sides support.
 *
 * @see docs/reference/wire-protocol.md#finding-out-versions; docs/decisions/0000-classic-producer.md#d12
 */
import { UnsupportedVersionError } from '../errors.js'
import type { Api } from '../protocol/api.js'
import type { ApiVersionsResponse } from '../protocol/messages/index.js'
import {
  type ReleaseApis,
  recognise,
  releaseApis,
  usableRange,
  type VersionRange,
} from '../protocol/releases.js'

type AnyApi = Pick<Api<unknown, unknown>, 'key' | 'name' | 'minVersion' | 'maxVersion'>

export class BrokerVersions {
  /** Kafka's release as far as it is known: `0.8`, `2.8`, `3.1 to 3.4`, `4.4+`. */
  readonly release: string
  /** Nobody was asked. */
  readonly isPinned: boolean
  readonly #ranges: ReleaseApis
  /** By API key; asked once per request. */
  readonly #chosen: number[] = []

  private constructor(release: string, ranges: ReleaseApis, isPinned: boolean) {
    this.release = release
    this.#ranges = ranges
    this.isPinned = isPinned
  }

  /** Of a broker that was not asked because `broker.version` says what it is. */
  static pinned(release: string): BrokerVersions {
    return new BrokerVersions(release, releaseApis(release), true)
  }

  /** Of a broker that closes the connection on ApiVersions. */
  static readonly v0_8 = new BrokerVersions('0.8', releaseApis('0.8.2'), false)
  /** Of a broker that never answers ApiVersions. */
  static readonly v0_9 = new BrokerVersions('0.9', releaseApis('0.9.0'), false)

  /** Of a broker that answered ApiVersions. */
  static listed({ apiKeys }: Pick<ApiVersionsResponse, 'apiKeys'>): BrokerVersions {
    const ranges = new Map<number, VersionRange>()
    for (const { apiKey, minVersion, maxVersion } of apiKeys) {
      ranges.set(apiKey, usableRange(apiKey, [minVersion, maxVersion]))
    }
    return new BrokerVersions(recognise(ranges), ranges, false)
  }

  /** Whether nobody has said so: the broker closed on the question, or passed over it. */
  get isGuessed(): boolean {
    return this === BrokerVersions.v0_8 || this === BrokerVersions.v0_9
  }

  /**
   * The newest version that both sides know.
   *
   * @param broker - for the error.
   * @throws {UnsupportedVersionError} when there is none; it names what each side offers, and what to do.
   */
  versionOf(api: AnyApi, broker: string): number {
    const known = this.#chosen[api.key]
    if (known !== undefined) return known
    const version = this.newestUpTo(api.maxVersion, api, broker)
    this.#chosen[api.key] = version
    return version
  }

  /** Whether the broker takes this version of a request. */
  knows({ key }: AnyApi, version: number): boolean {
    const [first, last] = this.#ranges.get(key) ?? [0, -1]
    return version >= first && version <= last
  }

  /** As {@link versionOf}, with a version that must not be exceeded. */
  newestUpTo(limit: number, api: AnyApi, broker: string): number {
    const offered = this.#ranges.get(api.key)
    const newest = Math.min(api.maxVersion, limit, offered?.[1] ?? -1)
    if (offered && newest >= offered[0] && newest >= api.minVersion) return newest
    throw this.#nothingInCommon(api, broker, limit, offered)
  }

  #nothingInCommon(
    api: AnyApi,
    broker: string,
    limit: number,
    offered: VersionRange | undefined,
  ): UnsupportedVersionError {
    const theirs = offered ? `${api.name} v${offered[0]} to v${offered[1]}` : `no ${api.name}`
    const ours = `v${api.minVersion} to v${Math.min(limit, api.maxVersion)}`
    const isTooNew = offered !== undefined && offered[0] > api.maxVersion
    const advice = this.isPinned
      ? 'broker.version names a release that cannot be used; set it to auto'
      : isTooNew
        ? 'use a newer kafka-classic-producer'
        : 'is there a proxy in front of it that leaves requests out?'
    return new UnsupportedVersionError(
      `${broker} (Kafka ${this.release}) offers ${theirs}, ${ours} can be used here: ${advice}`,
      { broker },
    )
  }
}

/**
 * What is spoken with each release of Kafka as markdown, from the tables the producer itself goes by.
 */
import { metadata, produce } from '../lib/protocol/messages/index.js'
import { type ReleaseApis, releaseApis, releaseNames } from '../lib/protocol/releases.js'

const API_VERSIONS = 18

/** Codecs beyond gzip and snappy; 0.8.2 cannot be told from its Produce version. */
const LZ4_SINCE = '0.8.2'
const ZSTD_PRODUCE = 7

/** A row for each run of releases that are treated alike. */
export function protocolTable(): string {
  const rows: { releases: string[]; cells: string }[] = []
  for (const release of releaseNames) {
    const cells = cellsOf(release).join(' | ')
    const last = rows.at(-1)
    if (last?.cells === cells) last.releases.push(release)
    else rows.push({ releases: [release], cells })
  }
  return [
    '| Kafka | recognised by | Produce | Metadata | message format | codecs | timestamps | headers |',
    '|---|---|:-:|:-:|---|---|:-:|:-:|',
    ...rows.map(({ releases, cells }) => `| ${nameOf(releases)} | ${cells} |`),
  ].join('\n')
}

function nameOf(releases: readonly string[]): string {
  return releases.length > 1 ? `${releases[0]} to ${releases.at(-1)}` : releases[0]!
}

function cellsOf(release: string): string[] {
  const apis = releaseApis(release)
  const version = newestOf(apis, produce)
  return [
    signOf(release, apis),
    `v${version}`,
    `v${newestOf(apis, metadata)}`,
    formatOf(version),
    codecsOf(release, version),
    version >= 2 ? '✓' : '·',
    version >= 3 ? '✓' : '·',
  ]
}

function newestOf(apis: ReleaseApis, api: { key: number; maxVersion: number }): number {
  return Math.min(apis.get(api.key)![1], api.maxVersion)
}

function signOf(release: string, apis: ReleaseApis): string {
  if (apis.has(API_VERSIONS)) return 'its list'
  return release.startsWith('0.8') ? 'closing the connection' : 'its silence'
}

function formatOf(produceVersion: number): string {
  if (produceVersion < 2) return 'message set, magic 0'
  return produceVersion < 3 ? 'message set, magic 1' : 'record batch, magic 2'
}

function codecsOf(release: string, produceVersion: number): string {
  const isBeforeLz4 = releaseNames.indexOf(release) < releaseNames.indexOf(LZ4_SINCE)
  const codecs = ['gzip', 'snappy', ...(isBeforeLz4 ? [] : ['lz4'])]
  return [...codecs, ...(produceVersion >= ZSTD_PRODUCE ? ['zstd'] : [])].join(', ')
}

/**
 * What the judge needs of KafkaProducer: its public methods, and how they are called with what a scenario says.
 *
 * The one place that knows the shapes of the API; the class itself is handed in.
 */
import type { GroupNotation, OffsetNotation } from './scenario.js'

export interface DrivenMetadata {
  readonly topic: string
  readonly partition: number
  readonly offset: bigint
  readonly timestamp: number
  readonly serializedKeySize: number
  readonly serializedValueSize: number
}

export interface DrivenFuture extends PromiseLike<DrivenMetadata> {
  /** Settles when the record is in the accumulator, where the `send()` of Java returns. */
  readonly appended: Promise<void>
  readonly isDone: boolean
}

export interface DrivenHeaders extends Iterable<readonly [string, unknown]> {
  readonly size: number
  add(key: string, value: string): unknown
}

export interface DrivenRecord {
  readonly topic: string
  readonly partition: number | null
  readonly timestamp: number | null
  readonly key: unknown
  readonly value: unknown
  readonly headers: DrivenHeaders
}

/** As an application writes it. */
export interface RecordFields {
  topic: string
  partition?: number | null
  timestamp?: number | null
  key?: unknown
  value: unknown
  headers?: [name: string, value: unknown][]
}

export interface DrivenPartition {
  readonly topic: string
  readonly partition: number
  readonly leader: number | { readonly id: number } | null
  readonly replicas: readonly (number | { readonly id: number })[]
  readonly inSyncReplicas: readonly (number | { readonly id: number })[]
}

export interface DrivenMetric {
  readonly name: string
  readonly tags: Readonly<Record<string, string>>
  readonly value: unknown
}

export interface DrivenOffset {
  topic: string
  partition: number
  offset: bigint
  leaderEpoch?: number
  metadata?: string
}

export interface DrivenGroup {
  groupId: string
  generationId: number
  memberId: string
  groupInstanceId: string | null
}

export interface DrivenProducer {
  send(record: DrivenRecord, callback?: (metadata: DrivenMetadata, error: Error | null) => void): DrivenFuture
  flush(): Promise<void>
  close(options?: { timeoutMs?: number }): Promise<void>
  partitionsFor(topic: string): Promise<readonly DrivenPartition[]>
  initTransactions(): Promise<void>
  beginTransaction(): void
  sendOffsetsToTransaction(offsets: readonly DrivenOffset[], group: DrivenGroup): Promise<void>
  commitTransaction(): Promise<void>
  abortTransaction(): Promise<void>
  metrics(): Iterable<DrivenMetric>
}

export interface DrivenLogger {
  debug(message: string): void
  info(message: string): void
  warn(message: string): void
  error(message: string): void
}

export type PluginClass = new () => object

/** The classes that are judged. */
export interface ProducerUnderTest {
  construct(
    config: Record<string, string | null>,
    options: { classes: Record<string, PluginClass>; logger: DrivenLogger },
  ): DrivenProducer
  record(fields: RecordFields): DrivenRecord
}

/** Offsets as an application gives them, from `{"in/0": 5}`. */
export function offsetsOf(offsets: Record<string, OffsetNotation>): DrivenOffset[] {
  return Object.entries(offsets).map(([name, given]) => {
    const at = name.lastIndexOf('/')
    const place = { topic: name.slice(0, at), partition: Number(name.slice(at + 1)) }
    if (typeof given === 'number') return { ...place, offset: BigInt(given) }
    return { ...place, ...given, offset: BigInt(given.offset) }
  })
}

/** What a consumer says of its group, with the values of Java where it does not say. */
export function groupOf(group: string | GroupNotation): DrivenGroup {
  const given = typeof group === 'string' ? { groupId: group } : group
  return { generationId: -1, memberId: '', groupInstanceId: null, ...given }
}

/** Partitions as the transcripts show them; the original has them in the order of a hash table. */
export function partitionForms(partitions: readonly DrivenPartition[]): object[] {
  const sorted = [...partitions].sort((a, b) => a.partition - b.partition)
  return sorted.map(({ topic, partition, leader, replicas, inSyncReplicas }) => ({
    topic,
    partition,
    leader: idOf(leader),
    replicas: replicas.map(idOf),
    inSync: inSyncReplicas.map(idOf),
  }))
}

function idOf(node: number | { readonly id: number } | null): number {
  return typeof node === 'number' ? node : (node?.id ?? -1)
}

/** Values of metrics by the names of a scenario: `record-send-total`, or `t/record-send-total` for topic t. */
export function metricValues(metrics: Iterable<DrivenMetric>, names: readonly string[]): object {
  const all = [...metrics]
  return Object.fromEntries(
    names.map((wanted) => {
      const at = wanted.indexOf('/')
      const [topic, name] = at === -1 ? [undefined, wanted] : [wanted.slice(0, at), wanted.slice(at + 1)]
      return [
        wanted,
        all.find((metric) => metric.name === name && metric.tags.topic === topic)?.value ?? null,
      ]
    }),
  )
}

/** The recorded scenarios as values, read from spec/vectors/golden (whose README describes the format). */
import { readdirSync, readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import type { ClusterScript, Rule } from '../support/scripted/script.js'

/** A value as JSON can carry it; see {@link toValue}. */
export type Notation =
  | null
  | string
  | { s: string }
  | { b64: string }
  | { i: number }
  | { l: string }
  | { repeat: string; times: number }
  | { repeatBytes: string; times: number }

export interface MessageNotation {
  topic: string
  key?: Notation
  partKey?: Notation
  value: Notation
}

export type Operation = { bg?: boolean } & (
  | { op: 'send'; messages: MessageNotation[]; list?: boolean }
  | { op: 'sleep'; ms: number }
  | { op: 'close' }
  | { op: 'construct'; tag?: string; set?: Record<string, string>; unset?: string[] }
  | { op: 'metrics'; tag?: string }
  | { op: 'join' }
)

/** A message on the wire; bytes that are not UTF-8 as `{b64}`. */
export interface RecordedMessage {
  key: string | { b64: string } | null
  value?: string | { b64: string } | null
  /** With `inner` in place of `value`. */
  codec?: 'gzip' | 'snappy' | 'lz4'
  inner?: RecordedMessage[]
}

export interface RecordedSet {
  partition: number
  messages: RecordedMessage[]
}

/** One produce request. */
export interface RecordedProduce {
  broker: number
  atMs: number
  version: number
  clientId: string
  acks: number
  timeoutMs: number
  topics: { topic: string; partitions: RecordedSet[] }[]
}

export interface RecordedOutcome {
  /** Position in `ops`; −1 is the construction of the producer. */
  i: number
  ok: boolean
  startMs: number
  /** How long it took. */
  ms: number
  /** Java class name. */
  exception?: string
}

export interface Original {
  connections: number
  ops: RecordedOutcome[]
  produce: RecordedProduce[]
}

export interface Scenario {
  name: string
  desc: string
  cluster: ClusterScript
  properties: Record<string, string>
  ops: Operation[]
  rules?: Rule[]
  compare?: {
    nullTopics?: string[]
    anyPartitionTopics?: string[]
    noEpochReset?: boolean
    content?: boolean
    shuffledBootstrap?: boolean
  }
  original: Original
}

const folder = new URL('../vectors/golden/', import.meta.url)

/** All scenarios, sorted by name. */
export function readScenarios(): Scenario[] {
  return readdirSync(folder)
    .filter((file) => /\.json(\.gz)?$/.test(file))
    .sort()
    .map((file) => {
      const bytes = readFileSync(new URL(file, folder))
      return JSON.parse((file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8')) as Scenario
    })
}

/** What the application passed to the producer: Long as bigint, Integer as number, bytes as Buffer. */
export function toValue(notation: Notation): string | number | bigint | Buffer | null {
  if (notation === null || typeof notation === 'string') return notation
  if ('s' in notation) return notation.s
  if ('i' in notation) return notation.i
  if ('l' in notation) return BigInt(notation.l)
  if ('repeat' in notation) return notation.repeat.repeat(notation.times)
  if ('b64' in notation) return Buffer.from(notation.b64, 'base64')
  return Buffer.concat(Array(notation.times).fill(Buffer.from(notation.repeatBytes, 'base64')))
}

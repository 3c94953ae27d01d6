/** The recorded scenarios of the Java client as values, read from spec/vectors/kafka-producer (see its README). */
import { readdirSync, readFileSync } from 'node:fs'
import type { ApiName } from '../support/scripted-kafka/messages.js'
import type { Struct } from '../support/scripted-kafka/schema.js'
import type { BrokerCommand, ClusterScript, Rule } from '../support/scripted-kafka/script.js'
import type { Notation } from './notation.js'

export interface RecordNotation {
  topic: string | null
  partition?: number | null
  timestamp?: number | null
  key?: Notation
  value?: Notation
  headers?: [name: string, value: Notation][]
  /** What the callback does besides being called. */
  onCallback?: CallbackAction[]
  /** False: sent without a callback. */
  cb?: boolean
}

export type CallbackAction =
  | { do: 'throw' }
  | { do: 'flush' }
  | { do: 'close'; timeoutMs?: number }
  | ({ do: 'send' } & RecordNotation)

export type Operation = { bg?: boolean; p?: string } & (
  | ({ op: 'send'; await?: boolean; ref?: number } & Partial<RecordNotation>)
  | { op: 'sendAll'; records: RecordNotation[]; eachAwait?: boolean }
  | ({ op: 'record' } & RecordNotation)
  | { op: 'mutateHeaders'; ref: number }
  | { op: 'join' | 'check' | 'flush' | 'initTransactions' | 'begin' | 'commit' | 'abort' }
  | { op: 'close'; timeoutMs?: number }
  | { op: 'partitionsFor'; topic: string | null }
  | { op: 'sendOffsets'; offsets: Record<string, OffsetNotation>; group: string | GroupNotation }
  | { op: 'metrics'; names: string[] }
  | { op: 'sleep'; ms: number }
  | { op: 'construct'; set?: Record<string, string | null>; unset?: string[] }
  | { op: 'broker'; cmd: BrokerCommand }
)

export type OffsetNotation = number | { offset: number; leaderEpoch?: number; metadata?: string }

export interface GroupNotation {
  groupId: string
  generationId?: number
  memberId?: string
  groupInstanceId?: string
}

/** Between two requests of one API, counted from 0: how long it took. */
export interface Gap {
  api: ApiName
  broker?: number
  from: number
  to: number
  min?: number
  max?: number
}

/** A topic whose partitions chance decides. */
export interface Sticky {
  topic: string
  /** Records of it, in the order they were sent. */
  count: number
  /** Records before which the partition may change. */
  mayChangeAt?: number[]
  /** So many records in a row are in as many partitions. */
  cycle?: number
}

/** What is compared, beyond or below the usual. */
export interface Comparison {
  /** How produce requests are compared; `exact` where not said. */
  requests?: 'exact' | 'partition' | 'records' | 'none'
  /** The order of produce and transactional requests among each other. */
  sequence?: boolean
  txn?: 'exact' | 'none'
  /** Repeated transactional requests count once. */
  txnDedupe?: boolean
  sticky?: Sticky | Sticky[]
  durations?: { i: number; min?: number; max?: number }[]
  gaps?: Gap[]
  counts?: { api: ApiName; min?: number; max?: number }[]
  maxOutstanding?: Partial<Record<ApiName, number>>
  versions?: ApiName[]
  /** False: producer ids, epochs and numbers are not. */
  ids?: boolean
  /** False: bytes of batches are not. */
  bytes?: boolean
  log?: 'exact' | 'set' | 'none'
  results?: 'none'
  callbacks?: 'none'
  plugins?: 'none'
}

export interface Scenario {
  name: string
  desc: string
  /** Version of the recorded client where it is not 4.3.1. */
  client?: string
  cluster: ClusterScript
  rules?: Rule[]
  properties: Record<string, string>
  ops: Operation[]
  compare: Comparison
  /** Nothing is constructed before the first operation. */
  noInitial?: boolean
}

export interface RecordedError {
  /** Simple name of the Java class. */
  class: string
  /** Those of its causes, the nearest first. */
  causes?: string[]
  /** Of an error of ours: Kafka's name for what a broker answered. */
  kafkaName?: string
  /** Of an error of ours: in place of `causes`. */
  cause?: RecordedError
  message?: string
}

export interface RecordedMetadata {
  topic: string
  partition: number
  offset: number
  timestamp: number | 'now'
  keySize: number
  valueSize: number
}

/** `i` is the index of the operation, `r` that of the record in it. */
export interface SendResult {
  i: string
  r: string
  md?: RecordedMetadata
  error?: RecordedError
}

export type RecordedEvent = { t: number } & (
  | {
      kind: 'op'
      i: number
      op: string
      ms: number
      ok: boolean
      error?: RecordedError
      [detail: string]: unknown
    }
  | ({ kind: 'result'; ok: boolean; via?: 'throw' | 'future' } & SendResult)
  | ({ kind: 'callback'; thread?: 'io' | 'caller' } & SendResult)
  | {
      kind: 'interceptor' | 'serializer' | 'partitioner'
      name: string
      call: string
      [detail: string]: unknown
    }
)

export interface RecordedRecord {
  off: number
  ts: number | 'now'
  k: Notation
  v: Notation
  h?: [name: string, value: Notation][]
}

export interface RecordedBatch {
  magic: number
  size: number
  crcOk: boolean
  codec: string
  attributes: number
  records: RecordedRecord[]
  hex?: string
  [field: string]: unknown
}

export interface RecordedRequest {
  kind: 'request'
  ms: number
  seq: number
  broker: number
  conn: number
  api: ApiName
  version: number
  correlationId: number
  /** These are missing where the broker did not read the request. */
  clientId?: string
  topics?: string[]
  body?: Struct
  outstanding: number
  size: number
  hex?: string
}

export type WireEvent =
  | RecordedRequest
  | { kind: 'response'; ms: number; seq: number; lost?: boolean; answer: Record<string, unknown> }
  | { kind: 'connect'; ms: number; broker: number; conn: number }
  | { kind: 'disconnect'; ms: number; broker: number; conn: number; by: 'client' | 'broker' }

export interface RecordedEntry {
  offset: number
  k?: Notation
  v?: Notation
  h?: [name: string, value: Notation][]
  ts?: number | 'now'
  txn?: boolean
  marker?: string
  producerId?: number
  producerEpoch?: number
}

export interface Transcript {
  scenario: string
  client: string
  events: RecordedEvent[]
  wire: WireEvent[]
  /** By `topic/partition`. */
  log: Record<string, RecordedEntry[]>
  /** Committed ones by `group topic/partition`. */
  offsets: Record<string, number>
}

export interface Golden {
  scenario: Scenario
  transcript: Transcript
}

const folder = new URL('../vectors/kafka-producer/', import.meta.url)

/** All scenarios with what the Java client did, sorted by name. */
export function readGolden(): Golden[] {
  const read = (file: string) => JSON.parse(readFileSync(new URL(file, folder), 'utf8'))
  return readdirSync(new URL('scenarios/', folder))
    .sort()
    .map((file) => ({ scenario: read(`scenarios/${file}`), transcript: read(`transcripts/${file}`) }))
}

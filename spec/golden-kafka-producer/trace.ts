/**
 * What a transcript and a play have in common: the requests, logs and events in one form that can be compared.
 *
 * Times near the clock of the play are `now`, values are texts, topics have names where the wire has ids.
 */
import type { DecodedBatch, DecodedRecord } from '../support/scripted-kafka/batches.js'
import type { ApiName } from '../support/scripted-kafka/messages.js'
import type { LogEntry } from '../support/scripted-kafka/partition-log.js'
import { isRequest, type SeenRequest } from '../support/scripted-kafka/recording.js'
import type { Struct } from '../support/scripted-kafka/schema.js'
import type { ScriptedKafka } from '../support/scripted-kafka/scripted-kafka.js'
import { textOf } from './notation.js'
import type {
  RecordedBatch,
  RecordedEntry,
  RecordedEvent,
  RecordedRecord,
  RecordedRequest,
  Transcript,
} from './scenario.js'

export interface TracedBatch {
  magic: number
  codec: string
  crcOk: boolean
  /** Without those that `ids` holds: attributes, offsets, base time, size of what is not compressed. */
  header: string
  ids: { producerId: number; producerEpoch: number; baseSequence: number } | undefined
  records: TracedRecord[]
  /** Where everything in it is given: not compressed, no time of the clock. */
  hex: string | undefined
}

export interface TracedRecord {
  value: string
  text: string
}

export interface TracedPart {
  topic: string
  partition: number
  batches: TracedBatch[]
}

export interface TracedRequest {
  seq: number
  ms: number
  broker: number
  api: ApiName
  version: number
  body: Struct
  clientId: string | null
  /** Unanswered on its connection, this one included; those of its API where the brokers counted them. */
  outstanding: number
  /** Of a produce request. */
  parts: TracedPart[]
}

export interface Trace {
  events: RecordedEvent[]
  requests: TracedRequest[]
  /** What is wrong with bytes that a broker got. */
  refusals: string[]
  /** A text for each entry, by `topic/partition`; partitions without entries are left out. */
  log: Record<string, TracedEntry[]>
  offsets: Record<string, number>
}

export interface TracedEntry {
  offset: number
  text: string
  ids: string
}

const NEAR_MS = 3_600_000

/** A time of the clock as transcripts write it. */
export function timeOf(ts: number | 'now'): number | 'now' {
  return typeof ts === 'number' && Math.abs(Date.now() - ts) < NEAR_MS ? 'now' : ts
}

export function traceOfTranscript({ events, wire, log, offsets }: Transcript): Trace {
  return {
    events,
    requests: wire
      .filter((event): event is RecordedRequest => event.kind === 'request' && event.body !== undefined)
      .map(ofRecordedRequest),
    log: Object.fromEntries(
      Object.entries(log).map(([name, entries]) => [name, entries.map(ofRecordedEntry)]),
    ),
    offsets,
    refusals: [],
  }
}

export function traceOfPlay(events: RecordedEvent[], { seen, state }: ScriptedKafka): Trace {
  const log = [...state.topics.values()].flatMap(({ name, partitions }) =>
    partitions.map((partition, index) => [`${name}/${index}`, partition.log.entries] as const),
  )
  return {
    events,
    requests: seen.filter(isRequest).map(ofSeenRequest),
    log: Object.fromEntries(
      log
        .filter(([, entries]) => entries.length > 0)
        .map(([name, entries]) => [name, entries.map(ofLogEntry)]),
    ),
    offsets: Object.fromEntries(state.offsets),
    refusals: seen.flatMap((one) => (one.kind === 'refused' ? [`broker ${one.broker}: ${one.problem}`] : [])),
  }
}

function ofRecordedRequest(request: RecordedRequest): TracedRequest {
  const { seq, ms, broker, api, version, clientId = null, outstanding, topics } = request
  const [body, parts] = [request.body!, partsOfRecorded(request.body!, topics)]
  return { seq, ms, broker, api, version, clientId, body, outstanding, parts }
}

/** The transcript has the names of the partitions beside the body, which has ids from Produce v13 on. */
function partsOfRecorded({ topicData = [] }: Struct, names: string[] = []): TracedPart[] {
  const partitions = (topicData as Struct[]).flatMap(({ partitionData }) => partitionData as Struct[])
  return partitions.map(({ index, batches }, at) => ({
    topic: names[at]!.slice(0, names[at]!.lastIndexOf('/')),
    partition: index as number,
    batches: (batches as unknown as RecordedBatch[]).map(ofRecordedBatch),
  }))
}

function ofRecordedBatch(batch: RecordedBatch): TracedBatch {
  const { magic, codec, crcOk, records, hex } = batch
  return {
    magic,
    codec,
    crcOk,
    header: headerOf(batch, batch.size),
    ids: idsOf(magic === 2 ? (batch as unknown as TracedBatch['ids']) : undefined),
    records: records.map(ofRecord),
    hex: codec === 'none' ? hex : undefined,
  }
}

function ofSeenRequest(request: SeenRequest): TracedRequest {
  const { seq, ms, broker, api, version, clientId, body, outstandingOfApi: outstanding, sent } = request
  const parts = sent.map(({ topic = '(unknown id)', partition, batches }) => ({
    topic,
    partition,
    batches: batches.map(ofSeenBatch),
  }))
  return { seq, ms, broker, api, version, clientId, body, outstanding, parts }
}

function ofSeenBatch(batch: DecodedBatch): TracedBatch {
  const { magic, codec, crcOk, records, bytes, v2 } = batch
  const isAllGiven = codec === 'none' && records.every(({ ts }) => timeOf(ts) !== 'now')
  return {
    magic,
    codec,
    crcOk,
    header: headerOf({ ...batch, ...v2 }, batch.size),
    ids: idsOf(v2),
    records: records.map(ofRecord),
    hex: isAllGiven ? bytes.toString('hex') : undefined,
  }
}

interface Sized {
  records: readonly { ts: number | 'now' }[]
}

const HEADER_FIELDS = ['attributes', 'baseOffset', 'leaderEpoch', 'lastOffsetDelta', 'count', 'offset']
const TIME_FIELDS = ['baseTimestamp', 'maxTimestamp']

function headerOf(batch: Sized, size: number): string {
  const { records } = batch
  const fields = batch as Sized & Record<string, unknown>
  const times = TIME_FIELDS.map((field) => [field, timeOf(fields[field] as number)] as const)
  const shown = [...HEADER_FIELDS.map((field) => [field, fields[field]] as const), ...times]
    .filter(([, value]) => value !== undefined)
    .map(([field, value]) => `${field} ${value}`)
  // How many bytes a delta of time takes depends on how long the records took to come.
  const isExact = records.length === 1 || records.every(({ ts }) => timeOf(ts) !== 'now')
  return fields.codec === 'none' && isExact ? [...shown, `${size} bytes`].join(', ') : shown.join(', ')
}

function idsOf(from: TracedBatch['ids']): TracedBatch['ids'] {
  return (
    from && {
      producerId: from.producerId,
      producerEpoch: from.producerEpoch,
      baseSequence: from.baseSequence,
    }
  )
}

function ofRecord({ off, ts, k, v, h = [] }: RecordedRecord | DecodedRecord): TracedRecord {
  const headers = h.map(([name, value]) => `${name}=${textOf(value)}`).join(' ')
  const value = textOf(v)
  return { value, text: `${off} at ${timeOf(ts)}: ${textOf(k)} ${value}${headers && ` [${headers}]`}` }
}

function ofRecordedEntry(entry: RecordedEntry): TracedEntry {
  const { offset, marker, txn = false, producerId = -1, producerEpoch = -1 } = entry
  const ids = `${producerId}/${producerEpoch}`
  if (marker !== undefined) return { offset, text: marker, ids }
  const { k = null, v = null, h, ts = -1 } = entry
  const { text } = ofRecord({ off: 0, ts, k, v, ...(h && { h }) })
  return { offset, text: `${text}${txn ? ' txn' : ''}`, ids }
}

function ofLogEntry({ offset, record, marker, ...entry }: LogEntry): TracedEntry {
  const ids = `${entry.producerId ?? -1}/${entry.producerEpoch ?? -1}`
  if (record === undefined) return { offset, text: marker!, ids }
  const { text } = ofRecord({ ...record, off: 0 })
  return { offset, text: `${text}${entry.isTransactional ? ' txn' : ''}`, ids }
}

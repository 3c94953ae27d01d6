/**
 * Reads log files with Kafka's own DumpLogSegments of the cluster's version.
 *
 * Its output is text, one JVM per call. Fit for keys and values that are valid UTF-8; for anything else use the
 * FileRecords reader. Up to 0.10 the codec it shows is the inner message's, which is always `none`.
 */
import path from 'node:path'
import type { Jvm } from './jvm.js'
import type { KafkaVersion } from './kafka-version.js'
import type { PartitionLog, StoredRecord } from './stored-record.js'

/** Records of all logs, in the order of `logs` and then by offset. */
export async function dumpLogs(
  version: KafkaVersion,
  jvm: Jvm,
  logs: readonly PartitionLog[],
): Promise<StoredRecord[]> {
  if (!version.dumpLogSegments)
    throw new Error(`no artifact has a DumpLogSegments for Kafka ${version.version}`)
  const files = logs.flatMap((log) => log.files).join(',')
  if (files === '') return []
  const run = await jvm.runTool({
    mainClass: version.dumpLogSegments,
    args: ['--deep-iteration', '--print-data-log', '--files', files],
  })
  if (run.exit !== 'exit code 0') throw new Error(`DumpLogSegments ended with ${run.exit}: ${run.stderr}`)
  return parseDump(run.stdout)
}

type Fields = Readonly<Record<string, string>>

/** `name: value` as in all versions; headerKeys is a list in brackets. */
const FIELD = /(\w+): (\[[^\]]*\]|\S+) ?/y

/**
 * Parses what DumpLogSegments prints, all versions.
 *
 * One line per record, `offset: 0 … keysize: 2 … key: k1 payload: v1`; from 2.8 on a line per batch
 * (`baseOffset: …`) with codec and magic, and record lines that start with `| `. Sizes decide where keys and
 * values end, so they may contain anything, line breaks included.
 */
export function parseDump(output: Buffer): StoredRecord[] {
  const text = output.toString('latin1') // one character per byte, because sizes count bytes
  const records: StoredRecord[] = []
  let partition = -1
  let batch: Fields = {}
  let at = 0
  while (at < text.length) {
    const start = text.startsWith('| ', at) ? at + 2 : at
    if (text.startsWith('offset: ', start)) {
      const line = readRecordLine(text, start)
      records.push(toRecord(partition, { ...batch, ...line.fields }, line))
      at = line.end + 1
      continue
    }
    const end = endOfLine(text, at)
    const whole = text.slice(at, end)
    if (whole.startsWith('Dumping ')) {
      partition = partitionOf(whole.slice('Dumping '.length))
      batch = {}
    } else if (whole.startsWith('baseOffset: ')) batch = readFields(text, at).fields
    at = end + 1
  }
  return records
}

interface RecordLine {
  readonly fields: Fields
  readonly key: Buffer | null
  readonly value: Buffer | null
  /** Index of the line break behind it. */
  readonly end: number
}

function readRecordLine(text: string, start: number): RecordLine {
  const { fields, end } = readFields(text, start)
  const key = readContent(text, end, 'key: ', Number(fields.keysize ?? -1))
  const value = readContent(text, key.end, 'payload: ', Number(fields.valuesize ?? fields.payloadsize ?? -1))
  if (value.end !== endOfLine(text, value.end)) {
    const near = text.slice(start, start + 200)
    throw new Error(`DumpLogSegments printed something else than it announced; not UTF-8? Near: ${near}`)
  }
  return { fields, key: key.content, value: value.content, end: value.end }
}

/** Reads `name: value` pairs up to the key or payload, names in lower case. */
function readFields(text: string, start: number): { fields: Fields; end: number } {
  const fields: Record<string, string> = {}
  let end = start
  for (;;) {
    FIELD.lastIndex = end
    const match = FIELD.exec(text)
    if (!match || match[1] === 'key' || match[1] === 'payload') return { fields, end }
    fields[match[1]!.toLowerCase()] = match[2]!
    end = FIELD.lastIndex
  }
}

function readContent(
  text: string,
  start: number,
  label: string,
  size: number,
): { content: Buffer | null; end: number } {
  if (!text.startsWith(label, start)) return { content: null, end: start }
  const from = start + label.length
  // A null is printed as the word, or not at all.
  const length = size >= 0 ? size : 'null'.length
  const content = size >= 0 ? Buffer.from(text.slice(from, from + length), 'latin1') : null
  const end = from + length
  return { content, end: label === 'key: ' && text[end] === ' ' ? end + 1 : end }
}

function toRecord(partition: number, fields: Fields, { key, value }: RecordLine): StoredRecord {
  return {
    partition,
    offset: BigInt(fields.offset!),
    key,
    value,
    codec: codecName(fields.compresscodec ?? 'none'),
    magic: Number(fields.magic),
  }
}

/** `GZIPCompressionCodec`, `GZIP` and `gzip` are the same in different versions. */
function codecName(printed: string): string {
  const name = printed.replace(/CompressionCodec$/, '').toLowerCase()
  return name === 'no' ? 'none' : name
}

/** From `…/topic-3/00000000000000000000.log`. */
function partitionOf(file: string): number {
  return Number(/-(\d+)$/.exec(path.basename(path.dirname(file.trim())))?.[1] ?? -1)
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf('\n', from)
  return end === -1 ? text.length : end
}

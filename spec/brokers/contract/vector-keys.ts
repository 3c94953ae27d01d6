/**
 * Keys with the partition that Kafka's own partitioners gave them, from spec/vectors.
 */
import { readFileSync } from 'node:fs'
import { PARTITIONS } from './contract-case.js'

export interface VectorKey {
  readonly type: 'string' | 'int' | 'long' | 'bytes'
  /** Bytes are in base64. */
  readonly text: string
  /** Of {@link PARTITIONS}, by the DefaultPartitioner of 0.8.2 (bytes: the ByteArrayPartitioner). */
  readonly partition: number
}

type Header = { partitionCounts: number[] }
type Row = [type: VectorKey['type'], text: string, hash: number, partitions: number[]]

const FILE = new URL('../../vectors/partitions/0.8.2.2.jsonl', import.meta.url)

function load(): VectorKey[] {
  const [head, ...rows] = readFileSync(FILE, 'utf8').trim().split('\n')
  const column = (JSON.parse(head!) as Header).partitionCounts.indexOf(PARTITIONS)
  return rows.map((line) => {
    const [type, text, , partitions] = JSON.parse(line) as Row
    return { type, text, partition: partitions[column]! }
  })
}

export const vectorKeys: readonly VectorKey[] = load()

/** Those that every tool can print and read again. */
export const plainKeys: readonly VectorKey[] = vectorKeys.filter(
  ({ type, text }) => type === 'string' && /^[\w-]+$/.test(text),
)

/** A key of bytes, and the partition of {@link PARTITIONS} that the Java client puts it on. */
export interface MurmurKey {
  readonly bytes: Buffer
  readonly partition: number
}

const MURMUR_FILE = new URL('../../vectors/kafka-producer/murmur2-vectors.jsonl', import.meta.url)

function loadMurmurKeys(): MurmurKey[] {
  const [head, ...rows] = readFileSync(MURMUR_FILE, 'utf8').trim().split('\n')
  const column = (JSON.parse(head!) as { counts: number[] }).counts.indexOf(PARTITIONS)
  return rows.map((line) => {
    const { key, p } = JSON.parse(line) as { key: string; p: number[] }
    return { bytes: Buffer.from(key, 'hex'), partition: p[column]! }
  })
}

export const murmurKeys: readonly MurmurKey[] = loadMurmurKeys()

/** Those that every tool can print and read again, as text. */
export const plainMurmurKeys: readonly { readonly text: string; readonly partition: number }[] = murmurKeys
  .map(({ bytes, partition }) => ({ text: bytes.toString('latin1'), partition }))
  .filter(({ text }) => /^[\w-]+$/.test(text))

/**
 * Keys with the partition that Kafka's own partitioner gave them, from spec/vectors/partitions.
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

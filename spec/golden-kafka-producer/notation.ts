/** Values of records as scenarios and transcripts write them. */
import { createHash } from 'node:crypto'

export type Notation =
  | null
  | string
  | { hex: string }
  | { b64: string }
  | { i: number }
  | { l: string | number }
  | { sh: number }
  | { d: number }
  | { f: number }
  | { bool: boolean }
  | { uuid: string }
  | { repeat: string; times: number }
  | { repeatByte: number; times: number }
  /** Only in transcripts. */
  | { len: number; sha256: string }

/** From so many bytes on a value is described, not shown. */
const LONGEST_SHOWN = 200

/** What an application passes: Long as bigint, bytes as Buffer, the other numbers as number. */
export function toValue(notation: Notation | undefined): unknown {
  if (notation === null || notation === undefined || typeof notation === 'string') return notation
  if ('i' in notation) return notation.i
  if ('l' in notation) return BigInt(notation.l)
  if ('sh' in notation) return notation.sh
  if ('d' in notation) return notation.d
  if ('f' in notation) return notation.f
  if ('bool' in notation) return notation.bool
  if ('uuid' in notation) return notation.uuid
  if ('repeat' in notation) return notation.repeat.repeat(notation.times)
  return bytesOf(notation)
}

/** The bytes that a transcript shows. @throws {Error} for a value that it only describes. */
export function bytesOf(notation: Notation): Buffer {
  if (typeof notation === 'string') return Buffer.from(notation, 'utf8')
  if (notation !== null) {
    if ('hex' in notation) return Buffer.from(notation.hex, 'hex')
    if ('b64' in notation) return Buffer.from(notation.b64, 'base64')
    if ('repeatByte' in notation) return Buffer.alloc(notation.times, notation.repeatByte)
  }
  throw new Error(`no bytes in ${JSON.stringify(notation)}`)
}

/** One text for equal values: of bytes that were seen, or of what a transcript shows. */
export function textOf(value: Buffer | Notation): string {
  if (value === null) return 'null'
  if (!Buffer.isBuffer(value)) {
    return typeof value === 'object' && 'sha256' in value
      ? `${value.len} bytes ${value.sha256}`
      : textOf(bytesOf(value))
  }
  if (value.length > LONGEST_SHOWN) {
    return `${value.length} bytes ${createHash('sha256').update(value).digest('hex')}`
  }
  const text = value.toString('utf8')
  return Buffer.from(text, 'utf8').equals(value) ? JSON.stringify(text) : `0x${value.toString('hex')}`
}

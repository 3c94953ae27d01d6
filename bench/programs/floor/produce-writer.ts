/**
 * Writes Produce requests of v7 as fast as Node allows: room for a whole request is taken once, the position is a local,
 * nothing is checked. One record batch (magic 2) for each partition that has messages, in buffers that are used again.
 *
 * @see docs/reference/wire-protocol.md#message-formats
 */
import type { Message } from '../support/drive.js'
import { crc32c, wordsOf } from './crc32c.js'

const PRODUCE_V7 = 7
const TIMEOUT_MS = 10_000
const BATCH_HEADER_BYTES = 61
/** Most bytes of a record beside its key and value, and of a UTF-16 unit as UTF-8. */
const RECORD_BYTES = 24
const UTF8_BYTES = 3
const SMALLEST_BUFFER_BYTES = 1 << 20
/** Shorter strings are written character by character: the call into `latin1Write` costs more. */
const CALL_FROM_CHARACTERS = 16

/** Has a method that is not documented: ASCII and Latin-1 without a look at each character. */
type FastBuffer = Buffer & { latin1Write(text: string, at: number): number }

interface Slot {
  messages: Message[]
}

/** Memory of one request, and the same as words for the checksum. */
export interface RequestBuffer {
  readonly buffer: FastBuffer
  readonly words: Int32Array
}

export class ProduceWriter {
  /** Bytes of the request that was written last. */
  length = 0
  readonly #topic: string
  readonly #acks: number
  readonly #hasKeys: boolean
  readonly #partitions: Slot[]
  readonly #free: RequestBuffer[] = []
  #sticky = 0
  #correlationId = 0

  constructor(options: { topic: string; partitions: number; hasKeys: boolean; acks: number }) {
    this.#topic = options.topic
    this.#acks = options.acks
    this.#hasKeys = options.hasKeys
    this.#partitions = Array.from({ length: options.partitions }, () => ({ messages: [] }))
  }

  /** Writes `messages[from..to)`. The buffer belongs to the caller until it is given to {@link release}. */
  write(messages: readonly Message[], from: number, to: number): RequestBuffer {
    let bytes = 64
    const used: number[] = []
    if (this.#hasKeys) {
      for (let i = from; i < to; i++) {
        const message = messages[i]!
        const partition = javaHash(message.key!) % this.#partitions.length
        const slot = this.#partitions[partition]!
        if (slot.messages.length === 0) used.push(partition)
        slot.messages.push(message)
        bytes += RECORD_BYTES + message.key!.length * UTF8_BYTES + sizeOf(message.message)
      }
    } else {
      used.push(this.#sticky)
      const all = from === 0 && to === messages.length ? (messages as Message[]) : messages.slice(from, to)
      this.#partitions[this.#sticky]!.messages = all
      for (let i = from; i < to; i++) bytes += RECORD_BYTES + sizeOf(messages[i]!.message)
    }
    const request = this.#take(bytes + used.length * (BATCH_HEADER_BYTES + 8))
    this.#writeInto(request, used)
    return request
  }

  release(request: RequestBuffer): void {
    this.#free.push(request)
  }

  #take(bytes: number): RequestBuffer {
    const at = this.#free.findIndex(({ buffer }) => buffer.length >= bytes)
    if (at !== -1) return this.#free.splice(at, 1)[0]!
    // A multiple of a word, and half as much again, so that later requests fit too.
    const room = Math.max(SMALLEST_BUFFER_BYTES, Math.ceil((bytes * 1.5) / 4) * 4)
    const buffer = Buffer.allocUnsafeSlow(room) as FastBuffer
    return { buffer, words: wordsOf(buffer) }
  }

  #writeInto({ buffer, words }: RequestBuffer, used: readonly number[]): void {
    let o = 4
    o = buffer.writeInt16BE(0, o)
    o = buffer.writeInt16BE(PRODUCE_V7, o)
    o = buffer.writeInt32BE(this.#correlationId++ | 0, o)
    o = buffer.writeInt16BE(-1, o) // client id
    o = buffer.writeInt16BE(-1, o) // transactional id
    o = buffer.writeInt16BE(this.#acks, o)
    o = buffer.writeInt32BE(TIMEOUT_MS, o)
    o = buffer.writeInt32BE(1, o)
    o = buffer.writeInt16BE(this.#topic.length, o)
    o += buffer.latin1Write(this.#topic, o)
    o = buffer.writeInt32BE(used.length, o)
    const nowMs = Date.now()
    for (const partition of used) {
      const slot = this.#partitions[partition]!
      o = buffer.writeInt32BE(partition, o)
      const start = o + 4
      const end = this.#writeBatch(buffer, words, start, slot.messages, nowMs)
      buffer.writeInt32BE(end - start, o)
      o = end
      slot.messages = []
    }
    buffer.writeInt32BE(o - 4, 0)
    this.length = o
  }

  #writeBatch(
    buffer: FastBuffer,
    words: Int32Array,
    start: number,
    messages: readonly Message[],
    nowMs: number,
  ): number {
    const end = writeRecords(buffer, start + BATCH_HEADER_BYTES, messages, this.#hasKeys)
    buffer.fill(0, start, start + 8) // base offset
    buffer.writeInt32BE(end - start - 12, start + 8)
    buffer.writeInt32BE(-1, start + 12) // leader epoch
    buffer[start + 16] = 2
    buffer.writeInt16BE(0, start + 21) // attributes
    buffer.writeInt32BE(messages.length - 1, start + 23)
    for (const at of [27, 35]) {
      // First and last timestamp, int64.
      buffer.writeInt16BE(0, start + at)
      buffer.writeUIntBE(nowMs, start + at + 2, 6)
    }
    buffer.fill(0xff, start + 43, start + 57) // no producer id, epoch and sequence
    buffer.writeInt32BE(messages.length, start + 57)
    buffer.writeInt32BE(crc32c(buffer, words, start + 21, end), start + 17)
    return end
  }
}

/** `length` int8, attributes, time delta 0, offset delta, key, value, no headers; all lengths zigzag varints. */
function writeRecords(
  buffer: FastBuffer,
  start: number,
  messages: readonly Message[],
  hasKeys: boolean,
): number {
  let o = start
  for (let i = 0; i < messages.length; i++) {
    const { key, message } = messages[i]!
    const keyBytes = hasKeys ? key!.length : 0
    const valueBytes = message.length
    const delta = i << 1
    const length =
      3 +
      varintBytes(delta) +
      (hasKeys ? varintBytes(keyBytes << 1) + keyBytes : 1) +
      varintBytes(valueBytes << 1) +
      valueBytes
    for (let z = length << 1; ; z >>>= 7) {
      if (z < 0x80) {
        buffer[o++] = z
        break
      }
      buffer[o++] = (z & 0x7f) | 0x80
    }
    buffer[o++] = 0
    buffer[o++] = 0
    for (let z = delta; ; z >>>= 7) {
      if (z < 0x80) {
        buffer[o++] = z
        break
      }
      buffer[o++] = (z & 0x7f) | 0x80
    }
    if (hasKeys) {
      for (let z = keyBytes << 1; ; z >>>= 7) {
        if (z < 0x80) {
          buffer[o++] = z
          break
        }
        buffer[o++] = (z & 0x7f) | 0x80
      }
      o = writeText(buffer, o, key!)
    } else {
      buffer[o++] = 1
    }
    for (let z = valueBytes << 1; ; z >>>= 7) {
      if (z < 0x80) {
        buffer[o++] = z
        break
      }
      buffer[o++] = (z & 0x7f) | 0x80
    }
    if (typeof message === 'string') {
      o = writeText(buffer, o, message)
    } else {
      buffer.set(message, o)
      o += valueBytes
    }
    buffer[o++] = 0
  }
  return o
}

/** ASCII alone, which is what the bench sends. */
function writeText(buffer: FastBuffer, at: number, text: string): number {
  if (text.length >= CALL_FROM_CHARACTERS) return at + buffer.latin1Write(text, at)
  let o = at
  for (let i = 0; i < text.length; i++) buffer[o++] = text.charCodeAt(i)
  return o
}

function varintBytes(zigzag: number): number {
  if (zigzag < 0x80) return 1
  if (zigzag < 0x4000) return 2
  return zigzag < 0x200000 ? 3 : 4
}

function sizeOf(message: Buffer | string): number {
  return typeof message === 'string' ? message.length * UTF8_BYTES : message.length
}

/** `String.hashCode()` of Java, without its sign. */
function javaHash(text: string): number {
  let hash = 0
  for (let i = 0; i < text.length; i++) hash = (Math.imul(31, hash) + text.charCodeAt(i)) | 0
  return hash < 0 ? -hash : hash
}

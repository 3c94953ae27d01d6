/**
 * Splits a byte stream into Kafka frames: an int32 length, then that many bytes.
 *
 * Feed it chunks of any size; it keeps what does not yet make a whole frame, and never more than has arrived: an
 * announced length allocates nothing. Frames are views of the chunk where possible: copy one before keeping it.
 *
 * @see https://kafka.apache.org/protocol#protocol_common
 */
import { DecodeError } from '../errors.js'

const LENGTH_BYTES = 4

export class FrameDecoder {
  readonly #maxFrameBytes: number
  #kept: Buffer[] = []
  #keptBytes = 0
  /** Bytes of the frame begun, its length included; 0 while the length itself is not complete. */
  #wanted = 0

  /** @param maxFrameBytes - largest length accepted, in bytes, without the length itself. */
  constructor(maxFrameBytes: number) {
    this.#maxFrameBytes = maxFrameBytes
  }

  /** Bytes kept because their frame is not complete. */
  get pendingBytes(): number {
    return this.#keptBytes
  }

  /**
   * The frame that a chunk is, no more and no less, as most answers are; null where it is not, and {@link push} is to be called. A
   * generator and its results cost 0.5 µs a chunk.
   */
  only(chunk: Buffer): Buffer | null {
    if (this.#keptBytes > 0 || chunk.length < LENGTH_BYTES) return null
    const length = chunk.readInt32BE(0)
    const isOne = length === chunk.length - LENGTH_BYTES && length <= this.#maxFrameBytes
    return isOne ? chunk.subarray(LENGTH_BYTES) : null
  }

  /**
   * Yields the frames completed by this chunk, without their lengths; take them all before the next push.
   *
   * @throws {DecodeError} on a negative or larger length, after the frames in front of it: how a stream happens to
   *   be split into chunks does not decide which of them count. Close the connection then.
   */
  *push(chunk: Buffer): Generator<Buffer, void, undefined> {
    if (this.#keptBytes === 0) {
      yield* this.#split(chunk)
      return
    }
    this.#kept.push(chunk)
    this.#keptBytes += chunk.length
    if (this.#keptBytes >= (this.#wanted || LENGTH_BYTES)) {
      yield* this.#split(Buffer.concat(this.#kept, this.#keptBytes))
    }
  }

  *#split(buffer: Buffer): Generator<Buffer, void, undefined> {
    let at = 0
    this.#wanted = 0
    while (buffer.length - at >= LENGTH_BYTES) {
      const length = buffer.readInt32BE(at)
      if (length < 0 || length > this.#maxFrameBytes) {
        const hint = foreignProtocolHint(buffer.subarray(at))
        throw new DecodeError(`frame length ${length} is outside 0..${this.#maxFrameBytes}${hint}`)
      }
      const end = at + LENGTH_BYTES + length
      if (buffer.length < end) {
        this.#wanted = LENGTH_BYTES + length
        break
      }
      yield buffer.subarray(at + LENGTH_BYTES, end)
      at = end
    }
    this.#kept = at < buffer.length ? [buffer.subarray(at)] : []
    this.#keptBytes = buffer.length - at
  }
}

const TLS_ALERT = 0x15
const TLS_HANDSHAKE = 0x16
const TLS_MAJOR_VERSION = 3

/** Whether these are the first bytes of an alert or a handshake of TLS. As a length they are 336 MB and more. */
export function isTlsRecord(bytes: Buffer): boolean {
  return (bytes[0] === TLS_ALERT || bytes[0] === TLS_HANDSHAKE) && bytes[1] === TLS_MAJOR_VERSION
}

/**
 * Recognises the first bytes of servers that are not Kafka, so that an error can say what was reached instead of naming
 * an absurd frame length.
 *
 * @returns a clause that continues a sentence, or an empty string when the bytes say nothing.
 */
export function foreignProtocolHint(bytes: Buffer): string {
  if (isTlsRecord(bytes)) return ': this looks like a TLS listener, reached without TLS'
  const text = bytes.toString('latin1', 0, 5)
  if (text.startsWith('HTTP')) return ': this looks like an HTTP server, not a Kafka broker'
  if (text.startsWith('SSH-')) return ': this looks like an SSH server, not a Kafka broker'
  if (/^[\x20-\x7e\r\n]{4,}$/.test(text)) return ': this looks like a text protocol, not a Kafka broker'
  return ''
}

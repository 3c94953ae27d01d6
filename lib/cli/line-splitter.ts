/**
 * Splits a byte stream into lines: at `\n`, with a `\r` before it taken off. Bytes stay as they are, of whatever charset.
 *
 * Feed it chunks of any size; what does not yet make a line is copied into a buffer that grows by doubling, so neither
 * a long line nor one that drips in byte by byte costs more than its own size. The last line may lack its terminator; a
 * `\r` at its end is taken off too, as Java's `readLine` does.
 */
import { InputError } from './tool-errors.js'

const LF = 0x0a
const CR = 0x0d
const SMALLEST_BUFFER_BYTES = 256
const nothing = Buffer.alloc(0)

export class LineSplitter {
  readonly #maxLineBytes: number
  #kept = nothing
  #keptBytes = 0
  #lineCount = 0

  /** @param maxLineBytes - a longer line, terminator aside, ends in an error instead of in memory; 0 for no limit. */
  constructor(maxLineBytes: number) {
    this.#maxLineBytes = maxLineBytes > 0 ? maxLineBytes : Number.POSITIVE_INFINITY
  }

  /** Bytes of a line that has begun. */
  get pendingBytes(): number {
    return this.#keptBytes
  }

  /**
   * The lines completed by this chunk; they may be views of it. Take all of them before the next chunk.
   *
   * @throws {InputError} naming the line that is too long, after the lines before it.
   */
  *push(chunk: Buffer): Generator<Buffer, void, undefined> {
    let at = 0
    for (let end = chunk.indexOf(LF); end !== -1; end = chunk.indexOf(LF, at)) {
      yield this.#complete(chunk.subarray(at, end))
      at = end + 1
    }
    if (at < chunk.length) this.#keep(chunk.subarray(at))
  }

  /** @returns the line that the end of the input completes, or null. */
  end(): Buffer | null {
    return this.#keptBytes === 0 ? null : this.#complete(nothing)
  }

  #complete(tail: Buffer): Buffer {
    const whole = this.#keptBytes === 0 ? tail : this.#joined(tail)
    const line = whole[whole.length - 1] === CR ? whole.subarray(0, whole.length - 1) : whole
    if (line.length > this.#maxLineBytes) this.#fail(`it has ${line.length}`)
    this.#lineCount++
    return line
  }

  #joined(tail: Buffer): Buffer {
    const bytes = this.#keptBytes + tail.length
    if (bytes > this.#maxLineBytes + 1) this.#fail(`it has ${tail.at(-1) === CR ? bytes - 1 : bytes}`)
    this.#keep(tail)
    const joined = this.#kept.subarray(0, this.#keptBytes)
    this.#kept = nothing
    this.#keptBytes = 0
    return joined
  }

  #keep(piece: Buffer): void {
    const bytes = this.#keptBytes + piece.length
    // One byte more may be a \r, which does not belong to the line.
    if (bytes > this.#maxLineBytes + 1) this.#fail(`it has at least ${bytes}`)
    if (bytes > this.#kept.length) this.#grow(bytes)
    piece.copy(this.#kept, this.#keptBytes)
    this.#keptBytes = bytes
  }

  #grow(bytes: number): void {
    const grown = Buffer.allocUnsafeSlow(Math.max(bytes, 2 * this.#kept.length, SMALLEST_BUFFER_BYTES))
    this.#kept.copy(grown, 0, 0, this.#keptBytes)
    this.#kept = grown
  }

  /** @param size - what is known of it: a line whose end is not there yet is not waited for, since it may never come. */
  #fail(size: string): never {
    throw new InputError(
      `line ${this.#lineCount + 1} has more than ${this.#maxLineBytes} bytes, ${size}; see --max-line-bytes`,
    )
  }
}

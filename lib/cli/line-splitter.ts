/**
 * Cuts a byte stream into lines: at `\n`, with a `\r` before it taken off. Bytes stay as they are, of whatever charset.
 *
 * Feed it chunks of any size; a long line is kept in pieces and joined once. The last line may lack its terminator.
 */
import { ConfigError } from '../errors.js'

const LF = 0x0a
const CR = 0x0d

export class LineSplitter {
  readonly #maxLineBytes: number
  #kept: Buffer[] = []
  #keptBytes = 0

  /** @param maxLineBytes - a longer line ends in an error instead of in memory. */
  constructor(maxLineBytes: number) {
    this.#maxLineBytes = maxLineBytes
  }

  /**
   * The lines completed by this chunk; they may be views of it. Take all of them before the next chunk.
   *
   * @throws {ConfigError} for a line too long, after the lines before it.
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
    return this.#keptBytes === 0 ? null : this.#complete(Buffer.alloc(0))
  }

  #complete(tail: Buffer): Buffer {
    this.#check(tail.length)
    const line = this.#keptBytes === 0 ? tail : Buffer.concat([...this.#kept, tail])
    this.#kept = []
    this.#keptBytes = 0
    return line.at(-1) === CR ? line.subarray(0, -1) : line
  }

  #keep(piece: Buffer): void {
    this.#check(piece.length)
    this.#kept.push(piece)
    this.#keptBytes += piece.length
  }

  #check(more: number): void {
    if (this.#keptBytes + more <= this.#maxLineBytes) return
    throw new ConfigError(`a line has more than ${this.#maxLineBytes} bytes; see --max-line-bytes`)
  }
}

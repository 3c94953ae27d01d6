/** Splits what arrives at a scripted broker into frames. Unlike the library's, it trusts its peer: a spec. */
export class FrameSplitter {
  #rest: Buffer = Buffer.alloc(0)

  /** @returns the frames completed by `chunk`, without their lengths. */
  push(chunk: Buffer): Buffer[] {
    this.#rest = Buffer.concat([this.#rest, chunk])
    const frames: Buffer[] = []
    while (this.#rest.length >= 4) {
      const end = 4 + this.#rest.readInt32BE(0)
      if (this.#rest.length < end) break
      frames.push(this.#rest.subarray(4, end))
      this.#rest = this.#rest.subarray(end)
    }
    return frames
  }
}

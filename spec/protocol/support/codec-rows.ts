/**
 * Rows of a codec, `[title, version, value, bytes]`: each becomes a spec for writing, one for reading, and one for
 * reading every truncated copy.
 */
import { expect } from 'chai'
import { DecodeError } from '../../../lib/errors.js'
import { Reader } from '../../../lib/protocol/reader.js'
import type { Codec } from '../../../lib/protocol/types.js'
import { Writer } from '../../../lib/protocol/writer.js'

/** The bytes come from `wire()` or a recording; a string is hexadecimal. */
export type CodecRow<T> = readonly [title: string, version: number, value: T, bytes: Buffer | string]

export function written<T>(codec: Codec<T>, value: T): Buffer {
  // One byte of room makes every row grow its buffer.
  const writer = new Writer(1)
  codec.write(writer, value)
  return writer.finish()
}

/** The value at the front of `bytes`, and how many bytes it left. */
export function read<T>(codec: Codec<T>, bytes: Buffer): { value: T; left: number } {
  const reader = new Reader(bytes)
  const value = codec.read(reader)
  return { value, left: reader.remaining }
}

export function checkCodecRows<T>(
  codecOf: (version: number) => Codec<T>,
  rows: readonly CodecRow<T>[],
): void {
  for (const [title, version, value, given] of rows) {
    const bytes = typeof given === 'string' ? Buffer.from(given.replaceAll(' ', ''), 'hex') : given

    it(`writes ${title}`, () => {
      expect(written(codecOf(version), value).toString('hex')).to.equal(bytes.toString('hex'))
    })

    it(`reads ${title}`, () => {
      expect(read(codecOf(version), bytes)).to.deep.equal({ value, left: 0 })
    })

    it(`refuses every truncated copy of ${title}`, () => {
      for (let length = 0; length < bytes.length; length++) {
        expect(() => read(codecOf(version), bytes.subarray(0, length)), `${length} bytes`).to.throw(
          DecodeError,
        )
      }
    })
  }
}

/** A property of everything that reads what a peer sent: spoiled bytes end in a value or a DecodeError, nothing else. */
import fc from 'fast-check'
import { DecodeError } from '../../../lib/errors.js'

type Edit = (bytes: Buffer) => Buffer

/** Numbers that lengths and counts lie with. */
const lies = [0x7ffffff0, 0x7fffffff, -0x80000000, -1, -2, 0, 0xffff, 0x01000000]

function edits(length: number): fc.Arbitrary<Edit> {
  const at = fc.nat(Math.max(0, length - 1))
  return fc.oneof(
    fc.tuple(at, fc.nat(255)).map(([from, byte]) => (bytes: Buffer) => {
      const copy = Buffer.from(bytes)
      if (from < copy.length) copy[from] = byte
      return copy
    }),
    fc.tuple(at, fc.constantFrom(...lies)).map(([from, lie]) => (bytes: Buffer) => {
      const copy = Buffer.from(bytes)
      if (from + 4 <= copy.length) copy.writeInt32BE(lie, from)
      return copy
    }),
    fc.tuple(at, fc.uint8Array({ maxLength: 12 })).map(
      ([from, more]) =>
        (bytes: Buffer) =>
          Buffer.concat([bytes.subarray(0, from), more, bytes.subarray(from)]),
    ),
    fc.tuple(at, fc.nat(12)).map(
      ([from, count]) =>
        (bytes: Buffer) =>
          Buffer.concat([bytes.subarray(0, from), bytes.subarray(from + count)]),
    ),
  )
}

async function readOrRefuse(read: (bytes: Buffer) => unknown, bytes: Buffer): Promise<void> {
  try {
    await read(bytes)
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error
  }
}

/** @param read - reads at once, or in its own time. @param samples - well-formed bytes, so that the spoiled ones get past the first field. */
export function checkHostileBytes(read: (bytes: Buffer) => unknown, samples: readonly Buffer[]): void {
  it('ends in a value or a DecodeError for spoiled bytes', async () => {
    for (const sample of samples) {
      const spoiled = fc
        .array(edits(sample.length), { minLength: 1, maxLength: 4 })
        .map((list) => list.reduce((bytes, edit) => edit(bytes), sample))
      await fc.assert(
        fc.asyncProperty(spoiled, (bytes) => readOrRefuse(read, bytes)),
        { numRuns: 500 },
      )
    }
  })

  it('ends in a value or a DecodeError wherever an int32 lies', async () => {
    for (const sample of samples) {
      for (let at = 0; at + 4 <= sample.length; at++) {
        for (const lie of lies) {
          const bytes = Buffer.from(sample)
          bytes.writeInt32BE(lie, at)
          await readOrRefuse(read, bytes)
        }
      }
    }
  })

  it('ends in a value or a DecodeError for random bytes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 100 }), (bytes) => readOrRefuse(read, Buffer.from(bytes))),
    )
  })
}

/**
 * Policy: what the n-th record of a run with KafkaProducer holds: random letters, values of a file, or its number.
 *
 * Letters are drawn once, and each record has a piece of them that begins anywhere: drawing them anew would be measured too.
 *
 * @see org.apache.kafka.tools.ProducerPerformance 3.9
 */

export type RecordPayload =
  | { readonly kind: 'letters'; readonly bytes: number }
  | { readonly kind: 'values'; readonly path: string; readonly values: readonly Buffer[] }
  | { readonly kind: 'monotonic' }

/** Letters beyond the size of a record. More than any window of gzip, lz4 or snappy, so that pieces do not compress each other away. */
const SPARE_LETTERS = 1 << 20

/**
 * @param random - 0 ≤ x < 1, for tests.
 * @returns the value of record n, counted from 0; not to be written into.
 */
export function recordPayloads(
  payload: RecordPayload,
  random: () => number = Math.random,
): (n: number) => Buffer {
  const below = (end: number): number => Math.floor(random() * end)
  switch (payload.kind) {
    case 'monotonic':
      return (n) => Buffer.from(String(n))
    case 'values':
      return () => payload.values[below(payload.values.length)]!
    case 'letters': {
      const { bytes } = payload
      const letters = Buffer.allocUnsafe(bytes + SPARE_LETTERS)
      for (let i = 0; i < letters.length; i++) letters[i] = 0x41 + below(26)
      return () => {
        const start = below(SPARE_LETTERS)
        return letters.subarray(start, start + bytes)
      }
    }
  }
}

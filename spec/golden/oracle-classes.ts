/** The encoder and partitioners that the recording brought along (`oracle.…` in scenarios), in our terms. */

/** Java's `String.hashCode`, written here because expected values do not come from lib/. */
function hashCode(text: string): number {
  return [...Array(text.length).keys()].reduce(
    (hash, at) => (Math.imul(31, hash) + text.charCodeAt(at)) | 0,
    0,
  )
}

const magnitude = (hash: number): number => (hash === -0x80000000 ? 0 : Math.abs(hash))

class NegativePartitioner {
  partition(): number {
    return -1
  }
}

class ThrowingPartitioner {
  partition(key: unknown, numPartitions: number): number {
    if (key === 'bad') throw new Error('bad key')
    return Math.abs(hashCode(String(key)) % numPartitions)
  }
}

class TooLargePartitioner {
  partition(key: unknown, numPartitions: number): number {
    return key === 'bad' ? numPartitions : magnitude(hashCode(String(key))) % numPartitions
  }
}

class MarkerEncoder {
  toBytes(value: unknown): Buffer | null {
    if (value === 'FAIL') throw new Error('value marked to fail')
    return value === null || value === 'NULL' ? null : Buffer.from(String(value), 'utf8')
  }
}

export const oracleClasses = {
  'oracle.NegativePartitioner': NegativePartitioner,
  'oracle.ThrowingPartitioner': ThrowingPartitioner,
  'oracle.TooLargePartitioner': TooLargePartitioner,
  'oracle.MarkerEncoder': MarkerEncoder,
}

/**
 * What the readers give: records as a broker keeps them, and as a consumer prints them.
 */

export interface StoredRecord {
  readonly partition: number
  readonly offset: bigint
  readonly key: Buffer | null
  readonly value: Buffer | null
  /** `none`, `gzip`, `snappy`, `lz4` or `zstd`. */
  readonly codec: string
  /** Message format: 0, 1 or 2. */
  readonly magic: number
}

/** A record as the FileRecords reader sees it, which is all of it. */
export interface StoredRecordInFull extends StoredRecord {
  /** −1 in format 0, which has no timestamps. */
  readonly timestampMs: bigint
  readonly headers: readonly { readonly name: string; readonly value: Buffer | null }[]
  /** −1 without idempotence. */
  readonly producerId: bigint
  /** −1 without idempotence. */
  readonly producerEpoch: number
  readonly isTransactional: boolean
}

/** A console consumer prints keys and values only. */
export interface ConsumedRecord {
  readonly key: Buffer | null
  readonly value: Buffer | null
}

/** Log files of one partition, first segment first. */
export interface PartitionLog {
  readonly partition: number
  readonly files: readonly string[]
}

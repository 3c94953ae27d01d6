/**
 * Where a record was stored. With acks 0, or where the broker says that it had the record already, the offset is not known.
 *
 * A callback of a record that failed gets one with `offset` −1n and all other numbers −1, but for the partition where it
 * was chosen.
 */
import { crc32c } from '../protocol/records/crc32c.js'

const UNKNOWN = -1

export class RecordMetadata {
  readonly topic: string
  /** −1 where none was chosen. */
  readonly partition: number
  /** −1n where it is not known. */
  readonly offset: bigint
  /** Milliseconds since the epoch: the broker's where the topic has LogAppendTime, else the record's. −1 for none. */
  readonly timestamp: number
  /** Bytes before compression; −1 for a null key. */
  readonly serializedKeySize: number
  /** Bytes before compression; −1 for a null value. */
  readonly serializedValueSize: number

  constructor(
    topic: string,
    partition: number,
    offset: bigint,
    timestamp: number,
    serializedKeySize: number,
    serializedValueSize: number,
  ) {
    this.topic = topic
    this.partition = partition
    this.offset = offset
    this.timestamp = timestamp
    this.serializedKeySize = serializedKeySize
    this.serializedValueSize = serializedValueSize
  }

  /** Of a record that failed. */
  static ofFailed(topic: string, partition: number): RecordMetadata {
    return new RecordMetadata(topic, partition, -1n, UNKNOWN, UNKNOWN, UNKNOWN)
  }

  hasOffset(): boolean {
    return this.offset >= 0n
  }

  hasTimestamp(): boolean {
    return this.timestamp >= 0
  }

  /** CRC-32C of timestamp and sizes, unsigned: what clients from 0.11 on gave out, since records have none of their own. */
  get checksum(): number {
    const bytes = Buffer.alloc(16)
    bytes.writeBigInt64BE(BigInt(this.timestamp), 0)
    bytes.writeInt32BE(this.serializedKeySize, 8)
    bytes.writeInt32BE(this.serializedValueSize, 12)
    return crc32c(bytes, 0, bytes.length) >>> 0
  }

  /** A bigint has no form in JSON; the offset is text there. */
  toJSON(): object {
    return { ...this, offset: this.offset.toString() }
  }

  /** `orders-3@42`, as in Java. */
  toString(): string {
    return `${this.topic}-${this.partition}@${this.offset}`
  }
}

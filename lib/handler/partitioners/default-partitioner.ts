/**
 * `kafka.producer.DefaultPartitioner`: Java's hash code of the key, modulo the number of partitions.
 *
 * A string hashes as String, an int32 `number` as Integer, a `bigint` as Long, a boolean as Boolean, any other number
 * as Double. Bytes hash by content (the original took the identity of the array, which nobody can reproduce). Other
 * objects may bring `hashCode(): number`.
 *
 * @see docs/decisions/0000-classic-producer.md#d11
 */
import { PartitionerError } from '../../errors.js'
import {
  hashOfBoolean,
  hashOfBytes,
  hashOfDouble,
  hashOfLong,
  hashOfString,
  magnitude,
  masked,
} from '../java-hash.js'
import type { Partitioner, PartitionerConfig } from './partitioner.js'

export class DefaultPartitioner implements Partitioner {
  readonly #nonNegative: (hash: number) => number

  constructor(config: PartitionerConfig) {
    this.#nonNegative = config.partitionerCompatibility === '0.8.1' ? masked : magnitude
  }

  /** @throws {PartitionerError} for a key that has no hash code. */
  partition(key: unknown, numPartitions: number): number {
    return this.#nonNegative(hashOf(key)) % numPartitions
  }
}

function hashOf(key: unknown): number {
  if (typeof key === 'string') return hashOfString(key)
  if (typeof key === 'number') return key === (key | 0) ? key : hashOfDouble(key)
  if (typeof key === 'bigint') return hashOfLong(key)
  if (typeof key === 'boolean') return hashOfBoolean(key)
  if (key instanceof Uint8Array) return hashOfBytes(key)
  const { hashCode } = key as { hashCode?: unknown }
  if (typeof hashCode === 'function') return Number(hashCode.call(key)) | 0
  throw new PartitionerError(
    `a partition key of type ${typeof key} has no Java hash code; ` +
      'use a string, number, bigint, boolean, bytes, an object with hashCode(), or a partitioner.class of your own',
  )
}

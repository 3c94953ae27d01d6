/** `kafka.producer.ByteArrayPartitioner`: the hash of the key's bytes, modulo the number of partitions. */
import { PartitionerError } from '../../errors.js'
import { hashOfBytes, magnitude, masked } from '../java-hash.js'
import type { Partitioner, PartitionerConfig } from './partitioner.js'

export class ByteArrayPartitioner implements Partitioner {
  readonly #nonNegative: (hash: number) => number

  constructor(config: PartitionerConfig) {
    this.#nonNegative = config.partitionerCompatibility === '0.8.1' ? masked : magnitude
  }

  /** @throws {PartitionerError} for a key that is not bytes. */
  partition(key: unknown, numPartitions: number): number {
    if (!(key instanceof Uint8Array)) {
      throw new PartitionerError(`ByteArrayPartitioner takes Buffer or Uint8Array keys, not ${typeof key}`)
    }
    return this.#nonNegative(hashOfBytes(key)) % numPartitions
  }
}

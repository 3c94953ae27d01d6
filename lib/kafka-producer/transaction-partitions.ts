/**
 * Which partitions belong to the open transaction: those to be added, those that the coordinator is being asked to add, and
 * those added. With transaction version 2 the first produce request adds them.
 */
import type { TopicPartition } from './transaction-requests.js'

type Membership = 'new' | 'asked' | 'added'

export class TransactionPartitions {
  readonly #topics = new Map<string, Map<number, Membership>>()
  #new: TopicPartition[] = []
  #hasAdded = false

  /** There are partitions to be added. */
  get hasNew(): boolean {
    return this.#new.length > 0
  }

  get hasAdded(): boolean {
    return this.#hasAdded
  }

  /** Whether batches of the partition may be written. */
  isAdded(topic: string, partition: number): boolean {
    return this.#topics.get(topic)?.get(partition) === 'added'
  }

  /** Notes a partition to be added; one that is known already stays what it is. */
  want(topic: string, partition: number): void {
    const partitions = this.#of(topic)
    if (partitions.has(partition)) return
    partitions.set(partition, 'new')
    this.#new.push({ topic, partition })
  }

  /** Notes a partition as added by its first produce request. */
  addAtOnce(topic: string, partition: number): void {
    this.#of(topic).set(partition, 'added')
    this.#hasAdded = true
  }

  /** The new ones, which the coordinator is asked for from now on. */
  takeNew(): TopicPartition[] {
    const taken = this.#new
    this.#new = []
    for (const { topic, partition } of taken) this.#of(topic).set(partition, 'asked')
    return taken
  }

  /** The coordinator has added these; several requests may be waiting at a time. */
  added(partitions: readonly TopicPartition[]): void {
    for (const { topic, partition } of partitions) this.addAtOnce(topic, partition)
  }

  /** Forgets those that the coordinator has not been asked for. */
  dropNew(): void {
    for (const { topic, partition } of this.#new) this.#of(topic).delete(partition)
    this.#new = []
  }

  clear(): void {
    this.#topics.clear()
    this.#new = []
    this.#hasAdded = false
  }

  #of(topic: string): Map<number, Membership> {
    const known = this.#topics.get(topic)
    if (known) return known
    const made = new Map<number, Membership>()
    this.#topics.set(topic, made)
    return made
  }
}

/**
 * Which partitions belong to the open transaction: those to be added, those that the coordinator is being asked to add, and
 * those added. With transaction version 2 the first produce request adds them.
 */
import type { TopicPartition } from './transaction-requests.js'

type Membership = 'new' | 'asked' | 'added'

export class TransactionPartitions {
  readonly #topics = new Map<string, Map<number, Membership>>()
  #newCount = 0
  #addedCount = 0

  /** No partition is to be added. */
  get hasNew(): boolean {
    return this.#newCount > 0
  }

  get hasAdded(): boolean {
    return this.#addedCount > 0
  }

  /** Whether batches of the partition may be written. */
  isAdded(topic: string, partition: number): boolean {
    return this.#topics.get(topic)?.get(partition) === 'added'
  }

  /** Notes a partition to be added; one that is known already stays what it is. */
  want(topic: string, partition: number): void {
    if (this.#of(topic).has(partition)) return
    this.#of(topic).set(partition, 'new')
    this.#newCount++
  }

  /** Notes a partition as added by its first produce request. */
  addAtOnce(topic: string, partition: number): void {
    if (this.isAdded(topic, partition)) return
    this.#of(topic).set(partition, 'added')
    this.#addedCount++
  }

  /** The new ones, which the coordinator is asked for from now on. */
  takeNew(): TopicPartition[] {
    return this.#change('new', 'asked')
  }

  /** The coordinator has added what it was asked for. */
  addAsked(): void {
    this.#addedCount += this.#change('asked', 'added').length
  }

  /** Forgets those that the coordinator has not been asked for. */
  dropNew(): void {
    this.#change('new', null)
  }

  clear(): void {
    this.#topics.clear()
    this.#newCount = 0
    this.#addedCount = 0
  }

  #of(topic: string): Map<number, Membership> {
    const known = this.#topics.get(topic)
    if (known) return known
    const made = new Map<number, Membership>()
    this.#topics.set(topic, made)
    return made
  }

  #change(from: Membership, to: Membership | null): TopicPartition[] {
    const changed: TopicPartition[] = []
    for (const [topic, partitions] of this.#topics) {
      for (const [partition, membership] of partitions) {
        if (membership !== from) continue
        changed.push({ topic, partition })
        if (to) partitions.set(partition, to)
        else partitions.delete(partition)
      }
    }
    if (from === 'new') this.#newCount = 0
    return changed
  }
}

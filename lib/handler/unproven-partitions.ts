/**
 * Partitions whose last requests with acks 0 are unconfirmed: their leader may have moved, and a broker that leads them
 * no more reports it only by closing the connection, after the next messages are lost.
 *
 * The next request to such a partition is sent with acks 1, so that a refusal is an answer and the messages are tried
 * again. Holds a bounded number of topics: the oldest are dropped, which costs what a closed connection costs.
 *
 * @see docs/WHERE-WE-DIFFER.md
 */
import type { Unconfirmed } from '../pool/unconfirmed-writes.js'

const MAX_TOPICS = 10_000

interface Place {
  readonly topic: string
  readonly partition: number
}

export class UnprovenPartitions {
  readonly #byTopic = new Map<string, Set<number>>()

  add({ partitionsByTopic }: Pick<Unconfirmed, 'partitionsByTopic'>): void {
    for (const [topic, partitions] of partitionsByTopic) {
      const all = this.#byTopic.get(topic) ?? new Set()
      for (const partition of partitions) all.add(partition)
      this.#byTopic.set(topic, all)
      if (this.#byTopic.size > MAX_TOPICS) this.#byTopic.delete(this.#byTopic.keys().next().value!)
    }
  }

  hasAny(places: readonly Place[]): boolean {
    if (this.#byTopic.size === 0) return false
    return places.some(({ topic, partition }) => this.#byTopic.get(topic)?.has(partition))
  }

  /** Its leader has answered. */
  prove({ topic, partition }: Place): void {
    const partitions = this.#byTopic.get(topic)
    if (!partitions?.delete(partition) || partitions.size > 0) return
    this.#byTopic.delete(topic)
  }
}

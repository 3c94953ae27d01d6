/**
 * What one connection has written with acks 0 since its broker last answered anything: it is unknown whether the broker
 * has read it, let alone stored it.
 *
 * A broker reads the requests of a connection in order, so its answer to a later request proves that it has read all
 * earlier ones. Keeps counts and partitions, never messages.
 */

/** Requests with acks 0 of which it is unknown whether the broker has read them. */
export interface Unconfirmed {
  readonly requests: number
  /** In these requests together; 0 where the caller of `SyncProducer.send` did not say. */
  readonly messages: number
  /** Topic → partitions of these requests. */
  readonly partitionsByTopic: ReadonlyMap<string, ReadonlySet<number>>
}

interface Topics {
  readonly topics: readonly {
    readonly name: string
    readonly partitions: readonly { readonly index: number }[]
  }[]
}

class Writes implements Unconfirmed {
  requests = 0
  messages = 0
  readonly partitionsByTopic = new Map<string, Set<number>>()

  add(requests: number, messages: number): void {
    this.requests += requests
    this.messages += messages
  }

  addPartition(topic: string, partition: number): void {
    const partitions = this.partitionsByTopic.get(topic)
    if (partitions) partitions.add(partition)
    else this.partitionsByTopic.set(topic, new Set([partition]))
  }
}

export class UnconfirmedWrites {
  /** Written before a round trip that is under way, oldest first. */
  readonly #asked = new Set<Writes>()
  #latest = new Writes()

  get isEmpty(): boolean {
    return this.#asked.size === 0 && this.#latest.requests === 0
  }

  /** Whether something was written since the latest {@link mark}. */
  get hasNew(): boolean {
    return this.#latest.requests > 0
  }

  add({ topics }: Topics, messages: number): void {
    this.#latest.add(1, messages)
    for (const { name, partitions } of topics) {
      for (const { index } of partitions) this.#latest.addPartition(name, index)
    }
  }

  /**
   * To be called before a request that has an answer is written.
   *
   * @returns to be called when the answer is there: what had been written before it is confirmed.
   */
  mark(): () => void {
    if (this.hasNew) {
      this.#asked.add(this.#latest)
      this.#latest = new Writes()
    }
    const covered = [...this.#asked]
    return () => {
      for (const writes of covered) this.#asked.delete(writes)
    }
  }

  /** All that is unconfirmed; nothing is from here on. */
  takeAll(): Unconfirmed {
    const all = new Writes()
    for (const { requests, messages, partitionsByTopic } of [...this.#asked, this.#latest]) {
      all.add(requests, messages)
      for (const [topic, partitions] of partitionsByTopic) {
        for (const partition of partitions) all.addPartition(topic, partition)
      }
    }
    this.#asked.clear()
    this.#latest = new Writes()
    return all
  }
}

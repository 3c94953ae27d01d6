/**
 * Policy, pure: which messages may be sent while others have no outcome yet.
 *
 * A message's lane is the partition that it cannot leave any more: it has a key, or it may be stored there already.
 * Where that is not so yet, its lane is the whole topic, since a retry may take it to any partition. Whoever sends
 * only what meets nobody's lane, in the order of the messages, stores each partition as if one cycle followed another.
 *
 * @see docs/decisions/0004
 */
import type { Envelope } from './envelope.js'

const WHOLE_TOPIC = 'whole topic'

type LanesOfTopic = Set<number> | typeof WHOLE_TOPIC

/** Lanes that are taken. */
export class PartitionLanes {
  readonly #byTopic = new Map<string, LanesOfTopic>()
  /** Messages of a topic come together more often than not. */
  #lastTopic = ''
  #last: LanesOfTopic | undefined

  /** Takes the lane of a message. */
  add(envelope: Envelope): void {
    const lanes = this.#of(envelope.topic)
    if (lanes === WHOLE_TOPIC) return
    if (!isBound(envelope)) this.#set(envelope.topic, WHOLE_TOPIC)
    else if (lanes) lanes.add(envelope.partition)
    else this.#set(envelope.topic, new Set([envelope.partition]))
  }

  addAll(other: PartitionLanes): void {
    for (const [topic, theirs] of other.#byTopic) {
      const ours = this.#of(topic)
      if (ours === WHOLE_TOPIC) continue
      if (theirs === WHOLE_TOPIC) this.#set(topic, WHOLE_TOPIC)
      else this.#set(topic, ours ? new Set([...ours, ...theirs]) : new Set(theirs))
    }
  }

  /** Whether a message's lane, or a part of it, is taken. */
  meets(envelope: Envelope): boolean {
    const lanes = this.#of(envelope.topic)
    if (lanes === undefined) return false
    return lanes === WHOLE_TOPIC || !isBound(envelope) || lanes.has(envelope.partition)
  }

  #of(topic: string): LanesOfTopic | undefined {
    if (topic !== this.#lastTopic) {
      this.#lastTopic = topic
      this.#last = this.#byTopic.get(topic)
    }
    return this.#last
  }

  #set(topic: string, lanes: LanesOfTopic): void {
    this.#byTopic.set(topic, lanes)
    this.#lastTopic = topic
    this.#last = lanes
  }
}

function isBound({ partitionKey, partition, isAmbiguous }: Envelope): boolean {
  return partition >= 0 && (partitionKey !== null || isAmbiguous)
}

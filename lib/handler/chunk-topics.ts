/**
 * The topics and partitions for which messages wait or are being sent, and the chunks of a call by what its messages need: the
 * partition that they cannot leave any more, or their whole topic.
 *
 * Knows nothing of runs, and not which chunk may go.
 *
 * @see docs/decisions/0004-in-flight-partitions.md
 */
import { Partition, Topic } from './holds.js'
import { type Call, Chunk } from './overlapping-call.js'
import type { PendingMessage } from './pending-message.js'

export type MessageCall = Call<PendingMessage>
export type MessageChunk = Chunk<PendingMessage>
export type ChunkTopic = Topic<MessageChunk>
export type ChunkPartition = Partition<MessageChunk>

export class ChunkTopics {
  readonly #bind: (message: PendingMessage) => void
  readonly #topics = new Map<string, ChunkTopic>()
  /** Of the last message that came: the next one is often of the same. */
  #lastTopic: ChunkTopic | null = null

  /** @param bind - chooses the partition of a message that has a key, where its topic is known. */
  constructor(bind: (message: PendingMessage) => void) {
    this.#bind = bind
  }

  /** @returns whether a message needs one partition only; it is bound to that before, where that can be done. */
  bind(message: PendingMessage): boolean {
    if (message.partition < 0) this.#bind(message)
    return message.isBound
  }

  partitionOf(topic: ChunkTopic, id: number): ChunkPartition {
    let partition = topic.partitions.get(id)
    if (!partition) {
      partition = new Partition(topic, id)
      topic.partitions.set(id, partition)
    }
    return partition
  }

  /** Nothing waits for it, and nothing of it is being sent. */
  forget(topic: ChunkTopic): void {
    this.#topics.delete(topic.name)
    if (topic === this.#lastTopic) this.#lastTopic = null
  }

  /**
   * Binds messages where that can be done, and puts those that need the same into chunks.
   *
   * @param messages - of the call, in their order, without an outcome.
   */
  split(call: MessageCall, messages: readonly PendingMessage[]): readonly MessageChunk[] {
    const chunks: MessageChunk[] = []
    for (let i = 0; i < messages.length; i++) {
      const message = messages[i]!
      const chunk = this.#chunkFor(message, call, chunks)
      message.chunk = chunk
      chunk.size++
      if (chunks.length === 1) continue
      // Most calls need one thing only, and their list of messages will do then.
      if (chunks.length === 2 && chunk.size === 1) chunks[0]!.messages = messages.slice(0, i)
      ;(chunk.messages as PendingMessage[]).push(message)
    }
    if (chunks.length === 1) chunks[0]!.messages = messages
    for (const { hold } of chunks) {
      hold.chunk = null
      hold.topic.chunk = null
    }
    return chunks
  }

  /** Of the messages to a topic, one that needs all of it stays behind those in front of it, and in front of those behind it. */
  #chunkFor(message: PendingMessage, call: MessageCall, chunks: MessageChunk[]): MessageChunk {
    const topic = this.#topicOf(message)
    const hold = this.bind(message) ? this.partitionOf(topic, message.partition) : topic
    if (hold !== topic) topic.chunk = null
    const open = hold.chunk
    if (open !== null && open.segment === topic.segment) return open
    if (hold === topic) topic.segment++
    const chunk = new Chunk(hold, call, [], topic.segment)
    hold.chunk = chunk
    chunks.push(chunk)
    return chunk
  }

  #topicOf({ topic: name }: PendingMessage): ChunkTopic {
    if (this.#lastTopic?.name === name) return this.#lastTopic
    let topic = this.#topics.get(name)
    if (!topic) {
      topic = new Topic(name)
      this.#topics.set(name, topic)
    }
    this.#lastTopic = topic
    return topic
  }
}

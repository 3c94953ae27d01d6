/**
 * Records that wait for the metadata of their topic, first come, first served in each topic, each for `max.block.ms` at most.
 *
 * They are serialized already, and their bytes are limited together: Java holds as many as there are blocked threads, and
 * here `send()` returns at once.
 */

import { Fifo } from '../fifo.js'
import type { RecordHeaders } from '../protocol/records/record-body.js'
import type { Serialized } from '../protocol/serialized.js'
import { DueHeap, type DueItem } from './due-heap.js'
import type { FlushGeneration } from './flush-generations.js'
import type { RecordLike } from './producer-record.js'
import type { FutureRecordMetadata } from './record-future.js'

/** A serialized record that has no place yet. */
export interface WaitingSend extends DueItem {
  readonly future: FutureRecordMetadata
  /** For partitioners, which see key and value as they were given. */
  readonly record: RecordLike
  readonly key: Serialized
  readonly value: Serialized
  readonly headers: RecordHeaders | null
  readonly timestampMs: number
  /** About. */
  readonly bytes: number
  readonly generation: FlushGeneration
  /** It has waited long enough, and is passed over where its topic has it. */
  isOver: boolean
}

export class TopicWaits {
  readonly #topics = new Map<string, Fifo<WaitingSend>>()
  readonly #byDeadline = new DueHeap<WaitingSend>()
  readonly #maxBytes: number
  #bytes = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  get size(): number {
    return this.#byDeadline.size
  }

  get nextDeadlineMs(): number {
    return this.#byDeadline.first?.dueMs ?? Number.POSITIVE_INFINITY
  }

  /** Topics that somebody waits for. */
  get topics(): string[] {
    return [...this.#topics.keys()]
  }

  /** Whether somebody waits for the topic: who comes later waits as well. */
  has(topic: string): boolean {
    return this.#topics.size > 0 && this.#topics.has(topic)
  }

  hasRoomFor(bytes: number): boolean {
    return this.size === 0 || this.#bytes + bytes <= this.#maxBytes
  }

  add(send: WaitingSend): void {
    const { topic } = send.future
    let waiting = this.#topics.get(topic)
    if (!waiting) {
      waiting = new Fifo()
      this.#topics.set(topic, waiting)
    }
    waiting.push(send)
    this.#byDeadline.add(send)
    this.#bytes += send.bytes
  }

  /** Who has waited longest for the topic. */
  first(topic: string): WaitingSend | undefined {
    const waiting = this.#topics.get(topic)
    for (let send = waiting?.peek(); send; send = waiting?.peek()) {
      if (!send.isOver) return send
      waiting?.shift()
    }
    this.#topics.delete(topic)
    return undefined
  }

  /** Takes out who {@link first} has returned. */
  shift(topic: string): void {
    const send = this.#topics.get(topic)?.shift()
    if (send) this.#end(send)
  }

  /** Takes out all that have waited for the topic, in their order. */
  takeTopic(topic: string): WaitingSend[] {
    const taken: WaitingSend[] = []
    for (let send = this.first(topic); send; send = this.first(topic)) {
      this.shift(topic)
      taken.push(send)
    }
    return taken
  }

  /** Takes out one whose time limit has passed, the earliest first. */
  shiftExpired(nowMs: number): WaitingSend | undefined {
    const send = this.#byDeadline.first
    if (!send || send.dueMs > nowMs) return undefined
    this.#end(send)
    this.first(send.future.topic)
    return send
  }

  #end(send: WaitingSend): void {
    send.isOver = true
    this.#byDeadline.remove(send)
    this.#bytes -= send.bytes
  }
}

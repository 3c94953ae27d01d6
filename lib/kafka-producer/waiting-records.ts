/**
 * The records that wait for room in `buffer.memory`, first come, first served, each for `max.block.ms` at most.
 *
 * While anybody waits, all that comes later waits as well, even where its own batch has room: it would overtake otherwise.
 * Kafka holds as many as there are blocked threads; here `send()` returns at once, so their bytes are limited as well.
 */
import { type Link, LinkedList } from '../linked-list.js'
import { DueHeap, type DueItem } from './due-heap.js'
import type { FlushGeneration } from './flush-generations.js'
import type { AppendableRecord } from './record-appender.js'

/** A record, and the flush that waits for it. */
export interface WaitingRecord extends AppendableRecord {
  readonly generation: FlushGeneration
  /** When it began to wait. */
  readonly sinceMs: number
}

class Entry implements DueItem {
  readonly record: WaitingRecord
  readonly dueMs: number
  heapIndex = -1
  link: Link<Entry> | null = null

  constructor(record: WaitingRecord, deadlineMs: number) {
    this.record = record
    this.dueMs = deadlineMs
  }
}

export class WaitingRecords {
  readonly #inOrder = new LinkedList<Entry>()
  readonly #byDeadline = new DueHeap<Entry>()
  readonly #maxBytes: number
  #bytes = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  get size(): number {
    return this.#inOrder.size
  }

  /** Most bytes that they take together. */
  get bytes(): number {
    return this.#bytes
  }

  /** When the next one has waited long enough; Infinity where none waits. */
  get nextDeadlineMs(): number {
    return this.#byDeadline.first?.dueMs ?? Infinity
  }

  /** Who has waited longest. */
  get first(): WaitingRecord | undefined {
    return this.#inOrder.first?.item.record
  }

  hasRoomFor(bytes: number): boolean {
    return this.#inOrder.size === 0 || this.#bytes + bytes <= this.#maxBytes
  }

  add(record: WaitingRecord, deadlineMs: number): void {
    const entry = new Entry(record, deadlineMs)
    entry.link = this.#inOrder.push(entry)
    this.#byDeadline.add(entry)
    this.#bytes += record.bytes
  }

  shift(): WaitingRecord | undefined {
    const entry = this.#inOrder.first?.item
    return entry && this.#remove(entry)
  }

  /** Takes out one whose time limit has passed, the earliest first; undefined where there is none. */
  shiftExpired(nowMs: number): WaitingRecord | undefined {
    const entry = this.#byDeadline.first
    return entry && entry.dueMs <= nowMs ? this.#remove(entry) : undefined
  }

  #remove(entry: Entry): WaitingRecord {
    this.#inOrder.remove(entry.link!)
    this.#byDeadline.remove(entry)
    this.#bytes -= entry.record.bytes
    return entry.record
  }
}

/**
 * A Writable whose chunks are records: each is taken once it is in the buffer, so pressure reaches the source; it ends when
 * everything that was written is stored. The first record that fails destroys it.
 */
import { Writable } from 'node:stream'
import type { KafkaError } from '../errors.js'
import type { RecordLike } from './producer-record.js'
import type { Callback, RecordFuture } from './record-future.js'

export interface RecordWritableOptions {
  /** Topic of chunks that are values; chunks that are records name theirs. */
  readonly topic?: string
}

/** What a stream needs of a producer. */
export interface RecordSender {
  send(record: RecordLike, callback: Callback): RecordFuture
  flush(): Promise<void>
}

export class RecordWritable extends Writable {
  readonly #sender: RecordSender
  readonly #topic: string | null

  constructor(sender: RecordSender, { topic }: RecordWritableOptions) {
    super({ objectMode: true, decodeStrings: false })
    this.#sender = sender
    this.#topic = topic ?? null
  }

  override _write(chunk: unknown, _encoding: string, done: (error?: Error | null) => void): void {
    let future: RecordFuture
    try {
      future = this.#sender.send(this.#recordOf(chunk), (_, error) => this.#failed(error))
    } catch (error) {
      done(error as Error)
      return
    }
    // What fails before it is in the buffer has been reported by the callback.
    future.appended.then(
      () => done(),
      () => done(),
    )
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#sender.flush().then(() => done(), done)
  }

  #failed(error: KafkaError | null): void {
    if (error) this.destroy(error)
  }

  #recordOf(chunk: unknown): RecordLike {
    return this.#topic === null ? (chunk as RecordLike) : { topic: this.#topic, value: chunk }
  }
}

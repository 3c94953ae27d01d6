/** What a measured program is asked to do: one workload, from the only argument of its process. */

/**
 * - `async`: `send()` of one message, each call awaited: the queue accepts it, or it waits for room.
 * - `arrays`: the same with several messages per call.
 * - `deliver`: `deliver()` of one message, each call awaited: its outcome.
 * - `sync`: `send()` in sync mode, each call awaited: its outcome.
 */
export type Mode = 'async' | 'arrays' | 'deliver' | 'sync'

export interface Workload {
  readonly mode: Mode
  /** Messages of one sample; a tenth of them, at most 200,000, warm up. */
  readonly messages: number
  readonly valueBytes: number
  readonly value: 'bytes' | 'string'
  /** Of the same byte over and over, or text that compresses about as logs do. */
  readonly content: 'plain' | 'json'
  /** Outstanding calls. */
  readonly callers: number
  /** After this many messages the caller lets others have their turn of the event loop; 0 for never. */
  readonly turnEvery: number
  /** Messages of one call in mode `arrays`. */
  readonly arrayLength: number
  readonly batch: number
  readonly queue: number
  readonly lingerMs: number
  readonly maxInFlight: number
  /** Distinct string keys; 0 for messages without a key. */
  readonly keys: number
  readonly topics: number
  readonly acks: -1 | 0 | 1
  readonly codec: string
}

export interface Plan {
  /** What to run of the program, where it has several. */
  readonly variant: string
  readonly bootstrap: string
  /** Folder with the built product in `dist`; empty for other clients. */
  readonly product: string
  /** Folder in which the other clients are installed. */
  readonly peers: string
  readonly workload: Workload
  /** With TLS: the authority to trust, PEM. Without it: plaintext. */
  readonly tls?: { readonly ca: string }
  /** Of the topics of the broker, for a client that does not ask. */
  readonly partitions: number
}

export function planOfProcess(): Plan {
  return JSON.parse(process.argv[2]!) as Plan
}

export function topicNames({ topics }: Workload): string[] {
  return Array.from({ length: topics }, (_, index) => (topics === 1 ? 'bench' : `bench-${index}`))
}

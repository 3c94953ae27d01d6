/**
 * Produce requests that are made before their turn, so that they only have to be written to the socket when it comes: the
 * records are there, compressed where that is set, and the whole is encoded but for its correlation id.
 *
 * Whatever is not plain sailing is left to the turn of the request: a batch of which something has to be said to its senders,
 * or that is known to be too large. Settles nothing, sends nothing, logs nothing.
 *
 * @see docs/decisions/0007-the-next-cycle-is-prepared.md
 */
import type { EncodedRequest, ProduceConnection } from '../pool/sync-producer.js'
import type { LearnedSizeLimits } from '../produce/learned-size-limits.js'
import {
  estimateRequestBytes,
  type ProduceRequestOptions,
  produceRequest,
} from '../produce/produce-request.js'
import { type BatchPayload, type PayloadOptions, payloadOf } from '../produce/record-format.js'
import type { ProduceRequest } from '../protocol/messages/index.js'
import { magicOf } from '../protocol/records/record-body.js'
import { FIRST_MAGIC_WITH_HEADERS, type Prepared } from './batch-preparer.js'
import type { NumberedBatches } from './numbered-batches.js'
import type { PendingBatch } from './partition-and-collate.js'

export interface RequestAhead {
  readonly prepared: readonly Prepared[]
  readonly request: ProduceRequest
  readonly encoded: EncodedRequest
}

export interface RequestsAheadOptions extends PayloadOptions, ProduceRequestOptions {
  /** With idempotence. Default: without. */
  readonly numbers?: NumberedBatches | null
}

interface Making {
  readonly connection: ProduceConnection
  readonly request: RequestAhead | null | Promise<RequestAhead | null>
}

/** What was sent to a leader last went over it. */
interface LastConnection {
  readonly connection: ProduceConnection
  readonly broker: string
}

export class RequestsAhead {
  readonly #options: RequestsAheadOptions
  readonly #limits: LearnedSizeLimits
  readonly #lastByLeader = new Map<number, LastConnection>()
  /** By the very list that is sent: where a message is taken out of it, another list is sent. */
  readonly #byBatches = new WeakMap<readonly PendingBatch[], Making>()

  constructor(options: RequestsAheadOptions, limits: LearnedSizeLimits) {
    this.#options = options
    this.#limits = limits
  }

  /** A request goes out to a leader over this connection. */
  connected(leaderId: number, connection: ProduceConnection, broker: string): void {
    this.#lastByLeader.set(leaderId, { connection, broker })
  }

  /** For the connection that was used last, while it is open; not with acks 0, where nothing is waited for. Never throws. */
  make(leaderId: number, batches: readonly PendingBatch[]): void {
    const last = this.#lastByLeader.get(leaderId)
    if (last?.connection.isOpen && this.#options.acks !== 0) this.#make(batches, last)
  }

  /** @returns null where none was made for this connection, or none could be. What was made is good for one sending. */
  take(
    batches: readonly PendingBatch[],
    connection: ProduceConnection,
  ): RequestAhead | null | Promise<RequestAhead | null> {
    const making = this.#byBatches.get(batches)
    this.#byBatches.delete(batches)
    return making?.connection === connection ? making.request : null
  }

  #make(given: readonly PendingBatch[], { connection, broker }: LastConnection): void {
    if (this.#byBatches.has(given) || needsHeaders(given, connection.version)) return
    const { numbers } = this.#options
    const batches = numbers ? numbers.ahead(given, connection.version) : given
    if (!batches) return
    const make = (written: readonly BatchPayload[]): RequestAhead | null =>
      this.#request(batches, written, connection)
    try {
      const written = batches.map((batch) => payloadOf(batch, connection.version, broker, this.#options))
      const request = areWritten(written) ? make(written) : Promise.all(written).then(make, () => null)
      this.#byBatches.set(given, { connection, request })
    } catch {
      // It fails again when it is its turn, and its messages have an outcome then.
    }
  }

  #request(
    batches: readonly PendingBatch[],
    written: readonly BatchPayload[],
    connection: ProduceConnection,
  ): RequestAhead | null {
    const prepared = batches.map((batch, i) => ({ batch, ...written[i]! }))
    if (prepared.some(({ batch, limitedBytes }) => this.#limits.isTooLarge(batch.topic, limitedBytes)))
      return null
    const request = produceRequest(prepared, this.#options)
    return { prepared, request, encoded: connection.encode(request, estimateRequestBytes(prepared)) }
  }
}

function areWritten(written: readonly (BatchPayload | Promise<BatchPayload>)[]): written is BatchPayload[] {
  return !written.some((one) => one instanceof Promise)
}

function needsHeaders(batches: readonly PendingBatch[], version: number): boolean {
  if (magicOf(version) >= FIRST_MAGIC_WITH_HEADERS) return false
  return batches.some(({ messages }) => messages.some(({ headers }) => headers !== null))
}

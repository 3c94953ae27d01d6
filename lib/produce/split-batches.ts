/**
 * Policy, pure: splits batches so that no request grows beyond what brokers accept, and halves a set that was refused
 * for its size. Order is kept: the pieces of a partition must be sent one after the other.
 */
import { estimateBytes, estimateSetBytes, type RecordBody } from '../protocol/records/record-body.js'
import type { PartitionBatch } from './partition-batch.js'

/**
 * Brokers close the connection on requests beyond `socket.request.max.bytes`, 100 MiB. A third of it, because a
 * character of text counts as one byte here and may take three.
 */
export const MAX_COMPRESSED_REQUEST_BYTES = 32 * 1024 * 1024

/** What is not compressed is written in one go, which must not keep the event loop (`npm run bench -- codecs`). */
export const MAX_PLAIN_REQUEST_BYTES = 4 * 1024 * 1024

/** Groups batches into requests, in order; a batch that is too large alone is split. */
export function splitIntoRequests<M extends RecordBody>(
  batches: readonly PartitionBatch<M>[],
  maxBytes: number,
): PartitionBatch<M>[][] {
  const whole = batches.filter(({ messages }) => messages.length > 0)
  if (fits(whole, maxBytes)) return whole.length > 0 ? [whole] : []
  const requests: PartitionBatch<M>[][] = []
  let request: PartitionBatch<M>[] = []
  let requestBytes = 0
  for (const batch of whole) {
    let messages: M[] = []
    for (const message of batch.messages) {
      const bytes = estimateBytes(message)
      if (requestBytes > 0 && requestBytes + bytes > maxBytes) {
        if (messages.length > 0) request.push({ ...batch, messages })
        requests.push(request)
        request = []
        messages = []
        requestBytes = 0
      }
      messages.push(message)
      requestBytes += bytes
    }
    if (messages.length > 0) request.push({ ...batch, messages })
  }
  if (request.length > 0) requests.push(request)
  return requests
}

function fits(batches: readonly PartitionBatch[], maxBytes: number): boolean {
  let bytes = 0
  for (const { messages } of batches) {
    bytes += estimateSetBytes(messages)
    if (bytes > maxBytes) return false
  }
  return true
}

/** Two batches with the first and the second half, the first one not smaller. */
export function halve<M extends RecordBody>(
  batch: PartitionBatch<M>,
): [PartitionBatch<M>, PartitionBatch<M>] {
  const middle = Math.ceil(batch.messages.length / 2)
  return [
    { ...batch, messages: batch.messages.slice(0, middle) },
    { ...batch, messages: batch.messages.slice(middle) },
  ]
}

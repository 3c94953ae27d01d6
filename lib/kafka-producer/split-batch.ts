/**
 * Policy: the records of a batch that a broker refused for its size, as smaller batches in the same order.
 *
 * First by `batch.size`, and a part that is refused again by half its size, as Kafka 4.3 does; but a part never holds all
 * records of a batch that was split before, so that tiny records are not sent the same way again and again.
 */
import { headersBytes, upperBoundBytes } from '../protocol/records/record-sizes.js'
import type { ProducerBatch } from './producer-batch.js'

/**
 * Moves the futures to the parts; the batch has none afterwards.
 *
 * @param newPart - makes an empty batch with this limit.
 */
export function splitBatch(
  batch: ProducerBatch,
  batchBytes: number,
  newPart: (writeLimitBytes: number) => ProducerBatch,
): ProducerBatch[] {
  const targetBytes = batch.isSplit ? Math.max(batch.maxRecordBytes, batch.estimatedBytes / 2) : batchBytes
  const maxRecords = batch.isSplit ? Math.ceil(batch.count / 2) : batch.count
  const parts: ProducerBatch[] = []
  let part: ProducerBatch | undefined
  for (const [i, { key, value, headers, timestampMs: timestamp }] of batch.builder.readRecords().entries()) {
    const future = batch.futures[i]!
    const { keyBytes, valueBytes } = future
    const timestampMs = Number(timestamp)
    const pairs = headers.length === 0 ? null : headers
    const ofHeaders = headersBytes(pairs)
    const bound = upperBoundBytes(keyBytes, valueBytes, ofHeaders)
    const bytes = part?.builder.bytesOf(timestampMs, keyBytes, valueBytes, ofHeaders) ?? 0
    if (!part || part.count === maxRecords || !part.hasRoomFor(bytes)) {
      part = newPart(Math.max(targetBytes, bound))
      parts.push(part)
    }
    part.append(future, timestampMs, key, value, pairs, ofHeaders, bound)
  }
  batch.futures.length = 0
  for (const each of parts) each.close()
  return parts
}

/** The numbers of the batch go on in its parts. */
export function numberParts(batch: ProducerBatch, parts: readonly ProducerBatch[]): void {
  let sequence = batch.producer.baseSequence
  for (const part of parts) {
    if (sequence < 0) break
    part.producer = { ...batch.producer, baseSequence: sequence }
    sequence = (sequence + part.count) % 0x80000000
  }
  if (!batch.numbered) return
  const counts = parts.map(({ count }) => count)
  const numbers = batch.numbered.partition.split(batch.numbered, counts)
  for (const [i, part] of parts.entries()) part.numbered = numbers[i]!
}

/** Messages on their way, made in one line. */
import { Envelope, type OutcomeWaiter } from '../../../lib/handler/envelope.js'
import type { PartitionBatch } from '../../../lib/handler/partition-and-collate.js'
import { KeyedMessage } from '../../../lib/keyed-message.js'

export interface EnvelopeOptions {
  topic?: string
  key?: unknown
  partKey?: unknown
  waiter?: OutcomeWaiter | null
  deadlineMs?: number
}

/** Not yet serialized. */
export function envelopeOf(value: unknown, options: EnvelopeOptions = {}): Envelope {
  const { topic = 't', key = null, partKey = null, waiter = null, deadlineMs = 0 } = options
  return new Envelope(new KeyedMessage<unknown, unknown>(topic, key, partKey, value), waiter, deadlineMs)
}

/** Serialized as its text. */
export function serialized(value: string, options: EnvelopeOptions = {}): Envelope {
  const envelope = envelopeOf(value, options)
  envelope.key = typeof options.key === 'string' ? options.key : null
  envelope.value = value
  envelope.isSerialized = true
  return envelope
}

export function batchOf(topic: string, partition: number, ...envelopes: Envelope[]): PartitionBatch {
  for (const envelope of envelopes) envelope.partition = partition
  return { topic, partition, envelopes }
}

export function textOf({ message }: Envelope): string {
  return String(message.message)
}

export function textsOf(envelopes: Iterable<Envelope>): string[] {
  return [...envelopes].map(textOf)
}

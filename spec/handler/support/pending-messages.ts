/** Messages on their way, made in one line. */

import type { PendingBatch } from '../../../lib/handler/partition-and-collate.js'
import { type OutcomeWaiter, PendingMessage } from '../../../lib/handler/pending-message.js'
import { KeyedMessage } from '../../../lib/keyed-message.js'

export interface MessageOptions {
  topic?: string
  key?: unknown
  partKey?: unknown
  /** Given by the user. */
  partition?: number | null
  waiter?: OutcomeWaiter | null
  deadlineMs?: number
}

/** Not yet serialized. */
export function pendingOf(value: unknown, options: MessageOptions = {}): PendingMessage {
  const { topic = 't', key = null, partKey = null, partition = null, waiter = null, deadlineMs = 0 } = options
  const message = new KeyedMessage<unknown, unknown>(topic, key, partKey, value).withPartition(partition)
  return new PendingMessage(message, waiter, {
    timestampMs: Date.now(),
    acceptedMs: performance.now(),
    deadlineMs,
  })
}

/** Serialized as its text. */
export function serialized(value: string, options: MessageOptions = {}): PendingMessage {
  const pending = pendingOf(value, options)
  pending.key = typeof options.key === 'string' ? options.key : null
  pending.value = value
  pending.isSerialized = true
  return pending
}

export function batchOf(topic: string, partition: number, ...messages: PendingMessage[]): PendingBatch {
  for (const pending of messages) pending.partition = partition
  return { topic, partition, messages }
}

export function textOf({ message }: PendingMessage): string {
  return String(message.message)
}

export function textsOf(messages: Iterable<PendingMessage>): string[] {
  return [...messages].map(textOf)
}

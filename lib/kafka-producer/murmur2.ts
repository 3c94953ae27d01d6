/**
 * The hash that chooses the partition of a key: murmur2 with Kafka's seed, over the serialized key. Kafka's
 * `Utils.murmur2` and `Utils.toPositive`.
 *
 * The same key is in the same partition whichever client wrote it, so nothing here may ever change.
 */
import { wellFormed } from '../protocol/primitives.js'

const SEED = 0x9747b28c
const M = 0x5bd1e995

/** A signed integer of 32 bits. */
export function murmur2(bytes: Uint8Array): number {
  const length = bytes.length
  let hash = SEED ^ length
  const whole = length & ~3
  for (let i = 0; i < whole; i += 4) {
    const word = bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24)
    hash = mixed(hash, word)
  }
  const rest = length - whole
  if (rest === 3) hash ^= bytes[whole + 2]! << 16
  if (rest >= 2) hash ^= bytes[whole + 1]! << 8
  if (rest >= 1) hash = Math.imul(hash ^ bytes[whole]!, M)
  return finished(hash)
}

/**
 * As {@link murmur2} of the text in UTF-8; makes no bytes where each character is one.
 */
export function murmur2OfText(text: string): number {
  const length = text.length
  for (let i = 0; i < length; i++) {
    if (text.charCodeAt(i) > 0x7f) return murmur2(Buffer.from(wellFormed(text)))
  }
  let hash = SEED ^ length
  const whole = length & ~3
  for (let i = 0; i < whole; i += 4) {
    const low = text.charCodeAt(i) | (text.charCodeAt(i + 1) << 8)
    hash = mixed(hash, low | (text.charCodeAt(i + 2) << 16) | (text.charCodeAt(i + 3) << 24))
  }
  const rest = length - whole
  if (rest === 3) hash ^= text.charCodeAt(whole + 2) << 16
  if (rest >= 2) hash ^= text.charCodeAt(whole + 1) << 8
  if (rest >= 1) hash = Math.imul(hash ^ text.charCodeAt(whole), M)
  return finished(hash)
}

/** The partition of a key: its hash without the sign bit, over all partitions, also those without a leader. */
export function partitionOfKey(key: Uint8Array | string, partitionCount: number): number {
  const hash = typeof key === 'string' ? murmur2OfText(key) : murmur2(key)
  return toPositive(hash) % partitionCount
}

/** Clears the sign bit, which is no absolute value. */
export const toPositive = (hash: number): number => hash & 0x7fffffff

function mixed(hash: number, word: number): number {
  const k = Math.imul(word, M)
  return Math.imul(hash, M) ^ Math.imul(k ^ (k >>> 24), M)
}

function finished(hash: number): number {
  const h = Math.imul(hash ^ (hash >>> 13), M)
  return h ^ (h >>> 15)
}

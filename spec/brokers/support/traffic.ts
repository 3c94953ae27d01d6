/**
 * Traffic whose fate can be checked afterwards: values name their key and carry a number that only grows per key.
 *
 * Outcomes are kept as the producer reported them; {@link expectKept} compares them with what a broker's own tools read.
 */
import { expect } from 'chai'
import { KafkaError, type KafkaProducer } from '../../../lib/index.js'
import type { StoredRecord } from './stored-record.js'

export interface Sent {
  readonly key: string
  readonly sequence: number
  outcome: 'open' | 'acknowledged' | 'not-persisted' | 'possibly-persisted'
  partition: number
  offset: bigint
}

/** What carries the traffic, as the classic producer does. */
export interface Carrier {
  deliver(message: { topic: string; key: string; message: string }): PromiseLike<{
    readonly partition: number
    readonly offset: bigint
  }>
}

/** A KafkaProducer as a carrier. */
export function carrier(producer: KafkaProducer<string, string>): Carrier {
  return { deliver: ({ topic, key, message }) => producer.send({ topic, key, value: message }) }
}

export class Traffic {
  readonly sent: Sent[] = []
  readonly #producer: Carrier
  readonly #topic: string
  readonly #keys: readonly string[]
  readonly #open = new Set<Promise<void>>()

  constructor(producer: Carrier, topic: string, keys: number) {
    this.#producer = producer
    this.#topic = topic
    this.#keys = Array.from({ length: keys }, (_, i) => `key-${i}`)
  }

  /** Sends one more message for each key; returns when they are accepted, not when they are delivered. */
  round(): void {
    for (const key of this.#keys) {
      const sequence = Math.floor(this.sent.length / this.#keys.length)
      const sent: Sent = { key, sequence, outcome: 'open', partition: -1, offset: -1n }
      this.sent.push(sent)
      const done = this.#follow(sent).finally(() => this.#open.delete(done))
      this.#open.add(done)
    }
  }

  /** Rounds every `everyMs` until `until` settles. */
  async during<T>(until: Promise<T>, everyMs: number): Promise<T> {
    const timer = setInterval(() => this.round(), everyMs)
    try {
      return await until
    } finally {
      clearInterval(timer)
    }
  }

  /** Resolves when every message has its outcome. */
  async settled(): Promise<void> {
    while (this.#open.size > 0) await Promise.all(this.#open)
  }

  count(outcome: Sent['outcome']): number {
    return this.sent.filter((one) => one.outcome === outcome).length
  }

  async #follow(sent: Sent): Promise<void> {
    const message = `${sent.key}:${String(sent.sequence).padStart(8, '0')}`
    try {
      const { partition, offset } = await this.#producer.deliver({
        topic: this.#topic,
        key: sent.key,
        message,
      })
      Object.assign(sent, { outcome: 'acknowledged', partition, offset })
    } catch (error) {
      sent.outcome = error instanceof KafkaError ? (error.persistence as Sent['outcome']) : 'not-persisted'
    }
  }
}

/**
 * Holds what the producer said against what is stored: acknowledged messages are there, at their offset; messages
 * declared not persisted are not; per key the first occurrences are in the order of sending.
 *
 * Where the storage was replaced on the way, `stored` is the old one's records and then the new one's.
 */
export function expectKept(sent: readonly Sent[], stored: readonly StoredRecord[]): void {
  const valuesAt = new Map<string, string[]>()
  const found = new Map<string, number[]>()
  for (const { partition, offset, key, value } of stored) {
    const place = `${partition}:${offset}`
    valuesAt.set(place, [...(valuesAt.get(place) ?? []), String(value)])
    const [name, number] = String(value).split(':') as [string, string]
    expect(String(key), 'a message under another key').to.equal(name)
    const sequences = found.get(name) ?? []
    if (!sequences.includes(Number(number))) sequences.push(Number(number))
    found.set(name, sequences)
  }
  for (const one of sent) {
    const value = `${one.key}:${String(one.sequence).padStart(8, '0')}`
    expect(one.outcome, `${value} has no outcome`).not.to.equal('open')
    const isThere = found.get(one.key)?.includes(one.sequence) ?? false
    if (one.outcome === 'acknowledged') {
      expect(isThere, `${value} was acknowledged and is lost`).to.equal(true)
      expect(valuesAt.get(`${one.partition}:${one.offset}`) ?? [], `at the offset of ${value}`).to.include(
        value,
      )
    }
    if (one.outcome === 'not-persisted')
      expect(isThere, `${value} was given up and is stored`).to.equal(false)
  }
  for (const [key, sequences] of found) {
    expect(sequences, `order of ${key}`).to.deep.equal([...sequences].sort((a, b) => a - b))
  }
}

/** Nothing is stored twice in one storage, as idempotence has it; {@link expectKept} alone lets that pass. */
export function expectOnce(stored: readonly StoredRecord[]): void {
  const seen = new Set<string>()
  for (const { partition, offset, value } of stored) {
    expect(seen.has(String(value)), `${value} is stored again at ${partition}:${offset}`).to.equal(false)
    seen.add(String(value))
  }
}

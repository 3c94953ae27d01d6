/**
 * A pool of brokers that are functions: each request is decoded by hand, asked of `refuse`, stored and answered.
 *
 * Stands in for ProducerPool where the handler is what is looked at; there are no sockets.
 */

import type { BrokerAddress } from '../../../lib/broker-address.js'
import { ConnectionError, type KafkaError } from '../../../lib/errors.js'
import type { ProducerPool } from '../../../lib/pool/producer-pool.js'
import type { ProduceConnection } from '../../../lib/pool/sync-producer.js'
import { type ProduceRequest, type ProduceResponse, produce } from '../../../lib/protocol/messages/index.js'
import { EncodedRequest } from '../../../lib/protocol/request-response.js'
import type { Payload } from '../../../lib/protocol/types.js'
import { withDefaults } from '../../../lib/protocol/with-defaults.js'
import { Writer } from '../../../lib/protocol/writer.js'
import { readMessageSet } from '../../support/wire-message-set.js'

export interface SentSet {
  readonly topic: string
  readonly partition: number
  /** Values as text, of compressed sets those inside. */
  readonly texts: string[]
  readonly codec: number
}

export interface SentRequest {
  readonly broker: number
  readonly acks: number
  readonly timeoutMs: number
  readonly sets: readonly SentSet[]
}

const NONE = 0

export class FakePool {
  readonly requests: SentRequest[] = []
  /** `topic/partition` → values. */
  readonly stored: Record<string, string[]> = {}
  /** Connections that were ended because of what came over them. */
  readonly disconnected: KafkaError[] = []
  closedFor: KafkaError | 'nothing' | null = null
  confirmations = 0
  /** The version that every broker takes. */
  produceVersion = 0
  /** Whether a connection is still open when the records for it are prepared; how many were asked for. */
  isOpen: () => boolean = () => true
  connectionsGiven = 0
  /** Whether the same connection is given each time, as while it is open. */
  keepsConnections = false
  readonly #connections = new Map<number, ProduceConnection>()
  /** Requests that were encoded before their turn; how many of these were sent. */
  encodedAhead = 0
  sentAhead = 0
  /** Brokers without an entry. */
  readonly unknown = new Set<number>()
  leaders: ReadonlyMap<number, BrokerAddress> = new Map()
  /** Error code for a set; nothing stores it. */
  refuse: (set: SentSet, request: SentRequest) => number | undefined = () => undefined
  /** Resolves when requests can be written: connections may have to be opened, quotas may hold back. */
  untilWritable: () => void | Promise<void> = () => {}
  /** Runs before a request is handled; what it throws is the request's end. */
  before: (request: SentRequest) => void | Promise<void> = () => {}
  /** Runs after storing; what it throws is the request's end. */
  after: (request: SentRequest, response: ProduceResponse) => ProduceResponse | Promise<ProduceResponse> = (
    _,
    response,
  ) => response

  get asPool(): ProducerPool {
    return this as unknown as ProducerPool
  }

  /** `broker: topic/partition=texts …` per request. */
  get wire(): string[] {
    return this.requests.map(
      ({ broker, sets }) =>
        `${broker}: ${sets.map(({ topic, partition, texts }) => `${topic}/${partition}=${texts.join(',')}`).join(' ')}`,
    )
  }

  async use<T>(brokerId: number, work: (producer: unknown) => Promise<T>): Promise<T> {
    if (this.closedFor !== null || this.unknown.has(brokerId)) {
      throw new ConnectionError(`broker ${brokerId} cannot be reached: no metadata names its address`)
    }
    return work({
      broker: `b${brokerId}:9092`,
      ready: () => this.connectionTo(brokerId),
      disconnect: (reason: KafkaError) => this.disconnected.push(reason),
    })
  }

  update(leaders: ReadonlyMap<number, BrokerAddress>): void {
    this.leaders = leaders
  }

  members(): unknown[] {
    return [{ confirm: async () => void this.confirmations++ }]
  }

  async close(reason?: KafkaError): Promise<void> {
    this.closedFor ??= reason ?? 'nothing'
  }

  connectionTo(brokerId: number): ProduceConnection {
    this.connectionsGiven++
    const known = this.#connections.get(brokerId)
    if (known && this.keepsConnections) return known
    const connection = this.#newConnection(brokerId)
    this.#connections.set(brokerId, connection)
    return connection
  }

  #newConnection(brokerId: number): ProduceConnection {
    return {
      version: this.produceVersion,
      isOpen: this.isOpen(),
      encode: (request) => {
        for (const { partitions } of request.topics) {
          for (const { records } of partitions) (records as Payload).writeTo(new Writer())
        }
        this.encodedAhead++
        return new EncodedRequest(produce, this.produceVersion, null, request)
      },
      send: async (request, { encoded, onWriting } = {}) => {
        if (encoded) this.sentAhead++
        const waiting = this.untilWritable()
        if (waiting) await waiting
        onWriting?.()
        return this.#send(brokerId, request)
      },
      initProducerId: () => Promise.reject(new Error('no broker here grants producer ids')),
    }
  }

  async #send(broker: number, { acks, timeoutMs, topics }: ProduceRequest): Promise<ProduceResponse | null> {
    const sets = topics.flatMap(({ name, partitions }) =>
      partitions.map(({ index, records }) => decoded(name, index, records as Payload)),
    )
    const request = { broker, acks, timeoutMs, sets }
    this.requests.push(request)
    await this.before(request)
    const response = answering(
      topics.map(({ name, partitions }) => ({
        name,
        partitions: partitions.map(({ index }) => this.#store(request, name, index)),
      })),
    )
    return acks === 0 ? null : this.after(request, response)
  }

  #store(request: SentRequest, topic: string, partition: number) {
    const set = request.sets.find((sent) => sent.topic === topic && sent.partition === partition)!
    const errorCode = this.refuse(set, request) ?? NONE
    if (errorCode !== NONE) return { index: partition, errorCode, baseOffset: -1n }
    this.stored[`${topic}/${partition}`] ??= []
    const log = this.stored[`${topic}/${partition}`]!
    const baseOffset = BigInt(log.length)
    log.push(...set.texts)
    return { index: partition, errorCode, baseOffset }
  }
}

type PartialTopics = Parameters<typeof withDefaults<ProduceResponse>>[1]['topics']

/** An answer; what is left out has its default. */
export function answering(topics: PartialTopics): ProduceResponse {
  return withDefaults(produce.tables.response, { topics })
}

function decoded(topic: string, partition: number, records: Payload): SentSet {
  const writer = new Writer()
  records.writeTo(writer)
  const messages = readMessageSet(writer.finish())
  const codec = messages[0]!.attributes
  const inside = codec === 0 ? messages : messages[0]!.inner!
  return { topic, partition, codec, texts: inside.map(({ value }) => String(value)) }
}

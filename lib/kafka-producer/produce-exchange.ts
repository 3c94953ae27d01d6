/**
 * Sends drained batches to one broker in one produce request: writes them in the format that its version takes, compresses
 * them before, and passes the answer on. Decides nothing about retries.
 *
 * Requests to a broker are written in the order in which their batches were drained. A batch is copied into its request, so
 * its own buffer is free once the request is encoded.
 */
import { type KafkaError, UnsupportedVersionError } from '../errors.js'
import type { ReadyConnection } from '../network/ready-connection.js'
import { produceRequest } from '../produce/produce-request.js'
import { canNameById, VERSION_OF_TOPIC_IDS, withTopicNames } from '../produce/topic-ids.js'
import { type ProduceRequest, type ProduceResponse, produce } from '../protocol/messages/index.js'
import type { Compression } from '../protocol/records/compression.js'
import { type BatchProducer, NO_PRODUCER } from '../protocol/records/record-batch.js'
import { magicOf } from '../protocol/records/record-body.js'
import type { Payload } from '../protocol/types.js'
import { batchPayload } from './batch-payload.js'
import type { BrokerNode } from './broker-nodes.js'
import type { ProducerBatch } from './producer-batch.js'
import type { FutureRecordMetadata } from './record-future.js'

export interface ProduceExchangeOptions {
  readonly acks: -1 | 0 | 1
  readonly requestTimeoutMs: number
  readonly transactionalId: string | null
  /** null for none. */
  readonly compression: Compression | null
  topicIdOf(topic: string): Uint8Array
  /** Not to be exceeded. */
  newestVersion(): number
  readonly listener: ProduceExchangeListener
}

export interface ProduceExchangeListener {
  /** These batches are going to be written in one request. */
  onWriting(batches: readonly ProducerBatch[]): void
  /** Some of the records cannot be written for such a broker; they are not in the batch any more. */
  onRecordsRefused(futures: readonly FutureRecordMetadata[], error: KafkaError): void
  /** A batch cannot be written for such a broker. */
  onRefused(batch: ProducerBatch, error: KafkaError): void
  /** @param response - null with acks 0, when all bytes are in the kernel's hands. */
  onAnswer(batches: readonly ProducerBatch[], response: ProduceResponse | null, sent: SentRequest): void
  /** The answer did not come, or cannot be read. */
  onNoAnswer(batches: readonly ProducerBatch[], error: KafkaError, sent: SentRequest): void
  /** The request has ended, whatever came of it; called last. */
  onEnd(batches: readonly ProducerBatch[], node: BrokerNode): void
}

export interface SentRequest {
  readonly node: BrokerNode
  /** `host:port`. */
  readonly broker: string
  /** Of Produce. */
  readonly version: number
  /** On the monotonic clock. */
  readonly startMs: number
}

type Written = { readonly batch: ProducerBatch; readonly payload: Payload | null }

/** Bytes of a request beside its batches, roughly; only a hint. */
const REQUEST_OVERHEAD_BYTES = 512

export class ProduceExchange {
  readonly #options: ProduceExchangeOptions

  constructor(options: ProduceExchangeOptions) {
    this.#options = options
  }

  /** The version that batches for this broker are written for. @throws {UnsupportedVersionError} */
  versionFor(connection: ReadyConnection): number {
    const newest = this.#options.newestVersion()
    return newest < produce.maxVersion ? connection.version(produce, newest) : connection.version(produce)
  }

  /**
   * Takes the batches over; each is reported once. Writes them in this turn unless they have to be compressed.
   *
   * @param version - of {@link versionFor}.
   */
  send(
    node: BrokerNode,
    connection: ReadyConnection,
    version: number,
    batches: readonly ProducerBatch[],
  ): void {
    node.inFlight++
    const isPlain = magicOf(version) === 2 && this.#options.compression === null
    if (isPlain && node.lastSend === null) {
      const written = batches.map((batch) => ({ batch, payload: null }))
      void this.#exchange(node, connection, version, batches, written)
      return
    }
    const before = node.lastSend
    const writing = this.#prepare(batches, version, connection.broker).then(async (written) => {
      await before
      if (node.lastSend === writing) node.lastSend = null
      void this.#exchange(node, connection, version, batches, written)
    })
    node.lastSend = writing
  }

  /** Compresses, and converts for brokers before 0.11. Never rejects. */
  async #prepare(
    batches: readonly ProducerBatch[],
    version: number,
    broker: string,
  ): Promise<readonly Written[]> {
    const written = await Promise.all(
      batches.map(async (batch) => {
        try {
          const payload = await this.#payload(batch, version, broker)
          return { batch, payload }
        } catch (error) {
          this.#options.listener.onRefused(batch, error as KafkaError)
          return null
        }
      }),
    )
    return written.filter((one) => one !== null)
  }

  /** Records with headers fail alone where the broker has no place for them. */
  #payload(batch: ProducerBatch, produceVersion: number, broker: string): Payload | Promise<Payload> {
    const { compression, listener } = this.#options
    if (magicOf(produceVersion) < 2) {
      const refused = batch.takeRecordsWithHeaders()
      const error = refused.length > 0 ? tooOldForHeaders(broker, produceVersion, batch) : null
      if (error) listener.onRecordsRefused(refused, error)
      if (error && batch.count === 0) throw error
    }
    return batchPayload(batch, { produceVersion, broker, compression, producer: this.#producerOf(batch) })
  }

  /** Never rejects. */
  async #exchange(
    node: BrokerNode,
    connection: ReadyConnection,
    version: number,
    batches: readonly ProducerBatch[],
    prepared: readonly Written[],
  ): Promise<void> {
    const { listener } = this.#options
    // Some may have expired meanwhile.
    const written = prepared.filter(({ batch }) => batch.state === 'pending' && batch.count > 0)
    const sent = { node, broker: connection.broker, version, startMs: performance.now() }
    try {
      if (written.length > 0) await this.#answered(connection, version, written, sent)
    } finally {
      listener.onEnd(batches, node)
    }
  }

  async #answered(
    connection: ReadyConnection,
    version: number,
    written: readonly Written[],
    sent: SentRequest,
  ): Promise<void> {
    const { listener } = this.#options
    const batches = written.map(({ batch }) => batch)
    try {
      const response = await this.#request(connection, version, written, batches)
      listener.onAnswer(batches, response, sent)
    } catch (error) {
      listener.onNoAnswer(batches, error as KafkaError, sent)
    }
  }

  #request(
    connection: ReadyConnection,
    version: number,
    written: readonly Written[],
    batches: readonly ProducerBatch[],
  ): Promise<ProduceResponse | null> {
    const { acks, requestTimeoutMs: timeoutMs, transactionalId, topicIdOf } = this.#options
    const parts = written.map(({ batch, payload }) => ({
      batch,
      payload: payload ?? batch.encode(this.#producerOf(batch)),
    }))
    this.#options.listener.onWriting(batches)
    const options = { acks, requestTimeoutMs: timeoutMs, transactionalId, topicIdOf }
    const request = produceRequest(parts, options)
    let sizeHint = REQUEST_OVERHEAD_BYTES
    for (const { batch } of written) sizeHint += batch.estimatedBytes
    const sending = { timeoutMs, sizeHint, version: namedVersion(connection, version, request) }
    if (acks === 0) return connection.send(produce, request, sending).then(() => null)
    return connection.request(produce, request, sending).then((response) => withTopicNames(response, request))
  }

  #producerOf({ numbered }: ProducerBatch): BatchProducer {
    if (!numbered) return NO_PRODUCER
    const { identity, baseSequence } = numbered
    return {
      producerId: identity.producerId,
      producerEpoch: identity.epoch,
      baseSequence,
      isTransactional: this.#options.transactionalId !== null,
    }
  }
}

/** Topics are named by ids only where all of them are known. */
function namedVersion(connection: ReadyConnection, version: number, request: ProduceRequest): number {
  if (version < VERSION_OF_TOPIC_IDS || canNameById(request)) return version
  return connection.version(produce, VERSION_OF_TOPIC_IDS - 1)
}

function tooOldForHeaders(broker: string, version: number, { topic, partition }: ProducerBatch): KafkaError {
  const text = `${broker} supports Produce v${version}: headers need Kafka 0.11 or newer`
  return new UnsupportedVersionError(text, { broker, topic, partition })
}

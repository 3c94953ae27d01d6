/**
 * What the null broker answers: ApiVersions, Metadata, Produce and InitProducerId, each in every version that Kafka 0.8.0 to 4.4 has.
 *
 * Of a Produce request topics and partitions are read and records are skipped, so that the cost per message is next to
 * nothing; the record count of a batch is taken from its header. Everything is stored, so to speak: each partition has
 * an offset that grows by what was counted, for message sets by one per request.
 *
 * @see https://kafka.apache.org/protocol#protocol_messages
 */
import { createHash } from 'node:crypto'
import { Answer, Cursor } from './wire.js'

export interface NullCluster {
  /** Ports of the brokers; their ids are 0, 1, …. */
  readonly ports: readonly number[]
  /** Of every topic; partition p is led by broker p mod brokers. */
  readonly partitions: number
  /** Highest version of Produce that is offered, 0 to 13. */
  readonly produceMax: number
}

/** What was read so far, of all connections together. */
export interface Seen {
  requests: number
  bytes: number
  /** Records in batches of magic 2. */
  records: number
}

export interface Answered {
  /** Null with acks 0. */
  readonly bytes: Buffer | null
  readonly isProduce: boolean
}

const PRODUCE = 0
const METADATA = 3
const API_VERSIONS = 18
const INIT_PRODUCER_ID = 22
const UNSUPPORTED_VERSION = 35
const METADATA_MAX = 12
const API_VERSIONS_MAX = 3
const INIT_PRODUCER_ID_MAX = 4
const MAGIC_2_SINCE = 3
const RECORD_COUNT_AT = 57
const BATCH_HEADER_BYTES = 61
const TOPIC_ID_BYTES = 16
const HOST = Buffer.from('127.0.0.1')

export class NullAnswers {
  readonly seen: Seen = { requests: 0, bytes: 0, records: 0 }
  readonly #cluster: NullCluster
  #producerIds = 1000

  constructor(cluster: NullCluster) {
    this.#cluster = cluster
  }

  /**
   * @param frame - a request without its length.
   * @throws {Error} on a request that no producer sends.
   */
  answer(frame: Buffer): Answered {
    const apiKey = frame.readInt16BE(0)
    const version = frame.readInt16BE(2)
    const correlationId = frame.readInt32BE(4)
    const afterClientId = 10 + Math.max(frame.readInt16BE(8), 0)
    if (apiKey === PRODUCE) {
      const request = new Cursor(frame, afterClientId, version >= 9)
      return { bytes: this.#produce(request, version, correlationId), isProduce: true }
    }
    if (apiKey === METADATA) {
      const request = new Cursor(frame, afterClientId, version >= 9)
      return { bytes: this.#metadata(request, version, correlationId), isProduce: false }
    }
    if (apiKey === API_VERSIONS) {
      return { bytes: this.#apiVersions(version, correlationId), isProduce: false }
    }
    if (apiKey === INIT_PRODUCER_ID) {
      return { bytes: this.#initProducerId(version, correlationId), isProduce: false }
    }
    throw new Error(`the null broker does not know API key ${apiKey}`)
  }

  /** A version that is not known is refused in the shape of v0, which every client can read. */
  #apiVersions(asked: number, correlationId: number): Buffer {
    const version = asked > API_VERSIONS_MAX ? 0 : asked
    // The header has no tags in any version.
    const answer = new Answer(correlationId, version >= 3, false)
    answer.int16(version === asked ? 0 : UNSUPPORTED_VERSION)
    const { produceMax } = this.#cluster
    const offered = [
      [PRODUCE, produceMax],
      [METADATA, METADATA_MAX],
      [API_VERSIONS, API_VERSIONS_MAX],
      [INIT_PRODUCER_ID, INIT_PRODUCER_ID_MAX],
    ] as const
    answer.count(offered.length)
    for (const [apiKey, maxVersion] of offered) {
      answer.int16(apiKey)
      answer.int16(0)
      answer.int16(maxVersion)
      answer.noTags()
    }
    if (version >= 1) answer.int32(0)
    answer.noTags()
    return answer.finish()
  }

  #metadata(request: Cursor, version: number, correlationId: number): Buffer {
    request.skipTags()
    const names = namesOf(request, version)
    const answer = new Answer(correlationId, version >= 9)
    if (version >= 3) answer.int32(0)
    this.#writeBrokers(answer, version)
    if (version >= 2) answer.null()
    if (version >= 1) answer.int32(0)
    answer.count(names.length)
    for (const name of names) this.#writeTopic(answer, version, name)
    if (version >= 8 && version <= 10) answer.int32(-1)
    answer.noTags()
    return answer.finish()
  }

  #writeBrokers(answer: Answer, version: number): void {
    const { ports } = this.#cluster
    answer.count(ports.length)
    for (const [id, port] of ports.entries()) {
      answer.int32(id)
      answer.string(HOST)
      answer.int32(port)
      if (version >= 1) answer.null()
      answer.noTags()
    }
  }

  #writeTopic(answer: Answer, version: number, name: Buffer): void {
    const { partitions, ports } = this.#cluster
    answer.int16(0)
    answer.string(name)
    if (version >= 10) answer.bytes(topicIdOf(name))
    if (version >= 1) answer.int8(0)
    answer.count(partitions)
    for (let index = 0; index < partitions; index++) {
      const leader = index % ports.length
      answer.int16(0)
      answer.int32(index)
      answer.int32(leader)
      if (version >= 7) answer.int32(0)
      for (let lists = 0; lists < 2; lists++) {
        // Replicas, then those in sync.
        answer.count(1)
        answer.int32(leader)
      }
      if (version >= 5) answer.count(0)
      answer.noTags()
    }
    if (version >= 8) answer.int32(-1)
    answer.noTags()
  }

  #initProducerId(version: number, correlationId: number): Buffer {
    const answer = new Answer(correlationId, version >= 2)
    answer.int32(0)
    answer.int16(0)
    answer.int64(this.#producerIds++)
    answer.int16(0)
    answer.noTags()
    return answer.finish()
  }

  #produce(request: Cursor, version: number, correlationId: number): Buffer | null {
    request.skipTags()
    if (version >= 3) request.string()
    const acks = request.int16()
    request.int32()
    const { seen } = this
    seen.requests++
    seen.bytes += request.frame.length
    const answer = new Answer(correlationId, version >= 9)
    const topicCount = request.count()
    answer.count(topicCount)
    for (let topics = topicCount; topics > 0; topics--) this.#produceTopic(request, answer, version)
    if (version >= 1) answer.int32(0)
    answer.noTags()
    return acks === 0 ? null : answer.finish()
  }

  #produceTopic(request: Cursor, answer: Answer, version: number): void {
    if (version >= 13) answer.bytes(request.bytes(TOPIC_ID_BYTES))
    else answer.string(request.string())
    const partitionCount = request.count()
    answer.count(partitionCount)
    for (let partitions = partitionCount; partitions > 0; partitions--) {
      answer.int32(request.int32())
      answer.int16(0)
      answer.int64(this.seen.records)
      this.#skipRecords(request, version)
      request.skipTags()
      if (version >= 2) answer.int64(-1)
      if (version >= 5) answer.int64(0)
      if (version >= 8) {
        answer.count(0)
        answer.null()
      }
      answer.noTags()
    }
    request.skipTags()
    answer.noTags()
  }

  #skipRecords(request: Cursor, version: number): void {
    const bytes = request.count()
    if (version >= MAGIC_2_SINCE && bytes >= BATCH_HEADER_BYTES) {
      this.seen.records += request.frame.readInt32BE(request.at + RECORD_COUNT_AT)
    }
    request.at += Math.max(bytes, 0)
  }
}

/** The topics asked for; none where all are. */
function namesOf(request: Cursor, version: number): Buffer[] {
  const names: Buffer[] = []
  for (let left = request.count(); left > 0; left--) {
    if (version >= 10) request.bytes(TOPIC_ID_BYTES)
    names.push(request.string())
    request.skipTags()
  }
  return names
}

/** Topics are not kept, so an id is made from the name. */
function topicIdOf(name: Buffer): Buffer {
  return createHash('sha256').update(name).digest().subarray(0, TOPIC_ID_BYTES)
}

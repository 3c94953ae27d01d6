/**
 * One broker of any release, which can come back as another: leads partition 0 of every topic, stores what it is sent
 * and is as strict as its release. What it lists and what it takes are two things from 4.0 on.
 */
import type { Socket } from 'node:net'
import { apiVersions, metadata, type ProduceRequest, produce } from '../../../lib/protocol/messages/index.js'
import { Reader } from '../../../lib/protocol/reader.js'
import { readMessageSet } from '../../../lib/protocol/records/message-set.js'
import { readRecordBatches, readRecords } from '../../../lib/protocol/records/read-record-batch.js'
import { advertised, releaseApis } from '../../../lib/protocol/releases.js'
import { encodeResponse } from '../../../lib/protocol/request-response.js'
import { withDefaults } from '../../../lib/protocol/with-defaults.js'
import { FrameSplitter } from '../../support/scripted/frames.js'
import { host, Listener } from '../../support/scripted/listener.js'

/** A message as it was stored. */
export interface StoredText {
  readonly value: string
  readonly magic: number
  /** `name=value`. */
  readonly headers: string[]
  /** −1 where the format has no place for it. */
  readonly timestampMs: number
}

export interface VersionedBrokerOptions {
  /** In each produce answer. Default 0. */
  throttleTimeMs?: number
  /** Of topics whose messages the broker stamps. Default −1. */
  logAppendTimeMs?: number
  /** A proxy in front of it leaves newer versions of Metadata out. */
  lastMetadata?: number
}

const TOPIC_ID = Buffer.alloc(16, 7)
const UNKNOWN_TOPIC_ID = 100
const apis = [produce, metadata, apiVersions]

export class VersionedBroker {
  readonly stored: StoredText[] = []
  /** `Produce v9` and so on, of all connections. */
  readonly asked: string[] = []
  #release: string
  readonly #options: VersionedBrokerOptions
  readonly #listener: Listener
  readonly #sockets = new Set<Socket>()

  private constructor(release: string, options: VersionedBrokerOptions) {
    this.#release = release
    this.#options = options
    this.#listener = new Listener((socket) => this.#serve(socket))
  }

  static async start(release: string, options: VersionedBrokerOptions = {}): Promise<VersionedBroker> {
    const broker = new VersionedBroker(release, options)
    await broker.#listener.start()
    return broker
  }

  get address(): string {
    return `${host}:${this.#listener.port}`
  }

  /** All connections end; whoever connects again meets the other release. */
  comeBackAs(release: string): void {
    this.#release = release
    this.#hangUp()
  }

  async close(): Promise<void> {
    this.#hangUp()
    await this.#listener.down()
  }

  #hangUp(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  #serve(socket: Socket): void {
    const splitter = new FrameSplitter()
    this.#sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => this.#sockets.delete(socket))
    socket.on('data', (chunk: Buffer) => {
      for (const frame of splitter.push(chunk)) if (!socket.destroyed) this.#handle(socket, frame)
    })
  }

  #handle(socket: Socket, frame: Buffer): void {
    const reader = new Reader(frame)
    const [apiKey, version, correlationId] = [reader.int16(), reader.int16(), reader.int32()]
    reader.bytes(reader.int16())
    const api = apis.find(({ key }) => key === apiKey)!
    this.asked.push(`${api.name} v${version}`)
    const range = releaseApis(this.#release).get(apiKey)
    // 0.9 logs an exception and goes on; all others close.
    if (!range && this.#release === '0.9.0') return
    if (!range || version < range[0] || version > range[1]) {
      socket.destroy()
      return
    }
    if (version >= api.flexibleFrom) reader.uvarint()
    if (apiKey === apiVersions.key) socket.write(this.#versionsAnswer(correlationId))
    else if (apiKey === metadata.key) socket.write(this.#metadataAnswer(version, correlationId, reader))
    else socket.write(this.#produceAnswer(version, correlationId, produce.request(version).read(reader)))
  }

  #versionsAnswer(correlationId: number): Buffer {
    const { lastMetadata = Number.POSITIVE_INFINITY } = this.#options
    const apiKeys = [...advertised(this.#release)].map(([apiKey, [minVersion, last]]) => ({
      apiKey,
      minVersion,
      maxVersion: apiKey === metadata.key ? Math.min(last, lastMetadata) : last,
    }))
    return encodeResponse(
      apiVersions,
      0,
      correlationId,
      withDefaults(apiVersions.tables.response, { errorCode: 0, apiKeys }),
    )
  }

  #metadataAnswer(version: number, correlationId: number, reader: Reader): Buffer {
    const { topics } = metadata.request(version).read(reader)
    const partition = { errorCode: 0, index: 0, leaderId: 0, replicas: [0], isr: [0] }
    const body = withDefaults(metadata.tables.response, {
      brokers: [{ nodeId: 0, host, port: this.#listener.port }],
      topics: topics!.map(({ name }) => ({ errorCode: 0, name, topicId: TOPIC_ID, partitions: [partition] })),
    })
    return encodeResponse(metadata, version, correlationId, body)
  }

  #produceAnswer(version: number, correlationId: number, { topics }: ProduceRequest): Buffer {
    const { throttleTimeMs = 0, logAppendTimeMs = -1 } = this.#options
    const body = withDefaults(produce.tables.response, {
      throttleTimeMs,
      topics: topics.map(({ name, topicId, partitions }) => {
        const isKnown = version < 13 || TOPIC_ID.equals(topicId)
        const baseOffset = BigInt(this.stored.length)
        if (isKnown) for (const { records } of partitions) this.#store(records as Buffer)
        return {
          name,
          topicId,
          partitions: [
            {
              index: 0,
              errorCode: isKnown ? 0 : UNKNOWN_TOPIC_ID,
              baseOffset,
              logAppendTimeMs: BigInt(logAppendTimeMs),
            },
          ],
        }
      }),
    })
    return encodeResponse(produce, version, correlationId, body)
  }

  #store(bytes: Buffer): void {
    const MAGIC_AT = 16
    if (bytes[MAGIC_AT] !== 2) {
      for (const { value, magic, timestampMs } of readMessageSet(bytes))
        this.stored.push({ value: String(value), magic, headers: [], timestampMs: Number(timestampMs ?? -1) })
      return
    }
    for (const batch of readRecordBatches(bytes)) {
      for (const { value, headers, timestampMs } of readRecords(batch, batch.records)) {
        const shown = headers.map(([name, content]) => `${name}=${content}`)
        this.stored.push({ value: String(value), magic: 2, headers: shown, timestampMs: Number(timestampMs) })
      }
    }
  }
}

/**
 * Plays the part of the recorded client: sends the requests of a transcript, one after the other, to a scripted cluster,
 * and says where the answers are not those of the recording.
 *
 * This is how the cluster itself is judged, without any producer. A request whose bytes were recorded is sent as it was;
 * others are written anew from what the transcript shows of them, with the clock of today where it says `now`.
 */

import { RawClient } from '../support/scripted/raw-client.js'
import { encodeBatch } from '../support/scripted-kafka/batches.js'
import { ByteWriter, crc32 } from '../support/scripted-kafka/bytes.js'
import { type Codec, idOf } from '../support/scripted-kafka/codecs.js'
import { decodeAnswer, encodeRequest } from '../support/scripted-kafka/frames.js'
import type { Struct } from '../support/scripted-kafka/schema.js'
import type { ScriptedKafka } from '../support/scripted-kafka/scripted-kafka.js'
import { answerText } from './answer-text.js'
import { bytesOf } from './notation.js'
import type { Golden, RecordedBatch, RecordedRecord, RecordedRequest, WireEvent } from './scenario.js'

/** @returns a line for each answer that is not the recorded one. */
export async function sendRecordedRequests(golden: Golden, cluster: ScriptedKafka): Promise<string[]> {
  const client = new RecordedClient(cluster)
  try {
    for (const event of golden.transcript.wire) await client.play(event)
    return await client.differences()
  } finally {
    await client.close()
  }
}

class RecordedClient {
  readonly #cluster: ScriptedKafka
  readonly #connections = new Map<number, RawClient>()
  /** Requests that are answered, in order, by connection. */
  readonly #answered = new Map<RawClient, RecordedRequest[]>()
  readonly #expected = new Map<number, string>()

  constructor(cluster: ScriptedKafka) {
    this.#cluster = cluster
  }

  async play(event: WireEvent): Promise<void> {
    if (event.kind === 'connect') {
      this.#connections.set(event.conn, await RawClient.connect(this.#cluster.port(event.broker)))
    } else if (event.kind === 'request') await this.#send(event)
    else if (event.kind === 'response') {
      if (!event.lost && !event.answer.dropped) this.#expected.set(event.seq, JSON.stringify(event.answer))
    } else if (event.by === 'broker') await this.#connections.get(event.conn)!.closed()
  }

  /** A broker handles a request when it comes: what it answers is read when all were sent and all are released. */
  async differences(): Promise<string[]> {
    const found: string[] = []
    for (const [connection, requests] of this.#answered) {
      for (const request of requests) {
        const expected = this.#expected.get(request.seq)
        if (expected === undefined) continue
        const bytes = await connection.answer()
        const got = bytes === undefined ? 'not at all' : this.#textOf(request, bytes)
        if (got !== expected)
          found.push(`request ${request.seq} (${request.api}) is answered ${got}, expected ${expected}`)
      }
    }
    return found
  }

  async close(): Promise<void> {
    await Promise.all([...this.#connections.values()].map((connection) => connection.close()))
  }

  async #send(request: RecordedRequest): Promise<void> {
    const connection = this.#connections.get(request.conn)!
    const before = this.#cluster.seen.length
    const frame = request.hex === undefined ? frameOf(request) : Buffer.from(request.hex, 'hex')
    connection.write(new ByteWriter().int32(frame.length).raw(frame).build())
    this.#answered.set(connection, [...(this.#answered.get(connection) ?? []), request])
    // The next request may be for another connection: the order in which brokers see them is that of the recording.
    const isRefused = request.body === undefined
    await this.#cluster.until(() => isRefused || this.#cluster.seen.length > before)
  }

  #textOf(request: RecordedRequest, bytes: Buffer): string {
    const version = request.body === undefined ? 0 : request.version
    const ports = Array.from({ length: this.#cluster.state.brokerCount }, (_, id) => this.#cluster.port(id))
    return answerText(request, decodeAnswer(request.api, version, bytes).body, ports)
  }
}

/** The bytes of a request after what the transcript shows of it. */
export function frameOf({ api, version, correlationId, clientId = 'c1', body }: RecordedRequest): Buffer {
  const apiVersions: Struct = { clientSoftwareName: 'apache-kafka-java', clientSoftwareVersion: '4.3.1' }
  const shown = body ?? apiVersions
  const written = api === 'Produce' ? { ...shown, topicData: topicDataOf(shown) } : shown
  return encodeRequest({ api, version, correlationId, clientId, body: written })
}

function topicDataOf({ topicData }: Struct): Struct[] {
  return (topicData as Struct[]).map(({ partitionData, ...topic }) => ({
    ...topic,
    partitionData: (partitionData as Struct[]).map(({ index, batches }) => ({
      index: index!,
      records: Buffer.concat((batches as unknown as RecordedBatch[]).map(bytesOfBatch)),
    })),
  }))
}

function bytesOfBatch(batch: RecordedBatch): Buffer {
  const records = batch.records.map((record) => ({
    off: record.off,
    ts: clock(record.ts),
    k: bytesOrNull(record.k),
    v: bytesOrNull(record.v),
    ...(record.h && {
      h: record.h.map(([name, value]): [string, Buffer | null] => [name, bytesOrNull(value)]),
    }),
  }))
  if (batch.magic !== 2) return Buffer.concat(records.map((record) => messageOf(record)))
  const header = batch as unknown as Parameters<typeof encodeBatch>[0]
  const times = { baseTimestamp: clock(header.baseTimestamp), maxTimestamp: clock(header.maxTimestamp) }
  return encodeBatch({ ...header, ...times }, batch.attributes | idOf(batch.codec as Codec), records)
}

/** A plain message of magic 1. */
function messageOf({
  off,
  ts,
  k,
  v,
}: {
  off: number
  ts: number
  k: Buffer | null
  v: Buffer | null
}): Buffer {
  const covered = new ByteWriter().int8(1).int8(0).int64(ts)
  for (const bytes of [k, v]) covered.int32(bytes?.length ?? -1).raw(bytes ?? Buffer.alloc(0))
  const body = covered.build()
  return new ByteWriter()
    .int64(off)
    .int32(body.length + 4)
    .uint32(crc32(body))
    .raw(body)
    .build()
}

const NOW = Date.now()
const clock = (ts: number | 'now'): number => (ts === 'now' ? NOW : ts)
const bytesOrNull = (notation: RecordedRecord['k']) => (notation === null ? null : bytesOf(notation))

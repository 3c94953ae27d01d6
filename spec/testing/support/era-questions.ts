/**
 * Questions that tell Kafka releases apart, and their answers as short texts, so that a real broker and the embedded one
 * can be asked the same. Each is asked on a connection of its own, followed by a question that every broker answers:
 * so silence is distinguished from a slow answer without waiting.
 */

import {
  type ApiVersionsResponse,
  apis,
  apiVersions,
  type MetadataResponse,
  metadata,
  type ProduceResponse,
  produce,
} from '../../../lib/protocol/messages/index.js'
import { PlainMessageSet } from '../../../lib/protocol/records/message-set.js'
import { CompressedRecordBatch, PlainRecordBatch } from '../../../lib/protocol/records/record-batch.js'
import type { RecordBody } from '../../../lib/protocol/records/record-body.js'
import { decodeResponse, encodeRequest } from '../../../lib/protocol/request-response.js'
import { withDefaults } from '../../../lib/protocol/with-defaults.js'
import { Writer } from '../../../lib/protocol/writer.js'
import { RawClient } from '../../support/scripted/raw-client.js'
import { reading } from '../../support/wire.js'

/** `message.max.bytes` that the questions count on. */
export const MAX_MESSAGE_BYTES = 2000
/** Topics that have to be there, with one partition each: this one, and one that is compacted. */
export const TOPIC = 't'
export const COMPACTED_TOPIC = 'compacted'

export interface Question {
  readonly name: string
  readonly apiKey: number
  readonly version: number
  readonly request: Buffer
}

const ID = 7
const PROBE_ID = 99
const CLIENT = 'asking'
const NOW_MS = Date.now()
const SMALLEST_MESSAGE_SET_BYTES = 26

const body = (value: string, key: string | null = null): RecordBody => ({
  key,
  value,
  timestampMs: NOW_MS,
  headers: null,
})

function bytesOf(payload: { writeTo(writer: Writer): void }): Buffer {
  const writer = new Writer()
  payload.writeTo(writer)
  return writer.finish()
}

const set = (magic: 0 | 1, ...messages: RecordBody[]): Buffer => bytesOf(new PlainMessageSet(magic, messages))
const batch = (...records: RecordBody[]): Buffer => bytesOf(new PlainRecordBatch(records))

function spoiled(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes)
  copy[copy.length - 1]! ^= 1
  return copy
}

const good0 = set(0, body('v'))
const good2 = batch(body('v'), body('w'))
const zstdSummary = { count: 1, baseTimestampMs: NOW_MS, maxTimestampMs: NOW_MS }
// Brokers look at the version before they open it.
const zstd = bytesOf(new CompressedRecordBatch(4, zstdSummary, Buffer.from('not opened')))
const shifted = Buffer.from(good2)
shifted.writeBigInt64BE(5n, 0)

function producing(
  name: string,
  version: number,
  records: Buffer,
  { acks = 1, topic = TOPIC, partition = 0, topicId = Buffer.alloc(16) } = {},
): Question {
  const request = withDefaults(produce.tables.request, {
    acks,
    timeoutMs: 1000,
    topics: [{ name: topic, topicId, partitions: [{ index: partition, records }] }],
  })
  return {
    name: `Produce v${version}: ${name}`,
    apiKey: produce.key,
    version,
    request: encodeRequest(produce, version, ID, CLIENT, request),
  }
}

function describing(
  name: string,
  version: number,
  topics: readonly string[] | null,
  mayCreate = true,
): Question {
  const request = withDefaults(metadata.tables.request, {
    topics: topics?.map((topic) => ({ name: topic })) ?? null,
    allowAutoTopicCreation: mayCreate,
  })
  return {
    name: `Metadata v${version}: ${name}`,
    apiKey: metadata.key,
    version,
    request: encodeRequest(metadata, version, ID, CLIENT, request),
  }
}

function listing(version: number, software = 'spec'): Question {
  const known = Math.min(version, 4)
  const request = { clientSoftwareName: software, clientSoftwareVersion: '1.0' }
  const bytes = encodeRequest(apiVersions, known, ID, CLIENT, request)
  bytes.writeInt16BE(version, 6)
  return { name: `ApiVersions v${version} of ${software}`, apiKey: apiVersions.key, version, request: bytes }
}

const versions = (last: number): number[] => Array.from({ length: last + 1 }, (_, version) => version)

/** New ones for each broker: names that are created must be new. */
export function eraQuestions(): readonly Question[] {
  const large = body('x'.repeat(MAX_MESSAGE_BYTES))
  const exact = body('x'.repeat(MAX_MESSAGE_BYTES - SMALLEST_MESSAGE_SET_BYTES))
  const fits = body('x'.repeat(MAX_MESSAGE_BYTES / 2))
  return [
    ...[0, 1, 2, 3, 4, 9].map((version) => listing(version)),
    listing(3, '-bad-'),
    ...versions(13).map((version) => describing('a topic', version, [TOPIC])),
    describing('nothing', 1, []),
    describing('no list', 0, []),
    describing('a new topic', 0, ['new-of-v0']),
    describing('a new topic', 4, ['new-of-v4']),
    describing('a new topic that may not be', 4, ['never'], false),
    describing('an illegal name', 0, ['a/b', TOPIC]),
    describing('an illegal name', 1, ['a/b', TOPIC]),
    describing('an illegal name, creating nothing', 4, ['a/b'], false),
    ...versions(12).map((version) => producing('a good one', version, version < 3 ? good0 : good2)),
    producing('an unknown id', 13, good2),
    producing('a message of the limit', 0, set(0, exact)),
    producing('a large message', 0, set(0, large)),
    producing('two messages that are large together', 0, set(0, fits, fits)),
    producing('records that are large together', 3, batch(fits, fits)),
    producing('records that are large together', 9, batch(fits, fits)),
    producing('a wrong checksum', 0, spoiled(good0)),
    producing('a wrong checksum', 3, spoiled(good2)),
    producing('an offset', 3, shifted),
    producing('an offset', 8, shifted),
    producing('a message set', 3, good0),
    producing('a message set', 9, good0),
    producing('two batches', 3, Buffer.concat([good2, good2])),
    producing('two batches', 9, Buffer.concat([good2, good2])),
    producing('nothing', 3, Buffer.alloc(0)),
    producing('nothing', 9, Buffer.alloc(0)),
    producing('zstd', 3, zstd),
    producing('acks 2', 1, good0, { acks: 2 }),
    producing('acks -2', 3, good2, { acks: -2 }),
    producing('acks 2', 9, good2, { acks: 2 }),
    producing('an unknown topic', 3, good2, { topic: 'nobody-knows' }),
    producing('an unknown partition', 9, good2, { partition: 8 }),
    producing('an unknown partition without an answer', 3, good2, { partition: 8, acks: 0 }),
    producing("Kafka's own topic", 3, good2, { topic: '__consumer_offsets' }),
    producing('no key', 0, set(0, body('v')), { topic: COMPACTED_TOPIC }),
    producing('no key', 3, batch(body('v', 'k'), body('w')), { topic: COMPACTED_TOPIC }),
    producing('no key', 9, batch(body('v', 'k'), body('w')), { topic: COMPACTED_TOPIC }),
  ]
}

/** `closed`, `silence`, or what was answered. Resolves with the broker at `port`, on loopback. */
export async function answerTo({ request, apiKey, version }: Question, port: number): Promise<string> {
  const client = await RawClient.connect(port)
  try {
    client.write(request)
    client.write(
      encodeRequest(
        metadata,
        0,
        PROBE_ID,
        CLIENT,
        withDefaults(metadata.tables.request, { topics: [{ name: TOPIC }] }),
      ),
    )
    const answer = await client.answer()
    if (!answer) return 'closed'
    return reading(answer).int32() === PROBE_ID ? 'silence' : described(answer, apiKey, version)
  } finally {
    await client.close()
  }
}

/** In the newest shape, up to the version asked for, that takes all bytes of the answer. */
function described(frame: Buffer, apiKey: number, version: number): string {
  const api = apis.get(apiKey)!
  for (let shape = Math.min(version, api.maxVersion); shape >= 0; shape--) {
    try {
      const { body: answer, trailingBytes } = decodeResponse(api, shape, frame)
      if (trailingBytes === 0) return `v${shape} ${texts[apiKey]!(answer as never)}`
    } catch {
      // Another shape.
    }
  }
  return 'in no known shape'
}

const texts: Readonly<Record<number, (answer: never) => string>> = {
  [produce.key]: ({ topics, throttleTimeMs }: ProduceResponse) =>
    JSON.stringify([
      throttleTimeMs,
      ...topics.flatMap(({ name, partitions }) =>
        partitions.map((one) => [
          name,
          one.index,
          one.errorCode,
          one.baseOffset < 0n ? 'no offset' : 'offset',
          one.logAppendTimeMs === -1n ? 'own time' : 'append time',
          String(one.logStartOffset),
          one.recordErrors.map(({ batchIndex }) => batchIndex),
          one.errorMessage === null ? 'no message' : 'message',
        ]),
      ),
    ]),
  [metadata.key]: ({ brokers, topics, clusterId, controllerId }: MetadataResponse) =>
    JSON.stringify([
      brokers.length,
      brokers.map(({ rack }) => rack),
      clusterId?.length ?? null,
      controllerId === -1 ? 'no controller' : 'controller',
      topics
        // What other questions made is none of this one's business.
        .filter(({ name }) => name === TOPIC || topics.length < 3)
        .map((topic) => [
          topic.name,
          topic.errorCode,
          topic.isInternal,
          topic.topicId.some((byte) => byte !== 0),
          topic.partitions.map(({ errorCode, index, leaderEpoch, replicas, isr, offlineReplicas }) => [
            errorCode,
            index,
            leaderEpoch,
            replicas.length,
            isr.length,
            offlineReplicas.length,
          ]),
        ]),
    ]),
  [apiVersions.key]: ({ errorCode, apiKeys, throttleTimeMs }: ApiVersionsResponse) =>
    JSON.stringify([
      errorCode,
      throttleTimeMs,
      apiKeys
        .filter(({ apiKey }) => [0, 3, 18].includes(apiKey))
        .map(({ apiKey, minVersion, maxVersion }) => [apiKey, minVersion, maxVersion])
        .sort(([one], [other]) => one! - other!),
    ]),
}

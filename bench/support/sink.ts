/**
 * A counting sink: a broker in a process of its own that acknowledges everything and stores nothing, so that a bench
 * measures the client. It speaks as Kafka 0.8 or as Kafka 2.8, as its first argument says. One topic name is as good
 * as any; each has four partitions.
 */
import { createServer, type Socket } from 'node:net'
import type { Api } from '../../lib/protocol/api.js'
import { FrameDecoder } from '../../lib/protocol/frame.js'
import {
  apis,
  apiVersions,
  type MetadataRequest,
  metadata,
  type ProduceRequest,
  produce,
} from '../../lib/protocol/messages/index.js'
import { Reader } from '../../lib/protocol/reader.js'
import { advertised } from '../../lib/protocol/releases.js'
import { encodeResponse, type RequestHeader, readRequestHeader } from '../../lib/protocol/request-response.js'
import { type WithoutDefaults, withDefaults } from '../../lib/protocol/with-defaults.js'

const PARTITIONS = 4
const MAX_FRAME_BYTES = 100 * 1024 * 1024
const PARTITION_IDS = Array.from({ length: PARTITIONS }, (_, index) => index)

const listed = advertised(process.argv[2] === '0.8' ? '0.8.2' : '2.8')

function answer<Response>(
  api: Api<unknown, Response>,
  { apiVersion, correlationId }: RequestHeader,
  body: WithoutDefaults<Response>,
): Buffer {
  return encodeResponse(api, apiVersion, correlationId, withDefaults(api.tables.response, body))
}

function produceAnswer(header: RequestHeader, request: ProduceRequest): Buffer {
  const topics = request.topics.map(({ name, partitions }) => ({
    name,
    partitions: partitions.map(({ index }) => ({ index, errorCode: 0, baseOffset: 0n })),
  }))
  return answer(produce, header, { topics })
}

function metadataAnswer(header: RequestHeader, { topics }: MetadataRequest, port: number): Buffer {
  const partitions = PARTITION_IDS.map((index) => ({
    errorCode: 0,
    index,
    leaderId: 0,
    replicas: [0],
    isr: [0],
  }))
  return answer(metadata, header, {
    brokers: [{ nodeId: 0, host: '127.0.0.1', port }],
    topics: topics!.map(({ name }) => ({ errorCode: 0, name, partitions })),
  })
}

function versionsAnswer(header: RequestHeader): Buffer {
  const apiKeys = [...listed].map(([apiKey, [minVersion, maxVersion]]) => ({
    apiKey,
    minVersion,
    maxVersion,
  }))
  return answer(apiVersions, header, { errorCode: 0, apiKeys })
}

/** @returns null where no answer is due; undefined for a request that this era does not know. */
function answerTo(reader: Reader, port: number): Buffer | null | undefined {
  const header = readRequestHeader(reader, (key) => apis.get(key)?.flexibleFrom ?? Number.POSITIVE_INFINITY)
  if (!listed.has(header.apiKey)) return undefined
  if (header.apiKey === apiVersions.key) return versionsAnswer(header)
  if (header.apiKey === metadata.key) {
    return metadataAnswer(header, metadata.request(header.apiVersion).read(reader), port)
  }
  const request = produce.request(header.apiVersion).read(reader)
  return request.acks === 0 ? null : produceAnswer(header, request)
}

function serve(socket: Socket, port: number): void {
  const decoder = new FrameDecoder(MAX_FRAME_BYTES)
  socket.setNoDelay(true)
  socket.on('error', () => {})
  socket.on('data', (chunk) => {
    for (const frame of decoder.push(chunk)) {
      const bytes = answerTo(new Reader(frame), port)
      if (bytes === undefined) return void socket.destroy()
      if (bytes) socket.write(bytes)
    }
  })
}

const server = createServer((socket) => serve(socket, (server.address() as { port: number }).port))
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as { port: number }).port))
process.on('disconnect', () => process.exit(0))

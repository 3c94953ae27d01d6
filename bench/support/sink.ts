/**
 * A counting sink: a broker of protocol version 0 in a process of its own that acknowledges everything and stores
 * nothing, so that a bench measures the client. One topic name is as good as any; each has four partitions.
 */
import { createServer, type Socket } from 'node:net'
import { encodeResponse, readRequestHeader } from '../../lib/protocol/envelope.js'
import { filled } from '../../lib/protocol/filled.js'
import { FrameDecoder } from '../../lib/protocol/frame.js'
import {
  type MetadataRequest,
  metadata,
  type ProduceRequest,
  produce,
} from '../../lib/protocol/messages/index.js'
import { Reader } from '../../lib/protocol/reader.js'

const PARTITIONS = 4
const MAX_FRAME_BYTES = 100 * 1024 * 1024

function produceAnswer(request: ProduceRequest, correlationId: number): Buffer {
  const topics = request.topics.map(({ name, partitions }) => ({
    name,
    partitions: partitions.map(({ index }) => ({ index, errorCode: 0, baseOffset: 0n })),
  }))
  return encodeResponse(produce, 0, correlationId, filled(produce.tables.response, { topics }))
}

function metadataAnswer({ topics }: MetadataRequest, correlationId: number, port: number): Buffer {
  const body = filled(metadata.tables.response, {
    brokers: [{ nodeId: 0, host: '127.0.0.1', port }],
    topics: topics!.map(({ name }) => ({
      errorCode: 0,
      name,
      partitions: Array.from({ length: PARTITIONS }, (_, index) => ({
        errorCode: 0,
        index,
        leaderId: 0,
        replicas: [0],
        isr: [0],
      })),
    })),
  })
  return encodeResponse(metadata, 0, correlationId, body)
}

function serve(socket: Socket, port: number): void {
  const decoder = new FrameDecoder(MAX_FRAME_BYTES)
  socket.setNoDelay(true)
  socket.on('error', () => {})
  socket.on('data', (chunk) => {
    for (const frame of decoder.push(chunk)) {
      const reader = new Reader(frame)
      const { apiKey, correlationId } = readRequestHeader(reader, () => Number.POSITIVE_INFINITY)
      if (apiKey === metadata.key) {
        socket.write(metadataAnswer(metadata.request(0).read(reader), correlationId, port))
      } else {
        const request = produce.request(0).read(reader)
        if (request.acks !== 0) socket.write(produceAnswer(request, correlationId))
      }
    }
  })
}

const server = createServer((socket) => serve(socket, (server.address() as { port: number }).port))
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as { port: number }).port))
process.on('disconnect', () => process.exit(0))

import { createServer, type Socket } from 'node:net'
import { expect } from 'chai'
import { Producer } from '../../lib/index.js'
import { FrameDecoder } from '../../lib/protocol/frame.js'
import { apis, apiVersions, metadata, produce } from '../../lib/protocol/messages/index.js'
import { Reader } from '../../lib/protocol/reader.js'
import { encodeResponse, readRequestHeader } from '../../lib/protocol/request-response.js'
import { withDefaults } from '../../lib/protocol/with-defaults.js'
import { readRequests } from './support/request-reader.js'

const TOPIC_ID = Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex')
/** As Kafka writes that id. */
const TOPIC_ID_TEXT = 'AAECAwQFBgcICQoLDA0ODw'
const PRODUCE_FIRST_OF_4_0 = 12
const TIMESTAMP_MS = 1_700_000_000_123
const quiet = { debug() {}, info() {}, warn() {}, error() {} }

/** A peer that lists these versions, answers whatever is asked in them, and keeps every request as it came. */
class KeepingPeer {
  readonly frames: Buffer[] = []
  readonly #server = createServer((socket) => this.#serve(socket))
  readonly #versions: { readonly produce: number; readonly metadata: number }
  port = 0

  constructor(versions: { readonly produce: number; readonly metadata: number }) {
    this.#versions = versions
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    this.port = (this.#server.address() as { port: number }).port
  }

  async close(): Promise<void> {
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #serve(socket: Socket): void {
    const decoder = new FrameDecoder(10_000_000)
    socket.on('error', () => {})
    socket.on('data', (chunk) => {
      for (const frame of decoder.push(chunk)) {
        const length = Buffer.alloc(4)
        length.writeInt32BE(frame.length)
        this.frames.push(Buffer.concat([length, frame]))
        socket.write(this.#answer(frame))
      }
    })
  }

  #answer(frame: Buffer): Buffer {
    const reader = new Reader(frame)
    const { apiKey, apiVersion, correlationId } = readRequestHeader(
      reader,
      (key) => apis.get(key)?.flexibleFrom ?? Number.POSITIVE_INFINITY,
    )
    if (apiKey === apiVersions.key) {
      const range = (key: number, maxVersion: number) => ({ apiKey: key, minVersion: 0, maxVersion })
      const apiKeys = [range(0, this.#versions.produce), range(3, this.#versions.metadata), range(18, 4)]
      const body = withDefaults(apiVersions.tables.response, { errorCode: 0, apiKeys })
      return encodeResponse(apiVersions, apiVersion, correlationId, body)
    }
    if (apiKey === metadata.key) {
      const partitions = [{ errorCode: 0, index: 0, leaderId: 0, replicas: [0], isr: [0] }]
      const body = withDefaults(metadata.tables.response, {
        brokers: [{ nodeId: 0, host: '127.0.0.1', port: this.port }],
        topics: [{ errorCode: 0, name: 'test', topicId: TOPIC_ID, partitions }],
      })
      return encodeResponse(metadata, apiVersion, correlationId, body)
    }
    const topics = produce
      .request(apiVersion)
      .read(reader)
      .topics.map(({ name, topicId }) => ({
        name,
        topicId,
        partitions: [{ index: 0, errorCode: 0, baseOffset: 0n }],
      }))
    return encodeResponse(
      produce,
      apiVersion,
      correlationId,
      withDefaults(produce.tables.response, { topics }),
    )
  }
}

const base64 = (text: string): string => Buffer.from(text).toString('base64')

/** What Kafka should find in the request of {@link capture}. */
function expected(version: number, codec: string): string[] {
  const magic = version >= 3 ? 2 : version === 2 ? 1 : 0
  const headers = magic === 2 ? `\th1\t${base64('v1')}\th2\t-` : ''
  const timestampMs = magic === 0 ? -1 : TIMESTAMP_MS
  // Without producer id, epoch and number, and not of a transaction.
  const batch = `batch\t${magic}\t${codec}\t-1\t-1\t-1\tfalse`
  return [
    'acks\t-1\t10000\tnull',
    `partition\t${version >= 13 ? TOPIC_ID_TEXT : 'test'}\t0`,
    batch,
    `record\t${timestampMs}\t${base64('k1')}\t${base64('hello ü')}${headers}`,
    // In a plain message set each message stands by itself.
    ...(magic < 2 && codec === 'none' ? [batch] : []),
    `record\t${timestampMs}\t-\t-`,
    'end\t0',
  ]
}

/** @returns all requests of a producer that sends two messages to a broker of these versions. */
async function capture(produceVersion: number, metadataVersion: number, codec: string): Promise<Buffer[]> {
  const hasTopicIds = metadataVersion >= 10
  const peer = new KeepingPeer({ produce: produceVersion, metadata: metadataVersion })
  await peer.listen()
  const producer = new Producer<string, string | null>(
    {
      'metadata.broker.list': `127.0.0.1:${peer.port}`,
      'serializer.class': 'kafka.serializer.StringEncoder',
      'request.required.acks': -1,
      'compression.codec': codec,
      'client.id': 'me',
      'topic.metadata.refresh.interval.ms': hasTopicIds ? 600_000 : 0,
    },
    { logger: quiet },
  )
  // The first answer is v0, which has no room for the topic's id; where there are ids, a second one follows by itself.
  let refreshes = 0
  const asksAgain = new Promise<void>((resolve) => {
    producer.on('refresh', () => ++refreshes === 2 && resolve())
  })
  const headers = produceVersion >= 3 ? { headers: { h1: 'v1', h2: null } } : {}
  try {
    for (let i = 0; i < 2; i++) {
      await producer.send([
        { topic: 'test', key: 'k1', message: 'hello ü', timestampMs: TIMESTAMP_MS, ...headers },
        { topic: 'test', message: null, timestampMs: TIMESTAMP_MS },
      ])
      if (hasTopicIds) await asksAgain
    }
  } finally {
    await producer.close()
    await peer.close()
  }
  return peer.frames
}

describe('requests of our own, read by the request classes of Kafka itself', () => {
  const CODECS = ['none', 'gzip', 'snappy', 'lz4', 'zstd']
  /** Bodies by what they are: `Produce 3 gzip`. */
  const found = new Map<string, string[]>()

  before(async function () {
    this.timeout(300_000)
    const captured: { name: string; version: number; frame: Buffer }[] = []
    for (let version = 0; version <= 13; version++) {
      for (const codec of CODECS) {
        if (codec === 'zstd' && version < 7) continue
        const frames = await capture(version, version, codec)
        for (const frame of frames) {
          const [key, spoken] = [frame.readInt16BE(4), frame.readInt16BE(6)]
          if (key === produce.key && spoken !== version) continue
          const name = key === produce.key ? `Produce ${spoken} ${codec}` : `${apis.get(key)!.name} ${spoken}`
          captured.push({ name, version: spoken, frame })
        }
      }
    }
    const isNew = ({ name, version }: { name: string; version: number }): boolean =>
      version >= PRODUCE_FIRST_OF_4_0 && (name.startsWith('Produce') || version > 12)
    for (const release of ['3.9.2', '4.3.1'] as const) {
      const own = captured.filter((one) => isNew(one) === (release === '4.3.1'))
      const requests = await readRequests(
        release,
        own.map(({ frame }) => frame),
      )
      for (const [i, lines] of requests.entries()) found.set(own[i]!.name, lines)
    }
  })

  for (let version = 0; version <= 13; version++) {
    for (const codec of CODECS) {
      if (codec === 'zstd' && version < 7) continue
      it(`Produce v${version}, ${codec}`, () => {
        const [header, ...body] = found.get(`Produce ${version} ${codec}`) ?? []
        expect(header).to.match(new RegExp(`^Produce\t${version}\t\\d+\tme$`))
        expect(body).to.deep.equal(expected(version, codec))
      })
    }

    it(`Metadata v${version}`, () => {
      const [header, ...body] = found.get(`Metadata ${version}`) ?? []
      expect(header).to.match(new RegExp(`^Metadata\t${version}\t\\d+\tme$`))
      expect(body).to.deep.equal(['create\ttrue', 'topic\ttest\tAAAAAAAAAAAAAAAAAAAAAA', 'end\t0'])
    })
  }

  it('ApiVersions v0', () => {
    const [header, ...body] = found.get('ApiVersions 0') ?? []
    expect(header).to.match(/^ApiVersions\t0\t\d+\tme$/)
    expect(body).to.deep.equal(['software\t\t', 'end\t0'])
  })
})

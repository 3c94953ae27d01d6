/**
 * What other clients sent to real brokers and what those answered, recorded by a proxy between them (Kafka 0.10.0 to
 * 4.4.0, November 2026). Each client sent k1=hello and k2 with twelve times "world" to partition 0 of the topic test.
 */
import { readFileSync } from 'node:fs'
import { expect } from 'chai'
import { apis, apiVersions, metadata, produce, topicIdText } from '../../../lib/protocol/messages/index.js'
import { Reader } from '../../../lib/protocol/reader.js'
import { compressionWithId } from '../../../lib/protocol/records/compression.js'
import { readMessageSet } from '../../../lib/protocol/records/message-set.js'
import { readRecordBatches, readRecords } from '../../../lib/protocol/records/read-record-batch.js'
import { magicOf } from '../../../lib/protocol/records/record-body.js'
import { recognise, releaseApis, releaseNames } from '../../../lib/protocol/releases.js'
import {
  decodeResponse,
  encodeRequest,
  encodeResponse,
  readRequestHeader,
} from '../../../lib/protocol/request-response.js'

interface RecordedProduce {
  readonly client: string
  readonly broker: string
  readonly version: number
  readonly codec: string
  /** Without their lengths. */
  readonly request: string
  readonly answer: string
}

interface RecordedAnswer {
  readonly broker: string
  readonly api: 'ApiVersions' | 'Metadata'
  readonly version: number
  readonly answer: string
  /** Where the broker listens. */
  readonly port?: number
}

function recorded<T>(file: string): T[] {
  const text = readFileSync(new URL(`../../vectors/${file}.jsonl`, import.meta.url), 'utf8')
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
}

const CODECS = ['none', 'gzip', 'snappy', 'lz4', 'zstd']
const UNLIMITED = 2 ** 30
const flexibleFromOf = (key: number): number => apis.get(key)?.flexibleFrom ?? Number.POSITIVE_INFINITY

/** `codec: key=value` of each message, whatever the format. */
async function messagesIn(records: Buffer, version: number): Promise<string[]> {
  const shown: string[] = []
  if (magicOf(version) === 2) {
    for (const batch of readRecordBatches(records)) {
      expect(batch.isChecksumValid).to.equal(true)
      const plain = await opened(batch.codecId, batch.records)
      for (const { key, value } of readRecords(batch, plain))
        shown.push(`${CODECS[batch.codecId]}: ${key}=${value}`)
    }
    return shown
  }
  for (const { codecId, key, value, magic, isChecksumValid } of readMessageSet(records)) {
    expect([magic, isChecksumValid]).to.deep.equal([magicOf(version), true])
    const inner = codecId === 0 ? [{ key, value }] : readMessageSet(await opened(codecId, value!))
    for (const message of inner) shown.push(`${CODECS[codecId]}: ${message.key}=${message.value}`)
  }
  return shown
}

async function opened(codecId: number, bytes: Buffer): Promise<Buffer> {
  return codecId === 0 ? bytes : compressionWithId(codecId).decompress(bytes, UNLIMITED)
}

describe('produce requests of other clients', () => {
  for (const { client, broker, version, codec, ...bytes } of recorded<RecordedProduce>('recorded-produce')) {
    const title = `${client}, Produce v${version}, ${codec}, to ${broker}`

    it(`are read: ${title}`, async () => {
      const frame = Buffer.from(bytes.request, 'hex')
      const reader = new Reader(frame)
      const header = readRequestHeader(reader, flexibleFromOf)
      const request = produce.request(version).read(reader)
      expect([header.apiKey, header.apiVersion, reader.remaining]).to.deep.equal([0, version, 0])
      const { name, topicId, partitions } = request.topics[0]!
      if (version < 13) expect(name).to.equal('test')
      else expect(topicIdText(topicId)).to.match(/^[0-9a-f]{32}$/)
      expect(partitions.map(({ index }) => index)).to.deep.equal([0])
      expect(await messagesIn(partitions[0]!.records as Buffer, version)).to.deep.equal([
        `${codec}: k1=hello`,
        `${codec}: k2=${Array(12).fill('world').join(' ')}`,
      ])
      const again = encodeRequest(produce, version, header.correlationId, header.clientId, request)
      expect(again.subarray(4).toString('hex')).to.equal(bytes.request)
    })

    it(`are answered as written here: ${title}`, () => {
      const frame = Buffer.from(bytes.answer, 'hex')
      const { body, trailingBytes } = decodeResponse(produce, version, frame)
      expect(trailingBytes).to.equal(0)
      expect(body.topics[0]!.partitions[0]).to.include({ index: 0, errorCode: 0, logAppendTimeMs: -1n })
      const again = encodeResponse(produce, version, frame.readInt32BE(0), body)
      expect(again.subarray(4).toString('hex')).to.equal(bytes.answer)
    })
  }
})

describe('answers of real brokers', () => {
  const answers = recorded<RecordedAnswer>('recorded-answers')
  /** Several releases list the same. */
  const groups: Readonly<Record<string, string>> = { '4.2': '4.2 to 4.3', '4.3': '4.2 to 4.3' }

  for (const { broker, version, answer } of answers.filter(({ api }) => api === 'ApiVersions')) {
    it(`identify the release: ApiVersions v${version} of ${broker}`, () => {
      const { body, trailingBytes } = decodeResponse(apiVersions, version, Buffer.from(answer, 'hex'))
      expect(trailingBytes).to.equal(0)
      if (version > 0 && broker.startsWith('0.10')) {
        expect([body.errorCode, body.apiKeys]).to.deep.equal([35, []])
        return
      }
      const family = /^0\.\d+\.\d+|^\d+\.\d+/.exec(broker)![0]
      const listed = new Map(
        body.apiKeys.map(({ apiKey, minVersion, maxVersion }) => [apiKey, [minVersion, maxVersion] as const]),
      )
      expect(recognise(listed)).to.equal(groups[family] ?? family)
    })

    it(`list the same requests for transactions as the table: ApiVersions v${version} of ${broker}`, () => {
      const { body } = decodeResponse(apiVersions, version, Buffer.from(answer, 'hex'))
      if (body.errorCode !== 0) return
      const release = releaseNames.find((name) => `${broker}.`.startsWith(`${name}.`))!
      for (const key of [10, 22, 24, 25, 26, 28]) {
        const listed = body.apiKeys.find(({ apiKey }) => apiKey === key)
        const range = listed && [listed.minVersion, listed.maxVersion]
        expect(range, `key ${key}`).to.deep.equal(releaseApis(release).get(key))
      }
    })
  }

  for (const { broker, version, answer, port } of answers.filter(({ api }) => api === 'Metadata')) {
    it(`are read and written: Metadata v${version} of ${broker}`, () => {
      const frame = Buffer.from(answer, 'hex')
      const { body, trailingBytes } = decodeResponse(metadata, version, frame)
      expect(trailingBytes).to.equal(0)
      const [node] = body.brokers
      expect([node!.nodeId, node!.host, node!.port]).to.deep.equal([1, '127.0.0.1', port])
      const topic = body.topics.find(({ name }) => name === 'test')!
      expect(topic.errorCode).to.equal(0)
      const partitions = topic.partitions.map(({ index, leaderId, isr }) => [index, leaderId, isr[0]])
      expect(partitions.sort()).to.deep.equal([
        [0, 1, 1],
        [1, 1, 1],
      ])
      expect(body.topics.find(({ name }) => name === 'no such topic!')!.errorCode).to.be.oneOf([17, 3])
      const again = encodeResponse(metadata, version, frame.readInt32BE(0), body)
      expect(again.subarray(4).toString('hex')).to.equal(answer)
    })
  }
})

/**
 * Produce requests as text that can be compared and shown: recorded ones and those a scripted cluster saw.
 *
 * A message is `key=value`; whatever a message must not have (a wrong CRC, offset or magic) is written behind it,
 * so that it never equals a recorded one.
 */
import type { RecordedProduce as SeenProduce } from '../support/scripted/recording.js'
import type { MessageRead } from '../support/wire-message-set.js'
import type { ExpectedRequest } from './expectation.js'
import type { RecordedMessage } from './scenario.js'

export interface RequestText {
  broker: number
  header: string
  /** `topic`, `partition` and the messages, one text each. */
  sets: { topic: string; partition: number; messages: string[] }[]
}

const codecNames = ['', 'gzip', 'snappy', 'lz4']
const CODEC_MASK = 0b111

export function recordedText(request: ExpectedRequest): RequestText {
  const { broker, version, clientId, acks, timeoutMs, topics } = request
  return {
    broker,
    header: headerText(version, clientId, acks, timeoutMs),
    sets: topics.flatMap(({ topic, partitions }) =>
      partitions.map(({ partition, messages }) => ({
        topic,
        partition,
        messages: messages.map(recordedMessageText),
      })),
    ),
  }
}

export function seenText({ broker, apiVersion, clientId, body }: SeenProduce): RequestText {
  return {
    broker,
    header: headerText(apiVersion, clientId, body.acks, body.timeoutMs),
    sets: body.topics.flatMap(({ topic, partitions }) =>
      partitions.map(({ partition, messages }) => ({
        topic,
        partition,
        messages: messages.map(seenMessageText),
      })),
    ),
  }
}

function headerText(version: number, clientId: string | null, acks: number, timeoutMs: number): string {
  return `v${version}, client ${JSON.stringify(clientId)}, acks ${acks}, timeout ${timeoutMs} ms`
}

function recordedMessageText({ key, value, codec, inner }: RecordedMessage): string {
  if (inner !== undefined) return `${bytesText(key)}=${codec}[${inner.map(recordedMessageText).join(', ')}]`
  return `${bytesText(key)}=${bytesText(value ?? null)}`
}

function seenMessageText(message: MessageRead, position: number): string {
  const codec = codecNames[message.attributes & CODEC_MASK] ?? '(unknown codec)'
  const { inner } = message
  const faults = faultsOf(message, inner === undefined ? position : inner.length - 1)
  if (codec === '') return `${bytesText(message.key)}=${bytesText(message.value)}${faults}`
  return `${bytesText(message.key)}=${codec}[${inner?.map(seenMessageText).join(', ') ?? 'unread'}]${faults}`
}

function faultsOf(message: MessageRead, offset: number): string {
  const faults = [
    message.crcIsValid ? '' : ' (CRC is wrong)',
    message.magic === 0 ? '' : ` (magic ${message.magic})`,
    message.offset === BigInt(offset) ? '' : ` (offset ${message.offset}, not ${offset})`,
    (message.attributes & ~CODEC_MASK) === 0 ? '' : ` (attributes ${message.attributes})`,
  ]
  return faults.join('')
}

function bytesText(bytes: Buffer | string | { b64: string } | null): string {
  if (bytes === null || typeof bytes === 'string') return JSON.stringify(bytes)
  if (!Buffer.isBuffer(bytes)) return `base64:${bytes.b64}`
  const text = bytes.toString('utf8')
  return Buffer.from(text, 'utf8').equals(bytes) ? JSON.stringify(text) : `base64:${bytes.toString('base64')}`
}

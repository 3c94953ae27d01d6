/**
 * What the fields of a message must be like. A field that a message has not is an error that names the right one: it
 * would be left out of what is stored, and nobody would notice.
 *
 * Called for each message: no list is made, and nothing is looked up where all is well.
 */
import { ConfigError, printable } from './errors.js'

/** As they are written in advice. */
const FIELDS = 'topic, key, partKey, partition, message, headers, timestampMs'

/** What a message is called, or has, in KafkaProducer and in other clients. */
const instead: ReadonlyMap<string, string> = new Map([
  ['value', 'message'],
  ['payload', 'message'],
  ['body', 'message'],
  ['data', 'message'],
  ['msg', 'message'],
  ['messages', 'message, and give send() one object for each'],
  ['payloads', 'message, and give send() one object for each'],
  ['timestamp', 'timestampMs'],
  ['timestampType', 'timestampMs'],
  ['partitionKey', 'partKey'],
  ['partitionId', 'partition'],
  ['header', 'headers'],
  ['topics', 'topic, and give send() one object for each'],
  ['topicName', 'topic'],
])

/** Comparisons in a row: 6 ns for a message of two fields, where looks into a Set take 21. */
function isField(name: string): boolean {
  return (
    name === 'topic' ||
    name === 'message' ||
    name === 'key' ||
    name === 'partKey' ||
    name === 'partition' ||
    name === 'headers' ||
    name === 'timestampMs'
  )
}

/** @throws {ConfigError} for what is no message in its plain form, or has a field that no message has. */
export function checkPlain(message: unknown): void {
  if (message !== null && typeof message === 'object') {
    if (!ArrayBuffer.isView(message)) for (const name in message) if (!isField(name)) throw noField(name)
    if ('topic' in message) return
  }
  throw new ConfigError(
    `send() takes KeyedMessage instances or { topic, key?, partKey?, message } objects, not ${describeType(message)}`,
  )
}

function noField(name: string): ConfigError {
  const right = instead.get(name) ?? instead.get(name.toLowerCase())
  const advice = right === undefined ? `it has ${FIELDS}` : `write ${right}`
  return new ConfigError(`a message has no field ${printable(name)}; ${advice}`)
}

/** @throws {ConfigError} as the constructor of `KeyedMessage`. */
export function checkTopicAndMessage(topic: unknown, message: unknown): void {
  if (typeof topic !== 'string') {
    throw new ConfigError(`the topic of a message must be a string, not ${describeType(topic)}`)
  }
  if (message === undefined) {
    throw new ConfigError('the message is undefined; write null where a null value is meant')
  }
}

/** The last moment that a Date can name. */
const LAST_TIMESTAMP_MS = 8.64e15

/** @throws {ConfigError} */
export function checkedTimestamp(timestampMs: number): number {
  if (Number.isInteger(timestampMs) && timestampMs >= 0 && timestampMs <= LAST_TIMESTAMP_MS)
    return timestampMs
  const found = typeof timestampMs === 'number' ? timestampMs : describeType(timestampMs)
  throw new ConfigError(`timestampMs must be whole milliseconds since the epoch, not ${found}`)
}

const MAX_INT32 = 0x7fffffff

/** Whether the topic has it is known when the message is sent. @throws {ConfigError} */
export function checkedPartition(partition: number): number {
  if (Number.isInteger(partition) && partition >= 0 && partition <= MAX_INT32) return partition
  const found = typeof partition === 'number' ? partition : describeType(partition)
  throw new ConfigError(`the partition of a message must be an integer from 0 on, not ${found}`)
}

/** Never throws; Array.isArray does, on a revoked proxy. */
export function describeType(value: unknown): string {
  if (value === null) return 'null'
  try {
    return Array.isArray(value) ? 'an array' : typeof value
  } catch {
    return typeof value
  }
}

/**
 * What turns keys and values into bytes: the contract for classes of users, and the one place that calls them.
 */
import { isBytes } from '../bytes.js'
import { asKafkaError, printable } from '../errors.js'
import { nameOfThrown } from '../name-of-thrown.js'
import type { Serialized } from '../protocol/writer.js'
import { SerializationError } from './record-errors.js'
import type { RecordHeaders } from './record-headers.js'

/** What a plug-in may read of the configuration: the given text of any key, or undefined. */
export interface PluginConfig {
  get(key: string): string | undefined
}

export interface Serializer<T = unknown> {
  /** Called once, before the first record, for a serializer named in the configuration; not for an instance. */
  configure?(config: PluginConfig, isKey: boolean): void
  /**
   * Bytes, text to be stored as UTF-8, or null. May add headers. Is called for null as well.
   *
   * Must leave the bytes alone that it has returned, unless it returns new ones each time.
   */
  serialize(topic: string, data: T | null, headers: RecordHeaders): Serialized
  close?(): void
}

/** @throws {SerializationError} naming topic and part, never the data. */
export function serializePart(
  serializer: Serializer,
  part: 'key' | 'value',
  topic: string,
  data: unknown,
  headers: RecordHeaders,
): Serialized {
  let bytes: unknown
  try {
    bytes = serializer.serialize(topic, data, headers)
  } catch (cause) {
    throw failed(part, topic, cause)
  }
  if (bytes === null || typeof bytes === 'string' || isBytes(bytes)) return bytes
  const text = `the serializer of ${part}s returned ${bytes instanceof Promise ? 'a promise' : `something of type ${typeof bytes}`}, not bytes, a string or null`
  throw new SerializationError(text, { topic })
}

function failed(part: string, topic: string, cause: unknown): SerializationError {
  const own = asKafkaError(cause)
  const what = own ? own.message : `its serializer threw ${nameOfThrown(cause)}`
  return new SerializationError(`a ${part} for ${printable(topic)} cannot be serialized: ${what}`, {
    topic,
    cause,
  })
}

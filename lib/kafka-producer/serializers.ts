/**
 * The serializers of `org.apache.kafka.common.serialization`. Each takes null for no bytes, and refuses a value of another
 * type without showing it.
 *
 * Text stays text until it is written, where it is UTF-8.
 */
import { isBytes } from '../bytes.js'
import { charsetNamed } from '../charsets.js'
import { printable } from '../errors.js'
import type { Serialized } from '../protocol/writer.js'
import { SerializationError } from './record-errors.js'
import type { PluginConfig, Serializer } from './serializer.js'

const UTF_8 = 'UTF-8'

/** Strings, in the charset of `key.serializer.encoding` or `value.serializer.encoding`, else `serializer.encoding`. */
export class StringSerializer implements Serializer<string> {
  #charset = UTF_8
  #encode = charsetNamed(UTF_8)

  configure(config: PluginConfig, isKey: boolean): void {
    const own = isKey ? 'key.serializer.encoding' : 'value.serializer.encoding'
    this.#charset = config.get(own) ?? config.get('serializer.encoding') ?? UTF_8
    this.#encode = charsetNamed(this.#charset)
  }

  /** @throws {SerializationError} also, for each value, where the charset is not known. */
  serialize(_topic: string, data: unknown): Serialized {
    if (data === null) return null
    if (typeof data !== 'string') throw refused('StringSerializer', 'a string', data)
    if (this.#encode) return this.#encode(data)
    throw new SerializationError(`${printable(this.#charset)} is not a charset known here`)
  }
}

/** Bytes as they are: a Buffer or any Uint8Array. They are copied when the record is appended. */
export class ByteArraySerializer implements Serializer<Uint8Array> {
  serialize(_topic: string, data: unknown): Serialized {
    if (data === null || isBytes(data)) return data
    throw refused('ByteArraySerializer', 'a Buffer or Uint8Array', data)
  }
}

/** The same, under its name for Kafka's class `Bytes`. */
export class BytesSerializer implements Serializer<Uint8Array> {
  serialize(_topic: string, data: unknown): Serialized {
    if (data === null || isBytes(data)) return data
    throw refused('BytesSerializer', 'a Buffer or Uint8Array', data)
  }
}

/** What is a view of an ArrayBuffer, or one itself. */
export class ByteBufferSerializer implements Serializer<ArrayBuffer | ArrayBufferView> {
  serialize(_topic: string, data: unknown): Serialized {
    if (data === null || isBytes(data)) return data
    if (data instanceof ArrayBuffer) return new Uint8Array(data)
    if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    throw refused('ByteBufferSerializer', 'an ArrayBuffer or a view of one', data)
  }
}

/** Integers of 32 bits, big-endian. */
export class IntegerSerializer implements Serializer<number> {
  serialize(_topic: string, data: unknown): Serialized {
    if (data === null) return null
    if (!isInteger(data, 0x7fffffff)) throw refused('IntegerSerializer', 'an integer of 32 bits', data)
    const bytes = Buffer.allocUnsafe(4)
    bytes.writeInt32BE(data)
    return bytes
  }
}

/** Integers of 64 bits, big-endian: a bigint, or a number that holds it exactly. */
export class LongSerializer implements Serializer<bigint | number> {
  serialize(_topic: string, data: unknown): Serialized {
    if (data === null) return null
    if (!isLong(data)) throw refused('LongSerializer', 'a bigint of 64 bits or a safe integer', data)
    const bytes = Buffer.allocUnsafe(8)
    bytes.writeBigInt64BE(BigInt(data))
    return bytes
  }
}

/** Integers of 16 bits, big-endian. */
export class ShortSerializer implements Serializer<number> {
  serialize(_topic: string, data: unknown): Serialized {
    if (data === null) return null
    if (!isInteger(data, 0x7fff)) throw refused('ShortSerializer', 'an integer of 16 bits', data)
    const bytes = Buffer.allocUnsafe(2)
    bytes.writeInt16BE(data)
    return bytes
  }
}

/** Numbers as IEEE 754 in 32 bits, big-endian; what 32 bits cannot express is rounded. */
export class FloatSerializer implements Serializer<number> {
  serialize(_topic: string, data: unknown): Serialized {
    if (data === null) return null
    if (typeof data !== 'number') throw refused('FloatSerializer', 'a number', data)
    const bytes = Buffer.allocUnsafe(4)
    bytes.writeFloatBE(data)
    return bytes
  }
}

/** Numbers as IEEE 754 in 64 bits, big-endian. */
export class DoubleSerializer implements Serializer<number> {
  serialize(_topic: string, data: unknown): Serialized {
    if (data === null) return null
    if (typeof data !== 'number') throw refused('DoubleSerializer', 'a number', data)
    const bytes = Buffer.allocUnsafe(8)
    bytes.writeDoubleBE(data)
    return bytes
  }
}

/** One byte, 1 or 0. */
export class BooleanSerializer implements Serializer<boolean> {
  serialize(_topic: string, data: unknown): Serialized {
    if (data === null) return null
    if (typeof data !== 'boolean') throw refused('BooleanSerializer', 'true or false', data)
    return Buffer.from([data ? 1 : 0])
  }
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** A UUID as the text of 36 characters, in lower case as Java writes it; charset as {@link StringSerializer}. */
export class UUIDSerializer implements Serializer<string> {
  readonly #text = new StringSerializer()

  configure(config: PluginConfig, isKey: boolean): void {
    this.#text.configure(config, isKey)
  }

  serialize(topic: string, data: unknown): Serialized {
    if (data === null) return null
    if (typeof data !== 'string' || !UUID.test(data))
      throw refused('UUIDSerializer', 'the text of a UUID', data)
    return this.#text.serialize(topic, data.toLowerCase())
  }
}

/** Nothing but null. */
export class VoidSerializer implements Serializer<null> {
  serialize(_topic: string, data: unknown): Serialized {
    if (data === null) return null
    throw refused('VoidSerializer', 'null', data)
  }
}

function isInteger(data: unknown, max: number): data is number {
  return Number.isInteger(data) && (data as number) <= max && (data as number) >= -max - 1
}

function isLong(data: unknown): data is bigint | number {
  return typeof data === 'bigint' ? BigInt.asIntN(64, data) === data : Number.isSafeInteger(data)
}

function refused(serializer: string, expected: string, data: unknown): SerializationError {
  const found = isBytes(data) ? 'bytes' : typeof data
  const advice =
    typeof data === 'string' ? '; for text write org.apache.kafka.common.serialization.StringSerializer' : ''
  return new SerializationError(`${serializer} takes ${expected}, not ${found}${advice}`)
}

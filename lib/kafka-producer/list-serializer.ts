/**
 * `org.apache.kafka.common.serialization.ListSerializer`: arrays, each element by an inner serializer.
 *
 * Two layouts, by the inner serializer. Of one with a constant size: byte 0, the count and the indexes of null elements,
 * the count of all, then the others without lengths. Of any other: byte 1, the count, then each with its length, −1 for
 * null. All counts are int32.
 *
 * @see https://cwiki.apache.org/confluence/display/KAFKA/KIP-466
 */
import { ConfigError, printable } from '../errors.js'
import { lengthOf, putNullableBytes, roomOf, type Serialized } from '../protocol/serialized.js'
import { Writer } from '../protocol/writer.js'
import { SerializationError } from './record-errors.js'
import type { RecordHeaders } from './record-headers.js'
import { type PluginConfig, type Serializer, serializePart } from './serializer.js'
import * as serializers from './serializers.js'

const LENGTH_BYTES = 4
const CONSTANT_SIZE = 0
const VARIABLE_SIZE = 1

const constantSizes: readonly (new () => Serializer)[] = [
  serializers.ShortSerializer,
  serializers.IntegerSerializer,
  serializers.FloatSerializer,
  serializers.LongSerializer,
  serializers.DoubleSerializer,
  serializers.UUIDSerializer,
]

const SERDES = 'org.apache.kafka.common.serialization.Serdes$'

/** The names of Kafka's serdes → the serializer of each. */
const serializerBySerde: ReadonlyMap<string, new () => Serializer> = new Map([
  [`${SERDES}StringSerde`, serializers.StringSerializer],
  [`${SERDES}ByteArraySerde`, serializers.ByteArraySerializer],
  [`${SERDES}BytesSerde`, serializers.BytesSerializer],
  [`${SERDES}ByteBufferSerde`, serializers.ByteBufferSerializer],
  [`${SERDES}IntegerSerde`, serializers.IntegerSerializer],
  [`${SERDES}LongSerde`, serializers.LongSerializer],
  [`${SERDES}ShortSerde`, serializers.ShortSerializer],
  [`${SERDES}FloatSerde`, serializers.FloatSerializer],
  [`${SERDES}DoubleSerde`, serializers.DoubleSerializer],
  [`${SERDES}BooleanSerde`, serializers.BooleanSerializer],
  [`${SERDES}UUIDSerde`, serializers.UUIDSerializer],
  [`${SERDES}VoidSerde`, serializers.VoidSerializer],
])

export class ListSerializer<T = unknown> implements Serializer<readonly (T | null)[]> {
  #inner: Serializer<T> | null

  /** @param inner - of the elements. Default: the serde named in `default.list.key.serde.inner` or `….value.…`. */
  constructor(inner: Serializer<T> | null = null) {
    this.#inner = inner
  }

  /** @throws {ConfigError} without an inner serializer, and for the name of one that is not known. */
  configure(config: PluginConfig, isKey: boolean): void {
    if (this.#inner) return
    const key = `default.list.${isKey ? 'key' : 'value'}.serde.inner`
    const name = config.get(key)
    if (name === undefined) {
      throw new ConfigError(
        `ListSerializer needs the serde of its elements: write ${key}=${SERDES}StringSerde, say`,
        key,
      )
    }
    const Inner = serializerBySerde.get(name)
    if (!Inner) {
      throw new ConfigError(
        `${key} is "${printable(name)}": expected one of ${[...serializerBySerde.keys()].join(', ')}`,
        key,
      )
    }
    const inner = new Inner()
    inner.configure?.(config, isKey)
    this.#inner = inner as Serializer<T>
  }

  serialize(topic: string, data: unknown, headers: RecordHeaders): Uint8Array | null {
    if (data === null) return null
    if (!Array.isArray(data))
      throw new SerializationError(`ListSerializer takes an array, not ${typeof data}`)
    const inner = this.#inner
    if (!inner) throw new SerializationError('ListSerializer has no serializer for its elements')
    const isConstant = constantSizes.some((type) => inner instanceof type)
    const writer = new Writer()
    writer.int8(isConstant ? CONSTANT_SIZE : VARIABLE_SIZE)
    if (isConstant) writeNullIndexes(writer, data)
    writer.int32(data.length)
    for (const element of data) {
      const bytes =
        element === null ? null : serializePart(inner as Serializer, 'value', topic, element, headers)
      if (!isConstant) writeNullable(writer, bytes)
      else if (typeof bytes === 'string') writer.utf8(bytes)
      else if (bytes !== null) writer.bytes(bytes)
    }
    return writer.finish()
  }

  close(): void {
    this.#inner?.close?.()
  }
}

function writeNullIndexes(writer: Writer, elements: readonly unknown[]): void {
  const indexes = elements.flatMap((element, index) => (element === null ? [index] : []))
  writer.int32(indexes.length)
  for (const index of indexes) writer.int32(index)
}

/** `int32 length, bytes`; −1 for null. */
function writeNullable(writer: Writer, bytes: Serialized): void {
  const length = lengthOf(bytes)
  const buffer = writer.room(LENGTH_BYTES + roomOf(bytes, length, writer.free - LENGTH_BYTES))
  writer.advanceTo(putNullableBytes(buffer, bytes, length, writer.length))
}

/**
 * The classes that the recorded scenarios name (`oracle.Plugins$…`), each reporting to the play what it was given.
 *
 * Their contracts are those of KafkaProducer: `configure(config)`, `serialize(topic, data, headers)`,
 * `partition(topic, key, keyBytes, value, valueBytes, cluster)`, `onSend(record)`, `onAcknowledgement(metadata, error)`.
 */
import type { DrivenHeaders, DrivenRecord, PluginClass, RecordFields } from './driven-producer.js'
import { interceptorClasses } from './interceptors.js'
import { type Emit, type PluginConfig, seenConfig } from './plugin-calls.js'

interface TopicView {
  readonly partitionCount: number
  readonly available: readonly number[]
}

/** By the names in the properties of scenarios. */
export function pluginClasses(
  emit: Emit,
  makeRecord: (fields: RecordFields) => DrivenRecord,
): Record<string, PluginClass> {
  const classes = {
    ...serializerClasses(emit),
    ...partitionerClasses(emit),
    ...interceptorClasses(emit, makeRecord),
  }
  return Object.fromEntries(Object.entries(classes).map(([name, type]) => [`oracle.Plugins$${name}`, type]))
}

function serializerClasses(emit: Emit) {
  class LogSerializer {
    #isKey = false

    configure(config: PluginConfig, isKey: boolean): void {
      this.#isKey = isKey
      emit('serializer', 'Log', 'configure', { isKey, ...seenConfig(config) })
    }

    serialize(topic: string, data: string | null, headers: DrivenHeaders): string | null {
      emit('serializer', 'Log', 'serialize', { isKey: this.#isKey, topic, data, headers: headers.size })
      return data
    }

    close(): void {
      emit('serializer', 'Log', 'close', { isKey: this.#isKey })
    }
  }

  class MarkerSerializer {
    serialize(_topic: string, data: string | null): unknown {
      if (data === 'FAIL' || data === 'SERFAIL') throw new Error(`a value marked ${data}`)
      if (data === 'TYPE') return 42
      return data === 'NULL' ? null : data
    }
  }

  class HeaderSerializer {
    serialize(_topic: string, data: string | null, headers: DrivenHeaders): string | null {
      headers.add('by', 'serializer')
      return data
    }
  }

  return { LogSerializer, MarkerSerializer, HeaderSerializer }
}

function partitionerClasses(emit: Emit) {
  class KeyLengthPartitioner {
    configure(config: PluginConfig): void {
      emit('partitioner', 'KeyLength', 'configure', seenConfig(config))
    }

    partition(
      topic: string,
      key: unknown,
      keyBytes: Uint8Array | null,
      value: unknown,
      valueBytes: Uint8Array | null,
      { partitionCount, available }: TopicView,
    ): number {
      const result = (keyBytes?.length ?? 0) % partitionCount
      emit('partitioner', 'KeyLength', 'partition', {
        topic,
        key,
        value,
        keyBytes: keyBytes?.length ?? -1,
        valueBytes: valueBytes?.length ?? -1,
        partitions: partitionCount,
        available: available.length,
        result,
      })
      return result
    }

    close(): void {
      emit('partitioner', 'KeyLength', 'close')
    }
  }

  class NegativePartitioner {
    partition(): number {
      return -1
    }
  }

  class HugePartitioner {
    partition(): number {
      return 99
    }
  }

  class ThrowingPartitioner {
    partition(_topic: string, key: unknown): number {
      if (key === 'bad' || key === 'api') throw new Error(`a key marked ${key}`)
      return 0
    }
  }

  return { KeyLengthPartitioner, NegativePartitioner, HugePartitioner, ThrowingPartitioner }
}

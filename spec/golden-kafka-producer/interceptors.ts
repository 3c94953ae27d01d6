/** The interceptors that the recorded scenarios name: they report what they see, and change or break what they are made for. */
import type { DrivenMetadata, DrivenRecord, RecordFields } from './driven-producer.js'
import { ofThrown } from './families.js'
import { type Emit, type PluginConfig, seenConfig } from './plugin-calls.js'

type MakeRecord = (fields: RecordFields) => DrivenRecord

/** From so many characters on transcripts show the length of a value. */
const LONGEST_SHOWN = 200

function fieldsOf({ topic, partition, timestamp, key, value, headers }: DrivenRecord): RecordFields {
  return { topic, partition, timestamp, key, value, headers: [...headers].map(([name, of]) => [name, of]) }
}

function shown(value: unknown): unknown {
  return typeof value === 'string' && value.length > LONGEST_SHOWN ? `#${value.length}` : value
}

export function interceptorClasses(emit: Emit, makeRecord: MakeRecord) {
  /** Reports each call; the others change one of them. */
  class Look {
    /** The name of the class, as it was recorded. */
    get me(): string {
      return this.constructor.name
    }

    configure(config: PluginConfig): void {
      emit('interceptor', this.me, 'configure', seenConfig(config))
    }

    onSend(record: DrivenRecord): DrivenRecord | null {
      const { topic, partition, key, value, headers } = record
      emit('interceptor', this.me, 'onSend', {
        topic,
        partition,
        key,
        value: shown(value),
        headers: headers.size,
      })
      return record
    }

    onAcknowledgement(metadata: DrivenMetadata, error: Error | null): void {
      emit('interceptor', this.me, 'onAcknowledgement', {
        topic: metadata.topic,
        partition: metadata.partition,
        offset: Number(metadata.offset),
        keySize: metadata.serializedKeySize,
        valueSize: metadata.serializedValueSize,
        error: error === null ? null : ofThrown(error),
      })
    }

    close(): void {
      emit('interceptor', this.me, 'close')
    }
  }

  class A extends Look {
    override onSend(record: DrivenRecord): DrivenRecord {
      super.onSend(record)
      return makeRecord({ ...fieldsOf(record), value: `${record.value}+${this.me}` })
    }
  }

  class B extends A {}

  class ThrowOnSend extends Look {
    override onSend(record: DrivenRecord): never {
      super.onSend(record)
      throw new Error('onSend of an interceptor')
    }
  }

  class ThrowOnAck extends Look {
    override onAcknowledgement(metadata: DrivenMetadata, error: Error | null): void {
      super.onAcknowledgement(metadata, error)
      throw new Error('onAcknowledgement of an interceptor')
    }
  }

  class ThrowOnConfigure extends Look {
    override configure(config: PluginConfig): void {
      super.configure(config)
      throw new Error('configure of an interceptor')
    }
  }

  class ThrowOnClose extends Look {
    override close(): void {
      super.close()
      throw new Error('close of an interceptor')
    }
  }

  class NullOnSend extends Look {
    override onSend(record: DrivenRecord): null {
      super.onSend(record)
      return null
    }
  }

  class Redirect extends Look {
    override onSend(record: DrivenRecord): DrivenRecord {
      super.onSend(record)
      if (record.topic !== 'from') return record
      const { timestamp, value, headers = [] } = fieldsOf(record)
      const moved: [string, unknown] = ['redirected', 'yes']
      return makeRecord({ topic: 'to', timestamp, key: 'moved', value, headers: [...headers, moved] })
    }
  }

  return { Look, A, B, ThrowOnSend, ThrowOnAck, ThrowOnConfigure, ThrowOnClose, NullOnSend, Redirect }
}

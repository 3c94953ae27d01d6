/**
 * `kafka.serializer.StringEncoder`: text in the charset of `serializer.encoding` (UTF8). An unknown charset fails each
 * message, as in the original.
 *
 * @see docs/reference/classic-producer.md#encoders
 */
import { charsetNamed, type Encode } from '../../charsets.js'
import { EncodeError, printable } from '../../errors.js'
import type { Serialized } from '../../protocol/writer.js'
import type { Encoder } from './encoder.js'

/** The part of the configuration that the encoder looks at. */
export interface StringEncoderConfig {
  readonly serializerEncoding: string
}

export class StringEncoder implements Encoder {
  readonly #encode: Encode | undefined
  readonly #charset: string

  constructor(config: StringEncoderConfig) {
    this.#charset = config.serializerEncoding
    this.#encode = charsetNamed(this.#charset)
  }

  /** @throws {EncodeError} for anything but a string and null, and for an unknown charset. */
  toBytes(value: unknown): Serialized {
    if (value === null) return null
    if (typeof value !== 'string') {
      throw new EncodeError(
        `StringEncoder takes a string, not ${value instanceof Uint8Array ? 'bytes' : typeof value}; ` +
          'for bytes write serializer.class=kafka.serializer.DefaultEncoder',
      )
    }
    if (!this.#encode) {
      throw new EncodeError(`serializer.encoding=${printable(this.#charset)} is not a charset known here`)
    }
    return this.#encode(value)
  }
}

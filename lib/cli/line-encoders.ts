/**
 * Encoders for lines, which are bytes: under the names of the original's string classes they take bytes, so that a
 * file written for an application works in the tool. UTF-8 passes through; for another `serializer.encoding` the line
 * is read as UTF-8 and written in that charset.
 */
import type { ProducerConfig } from '../config/producer-config.js'
import { StringEncoder } from '../handler/encoders/string-encoder.js'
import type { Classes } from '../producer/classes.js'
import type { Serialized } from '../protocol/writer.js'

class LineStringEncoder extends StringEncoder {
  readonly #isUtf8: boolean

  constructor(config: ProducerConfig) {
    super(config)
    this.#isUtf8 = /^utf-?8$/i.test(config.serializerEncoding)
  }

  override toBytes(line: unknown): Serialized {
    if (!(line instanceof Uint8Array)) return super.toBytes(line)
    return this.#isUtf8 ? line : super.toBytes(Buffer.from(line).toString('utf8'))
  }
}

export const lineClasses: Classes = { 'kafka.serializer.StringEncoder': LineStringEncoder }

import type { Serialized } from '../../protocol/writer.js'

/** Turns a key or a message into bytes. */
export interface Encoder<T = unknown> {
  /**
   * @returns the bytes; null makes a null key or a null value. A string is written as UTF-8.
   */
  toBytes(value: T): Serialized
}

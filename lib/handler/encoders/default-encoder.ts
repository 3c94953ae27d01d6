/** `kafka.serializer.DefaultEncoder`: bytes as they are. */
import { EncodeError } from '../../errors.js'
import type { Encoder } from './encoder.js'

export class DefaultEncoder implements Encoder {
  /** @throws {EncodeError} for anything but bytes and null. */
  toBytes(value: unknown): Uint8Array | null {
    if (value === null || value instanceof Uint8Array) return value
    throw new EncodeError(
      `DefaultEncoder takes Buffer or Uint8Array, not ${typeof value}; ` +
        'for text write serializer.class=kafka.serializer.StringEncoder',
    )
  }
}

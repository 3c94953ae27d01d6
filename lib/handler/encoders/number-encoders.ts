/** `kafka.serializer.LongEncoder` and `IntegerEncoder`: 8 and 4 bytes, big-endian. */
import { EncodeError } from '../../errors.js'
import type { Encoder } from './encoder.js'

export class LongEncoder implements Encoder {
  /** @throws {EncodeError} for anything but a bigint or an integer within int64, and null. */
  toBytes(value: unknown): Uint8Array | null {
    if (value === null) return null
    const isInteger = typeof value === 'bigint' || (typeof value === 'number' && Number.isSafeInteger(value))
    if (!isInteger || BigInt.asIntN(64, BigInt(value as number)) !== BigInt(value as number)) {
      throw new EncodeError(
        `LongEncoder takes a bigint or a whole number within 64 bits, not this ${typeof value}`,
      )
    }
    const bytes = Buffer.alloc(8)
    bytes.writeBigInt64BE(BigInt(value as number))
    return bytes
  }
}

export class IntegerEncoder implements Encoder {
  /** @throws {EncodeError} for anything but a whole number within int32, and null. */
  toBytes(value: unknown): Uint8Array | null {
    if (value === null) return null
    if (typeof value !== 'number' || value !== (value | 0)) {
      throw new EncodeError(`IntegerEncoder takes a whole number within 32 bits, not this ${typeof value}`)
    }
    const bytes = Buffer.alloc(4)
    bytes.writeInt32BE(value)
    return bytes
  }
}

/** `kafka.serializer.NullEncoder`: always null, whatever it is given. */
import type { Encoder } from './encoder.js'

export class NullEncoder implements Encoder {
  toBytes(): null {
    return null
  }
}

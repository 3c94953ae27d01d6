/**
 * Looks at bytes that belong to somebody else, by what they are and not by what they say of themselves. Their
 * ArrayBuffer may be transferred or resized at any time between two turns.
 */

const typedArray = Object.getPrototypeOf(Uint8Array.prototype) as object
const { get: lengthGetter } = Object.getOwnPropertyDescriptor(typedArray, 'length')!
const { at } = Uint8Array.prototype

/**
 * Whether something is a Uint8Array, as a Buffer is, and no proxy of one, nor one with a length of its own: it would be
 * counted by the one and written by the other. Never throws.
 */
export function isBytes(value: unknown): value is Uint8Array {
  try {
    return value instanceof Uint8Array && value.length === byteLengthOf(value)
  } catch {
    return false
  }
}

/**
 * How many bytes there are at this moment: 0 where the buffer was transferred, or has become too short.
 *
 * @throws {TypeError} for what is no array of bytes at all, though it may look like one.
 */
export function byteLengthOf(bytes: Uint8Array): number {
  return lengthGetter!.call(bytes) as number
}

/** A copy that nobody else has; bytes that are not there any more stay what they are, and are no empty ones. */
export function copyOf(bytes: Uint8Array): Uint8Array {
  return areReadable(bytes) ? Buffer.from(bytes) : bytes
}

/** Whether the bytes are still there: not once their buffer was transferred, or became shorter than they are. */
export function areReadable(bytes: Uint8Array): boolean {
  try {
    at.call(bytes, 0)
    return true
  } catch {
    return false
  }
}

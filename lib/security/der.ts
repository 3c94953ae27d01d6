/**
 * Reads DER, as far as key stores need it: values of definite length, nested in one another, by number of their tag.
 *
 * Looks at no more bytes than it is given, and at each once per level.
 *
 * @see ITU-T X.690
 */

export const Tag = {
  integer: 0x02,
  octetString: 0x04,
  objectIdentifier: 0x06,
  sequence: 0x30,
  set: 0x31,
  /** [0], constructed or not. */
  context0: 0xa0,
  primitiveContext0: 0x80,
} as const

/** One value: its tag, and the bytes inside it. */
export interface DerValue {
  readonly tag: number
  readonly content: Buffer
}

export class DerError extends Error {}

/** The values that stand one after the other in some bytes. @throws {DerError} */
export function derValues(bytes: Buffer): DerValue[] {
  const values: DerValue[] = []
  let at = 0
  while (at < bytes.length) {
    const tag = bytes[at]!
    const { length, start } = lengthAt(bytes, at + 1)
    if ((tag & 0x1f) === 0x1f || start + length > bytes.length) throw new DerError('not DER')
    values.push({ tag, content: bytes.subarray(start, start + length) })
    at = start + length
  }
  return values
}

/** The values inside a sequence, set or tagged value. @throws {DerError} for another tag. */
export function inside(value: DerValue | undefined, tag: number): DerValue[] {
  return derValues(contentOf(value, tag))
}

/** The bytes of a value. @throws {DerError} for another tag. */
export function contentOf(value: DerValue | undefined, tag: number): Buffer {
  if (value?.tag !== tag) throw new DerError(`expected a value with the tag ${tag}`)
  return value.content
}

/** A number that is not negative and fits. @throws {DerError} */
export function smallInteger(value: DerValue | undefined): number {
  const bytes = contentOf(value, Tag.integer)
  if (bytes.length === 0 || bytes.length > 5 || bytes[0]! > 0x7f) throw new DerError('a number out of range')
  return bytes.readUIntBE(0, bytes.length)
}

/** `1.2.840.113549.1.12.10.1.3`. @throws {DerError} */
export function objectIdentifier(value: DerValue | undefined): string {
  const parts: number[] = []
  let part = 0
  for (const byte of contentOf(value, Tag.objectIdentifier)) {
    part = part * 128 + (byte & 0x7f)
    if (byte & 0x80) continue
    if (parts.length > 0) parts.push(part)
    else parts.push(Math.min(2, Math.floor(part / 40)), part - 40 * Math.min(2, Math.floor(part / 40)))
    part = 0
  }
  return parts.join('.')
}

function lengthAt(bytes: Buffer, at: number): { length: number; start: number } {
  const first = bytes[at]
  if (first === undefined) throw new DerError('not DER')
  if (first < 0x80) return { length: first, start: at + 1 }
  const digits = first & 0x7f
  // 0x80 is an indefinite length, which is BER.
  if (digits === 0 || digits > 4 || at + digits >= bytes.length) throw new DerError('not DER')
  return { length: bytes.readUIntBE(at + 1, digits), start: at + 1 + digits }
}

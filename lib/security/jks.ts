/**
 * Reads a Java key store (JKS), the format of Java up to version 8.
 *
 * Keys are encrypted with a stream of SHA-1 sums, which protects them little: keep such a file as secret as its password.
 *
 * @see sun.security.provider.JavaKeyStore and KeyProtector of Java 17
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import { contentOf, DerError, derValues, inside, objectIdentifier, Tag } from './der.js'
import { type StoreContent, StoreError } from './store-content.js'

export const JKS_MAGIC = 0xfeedfeed

const KEY_ENTRY = 1
const CERTIFICATE_ENTRY = 2
const SUM_BYTES = 20
const SALT_BYTES = 20
const SUN_KEY_PROTECTOR = '1.3.6.1.4.1.42.2.17.1.1'

/**
 * @param password - of the file; null: its integrity is not checked.
 * @param keyPassword - of its keys; null: they are left out.
 * @throws {StoreError} with a text that follows the name of the file.
 */
export function readJks(bytes: Buffer, password: string | null, keyPassword: string | null): StoreContent {
  if (password !== null) checkIntegrity(bytes, password)
  try {
    return new JksReader(bytes).read(keyPassword)
  } catch (error) {
    if (error instanceof RangeError || error instanceof DerError)
      throw new StoreError('it is no JKS file, or damaged')
    throw error
  }
}

/** Reading behind the end throws a RangeError, as of Buffer. */
class JksReader {
  readonly #bytes: Buffer
  #at = 4

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  read(keyPassword: string | null): StoreContent {
    const version = this.#int()
    if (version !== 1 && version !== 2)
      throw new StoreError(`it is a JKS file of version ${version}, which is not known`)
    const keys: Buffer[] = []
    const certificates: Buffer[] = []
    for (let left = this.#int(); left > 0; left--) {
      const kind = this.#int()
      this.#take(this.#short()) // alias
      this.#take(8) // date
      if (kind === KEY_ENTRY) {
        const key = this.#take(this.#int())
        if (keyPassword !== null) keys.push(decryptKey(key, keyPassword))
        for (let more = this.#int(); more > 0; more--) certificates.push(this.#certificate(version))
      } else if (kind === CERTIFICATE_ENTRY) certificates.push(this.#certificate(version))
      else throw new StoreError('it has an entry that is neither a key nor a certificate')
    }
    return { keys, certificates }
  }

  #certificate(version: number): Buffer {
    if (version === 2) this.#take(this.#short()) // X.509
    return this.#take(this.#int())
  }

  #int(): number {
    return this.#take(4).readInt32BE()
  }

  #short(): number {
    return this.#take(2).readUInt16BE()
  }

  #take(length: number): Buffer {
    const end = this.#at + length
    if (length < 0 || end > this.#bytes.length) throw new RangeError('the end of the file')
    const part = this.#bytes.subarray(this.#at, end)
    this.#at = end
    return part
  }
}

function checkIntegrity(bytes: Buffer, password: string): void {
  const content = bytes.subarray(0, -SUM_BYTES)
  const sum = createHash('sha1').update(utf16(password)).update('Mighty Aphrodite').update(content).digest()
  const given = bytes.subarray(-SUM_BYTES)
  if (given.length !== sum.length || !timingSafeEqual(sum, given)) {
    throw new StoreError('the password is wrong, or the file is damaged')
  }
}

/** A salt, the key xor a stream of sums, and a sum of the key. */
function decryptKey(encryptedKeyInfo: Buffer, password: string): Buffer {
  const [algorithm, protectedKey] = inside(derValues(encryptedKeyInfo)[0], Tag.sequence)
  if (objectIdentifier(inside(algorithm, Tag.sequence)[0]) !== SUN_KEY_PROTECTOR) {
    throw new StoreError('its key is encrypted in a way that is not known')
  }
  const bytes = contentOf(protectedKey, Tag.octetString)
  const encrypted = bytes.subarray(SALT_BYTES, -SUM_BYTES)
  const secret = utf16(password)
  const key = Buffer.alloc(encrypted.length)
  let sum: Buffer = bytes.subarray(0, SALT_BYTES)
  for (let at = 0; at < key.length; at++) {
    if (at % SUM_BYTES === 0) sum = createHash('sha1').update(secret).update(sum).digest()
    key[at] = encrypted[at]! ^ sum[at % SUM_BYTES]!
  }
  const check = createHash('sha1').update(secret).update(key).digest()
  const expected = bytes.subarray(-SUM_BYTES)
  if (expected.length !== check.length || !timingSafeEqual(check, expected)) {
    throw new StoreError('the password of its key is wrong')
  }
  return key
}

const utf16 = (text: string): Buffer => Buffer.from(text, 'utf16le').swap16()

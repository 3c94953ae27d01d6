/**
 * Reads a PKCS12 file (.p12, .pfx): the certificates and private keys in it.
 *
 * Node reads the key of such a file and not a trust store, so both come from here. Known are the encryptions that keytool and
 * openssl write today (PBES2 with AES) and 3DES of older ones; what Java 8 encrypted certificates with, RC2 of 40 bits, is in no
 * OpenSSL of today, and the error says how to convert it. With a password the integrity of the file is checked.
 *
 * @see RFC 7292; RFC 8018 (PBES2)
 */
import { createDecipheriv, createHash, createHmac, pbkdf2Sync, timingSafeEqual } from 'node:crypto'
import {
  contentOf,
  DerError,
  type DerValue,
  derValues,
  inside,
  objectIdentifier,
  smallInteger,
  Tag,
} from './der.js'
import { type StoreContent, StoreError } from './store-content.js'

const DATA = '1.2.840.113549.1.7.1'
const ENCRYPTED_DATA = '1.2.840.113549.1.7.6'
const KEY_BAG = '1.2.840.113549.1.12.10.1.1'
const SHROUDED_KEY_BAG = '1.2.840.113549.1.12.10.1.2'
const CERTIFICATE_BAG = '1.2.840.113549.1.12.10.1.3'
const NESTED_BAG = '1.2.840.113549.1.12.10.1.6'
const X509_CERTIFICATE = '1.2.840.113549.1.9.22.1'
const PBES2 = '1.2.840.113549.1.5.13'
const PBE_3DES = '1.2.840.113549.1.12.1.3'

/** Sums of the integrity check and of the PKCS12 derivation, with the size of their blocks. */
const digests: Readonly<Record<string, { hash: string; bytes: number; block: number }>> = {
  '1.3.14.3.2.26': { hash: 'sha1', bytes: 20, block: 64 },
  '2.16.840.1.101.3.4.2.1': { hash: 'sha256', bytes: 32, block: 64 },
  '2.16.840.1.101.3.4.2.2': { hash: 'sha384', bytes: 48, block: 128 },
  '2.16.840.1.101.3.4.2.3': { hash: 'sha512', bytes: 64, block: 128 },
}

const prfs: Readonly<Record<string, string>> = {
  '1.2.840.113549.2.7': 'sha1',
  '1.2.840.113549.2.9': 'sha256',
  '1.2.840.113549.2.10': 'sha384',
  '1.2.840.113549.2.11': 'sha512',
}

const ciphers: Readonly<Record<string, { cipher: string; keyBytes: number }>> = {
  '2.16.840.1.101.3.4.1.2': { cipher: 'aes-128-cbc', keyBytes: 16 },
  '2.16.840.1.101.3.4.1.22': { cipher: 'aes-192-cbc', keyBytes: 24 },
  '2.16.840.1.101.3.4.1.42': { cipher: 'aes-256-cbc', keyBytes: 32 },
  '1.2.840.113549.3.7': { cipher: 'des-ede3-cbc', keyBytes: 24 },
}

/** keytool and openssl write 10000 at most; the derivation blocks. */
const MOST_ITERATIONS = 2_000_000
const MOST_NESTED = 8

const WRONG_PASSWORD = 'the password is wrong, or the file is damaged'
const OLD_ENCRYPTION =
  'it is encrypted in a way that is too old or not known; convert it, e.g. with keytool -importkeystore of Java 17, or to PEM with openssl pkcs12 -legacy'

/**
 * @param password - null: nothing is checked, and what is encrypted cannot be read.
 * @throws {StoreError} with a text that follows the name of the file.
 */
export function readPkcs12(bytes: Buffer, password: string | null): StoreContent {
  try {
    const [, authSafe, mac] = inside(derValues(bytes)[0], Tag.sequence)
    const safe = dataOf(inside(authSafe, Tag.sequence))
    if (password !== null && mac !== undefined) checkIntegrity(safe, inside(mac, Tag.sequence), password)
    const content: { keys: Buffer[]; certificates: Buffer[] } = { keys: [], certificates: [] }
    for (const info of inside(derValues(safe)[0], Tag.sequence)) {
      const parts = inside(info, Tag.sequence)
      const isEncrypted = objectIdentifier(parts[0]) === ENCRYPTED_DATA
      readBags(isEncrypted ? decryptedData(parts, password) : dataOf(parts), content, 0)
    }
    return content
  } catch (error) {
    if (error instanceof DerError) throw new StoreError('it is no PKCS12 file, or damaged')
    throw error
  }
}

/** @param parts - of a ContentInfo of the kind `data`. */
function dataOf(parts: readonly DerValue[]): Buffer {
  if (objectIdentifier(parts[0]) !== DATA)
    throw new StoreError('it is signed or encrypted with a public key: use a password')
  return contentOf(inside(parts[1], Tag.context0)[0], Tag.octetString)
}

function decryptedData(parts: readonly DerValue[], password: string | null): Buffer {
  const [, info] = inside(inside(parts[1], Tag.context0)[0], Tag.sequence)
  const [, algorithm, encrypted] = inside(info, Tag.sequence)
  if (password === null) throw new StoreError('its certificates are encrypted, and there is no password')
  return decrypt(inside(algorithm, Tag.sequence), contentOf(encrypted, Tag.primitiveContext0), password)
}

function readBags(bytes: Buffer, content: { keys: Buffer[]; certificates: Buffer[] }, depth: number): void {
  if (depth > MOST_NESTED) throw new StoreError('it is nested too deeply')
  for (const bag of inside(derValues(bytes)[0], Tag.sequence)) {
    const [type, tagged] = inside(bag, Tag.sequence)
    const kind = objectIdentifier(type)
    const inner = contentOf(tagged, Tag.context0)
    if (kind === KEY_BAG || kind === SHROUDED_KEY_BAG) content.keys.push(inner)
    else if (kind === NESTED_BAG) readBags(inner, content, depth + 1)
    else if (kind === CERTIFICATE_BAG) {
      const [form, value] = inside(derValues(inner)[0], Tag.sequence)
      if (objectIdentifier(form) !== X509_CERTIFICATE) continue
      content.certificates.push(contentOf(inside(value, Tag.context0)[0], Tag.octetString))
    }
  }
}

function checkIntegrity(safe: Buffer, mac: readonly DerValue[], password: string): void {
  const [algorithm, expected] = inside(mac[0], Tag.sequence)
  const digest = digests[objectIdentifier(inside(algorithm, Tag.sequence)[0])]
  if (digest === undefined) throw new StoreError(OLD_ENCRYPTION)
  const salt = contentOf(mac[1], Tag.octetString)
  const iterations = mac[2] === undefined ? 1 : iterationsOf(mac[2])
  const key = derivePkcs12(password, { salt, iterations, id: 3, bytes: digest.bytes, digest })
  const computed = createHmac(digest.hash, key).update(safe).digest()
  const given = contentOf(expected, Tag.octetString)
  if (given.length !== computed.length || !timingSafeEqual(given, computed))
    throw new StoreError(WRONG_PASSWORD)
}

function decrypt(algorithm: readonly DerValue[], encrypted: Buffer, password: string): Buffer {
  const name = objectIdentifier(algorithm[0])
  const { cipher, key, iv } =
    name === PBES2
      ? pbes2(inside(algorithm[1], Tag.sequence), password)
      : name === PBE_3DES
        ? tripleDes(inside(algorithm[1], Tag.sequence), password)
        : refuseEncryption()
  try {
    const decipher = createDecipheriv(cipher, key, iv)
    return Buffer.concat([decipher.update(encrypted), decipher.final()])
  } catch {
    throw new StoreError(WRONG_PASSWORD)
  }
}

interface Decryption {
  readonly cipher: string
  readonly key: Buffer
  readonly iv: Buffer
}

function pbes2([derivation, scheme]: readonly DerValue[], password: string): Decryption {
  const parameters = inside(inside(derivation, Tag.sequence)[1], Tag.sequence)
  const [schemeName, iv] = inside(scheme, Tag.sequence)
  const known = ciphers[objectIdentifier(schemeName)] ?? refuseEncryption()
  const prf = parameters.slice(2).find(({ tag }) => tag === Tag.sequence)
  const hash =
    prf === undefined ? 'sha1' : (prfs[objectIdentifier(inside(prf, Tag.sequence)[0])] ?? refuseEncryption())
  const salt = contentOf(parameters[0], Tag.octetString)
  const key = pbkdf2Sync(password, salt, iterationsOf(parameters[1]), known.keyBytes, hash)
  return { cipher: known.cipher, key, iv: contentOf(iv, Tag.octetString) }
}

function tripleDes([saltValue, count]: readonly DerValue[], password: string): Decryption {
  const parameters = {
    salt: contentOf(saltValue, Tag.octetString),
    iterations: iterationsOf(count),
    digest: digests['1.3.14.3.2.26']!,
  }
  return {
    cipher: 'des-ede3-cbc',
    key: derivePkcs12(password, { ...parameters, id: 1, bytes: 24 }),
    iv: derivePkcs12(password, { ...parameters, id: 2, bytes: 8 }),
  }
}

function refuseEncryption(): never {
  throw new StoreError(OLD_ENCRYPTION)
}

function iterationsOf(value: DerValue | undefined): number {
  const iterations = smallInteger(value)
  if (iterations < 1 || iterations > MOST_ITERATIONS) throw new StoreError('it asks for too many iterations')
  return iterations
}

interface Derivation {
  readonly salt: Buffer
  readonly iterations: number
  /** 1: a key, 2: an initialization vector, 3: a key of the integrity check. */
  readonly id: 1 | 2 | 3
  readonly bytes: number
  readonly digest: { readonly hash: string; readonly bytes: number; readonly block: number }
}

/** @see RFC 7292, appendix B.2 */
function derivePkcs12(password: string, { salt, iterations, id, bytes, digest }: Derivation): Buffer {
  const { hash, block } = digest
  const diversifier = Buffer.alloc(block, id)
  const text = Buffer.from(`${password}\0`, 'utf16le').swap16()
  const blocks = Buffer.concat([repeated(salt, block), repeated(text, block)])
  const result: Buffer[] = []
  for (let made = 0; made < bytes; made += digest.bytes) {
    let sum = createHash(hash).update(diversifier).update(blocks).digest()
    for (let round = 1; round < iterations; round++) sum = createHash(hash).update(sum).digest()
    result.push(sum)
    addToEach(blocks, repeated(sum, block), block)
  }
  return Buffer.concat(result).subarray(0, bytes)
}

/** As often as needed to fill whole blocks. */
function repeated(bytes: Buffer, block: number): Buffer {
  return bytes.length === 0 ? bytes : Buffer.alloc(Math.ceil(bytes.length / block) * block, bytes)
}

/** Each block plus the addend plus 1, as numbers, in place. */
function addToEach(blocks: Buffer, addend: Buffer, block: number): void {
  for (let start = 0; start < blocks.length; start += block) {
    let carry = 1
    for (let at = block - 1; at >= 0; at--) {
      carry += blocks[start + at]! + addend[at]!
      blocks[start + at] = carry & 0xff
      carry >>= 8
    }
  }
}

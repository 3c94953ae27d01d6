/**
 * What `ssl.keystore.*` and `ssl.truststore.*` say, and what the bytes behind them are: certificates to trust, and the key and
 * certificates of this client.
 *
 * Which keys go together is that of the Java client. Reads no file: {@link TlsFiles} does.
 *
 * @see org.apache.kafka.common.security.ssl.DefaultSslEngineFactory, Kafka 4.3
 */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { JKS_MAGIC, readJks } from './jks.js'
import { readPem } from './pem.js'
import { readPkcs12 } from './pkcs12.js'
import type { SecurityValues } from './security-values.js'
import { type StoreContent, StoreError } from './store-content.js'

/** Where a store is, and what opens it. */
export interface StoreSource {
  /** The key of the configuration that an error names. */
  readonly key: string
  readonly format: 'PEM' | 'JKS or PKCS12'
  /** A file, or PEM in place of one. */
  readonly location: string | null
  /** The same, fit for an error. */
  readonly shownLocation: string | null
  readonly inline: string
  readonly password: string | null
  readonly keyPassword: string | null
}

/** The key and certificates of this client, in PEM. */
export interface OwnCertificate {
  readonly key: string
  /** Its own certificate, then those that lead to an authority. */
  readonly cert: string
}

/** null: what Node trusts. @throws {ConfigError} for keys that do not go together. */
export function trustStoreOf(values: SecurityValues): StoreSource | null {
  const store = new StoreKeys(values, 'ssl.truststore')
  const inline = values.text('ssl.truststore.certificates')
  if (inline !== '') {
    store.requirePem('ssl.truststore.certificates')
    if (store.location !== '')
      values.fail('ssl.truststore.certificates', 'and ssl.truststore.location are both set: give one')
  } else if (store.location === '') {
    if (store.password !== '')
      values.fail('ssl.truststore.password', 'is set, and ssl.truststore.location is missing')
    return null
  }
  if (store.format === 'PEM' && store.password !== '') {
    values.fail('ssl.truststore.password', 'is set, and PEM has no password: leave it out')
  }
  return {
    ...store.source(inline === '' ? 'ssl.truststore.location' : 'ssl.truststore.certificates', inline),
    keyPassword: null,
  }
}

/** null: this client shows no certificate. @throws {ConfigError} for keys that do not go together. */
export function keyStoreOf(values: SecurityValues): StoreSource | null {
  const store = new StoreKeys(values, 'ssl.keystore')
  const key = values.text('ssl.keystore.key')
  const chain = values.text('ssl.keystore.certificate.chain')
  const keyPassword = values.text('ssl.key.password') || null
  if (key !== '' || chain !== '') {
    if (key === '') values.fail('ssl.keystore.certificate.chain', 'is set, and ssl.keystore.key is missing')
    if (chain === '') values.fail('ssl.keystore.key', 'is set, and ssl.keystore.certificate.chain is missing')
    store.requirePem('ssl.keystore.key')
    if (store.location !== '')
      values.fail('ssl.keystore.key', 'and ssl.keystore.location are both set: give one')
  } else if (store.location === '') {
    if (store.password !== '')
      values.fail('ssl.keystore.password', 'is set, and ssl.keystore.location is missing')
    if (keyPassword !== null)
      values.fail('ssl.key.password', 'is set, and ssl.keystore.location or ssl.keystore.key is missing')
    return null
  } else if (store.format !== 'PEM' && store.password === '') {
    values.fail('ssl.keystore.location', 'is set, and ssl.keystore.password is missing')
  }
  if (store.format === 'PEM' && store.password !== '') {
    values.fail('ssl.keystore.password', 'is set, and PEM has none: ssl.key.password is the one of the key')
  }
  const named = key === '' ? 'ssl.keystore.location' : 'ssl.keystore.key'
  return {
    ...store.source(named, key === '' ? '' : `${key}\n${chain}`),
    keyPassword: keyPassword ?? (store.password || null),
  }
}

/** The three keys that both stores have. */
class StoreKeys {
  readonly format: StoreSource['format']
  readonly location: string
  readonly password: string
  readonly #values: SecurityValues

  constructor(values: SecurityValues, prefix: 'ssl.truststore' | 'ssl.keystore') {
    const type = values.text(`${prefix}.type`).toUpperCase()
    if (!['JKS', 'PKCS12', 'PEM'].includes(type)) {
      values.fail(
        `${prefix}.type`,
        'is not known: expected JKS, PKCS12 or PEM; keytool -importkeystore converts others',
      )
    }
    this.format = type === 'PEM' ? 'PEM' : 'JKS or PKCS12'
    this.location = values.text(`${prefix}.location`)
    this.password = values.text(`${prefix}.password`)
    this.#values = values
  }

  requirePem(key: string): void {
    const typeKey = key.startsWith('ssl.trust') ? 'ssl.truststore.type' : 'ssl.keystore.type'
    if (this.format !== 'PEM') this.#values.fail(key, `is for ${typeKey}=PEM alone: set that too`)
  }

  source(key: string, inline: string): Omit<StoreSource, 'keyPassword'> {
    const { format, location, password } = this
    return {
      key,
      format,
      inline,
      location: location || null,
      shownLocation: location === '' ? null : this.#values.shown(key),
      password: password || null,
    }
  }
}

/** @throws {StoreError} */
export function trustedCertificates(bytes: Buffer, source: StoreSource): string[] {
  const certificates =
    source.format === 'PEM'
      ? readPem(bytes.toString('utf8')).certificates
      : readBinary(bytes, source).certificates
  if (certificates.length === 0) throw new StoreError('it holds no certificate')
  return certificates.map((der) => certificateIn(der).toString())
}

/** @throws {StoreError} */
export function ownCertificate(bytes: Buffer, source: StoreSource): OwnCertificate {
  const { keys, certificates } =
    source.format === 'PEM' ? readPem(bytes.toString('utf8')) : readBinary(bytes, source)
  const [first] = keys
  if (first === undefined) throw new StoreError('it holds no private key')
  const key = privateKeyIn(first, source.keyPassword)
  const all = certificates.map(certificateIn)
  const own = all.find((certificate) => certificate.checkPrivateKey(key))
  if (own === undefined) throw new StoreError('it holds no certificate of its private key')
  return {
    key: key.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: [own, ...all.filter((certificate) => certificate !== own)].map(String).join(''),
  }
}

/** Java takes either format for both names, so the first bytes decide. */
function readBinary(bytes: Buffer, { password, keyPassword }: StoreSource): StoreContent {
  if (bytes.length >= 4 && bytes.readUInt32BE() === JKS_MAGIC) return readJks(bytes, password, keyPassword)
  if (bytes[0] === 0x30) return readPkcs12(bytes, password)
  const isPem = bytes.includes('-----BEGIN ')
  throw new StoreError(
    isPem
      ? 'it is PEM: set its type to PEM'
      : 'it is neither JKS nor PKCS12; keytool -importkeystore converts others',
  )
}

function certificateIn(der: Buffer): X509Certificate {
  try {
    return new X509Certificate(der)
  } catch {
    throw new StoreError('one of its certificates cannot be read')
  }
}

/** @param key - PEM, or PKCS8 in DER, encrypted or not. */
function privateKeyIn(key: string | Buffer, password: string | null): KeyObject {
  const passphrase = password === null ? {} : { passphrase: password }
  try {
    if (typeof key === 'string') return createPrivateKey({ key, ...passphrase })
    return createPrivateKey({ key, format: 'der', type: 'pkcs8', ...passphrase })
  } catch {
    const isEncrypted = typeof key !== 'string' || key.includes('ENCRYPTED')
    if (!isEncrypted) throw new StoreError('its key cannot be read')
    throw new StoreError(
      password === null
        ? 'its key is encrypted, and ssl.key.password is missing'
        : 'its key cannot be decrypted: is ssl.key.password right?',
    )
  }
}

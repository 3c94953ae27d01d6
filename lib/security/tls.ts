/**
 * Options for TLS connections, made of the `ssl.` settings and of `options.tls`.
 *
 * Reads and checks everything once when it is made, so that a producer that cannot connect is refused at once, as in Java;
 * then again whenever a file has changed. What is in force is one secure context, which all connections share.
 */
import {
  type ConnectionOptions,
  createSecureContext,
  getCiphers,
  type SecureContext,
  type SecureContextOptions,
} from 'node:tls'
import { ConfigError, printable } from '../errors.js'
import type { Logger } from '../logger.js'
import { openSslName } from './cipher-names.js'
import type { SecurityValues, TlsOptions } from './security-values.js'
import { StoreError } from './store-content.js'
import { TlsFile } from './tls-files.js'
import type { TlsSettings } from './tls-settings.js'
import {
  keyStoreOf,
  ownCertificate,
  type StoreSource,
  trustedCertificates,
  trustStoreOf,
} from './tls-stores.js'
import { listIn, tlsVersions } from './tls-versions.js'

/** Settings → the fields of `options.tls` that say the same. */
const conflicts: readonly (readonly [keys: readonly string[], fields: readonly (keyof TlsOptions)[]])[] = [
  [
    ['ssl.truststore.location', 'ssl.truststore.certificates'],
    ['ca', 'secureContext'],
  ],
  [
    ['ssl.keystore.location', 'ssl.keystore.key'],
    ['key', 'cert', 'pfx', 'passphrase', 'secureContext'],
  ],
  [['ssl.cipher.suites'], ['ciphers', 'secureContext']],
  [
    ['ssl.enabled.protocols', 'ssl.protocol'],
    ['minVersion', 'maxVersion', 'secureProtocol', 'secureContext'],
  ],
  [['ssl.endpoint.identification.algorithm'], ['checkServerIdentity', 'rejectUnauthorized']],
]

/** @throws {ConfigError} where settings conflict, one is missing, or a file cannot be used. */
export function tlsSettings(values: SecurityValues, native: TlsOptions, logger: Logger): TlsSettings {
  for (const [keys, fields] of conflicts) {
    const key = keys.find((each) => values.has(each) && values.text(each) !== '')
    const field = fields.find((each) => native[each] !== undefined)
    if (key !== undefined && field !== undefined)
      values.fail(key, `and options.tls.${field} are both set: give one`)
  }
  return new ConfiguredTls(values, native, logger)
}

/** A store and the file that it is in, if it is in one. */
interface Store {
  readonly source: StoreSource
  readonly file: TlsFile | null
}

class ConfiguredTls implements TlsSettings {
  readonly #native: TlsOptions
  readonly #logger: Logger
  readonly #base: SecureContextOptions
  readonly #trust: Store | null
  readonly #own: Store | null
  readonly #checksHost: boolean
  #context: SecureContext
  /** Many connections at once share one look at the files. */
  #looking: Promise<void> | null = null

  constructor(values: SecurityValues, native: TlsOptions, logger: Logger) {
    this.#native = native
    this.#logger = logger
    this.#checksHost = checksHost(values)
    this.#trust = storeOf(trustStoreOf(values))
    this.#own = storeOf(keyStoreOf(values))
    const hasNativeVersions = native.minVersion ?? native.maxVersion ?? native.secureProtocol
    const ciphers = cipherList(values)
    this.#base = {
      ...native,
      ...(hasNativeVersions === undefined && tlsVersions(values)),
      ...(ciphers !== '' && { ciphers }),
    }
    const bytes = (store: Store | null): Buffer | null =>
      store && inStore(store, () => store.file?.readSync() ?? Buffer.from(store.source.inline))
    this.#context = this.#made(bytes(this.#trust), bytes(this.#own))
  }

  async connectOptions(host: string): Promise<ConnectionOptions> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = null
    })
    await this.#looking
    return {
      ...(isName(host) && { servername: host }),
      ...(!this.#checksHost && { checkServerIdentity: () => undefined }),
      ...this.#native,
      secureContext: this.#context,
    }
  }

  async #look(): Promise<void> {
    const stores = [this.#trust, this.#own].filter((store) => store !== null)
    const changed = await Promise.all(stores.map(({ file }) => file?.hasChanged() ?? false))
    if (!changed.includes(true)) return
    try {
      const read = async (store: Store | null): Promise<Buffer | null> =>
        store &&
        (await inStore(store, async () => (await store.file?.read()) ?? Buffer.from(store.source.inline)))
      this.#context = this.#made(await read(this.#trust), await read(this.#own))
      this.#logger.info('the files of TLS have changed: new connections use the new ones')
    } catch (error) {
      const why = error instanceof ConfigError ? error.message : 'unknown'
      this.#logger.warn(
        `the files of TLS have changed and cannot be used, those from before stay in use: ${why}`,
      )
    }
  }

  /** @throws {ConfigError} */
  #made(trust: Buffer | null, own: Buffer | null): SecureContext {
    if (this.#native.secureContext) return this.#native.secureContext
    const ca = trust && inStore(this.#trust!, () => trustedCertificates(trust, this.#trust!.source))
    const mine = own && inStore(this.#own!, () => ownCertificate(own, this.#own!.source))
    try {
      return createSecureContext({ ...this.#base, ...(ca && { ca }), ...mine })
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? 'unknown'
      throw new ConfigError(`the settings of TLS do not go together: OpenSSL says ${printable(String(code))}`)
    }
  }
}

/** An address has no place in SNI (RFC 6066, section 3). */
const isName = (host: string): boolean => host !== '' && !host.includes(':') && !/^\d+(\.\d+){3}$/.test(host)

function storeOf(source: StoreSource | null): Store | null {
  return source && { source, file: source.location === null ? null : new TlsFile(source.location) }
}

/** What fails in a store is an error that names the key, and the file where there is one. */
function inStore<T>(store: Store, use: () => T): T {
  const translated = (error: unknown): never => {
    if (!(error instanceof StoreError)) throw error
    const { key, shownLocation } = store.source
    const where = shownLocation === null ? key : `${key}=${shownLocation}`
    throw new ConfigError(`${where} cannot be used: ${error.message}`, key)
  }
  try {
    const result = use()
    return result instanceof Promise ? (result.catch(translated) as T) : result
  } catch (error) {
    return translated(error)
  }
}

function checksHost(values: SecurityValues): boolean {
  const key = 'ssl.endpoint.identification.algorithm'
  const algorithm = values.text(key).toLowerCase()
  if (algorithm !== '' && algorithm !== 'https') values.fail(key, 'is not known: expected https, or nothing')
  return algorithm === 'https'
}

/** Names of OpenSSL, separated by colons; empty for those that Node allows. */
function cipherList(values: SecurityValues): string {
  const known = new Set(getCiphers().map((name) => name.toUpperCase()))
  const names = listIn(values.text('ssl.cipher.suites').replaceAll(':', ',')).map((given) => {
    const name = openSslName(given)
    const isRule = /^[@!+-]|=/.test(name) || /^[A-Z0-9]+$/.test(name)
    if (isRule || known.has(name.toUpperCase())) return name
    return values.fail(
      'ssl.cipher.suites',
      `has "${values.shown('ssl.cipher.suites', given)}", which OpenSSL here does not know`,
    )
  })
  return names.join(':')
}

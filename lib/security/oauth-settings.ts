/** Where tokens come from: a callback, a token endpoint, a file, or here, without a signature. */
import type { Logger } from '../logger.js'
import type { OAuthTokenProvider } from './oauth-token.js'
import { oauthBearerMechanism } from './oauthbearer.js'
import type { SaslMechanism } from './sasl-mechanism.js'
import type { SecurityValues } from './security-values.js'
import { tokensFromEndpoint, tokensFromFile } from './token-endpoint.js'
import { type RefreshWindow, TokenSource } from './token-source.js'
import { asksForUnsecured, unsecuredTokens } from './unsecured-token.js'

const URL_KEY = 'sasl.oauthbearer.token.endpoint.url'
const JAAS_KEY = 'sasl.jaas.config'
const HANDLER_KEY = 'sasl.login.callback.handler.class'
const RETRIEVER_KEY = 'sasl.oauthbearer.jwt.retriever.class'

/** Without their package, which changed over the releases. */
const ENDPOINT_HANDLER = 'OAuthBearerLoginCallbackHandler'
const UNSECURED_HANDLER = 'OAuthBearerUnsecuredLoginCallbackHandler'
const RETRIEVERS = ['DefaultJwtRetriever', 'ClientCredentialsJwtRetriever', 'FileJwtRetriever']
const PACKAGE = 'org.apache.kafka.common.security.oauthbearer.'

/** Node connects and sends in one step, so the two limits of Java are one. */
const DEFAULT_TIMEOUT_MS = 10_000

/**
 * @param jaas - options of the login module; empty where there is none.
 * @throws {ConfigError} where settings conflict or one is missing.
 */
export function oauthBearerOf(
  values: SecurityValues,
  jaas: ReadonlyMap<string, string>,
  callback: OAuthTokenProvider | undefined,
  logger: Logger,
): SaslMechanism {
  const provider = callback === undefined ? providerOf(values, jaas) : onlyCallback(values, callback)
  return oauthBearerMechanism(
    new TokenSource({ provider, window: windowOf(values), logger }),
    extensionsIn(values, jaas),
  )
}

function onlyCallback(values: SecurityValues, callback: OAuthTokenProvider): OAuthTokenProvider {
  if (values.text(URL_KEY) !== '') values.fail(URL_KEY, 'and options.oauthToken are both set: give one')
  return callback
}

function providerOf(values: SecurityValues, jaas: ReadonlyMap<string, string>): OAuthTokenProvider {
  const handler = shortName(values, HANDLER_KEY, [ENDPOINT_HANDLER, UNSECURED_HANDLER])
  shortName(values, RETRIEVER_KEY, RETRIEVERS)
  const url = values.text(URL_KEY)
  if (asksForUnsecured(jaas) && handler !== ENDPOINT_HANDLER) {
    if (url !== '')
      values.fail(URL_KEY, `is set, and ${JAAS_KEY} asks for tokens without a signature: give one`)
    return unsecuredTokens(jaas, (problem) => values.fail(JAAS_KEY, problem))
  }
  if (url === '') {
    values.fail(
      URL_KEY,
      'is missing: OAUTHBEARER needs it, or options.oauthToken with a function that gives tokens',
    )
  }
  const address = addressIn(values, url)
  return address.protocol === 'file:' ? tokensFromFile(address) : endpointOf(values, jaas, address)
}

function endpointOf(values: SecurityValues, jaas: ReadonlyMap<string, string>, url: URL): OAuthTokenProvider {
  const idKey = 'sasl.oauthbearer.client.credentials.client.id'
  const secretKey = 'sasl.oauthbearer.client.credentials.client.secret'
  const clientId = values.text(idKey) || jaas.get('clientId') || ''
  const clientSecret = values.text(secretKey) || jaas.get('clientSecret') || ''
  if (clientId === '') values.fail(idKey, `is missing, or clientId in ${JAAS_KEY}`)
  if (clientSecret === '') values.fail(secretKey, `is missing, or clientSecret in ${JAAS_KEY}`)
  return tokensFromEndpoint({
    url,
    clientId,
    clientSecret,
    scope: values.text('sasl.oauthbearer.scope') || jaas.get('scope') || '',
    encodesHeader: values.text('sasl.oauthbearer.header.urlencode').toLowerCase() === 'true',
    timeoutMs:
      limitOf(values, 'sasl.login.connect.timeout.ms') + limitOf(values, 'sasl.login.read.timeout.ms'),
    retryBackoffMs: Number(values.text('sasl.login.retry.backoff.ms')),
    retryBackoffMaxMs: Number(values.text('sasl.login.retry.backoff.max.ms')),
  })
}

function limitOf(values: SecurityValues, key: string): number {
  return Number(values.text(key)) || DEFAULT_TIMEOUT_MS
}

/** An address may hold a secret, so it is not repeated. */
function addressIn(values: SecurityValues, text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null || !['http:', 'https:', 'file:'].includes(url.protocol)) {
    return values.fail(URL_KEY, 'is no address that begins with https:, http: or file:')
  }
  if (url.username !== '' || url.password !== '') {
    values.fail(URL_KEY, 'has a user name or password: write client id and secret as settings of their own')
  }
  return url
}

/** The last part of a class name, if it is one of those known here; null where the key is not set. */
function shortName(values: SecurityValues, key: string, known: readonly string[]): string | null {
  const name = values.text(key)
  if (name === '') return null
  const short = name.slice(name.lastIndexOf('.') + 1)
  if (name.startsWith(PACKAGE) && known.includes(short)) return short
  return values.fail(
    key,
    `is ${values.shown(key)}, which is not known here: known are ${known.join(', ')} of ${PACKAGE}; for others give options.oauthToken`,
  )
}

function windowOf(values: SecurityValues): RefreshWindow {
  const number = (name: string): number => Number(values.text(`sasl.login.refresh.${name}`))
  return {
    factor: number('window.factor'),
    jitter: number('window.jitter'),
    minPeriodMs: number('min.period.seconds') * 1000,
    bufferMs: number('buffer.seconds') * 1000,
  }
}

/** Options `extension_NAME="…"`. */
function extensionsIn(
  values: SecurityValues,
  jaas: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  const extensions = new Map<string, string>()
  for (const [option, text] of jaas) {
    if (!option.startsWith('extension_')) continue
    const name = option.slice('extension_'.length)
    if (!/^[a-zA-Z]+$/.test(name) || name === 'auth')
      values.fail(JAAS_KEY, 'has an extension_ whose name is not made of letters, or is auth')
    if (!/^[\x20-\x7e\t\r\n]+$/.test(text))
      values.fail(JAAS_KEY, `has extension_${name} with characters that are not printable ASCII`)
    extensions.set(name, text)
  }
  return extensions
}

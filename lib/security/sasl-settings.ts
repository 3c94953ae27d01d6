/** Which mechanism `sasl.mechanism` names, with the credentials of `sasl.jaas.config` or of a function. */
import type { CredentialsProvider } from './credentials.js'
import { type JaasEntry, parseJaas } from './jaas.js'
import { oauthBearerOf } from './oauth-settings.js'
import { plainMechanism } from './plain.js'
import type { SaslMechanism } from './sasl-mechanism.js'
import { saslPrep } from './sasl-prep.js'
import { scramMechanism } from './scram.js'
import type { SecurityOptions, SecurityValues } from './security-values.js'

const KEY = 'sasl.mechanism'
const JAAS_KEY = 'sasl.jaas.config'
const SUPPORTED = 'PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 and OAUTHBEARER'

/** Where another mechanism leads to. */
const insteadOf: Readonly<Record<string, string>> = {
  GSSAPI: 'Kerberos (GSSAPI, which is the default) is not available here',
  AWS_MSK_IAM:
    'write OAUTHBEARER, and give options.oauthToken a function that calls the signer package of Amazon MSK',
}

/** @throws {ConfigError} where settings conflict or one is missing. */
export function mechanismOf(
  values: SecurityValues,
  options: SecurityOptions,
  isEncrypted: boolean,
): SaslMechanism {
  const name = values.text(KEY)
  switch (name) {
    case 'PLAIN':
      refuseOption(values, options, 'oauthToken')
      if (!isEncrypted) {
        options.logger.warn(
          'sasl.mechanism=PLAIN without TLS: the password is sent for everybody on the network to read',
        )
      }
      return plainMechanism(credentialsOf(values, options))
    case 'SCRAM-SHA-256':
    case 'SCRAM-SHA-512':
      refuseOption(values, options, 'oauthToken')
      return scramMechanism(name, {
        credentials: credentialsOf(values, options),
        ...(options.saslPrep && { prepare: saslPrep }),
      })
    case 'OAUTHBEARER':
      refuseOption(values, options, 'credentials')
      return oauthBearerOf(values, jaasOf(values)?.options ?? new Map(), options.oauthToken, options.logger)
    default:
      return refuse(values, name)
  }
}

function refuse(values: SecurityValues, name: string): never {
  const given = values.has(KEY) ? `is ${values.shown(KEY)}` : 'is missing'
  const instead = Object.hasOwn(insteadOf, name) ? `; ${insteadOf[name]}` : ''
  return values.fail(KEY, `${given}: supported are ${SUPPORTED}${instead}`)
}

function refuseOption(
  values: SecurityValues,
  options: SecurityOptions,
  option: 'credentials' | 'oauthToken',
): void {
  if (options[option] === undefined) return
  const wanted = option === 'credentials' ? 'PLAIN or SCRAM-SHA-512' : 'OAUTHBEARER'
  values.fail(KEY, `is ${values.text(KEY)}, which has no use for options.${option}: that is for ${wanted}`)
}

function credentialsOf(values: SecurityValues, { credentials }: SecurityOptions): CredentialsProvider {
  if (credentials !== undefined) {
    if (values.text(JAAS_KEY) !== '') values.fail(JAAS_KEY, 'and options.credentials are both set: give one')
    return credentials
  }
  const jaas = jaasOf(values)
  if (jaas === null)
    return values.fail(JAAS_KEY, `is missing: ${values.text(KEY)} needs it, or options.credentials`)
  const username = jaas.options.get('username') || missing(values, 'username')
  const password = jaas.options.get('password') || missing(values, 'password')
  const tokenAuth = jaas.options.get('tokenauth')?.toLowerCase() === 'true'
  return () => ({ username, password, tokenAuth })
}

const missing = (values: SecurityValues, option: string): never =>
  values.fail(JAAS_KEY, `has no option ${option}, which ${values.text(KEY)} needs`)

/** null where it is not given. */
function jaasOf(values: SecurityValues): JaasEntry | null {
  const text = values.text(JAAS_KEY)
  return text === '' ? null : parseJaas(text, (problem) => values.fail(JAAS_KEY, problem))
}

/**
 * What the security settings of a producer amount to: how its connections are protected and how they log in.
 *
 * Reads the keys of the Java client through {@link SecurityValues}, whoever has them, and the native alternatives.
 * Knows no socket.
 */
import type { SaslMechanism } from './sasl-mechanism.js'
import { mechanismOf } from './sasl-settings.js'
import type { SecurityOptions, SecurityValues } from './security-values.js'
import { tlsSettings } from './tls.js'
import type { TlsSettings } from './tls-settings.js'

export type { SecurityOptions, SecurityValues } from './security-values.js'

export type SecurityProtocol = 'PLAINTEXT' | 'SSL' | 'SASL_PLAINTEXT' | 'SASL_SSL'

/** `tls` is there for SSL and SASL_SSL, `sasl` for SASL_PLAINTEXT and SASL_SSL. */
export interface SecuritySettings {
  readonly protocol: SecurityProtocol
  readonly tls?: TlsSettings
  readonly sasl?: SaslMechanism
}

/** @throws {ConfigError} where settings conflict, one is missing, or a file cannot be used: the text names the key. */
export function securitySettings(values: SecurityValues, options: SecurityOptions): SecuritySettings {
  const protocol = protocolOf(values)
  const isEncrypted = protocol.endsWith('SSL')
  const isAuthenticated = protocol.startsWith('SASL')
  refuseIdle(values, { tls: isEncrypted, credentials: isAuthenticated, oauthToken: isAuthenticated }, options)
  return {
    protocol,
    ...(isEncrypted && { tls: tlsSettings(values, options.tls ?? {}, options.logger) }),
    ...(isAuthenticated && { sasl: mechanismOf(values, options, isEncrypted) }),
  }
}

function protocolOf(values: SecurityValues): SecurityProtocol {
  const protocol = values.text('security.protocol').toUpperCase()
  switch (protocol) {
    case 'SSL':
    case 'SASL_PLAINTEXT':
    case 'SASL_SSL':
    case 'PLAINTEXT':
      return protocol
    case '':
      return 'PLAINTEXT'
    default:
      return values.fail('security.protocol', 'is none of PLAINTEXT, SSL, SASL_PLAINTEXT, SASL_SSL')
  }
}

/** Whoever gives a native option means it: without the protocol for it, connections would go without. */
function refuseIdle(
  values: SecurityValues,
  inUse: Readonly<Record<'tls' | 'credentials' | 'oauthToken', boolean>>,
  options: SecurityOptions,
): void {
  for (const option of ['tls', 'credentials', 'oauthToken'] as const) {
    if (options[option] === undefined || inUse[option]) continue
    const wanted = option === 'tls' ? 'SSL or SASL_SSL' : 'SASL_SSL or SASL_PLAINTEXT'
    const protocol = values.shown('security.protocol') || 'PLAINTEXT'
    values.fail('security.protocol', `is ${protocol}, and options.${option} is given: write ${wanted}`)
  }
}

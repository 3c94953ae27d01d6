/**
 * What the security settings of a producer amount to: how its connections are protected and how they log in.
 *
 * Reads the keys of the Java client through {@link SecurityValues}, whoever has them, and the native alternatives.
 * Knows no socket.
 */
import { ConfigError } from '../errors.js'
import type { Logger } from '../logger.js'
import type { SaslMechanism } from './sasl-mechanism.js'
import type { TlsSettings } from './tls-settings.js'

export type SecurityProtocol = 'PLAINTEXT' | 'SSL' | 'SASL_PLAINTEXT' | 'SASL_SSL'

/** `tls` is there for SSL and SASL_SSL, `sasl` for SASL_PLAINTEXT and SASL_SSL. */
export interface SecuritySettings {
  readonly protocol: SecurityProtocol
  readonly tls?: TlsSettings
  readonly sasl?: SaslMechanism
}

/** The keys of the Java client with their values, defaults included; `${provider:…}` is replaced already. */
export interface SecurityValues {
  /** Whether a key was given, whatever its value. */
  has(key: string): boolean
  /** The text of a key, trimmed, or its default; empty where it has none. */
  text(key: string): string
  /** Ends in a ConfigError that begins with the place and the key. Never give it the value of a secret. */
  fail(key: string, problem: string): never
}

/** Native alternatives, and what the parts need besides. */
export interface SecurityOptions {
  readonly logger: Logger
}

/** @throws {ConfigError} where settings conflict or one is missing: the text names it. */
export function securitySettings(values: SecurityValues, _options: SecurityOptions): SecuritySettings {
  const protocol = values.text('security.protocol').toUpperCase()
  if (protocol === 'PLAINTEXT' || protocol === '') return { protocol: 'PLAINTEXT' }
  throw new ConfigError('security.protocol: only PLAINTEXT is available', 'security.protocol')
}

/** Security settings as a producer's configuration gives them, without the producer. */
import { ProducerConfig } from '../../lib/config/producer-config.js'
import { ConfigError } from '../../lib/errors.js'
import { type Logger, silentLogger } from '../../lib/logger.js'
import {
  type SecurityOptions,
  type SecuritySettings,
  type SecurityValues,
  securitySettings,
} from '../../lib/security/security-settings.js'

export function valuesOf(properties: Readonly<Record<string, string>>): SecurityValues {
  const config = new ProducerConfig(
    { 'metadata.broker.list': 'localhost:9092', ...properties },
    { logger: silentLogger },
  )
  return config.security
}

export function settingsOf(
  properties: Readonly<Record<string, string>>,
  options: Partial<SecurityOptions> = {},
): SecuritySettings {
  return securitySettings(valuesOf(properties), { logger: silentLogger, ...options })
}

/** The ConfigError that settings end in. */
export function refusalOf(
  properties: Readonly<Record<string, string>>,
  options: Partial<SecurityOptions> = {},
): ConfigError {
  try {
    settingsOf(properties, options)
  } catch (error) {
    if (error instanceof ConfigError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

/** Keeps what is logged. */
export function recordingLogger(): Logger & { readonly lines: string[] } {
  const lines: string[] = []
  const at = (level: string) => (message: string) => {
    lines.push(`${level} ${message}`)
  }
  return { lines, debug: at('DEBUG'), info: at('INFO'), warn: at('WARN'), error: at('ERROR') }
}

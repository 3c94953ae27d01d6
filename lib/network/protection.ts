/** How the connections of a producer are protected, as the parts that a {@link Connector} takes. */
import type { SecuritySettings } from '../security/security-settings.js'
import type { ConnectorOptions } from './connector.js'
import { SaslLogin } from './sasl-login.js'

/** @param timeoutMs - for each answer of a login. */
export function protectionOf(
  { tls, sasl }: SecuritySettings,
  timeoutMs: number,
): Pick<ConnectorOptions, 'tls' | 'login'> {
  return { tls, login: sasl && new SaslLogin({ mechanism: sasl, timeoutMs }) }
}

/**
 * Tokens without a signature, which anybody can make: for tests of brokers that accept them, and only where
 * `sasl.jaas.config` asks for them with an option `unsecuredLogin…`.
 *
 * @see org.apache.kafka.common.security.oauthbearer.internals.unsecured.OAuthBearerUnsecuredLoginCallbackHandler, Kafka 4.3
 */
import type { OAuthToken } from './oauth-token.js'

const PREFIX = 'unsecuredLogin'

/** Whether the options ask for such tokens. */
export function asksForUnsecured(options: ReadonlyMap<string, string>): boolean {
  return [...options.keys()].some((name) => name.startsWith(PREFIX))
}

/** @param fail - ends in an error whose text follows `sasl.jaas.config`. */
export function unsecuredTokens(
  options: ReadonlyMap<string, string>,
  fail: (problem: string) => never,
): () => OAuthToken {
  const lifetime = Number(options.get(`${PREFIX}LifetimeSeconds`) ?? '3600')
  if (!Number.isInteger(lifetime) || lifetime < 1)
    fail(`has ${PREFIX}LifetimeSeconds, which is not a number of seconds`)
  const principal = options.get(`${PREFIX}PrincipalClaimName`) ?? 'sub'
  const claims: Record<string, unknown> = {}
  const extensions: Record<string, string> = {}
  for (const [option, text] of options) {
    const [, kind, name] =
      /^unsecuredLogin(StringClaim|NumberClaim|ListClaim|Extension)_(.+)$/.exec(option) ?? []
    if (kind === undefined || name === undefined) continue
    if (kind === 'Extension') extensions[name] = text
    else
      claims[name] = claimOf(kind, text, () =>
        fail(`has ${PREFIX}NumberClaim_${name}, which is not a number`),
      )
  }
  if (typeof claims[principal] !== 'string' || claims[principal] === '') {
    fail(`asks for a token without a signature, and has no ${PREFIX}StringClaim_${principal}`)
  }
  return () => {
    const now = Date.now()
    const expiresAt = now + lifetime * 1000
    const payload = { ...claims, iat: claims.iat ?? now / 1000, exp: claims.exp ?? expiresAt / 1000 }
    return { value: `${encoded({ alg: 'none' })}.${encoded(payload)}.`, expiresAt, extensions }
  }
}

/** A list has its separator in front: `,one,two`. */
function claimOf(kind: string, text: string, refuse: () => never): unknown {
  if (kind === 'StringClaim') return text
  if (kind === 'ListClaim') return text === '' ? [] : text.slice(1).split(text[0]!)
  const number = Number(text)
  return text.trim() !== '' && Number.isFinite(number) ? number : refuse()
}

const encoded = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

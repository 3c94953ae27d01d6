/**
 * Names of cipher suites: those of Java and of the RFCs as OpenSSL, and so Node, has them.
 *
 *     TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256  →  ECDHE-RSA-AES128-GCM-SHA256
 *
 * Those of TLS 1.3 are the same in both. Names of OpenSSL pass through. Suites with shared keys (PSK, SRP) are not translated:
 * Kafka has none.
 *
 * @see RFC 8446; https://docs.openssl.org/3.0/man1/openssl-ciphers/
 */

/** Bulk ciphers in the words of the RFCs → of OpenSSL. Longer ones first. */
const bulkNames: readonly (readonly [rfc: RegExp, openssl: string])[] = [
  [/^(AES|ARIA)_(128|256)_GCM_/, '$1$2-GCM-'],
  [/^(AES)_(128|256)_CCM_8$/, '$1$2-CCM8'],
  [/^(AES)_(128|256)_CCM$/, '$1$2-CCM'],
  [/^(AES|CAMELLIA)_(128|256)_CBC_/, '$1$2-'],
  [/^CHACHA20_POLY1305_SHA256$/, 'CHACHA20-POLY1305'],
  [/^3DES_EDE_CBC_/, 'DES-CBC3-'],
  [/^SEED_CBC_/, 'SEED-'],
  [/^IDEA_CBC_/, 'IDEA-CBC-'],
  [/^RC4_128_/, 'RC4-'],
  [/^NULL_/, 'NULL-'],
]

/** Key exchange, but those whose words are only joined by `-`. */
const exchangeNames: Readonly<Record<string, string>> = {
  RSA: '',
  DH_ANON: 'ADH-',
  ECDH_ANON: 'AECDH-',
}

/** A name as OpenSSL has it; the same name where there is nothing to translate. */
export function openSslName(name: string): string {
  const [, exchange, suite] = /^(?:TLS|SSL)_([A-Za-z0-9_]+?)_WITH_([A-Z0-9_]+)$/.exec(name) ?? []
  if (exchange === undefined || suite === undefined) return name
  const known = bulkNames.find(([rfc]) => rfc.test(suite))
  if (known === undefined) return name
  const bulk = suite.replace(known[0], known[1])
  const isAria = bulk.startsWith('ARIA')
  // OpenSSL leaves RSA out of some names.
  const upper = exchange.toUpperCase()
  if (isAria && upper === 'ECDHE_RSA') return `ECDHE-${bulk}`
  return `${exchangeNames[upper] ?? `${upper.replaceAll('_', '-')}-`}${bulk}`
}

/**
 * What a failure of TLS means, and which setting to change (*policy*): errors of a handshake, of the broker's certificate,
 * and alerts that come after the handshake.
 *
 * The broker's certificate is named with its subject, issuer and dates; names in it come from the network and are escaped.
 *
 * @see RFC 8446, section 6 (alerts)
 */
import type { X509Certificate } from 'node:crypto'
import type { TLSSocket } from 'node:tls'
import { ConnectionError, type KafkaError, printable, SslAuthenticationError } from '../errors.js'
import { describeCause } from './connect.js'

const PLAINTEXT_PORT =
  'is this a plaintext port? Then set security.protocol to PLAINTEXT or SASL_PLAINTEXT, or use the port of its TLS listener'
const CLIENT_CERTIFICATE =
  'it asks for a certificate of this client: set ssl.keystore.location, or ssl.keystore.certificate.chain and ssl.keystore.key'
const OWN_CERTIFICATE = 'it does not accept the certificate of this client (ssl.keystore.location)'

/** In the code of an OpenSSL error → what to do. The first that fits counts. */
const advices: readonly (readonly [code: RegExp, advice: string])[] = [
  [/WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST|UNKNOWN_PROTOCOL|RECORD_LENGTH/, PLAINTEXT_PORT],
  [/ALERT_CERTIFICATE_REQUIRED/, CLIENT_CERTIFICATE],
  // What Java sends for a certificate that it refuses, and to who shows none.
  [/ALERT_BAD_CERTIFICATE/, `${OWN_CERTIFICATE}; or, where none is set, ${CLIENT_CERTIFICATE}`],
  [/ALERT_.*(CERTIFICATE|UNKNOWN_CA|ACCESS_DENIED)/, OWN_CERTIFICATE],
  [
    /ALERT_HANDSHAKE_FAILURE/,
    `there is no cipher suite in common (ssl.cipher.suites), or ${CLIENT_CERTIFICATE}`,
  ],
  // An alert under no key, or a wrong one: Kafka 1.1.1 and 2.8.2 refuse so who shows no certificate, with TLS 1.3.
  [
    /BAD_RECORD_MAC|UNEXPECTED_MESSAGE/,
    `what it sent at the end cannot be read; perhaps ${CLIENT_CERTIFICATE}`,
  ],
  [/PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL/, 'there is no TLS version in common: see ssl.enabled.protocols'],
]

/** In the code of the check of a chain → what to do. */
const untrustedChain =
  'it is not signed by an authority that this client trusts: put the certificate of that authority into ssl.truststore.location or ssl.truststore.certificates'
const chainAdvices: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'it has expired: the broker needs a new one, unless the clock of this machine is wrong',
  CERT_NOT_YET_VALID: 'it is not valid yet: is the clock of this machine wrong?',
  CERT_REVOKED: 'it was revoked: the broker needs a new one',
  DEPTH_ZERO_SELF_SIGNED_CERT: untrustedChain,
  SELF_SIGNED_CERT_IN_CHAIN: untrustedChain,
  UNABLE_TO_GET_ISSUER_CERT: untrustedChain,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: untrustedChain,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: untrustedChain,
}

/**
 * The peer closed before the handshake ended. Not for good: brokers that go down close as well, and brokers before 3.0 do so
 * where the client shows no certificate.
 */
export function closedInHandshake(broker: string): ConnectionError {
  const text = `${broker} closed the connection during the TLS handshake: ${PLAINTEXT_PORT}; or ${CLIENT_CERTIFICATE}`
  return new ConnectionError(text, { broker })
}

/** @param cause - of the socket, before the handshake ended. */
export function handshakeFailure(broker: string, cause: Error): KafkaError {
  const { code } = cause as NodeJS.ErrnoException
  if (code === 'ECONNRESET' || code === 'EPIPE') {
    const { message } = closedInHandshake(broker)
    return new ConnectionError(message, { broker, cause })
  }
  const text = `the TLS handshake with ${broker} failed: ${describeCause(cause)}`
  return alertFailure(broker, cause) ?? new ConnectionError(text, { broker, cause })
}

/** null for a cause that is none of TLS. With TLS 1.3 a broker refuses the client after its handshake has ended. */
export function alertFailure(broker: string, cause: Error): SslAuthenticationError | null {
  const { code = '' } = cause as NodeJS.ErrnoException
  if (!/^(ERR_SSL_|ERR_TLS_|EPROTO)/.test(code)) return null
  const said = `${code} ${cause.message.toUpperCase().replaceAll(' ', '_')}`
  const [, advice = reasonOf(cause)] = advices.find(([pattern]) => pattern.test(said)) ?? []
  const text = `the TLS handshake with ${broker} failed: ${advice} (${printable(code)})`
  return new SslAuthenticationError(text, { broker, cause })
}

/** The broker's certificate is not accepted. @param problem - what the check of the name says, if that was it. */
export function untrusted(
  broker: string,
  host: string,
  socket: TLSSocket,
  problem: Error | null,
): SslAuthenticationError {
  const code = String(socket.authorizationError)
  const leaf = socket.getPeerX509Certificate()
  const atFault = code === 'CERT_HAS_EXPIRED' ? expiredIn(leaf) : leaf
  const advice = problem ? otherHost(host, leaf) : (chainAdvices[code] ?? 'see ssl.truststore.location')
  const whose = atFault ? describeCertificate(atFault) : 'none was sent'
  const text = `the certificate of ${broker} is refused: ${advice} (${printable(code)}). Certificate: ${whose}`
  return new SslAuthenticationError(text, { broker, ...(problem && { cause: problem }) })
}

function otherHost(host: string, leaf: X509Certificate | undefined): string {
  const names = leaf?.subjectAltName ? printable(leaf.subjectAltName) : 'no name at all'
  return `it is for ${names}, not for ${printable(host)}: connect by one of its names, give the broker a certificate with this one, or set ssl.endpoint.identification.algorithm to nothing, which accepts any host`
}

function expiredIn(leaf: X509Certificate | undefined): X509Certificate | undefined {
  for (let one = leaf; one; one = one.issuerCertificate === one ? undefined : one.issuerCertificate)
    if (Date.parse(one.validTo) < Date.now()) return one
  return leaf
}

function describeCertificate({ subject, issuer, validFrom, validTo }: X509Certificate): string {
  const oneLine = (name: string): string => printable((name || 'nobody').replaceAll('\n', ', '))
  return `subject ${oneLine(subject)}; issuer ${oneLine(issuer)}; valid from ${validFrom} to ${validTo}`
}

/** What OpenSSL says, without the place in its source. */
function reasonOf({ message }: Error): string {
  const [, reason] = /error:[0-9A-F]+:[^:]*:[^:]*:([^:]+)/.exec(message) ?? []
  return printable(reason ?? message)
}

/**
 * Reads PEM: the certificates and private keys between the lines BEGIN and END of a text.
 *
 * Line breaks inside a block may be blanks or missing, as in a properties file where the whole stands in one line.
 *
 * @see RFC 7468; org.apache.kafka.common.security.ssl.DefaultSslEngineFactory, Kafka 4.3
 */
import { StoreError } from './store-content.js'

export interface PemContent {
  /** X.509 certificates in DER, in the order of the text. */
  readonly certificates: readonly Buffer[]
  /** Private keys as PEM again, which may be encrypted. */
  readonly keys: readonly string[]
}

const BEGIN = '-----BEGIN '
const DASHES = '-----'

/** @throws {StoreError} where a block does not end, or is not in base64. */
export function readPem(text: string): PemContent {
  const certificates: Buffer[] = []
  const keys: string[] = []
  let at = text.indexOf(BEGIN)
  while (at !== -1) {
    const labelEnd = text.indexOf(DASHES, at + BEGIN.length)
    const label = text.slice(at + BEGIN.length, labelEnd === -1 ? at + BEGIN.length : labelEnd)
    const foot = `-----END ${label}-----`
    const end = label.length > 40 || labelEnd === -1 ? -1 : text.indexOf(foot, labelEnd)
    if (end === -1) throw new StoreError('a block of its PEM has no end')
    const body = text.slice(labelEnd + DASHES.length, end)
    if (/^(X509 |TRUSTED )?CERTIFICATE$/.test(label)) certificates.push(Buffer.from(base64In(body), 'base64'))
    else if (label.endsWith('PRIVATE KEY'))
      keys.push(`${BEGIN}${label}${DASHES}\n${keyBody(body)}\n${foot}\n`)
    at = text.indexOf(BEGIN, end + foot.length)
  }
  return { certificates, keys }
}

/** A key of OpenSSL's old format has headers, which need their lines; all others are base64 alone. */
function keyBody(body: string): string {
  return body.includes(':') ? body.trim() : base64In(body).replace(/.{64}(?!$)/g, '$&\n')
}

function base64In(body: string): string {
  const base64 = body.replace(/\s+/g, '')
  if (base64 === '' || !/^[a-zA-Z0-9+/]+={0,2}$/.test(base64))
    throw new StoreError('a block of its PEM is not in base64')
  return base64
}

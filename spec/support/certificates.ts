/**
 * Certificates for specs, made on the spot: authorities, intermediates, brokers, clients; expired ones and those of other
 * hosts. ECDSA over P-256, X.509 v3, DER written by hand, so that neither openssl nor a package is needed.
 *
 * @see RFC 5280; RFC 5480 for the algorithm identifiers
 */
import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'
import { isIPv4 } from 'node:net'

export interface Certificate {
  readonly subject: string
  /** PEM, this certificate alone. */
  readonly cert: string
  /** PEM, PKCS#8. */
  readonly key: string
  readonly privateKey: KeyObject
  /** PEM: this certificate, then those of the intermediates above it. */
  readonly chain: string
}

export interface CertificateOptions {
  /** Common name. */
  readonly subject: string
  /** Who signs; default: itself. */
  readonly issuer?: Certificate
  /** DNS names and IPv4 addresses of its host. Default: localhost and 127.0.0.1; none for an authority. */
  readonly hosts?: readonly string[]
  /** It may sign others. Default: no. */
  readonly isAuthority?: boolean
  /** Default: yesterday. */
  readonly from?: Date
  /** Default: in a year. */
  readonly to?: Date
}

const DAY_MS = 86_400_000
const INTEGER = 0x02
const BIT_STRING = 0x03
const OCTET_STRING = 0x04
const UTF8_STRING = 0x0c
const SEQUENCE = 0x30
const SET = 0x31
const GENERALIZED_TIME = 0x18

const TRUE = Buffer.from('0101ff', 'hex')
/** 1.2.840.10045.4.3.2 */
const ECDSA_WITH_SHA256 = Buffer.from('300a06082a8648ce3d040302', 'hex')
/** 2.5.4.3 */
const COMMON_NAME = Buffer.from('0603550403', 'hex')
/** 2.5.29.19, 2.5.29.17 */
const BASIC_CONSTRAINTS = Buffer.from('0603551d13', 'hex')
const SUBJECT_ALT_NAME = Buffer.from('0603551d11', 'hex')
const V3 = Buffer.from('a003020102', 'hex')

function der(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(contents)
  const { length } = content
  const head =
    length < 0x80
      ? [tag, length]
      : length < 0x100
        ? [tag, 0x81, length]
        : [tag, 0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from(head), content])
}

function nameOf(commonName: string): Buffer {
  return der(SEQUENCE, der(SET, der(SEQUENCE, COMMON_NAME, der(UTF8_STRING, Buffer.from(commonName)))))
}

function timeOf(date: Date): Buffer {
  const text = date.toISOString().replace(/[-:T]/g, '').slice(0, 14)
  return der(GENERALIZED_TIME, Buffer.from(`${text}Z`))
}

function extensionsOf(isAuthority: boolean, hosts: readonly string[]): Buffer {
  const all: Buffer[] = []
  if (isAuthority) {
    all.push(der(SEQUENCE, BASIC_CONSTRAINTS, TRUE, der(OCTET_STRING, der(SEQUENCE, TRUE))))
  }
  if (hosts.length > 0) {
    const names = hosts.map((host) =>
      isIPv4(host) ? der(0x87, Buffer.from(host.split('.').map(Number))) : der(0x82, Buffer.from(host)),
    )
    all.push(der(SEQUENCE, SUBJECT_ALT_NAME, der(OCTET_STRING, der(SEQUENCE, ...names))))
  }
  return all.length > 0 ? der(0xa3, der(SEQUENCE, ...all)) : Buffer.alloc(0)
}

export function makeCertificate(options: CertificateOptions): Certificate {
  const {
    subject,
    issuer,
    isAuthority = false,
    hosts = isAuthority ? [] : ['localhost', '127.0.0.1'],
  } = options
  const { from = new Date(Date.now() - DAY_MS), to = new Date(Date.now() + 365 * DAY_MS) } = options
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  // A leading zero would be no shortest form; a set top bit a negative number.
  const serial = Buffer.concat([Buffer.from([0x40]), randomBytes(15)])
  const body = der(
    SEQUENCE,
    V3,
    der(INTEGER, serial),
    ECDSA_WITH_SHA256,
    nameOf(issuer?.subject ?? subject),
    der(SEQUENCE, timeOf(from), timeOf(to)),
    nameOf(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    extensionsOf(isAuthority, hosts),
  )
  const signature = sign('sha256', body, issuer?.privateKey ?? privateKey)
  const whole = der(SEQUENCE, body, ECDSA_WITH_SHA256, der(BIT_STRING, Buffer.from([0]), signature))
  const cert = pemOf(whole)
  return {
    subject,
    cert,
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    privateKey,
    chain: cert + (issuer?.chain ?? ''),
  }
}

/** All that specs need, made once. */
export function certificates() {
  const ca = makeCertificate({ subject: 'spec CA', isAuthority: true })
  const intermediate = makeCertificate({ subject: 'spec intermediate CA', isAuthority: true, issuer: ca })
  return {
    ca,
    otherCa: makeCertificate({ subject: 'other CA', isAuthority: true }),
    broker: makeCertificate({ subject: 'broker', issuer: intermediate }),
    client: makeCertificate({ subject: 'client', issuer: ca, hosts: [] }),
    expired: makeCertificate({
      subject: 'expired broker',
      issuer: ca,
      from: new Date('2020-01-01T00:00:00Z'),
      to: new Date('2021-01-01T00:00:00Z'),
    }),
    wrongHost: makeCertificate({ subject: 'another broker', issuer: ca, hosts: ['kafka.example.org'] }),
  }
}

function pemOf(bytes: Buffer): string {
  const lines = bytes.toString('base64').match(/.{1,64}/g)!
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`
}

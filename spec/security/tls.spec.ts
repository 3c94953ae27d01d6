import { once } from 'node:events'
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ConnectionOptions, connect, createServer, type Server, type TLSSocket } from 'node:tls'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import type { TlsSettings } from '../../lib/security/tls-settings.js'
import { recordingLogger, refusalOf, settingsOf } from './settings-of.js'

const stores = fileURLToPath(new URL('../vectors/security/stores/', import.meta.url))
const store = (name: string): string => join(stores, name)
const pem = (name: string): string => readFileSync(store(name), 'utf8')

const SSL = { 'security.protocol': 'SSL' }
const STORE_PASSWORD = 'store-canary'
const KEY_PASSWORD = 'key-canary'

const trusting = { 'ssl.truststore.type': 'PEM', 'ssl.truststore.location': store('ca.pem') }

/** What both sides know after a handshake. */
interface Handshake {
  /** Common name of the client's certificate. */
  readonly client: string | undefined
  readonly protocol: string | null
  readonly cipher: string
  readonly servername: string | false | null
}

describe('tlsSettings', () => {
  let server: Server
  let accepted: TLSSocket[] = []

  beforeEach(async () => {
    accepted = []
    server = createServer(
      {
        key: pem('server.key'),
        cert: pem('server.pem'),
        ca: pem('ca.pem'),
        requestCert: true,
        rejectUnauthorized: false,
      },
      (socket) => {
        accepted.push(socket)
        socket.on('error', () => {})
        socket.end('x')
      },
    )
    server.on('tlsClientError', () => {})
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
  })

  afterEach(async () => {
    for (const socket of accepted) socket.destroy()
    server.close()
    await once(server, 'close')
  })

  async function handshake(
    tls: TlsSettings,
    host = 'localhost',
    more: ConnectionOptions = {},
  ): Promise<Handshake> {
    const { port } = server.address() as AddressInfo
    const options = await tls.connectOptions(host)
    const socket = connect({ ...options, host: '127.0.0.1', port, ...more })
    try {
      await once(socket, 'secureConnect')
      // With TLS 1.3 the certificate of the client is looked at after that.
      await once(socket, 'data')
      const [peer] = accepted
      return {
        client: peer!.getPeerCertificate().subject?.CN as string | undefined,
        protocol: socket.getProtocol(),
        cipher: socket.getCipher().name,
        servername: peer!.servername,
      }
    } finally {
      socket.on('error', () => {})
      socket.destroy()
    }
  }

  const tlsOf = (properties: Record<string, string>, ...more: unknown[]): TlsSettings =>
    settingsOf({ ...SSL, ...properties }, ...(more as [])).tls!

  const trustStores: [what: string, properties: Record<string, string>][] = [
    ['PEM in a file', trusting],
    ['PEM inline', { 'ssl.truststore.type': 'PEM', 'ssl.truststore.certificates': pem('ca.pem') }],
    [
      'PEM inline in one line',
      { 'ssl.truststore.type': 'PEM', 'ssl.truststore.certificates': pem('ca.pem').replaceAll('\n', ' ') },
    ],
    [
      'JKS',
      { 'ssl.truststore.location': store('truststore.jks'), 'ssl.truststore.password': STORE_PASSWORD },
    ],
    ['JKS without its password', { 'ssl.truststore.location': store('truststore.jks') }],
    [
      'PKCS12 of keytool',
      {
        'ssl.truststore.type': 'PKCS12',
        'ssl.truststore.location': store('truststore.p12'),
        'ssl.truststore.password': STORE_PASSWORD,
      },
    ],
    [
      'PKCS12 under the type JKS',
      { 'ssl.truststore.location': store('truststore.p12'), 'ssl.truststore.password': STORE_PASSWORD },
    ],
  ]
  for (const [what, properties] of trustStores) {
    it(`a broker is trusted whose authority is in a trust store of ${what}`, async () => {
      const { client, servername } = await handshake(tlsOf(properties))
      expect([client, servername]).to.deep.equal([undefined, 'localhost'])
    })
  }

  const keyStores: [what: string, properties: Record<string, string>][] = [
    ['PEM in a file', { 'ssl.keystore.type': 'PEM', 'ssl.keystore.location': store('client-plain.pem') }],
    [
      'PEM in a file with an encrypted key',
      {
        'ssl.keystore.type': 'PEM',
        'ssl.keystore.location': store('client-encrypted.pem'),
        'ssl.key.password': KEY_PASSWORD,
      },
    ],
    [
      'PEM inline with an encrypted key',
      {
        'ssl.keystore.type': 'PEM',
        'ssl.keystore.key': pem('client-encrypted.key').replaceAll('\n', ' '),
        'ssl.keystore.certificate.chain': pem('client.pem'),
        'ssl.key.password': KEY_PASSWORD,
      },
    ],
    [
      'JKS whose key has a password of its own',
      {
        'ssl.keystore.location': store('keytool.jks'),
        'ssl.keystore.password': STORE_PASSWORD,
        'ssl.key.password': KEY_PASSWORD,
      },
    ],
    ...['openssl.p12', 'keytool.p12', 'des3.p12'].map((name): [string, Record<string, string>] => [
      `PKCS12 (${name})`,
      {
        'ssl.keystore.type': 'PKCS12',
        'ssl.keystore.location': store(name),
        'ssl.keystore.password': STORE_PASSWORD,
      },
    ]),
  ]
  for (const [what, properties] of keyStores) {
    it(`this client shows the certificate of a key store of ${what}`, async () => {
      expect((await handshake(tlsOf({ ...trusting, ...properties }))).client).to.equal('client')
    })
  }

  it('a broker of another authority is not trusted', async () => {
    const error = await handshake(tlsOf({})).catch((thrown: unknown) => thrown)
    expect(error).to.have.property('code', 'SELF_SIGNED_CERT_IN_CHAIN')
  })

  it('a broker with another host name is refused, and taken where names are not checked', async () => {
    const error = await handshake(tlsOf(trusting), 'other.example').catch((thrown: unknown) => thrown)
    expect(error).to.have.property('code', 'ERR_TLS_CERT_ALTNAME_INVALID')
    const unchecked = { ...trusting, 'ssl.endpoint.identification.algorithm': '' }
    expect((await handshake(tlsOf(unchecked), 'other.example')).protocol).to.equal('TLSv1.3')
  })

  it('an address is not sent as a server name, and is checked all the same', async () => {
    expect((await handshake(tlsOf(trusting), '127.0.0.1')).servername).to.equal(false)
  })

  it('ssl.protocol is the newest version that is spoken', async () => {
    const tls = tlsOf({ ...trusting, 'ssl.protocol': 'TLSv1.2' })
    expect((await handshake(tls)).protocol).to.equal('TLSv1.2')
  })

  it('ssl.cipher.suites takes names of Java and of OpenSSL', async () => {
    const suites = 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,ECDHE-ECDSA-AES256-GCM-SHA384'
    const tls = tlsOf({ ...trusting, 'ssl.enabled.protocols': 'TLSv1.2', 'ssl.cipher.suites': suites })
    expect((await handshake(tls)).cipher).to.match(/^ECDHE-ECDSA-AES(128|256)-GCM/)
  })

  it('options.tls gives what the settings would', async () => {
    const native = { ca: pem('ca.pem'), key: pem('client.key'), cert: pem('client.pem') }
    const { tls } = settingsOf(SSL, { tls: native })
    expect((await handshake(tls!)).client).to.equal('client')
  })

  describe('with files that change', () => {
    let folder: string
    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), 'tls-'))
    })
    afterEach(() => rmSync(folder, { recursive: true }))

    it('the next connection uses a trust store that was replaced', async () => {
      const location = join(folder, 'ca.pem')
      copyFileSync(store('server.pem'), location)
      const logger = recordingLogger()
      const tls = settingsOf(
        { ...SSL, 'ssl.truststore.type': 'PEM', 'ssl.truststore.location': location },
        { logger },
      ).tls!
      const before = (await tls.connectOptions('localhost')).secureContext
      expect((await tls.connectOptions('localhost')).secureContext).to.equal(before)
      writeFileSync(location, `\n${pem('ca.pem')}`)
      expect((await handshake(tls)).protocol).to.equal('TLSv1.3')
      expect(logger.lines.filter((line) => line.startsWith('INFO'))).to.have.length(1)
    })

    it('what was in force stays, with one warning, while a file cannot be used', async () => {
      const location = join(folder, 'ca.pem')
      copyFileSync(store('ca.pem'), location)
      const logger = recordingLogger()
      const tls = settingsOf(
        { ...SSL, 'ssl.truststore.type': 'PEM', 'ssl.truststore.location': location },
        { logger },
      ).tls!
      rmSync(location)
      expect((await handshake(tls)).protocol).to.equal('TLSv1.3')
      await tls.connectOptions('localhost')
      const warnings = logger.lines.filter((line) => line.startsWith('WARN'))
      expect(warnings).to.have.length(1)
      expect(warnings[0]).to.match(/stay in use: ssl\.truststore\.location=.*cannot be read \(ENOENT\)/)
      writeFileSync(location, pem('ca.pem'))
      await tls.connectOptions('localhost')
      expect(logger.lines.at(-1)).to.match(/^INFO .*have changed/)
    })
  })

  const keyStore = { 'ssl.keystore.location': store('openssl.p12'), 'ssl.keystore.password': STORE_PASSWORD }
  const refusals: [what: string, properties: Record<string, string>, key: string, says: RegExp][] = [
    [
      'a key without its certificates',
      { 'ssl.keystore.type': 'PEM', 'ssl.keystore.key': pem('client.key') },
      'ssl.keystore.key',
      /ssl\.keystore\.certificate\.chain is missing/,
    ],
    [
      'certificates without their key',
      { 'ssl.keystore.type': 'PEM', 'ssl.keystore.certificate.chain': 'x' },
      'ssl.keystore.certificate.chain',
      /ssl\.keystore\.key is missing/,
    ],
    [
      'an inline key without the type PEM',
      { 'ssl.keystore.key': 'x', 'ssl.keystore.certificate.chain': 'y' },
      'ssl.keystore.key',
      /ssl\.keystore\.type=PEM/,
    ],
    [
      'a key inline and in a file',
      {
        ...keyStore,
        'ssl.keystore.type': 'PEM',
        'ssl.keystore.key': 'x',
        'ssl.keystore.certificate.chain': 'y',
      },
      'ssl.keystore.key',
      /both set/,
    ],
    [
      'a key store without its password',
      { 'ssl.keystore.location': store('openssl.p12') },
      'ssl.keystore.location',
      /ssl\.keystore\.password is missing/,
    ],
    [
      'a password without a key store',
      { 'ssl.keystore.password': STORE_PASSWORD },
      'ssl.keystore.password',
      /ssl\.keystore\.location is missing/,
    ],
    ['a key password without a key', { 'ssl.key.password': KEY_PASSWORD }, 'ssl.key.password', /is missing/],
    [
      'a password without a trust store',
      { 'ssl.truststore.password': STORE_PASSWORD },
      'ssl.truststore.password',
      /ssl\.truststore\.location is missing/,
    ],
    [
      'a password of PEM',
      { ...trusting, 'ssl.truststore.password': STORE_PASSWORD },
      'ssl.truststore.password',
      /PEM has no password/,
    ],
    [
      'a type that is not known',
      { ...trusting, 'ssl.truststore.type': 'BKS' },
      'ssl.truststore.type',
      /keytool -importkeystore/,
    ],
    [
      'a file that is not there',
      { 'ssl.truststore.location': '/nowhere/ca.jks' },
      'ssl.truststore.location',
      /cannot be read \(ENOENT\)/,
    ],
    [
      'PEM where JKS is said',
      { 'ssl.truststore.location': store('ca.pem') },
      'ssl.truststore.location',
      /set its type to PEM/,
    ],
    [
      'a file of another format',
      { 'ssl.truststore.location': store('other.jceks') },
      'ssl.truststore.location',
      /neither JKS nor PKCS12/,
    ],
    [
      'a wrong password of a JKS',
      { 'ssl.truststore.location': store('truststore.jks'), 'ssl.truststore.password': 'wrong-canary' },
      'ssl.truststore.location',
      /password is wrong/,
    ],
    [
      'a wrong password of a PKCS12',
      { ...keyStore, 'ssl.keystore.password': 'wrong-canary' },
      'ssl.keystore.location',
      /password is wrong/,
    ],
    [
      'a wrong password of a key in a JKS',
      { 'ssl.keystore.location': store('keytool.jks'), 'ssl.keystore.password': STORE_PASSWORD },
      'ssl.keystore.location',
      /password of its key is wrong/,
    ],
    [
      'an encrypted key without a password',
      { 'ssl.keystore.type': 'PEM', 'ssl.keystore.location': store('client-encrypted.pem') },
      'ssl.keystore.location',
      /ssl\.key\.password is missing/,
    ],
    [
      'a wrong password of a key',
      {
        'ssl.keystore.type': 'PEM',
        'ssl.keystore.location': store('client-encrypted.pem'),
        'ssl.key.password': 'wrong-canary',
      },
      'ssl.keystore.location',
      /is ssl\.key\.password right/,
    ],
    [
      'RC2 of Java 8',
      { ...keyStore, 'ssl.keystore.location': store('rc2.p12') },
      'ssl.keystore.location',
      /too old or not known; convert it, e\.g\. with keytool/,
    ],
    [
      'a trust store without certificates',
      { 'ssl.truststore.type': 'PEM', 'ssl.truststore.location': store('client.key') },
      'ssl.truststore.location',
      /holds no certificate/,
    ],
    [
      'a key without a certificate of it',
      {
        'ssl.keystore.type': 'PEM',
        'ssl.keystore.key': pem('server.key'),
        'ssl.keystore.certificate.chain': pem('client.pem'),
      },
      'ssl.keystore.key',
      /no certificate of its private key/,
    ],
    [
      'a version of TLS that is not known',
      { 'ssl.enabled.protocols': 'TLSv1.2,SSLv3' },
      'ssl.enabled.protocols',
      /"SSLv3": expected TLSv1, /,
    ],
    [
      'no version that is left',
      { 'ssl.enabled.protocols': 'TLSv1.3', 'ssl.protocol': 'TLSv1.2' },
      'ssl.enabled.protocols',
      /allows no version/,
    ],
    [
      'a cipher suite that is not known',
      { 'ssl.cipher.suites': 'TLS_NO_SUCH_SUITE' },
      'ssl.cipher.suites',
      /"TLS_NO_SUCH_SUITE"/,
    ],
    [
      'a way to check hosts that is not known',
      { 'ssl.endpoint.identification.algorithm': 'LDAPS' },
      'ssl.endpoint.identification.algorithm',
      /expected https/,
    ],
    [
      'a class of Java',
      { 'ssl.engine.factory.class': 'com.example.Factory' },
      'ssl.engine.factory.class',
      /options\.tls/,
    ],
  ]
  for (const [what, properties, key, says] of refusals) {
    it(`TLS settings with ${what} are a ConfigError of ${key} that says what to do`, () => {
      const error = refusalOf({ ...SSL, ...properties })
      expect(error.key).to.equal(key)
      expect(error.message)
        .to.match(says)
        .and.not.match(/canary|BEGIN/)
      expect(error.cause).to.equal(undefined)
    })
  }

  const conflicts: [properties: Record<string, string>, native: ConnectionOptions, says: RegExp][] = [
    [trusting, { ca: pem('ca.pem') }, /ssl\.truststore\.location and options\.tls\.ca are both set/],
    [keyStore, { pfx: 'x' }, /ssl\.keystore\.location and options\.tls\.pfx/],
    [{ 'ssl.cipher.suites': 'HIGH' }, { ciphers: 'HIGH' }, /ssl\.cipher\.suites and options\.tls\.ciphers/],
    [{ 'ssl.protocol': 'TLSv1.2' }, { maxVersion: 'TLSv1.2' }, /ssl\.protocol and options\.tls\.maxVersion/],
  ]
  for (const [properties, native, says] of conflicts) {
    it(`${Object.keys(properties).at(-1)} and options.tls.${Object.keys(native)[0]} are a conflict`, () => {
      expect(refusalOf({ ...SSL, ...properties }, { tls: native }).message).to.match(says)
    })
  }

  it('options.tls without security.protocol=SSL is a ConfigError, not ignored', () => {
    expect(refusalOf({}, { tls: {} })).to.have.property('key', 'security.protocol')
  })
})

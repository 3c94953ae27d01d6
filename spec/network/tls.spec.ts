import { once } from 'node:events'
import type { Socket } from 'node:net'
import { type ConnectionOptions, createServer, type Server, type TLSSocket, type TlsOptions } from 'node:tls'
import { expect } from 'chai'
import {
  ConnectionError,
  type KafkaError,
  RequestTimeoutError,
  SslAuthenticationError,
} from '../../lib/errors.js'
import type { BrokerClient } from '../../lib/network/broker-client.js'
import type { ConnectorOptions } from '../../lib/network/connector.js'
import { metadata, metadataRequest } from '../../lib/protocol/messages/index.js'
import type { TlsSettings } from '../../lib/security/tls-settings.js'
import { certificates } from '../support/certificates.js'
import { FrameSplitter } from '../support/scripted/frames.js'
import { answerTo } from './support/answers.js'
import { connectorOf } from './support/connectors.js'
import { rejectionOf, resolvingTo, until } from './support/doubles.js'
import { peers } from './support/peer.js'

const all = certificates()
const ALERT = Buffer.from('1503030002020a', 'hex')

function settings(options: ConnectionOptions = { ca: all.ca.cert }): TlsSettings {
  return { connectOptions: async () => options }
}

describe('TLS', () => {
  const startPlain = peers()
  const servers: Server[] = []
  const sockets: TLSSocket[] = []
  const clients: BrokerClient[] = []
  let ends: KafkaError[]

  beforeEach(() => {
    ends = []
  })

  afterEach(async () => {
    for (const client of clients.splice(0)) client.close(new ConnectionError('the spec has ended'))
    for (const socket of sockets.splice(0)) socket.destroy()
    await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))))
  })

  /** A broker that answers metadata; what its clients showed it. */
  async function broker(options: TlsOptions = {}) {
    const { chain: cert, key } = all.broker
    const seen: { servername: string | false; isReused: boolean; subject: string | undefined }[] = []
    const server = createServer({ cert, key, ...options }, (socket) => {
      sockets.push(socket)
      seen.push({
        servername: (socket as TLSSocket & { servername: string | false }).servername,
        isReused: socket.isSessionReused(),
        subject: socket.getPeerCertificate().subject?.CN as string | undefined,
      })
      const splitter = new FrameSplitter()
      socket.on('error', () => {})
      socket.on('data', (chunk: Buffer) => {
        for (const request of splitter.push(chunk)) socket.write(answerTo(request))
      })
    })
    server.on('tlsClientError', () => {})
    servers.push(server)
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return { port: (server.address() as { port: number }).port, seen }
  }

  const connectors = (options: Partial<ConnectorOptions>) =>
    connectorOf({ connectTimeoutMs: () => 5000, ...options })

  async function open(connector: ReturnType<typeof connectors>, port: number, host = '127.0.0.1') {
    const client = await connector.connect({ host, port }, (reason) => void ends.push(reason))
    clients.push(client)
    return client
  }

  const ask = (client: BrokerClient) =>
    client.request(metadata, metadataRequest(['t']), { timeoutMs: 5000, version: 0 })

  async function failure(options: TlsOptions, tls: TlsSettings = settings()): Promise<KafkaError> {
    const { port } = await broker(options)
    const error = await rejectionOf(open(connectors({ tls }), port))
    expect(error.broker).to.equal(`127.0.0.1:${port}`)
    expect(error.persistence).to.equal('not-persisted')
    return error
  }

  it('carries requests and answers', async () => {
    const { port } = await broker()
    const client = await open(connectors({ tls: settings() }), port)
    expect(await ask(client)).to.deep.include({ brokers: [], topics: [] })
  })

  it('names the host to the broker (SNI), but not an IP address', async () => {
    const { port, seen } = await broker()
    const { lookup } = resolvingTo([{ address: '127.0.0.1', family: 4 }])
    const connector = connectors({ tls: settings(), lookup })
    await ask(await open(connector, port, 'localhost'))
    await ask(await open(connector, port))
    expect(seen.map(({ servername }) => servername)).to.deep.equal(['localhost', false])
  })

  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
    it(`resumes the session of the last connection to the same broker, with ${maxVersion}`, async () => {
      const { port, seen } = await broker({ maxVersion })
      const connector = connectors({ tls: settings() })
      for (let i = 0; i < 2; i++) await ask(await open(connector, port))
      expect(seen.map(({ isReused }) => isReused)).to.deep.equal([false, true])
    })

    it(`shows the certificate of this client to a broker that asks for it, with ${maxVersion}`, async () => {
      const { port, seen } = await broker({ maxVersion, requestCert: true, ca: all.ca.cert })
      const { cert, key } = all.client
      await ask(await open(connectors({ tls: settings({ ca: all.ca.cert, cert, key }) }), port))
      expect(seen.map(({ subject }) => subject)).to.deep.equal(['client'])
    })

    it(`fails with the setting of the own certificate where the broker wants one and there is none, with ${maxVersion}`, async () => {
      const { port } = await broker({ maxVersion, requestCert: true, ca: all.ca.cert })
      // With TLS 1.3 the broker refuses after the client has ended its part of the handshake.
      const error = await rejectionOf(open(connectors({ tls: settings() }), port).then(ask))
      expect(error, error.message).to.be.instanceOf(SslAuthenticationError)
      expect(error.message).to.include('ssl.keystore.location')
    })
  }

  it('does not resume a session that was made with another certificate', async () => {
    const { port, seen } = await broker({ requestCert: true, rejectUnauthorized: false })
    let options: ConnectionOptions = { ca: all.ca.cert }
    const connector = connectors({ tls: { connectOptions: async () => options } })
    await ask(await open(connector, port))
    options = { ...options, cert: all.client.cert, key: all.client.key }
    await ask(await open(connector, port))
    expect(seen.map(({ isReused, subject }) => [isReused, subject])).to.deep.equal([
      [false, undefined],
      [false, 'client'],
    ])
  })

  it('refuses a broker whose authority it does not trust, and names the certificate and the trust store', async () => {
    const error = await failure({}, settings({ ca: all.otherCa.cert }))
    expect(error).to.be.instanceOf(SslAuthenticationError).and.include({ retriable: false })
    expect(error.message)
      .to.include('ssl.truststore.location')
      .and.include('subject CN=broker; issuer CN=spec intermediate CA; valid from ')
  })

  it('refuses a broker whose certificate has expired, and says when', async () => {
    const { cert, key } = all.expired
    const error = await failure({ cert, key })
    expect(error).to.be.instanceOf(SslAuthenticationError)
    expect(error.message)
      .to.include('it has expired')
      .and.include('subject CN=expired broker')
      .and.include('to Jan  1 00:00:00 2021 GMT')
  })

  it('refuses a broker whose certificate is for another host, and names that, the own one and the setting', async () => {
    const { cert, key } = all.wrongHost
    const error = await failure({ cert, key })
    expect(error).to.be.instanceOf(SslAuthenticationError)
    expect(error.message)
      .to.include('it is for DNS:kafka.example.org, not for 127.0.0.1')
      .and.include('ssl.endpoint.identification.algorithm')
  })

  it('accepts a broker of another host where the check of names is off', async () => {
    const { cert, key } = all.wrongHost
    const { port } = await broker({ cert, key })
    const tls = settings({ ca: all.ca.cert, checkServerIdentity: () => undefined })
    await ask(await open(connectors({ tls }), port))
  })

  it('accepts any certificate where the options say so', async () => {
    const { cert, key } = all.expired
    const { port } = await broker({ cert, key })
    await ask(await open(connectors({ tls: settings({ rejectUnauthorized: false }) }), port))
  })

  it('fails with the versions setting where there is no TLS version in common', async () => {
    const error = await failure(
      { minVersion: 'TLSv1.3' },
      settings({ ca: all.ca.cert, maxVersion: 'TLSv1.2' }),
    )
    expect(error).to.be.instanceOf(SslAuthenticationError)
    expect(error.message).to.include('ssl.enabled.protocols')
  })

  it('fails as reading its settings does', async () => {
    const reason = new SslAuthenticationError('the file is gone')
    const { port } = await broker()
    const tls: TlsSettings = { connectOptions: () => Promise.reject(reason) }
    expect(await rejectionOf(open(connectors({ tls }), port))).to.equal(reason)
  })

  // Kafka takes the first bytes of a handshake for a length of 369 MB, and closes.
  it('asks whether a port that closes during the handshake is a plaintext port', async () => {
    const peer = await startPlain((socket) => socket.once('data', () => socket.destroy()))
    const error = await rejectionOf(open(connectors({ tls: settings() }), peer.address.port))
    expect(error).to.be.instanceOf(ConnectionError)
    expect(error.message).to.include('during the TLS handshake').and.include('security.protocol')
    expect(peer.sockets).to.have.length(1)
  })

  it('says that a port which answers without TLS is a plaintext port', async () => {
    const peer = await startPlain((socket) =>
      socket.once('data', () => socket.write('HTTP/1.1 400 Bad\r\n\r\n')),
    )
    const error = await rejectionOf(open(connectors({ tls: settings() }), peer.address.port))
    expect(error).to.be.instanceOf(SslAuthenticationError)
    expect(error.message).to.include('is this a plaintext port?').and.include('security.protocol')
  })

  it('ends within the limit of connecting where the peer is silent during the handshake', async () => {
    const peer = await startPlain()
    const connector = connectors({ tls: settings(), connectTimeoutMs: () => 50 })
    const error = await rejectionOf(open(connector, peer.address.port))
    expect(error).to.be.instanceOf(RequestTimeoutError)
    expect(error.message).to.include('the TLS handshake did not end within 50 ms')
    await until(() => peer.sockets.every(({ closed }) => closed))
  })

  it('ends when connecting is given up during the handshake', async () => {
    let accepted: Socket | undefined
    const peer = await startPlain((socket) => {
      accepted = socket.resume()
    })
    const abort = new AbortController()
    const failed = rejectionOf(connectors({ tls: settings() }).connect(peer.address, () => {}, abort.signal))
    await until(() => accepted !== undefined)
    const reason = new ConnectionError('not wanted any more')
    abort.abort(reason)
    expect(await failed).to.equal(reason)
    await until(() => peer.sockets.every(({ closed }) => closed))
  })

  // What a TLS listener of Kafka sends: unexpected_message.
  it('says that a TLS port was asked without TLS, where that sends an alert', async () => {
    const peer = await startPlain((socket) => socket.once('data', () => socket.end(ALERT)))
    const error = await rejectionOf(open(connectors({}), peer.address.port).then(ask))
    expect(error).to.be.instanceOf(SslAuthenticationError)
    expect(error.message).to.include('answered with TLS').and.include('security.protocol')
  })

  it('asks whether a TLS port was asked without TLS, where that closes', async () => {
    const { port } = await broker()
    const error = await rejectionOf(open(connectors({}), port).then(ask))
    expect(error).to.be.instanceOf(ConnectionError)
    expect(error.message).to.include('for a TLS port set security.protocol to SSL or SASL_SSL')
  })
})

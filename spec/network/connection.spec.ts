import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import type { AddressInfo, Server, Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { expect } from 'chai'
import {
  ConnectionError,
  DecodeError,
  type KafkaError,
  RequestTimeoutError,
  SslAuthenticationError,
} from '../../lib/errors.js'
import type { Connection, ConnectionListener } from '../../lib/network/connection.js'
import { vectorsOf } from '../protocol/support/vectors.js'
import { wire } from '../support/wire.js'
import { connectorOf, MAX_FRAME_BYTES } from './support/connectors.js'
import { rejectionOf, turns } from './support/doubles.js'
import { deadAddress, type Peer, peers } from './support/peer.js'

const connector = connectorOf()

/** A request as it goes out, for servers that want to be spoken to first. */
const request = vectorsOf('scala-producer-0.8.2.2')('metadata-request')

/** What a connection reports. */
class Reports implements ConnectionListener {
  awaitsAnswer = true
  readonly frames: string[] = []
  readonly ends: KafkaError[] = []
  #wake: () => void = () => {}

  onFrame(frame: Buffer): void {
    this.frames.push(String(frame))
    this.#wake()
  }

  onClose(reason: KafkaError): void {
    this.ends.push(reason)
    this.#wake()
  }

  async end(): Promise<KafkaError> {
    while (this.ends.length === 0) await this.#news()
    return this.ends[0]!
  }

  async gotFrames(count: number): Promise<string[]> {
    while (this.frames.length < count) await this.#news()
    return this.frames
  }

  #news(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }
}

describe('Connection', () => {
  const start = peers()
  const opened: Connection[] = []

  afterEach(() => {
    for (const connection of opened.splice(0)) connection.close(new ConnectionError('the spec has ended'))
  })

  async function open(
    address: Peer['address'],
    listener: ConnectionListener = new Reports(),
  ): Promise<Connection> {
    const connection = await connector.open(address, listener)
    opened.push(connection)
    return connection
  }

  /** Connects to a peer that does this with the connection. */
  async function withPeer(onSocket: (socket: Socket) => void = (socket) => void socket.resume()) {
    const reports = new Reports()
    const peer = await start(onSocket)
    const connection = await open(peer.address, reports)
    return { peer, connection, reports }
  }

  it('is open and named after the requested address', async () => {
    const { peer, connection } = await withPeer()
    expect(connection).to.include({ isOpen: true, broker: peer.broker })
  })

  it('writes bytes in order, and reports when the kernel has them', async () => {
    const { peer, connection } = await withPeer()
    const socket = await peer.socket()
    const received: Buffer[] = []
    socket.on('data', (chunk: Buffer) => received.push(chunk))
    const written: string[] = []
    await new Promise<void>((resolve) => {
      expect(connection.write(Buffer.from('first '), () => written.push('first'))).to.equal(true)
      connection.write(Buffer.from('second'), () => {
        written.push('second')
        resolve()
      })
    })
    while (Buffer.concat(received).length < 12) await once(socket, 'data')
    expect(String(Buffer.concat(received))).to.equal('first second')
    expect(written).to.deep.equal(['first', 'second'])
  })

  it('splits received bytes into frames', async () => {
    const { peer, reports } = await withPeer()
    const socket = await peer.socket()
    socket.write(Buffer.concat([wire().string('a').framed(), wire().string('bc').framed().subarray(0, 5)]))
    expect(await reports.gotFrames(1)).to.deep.equal(['\0\x01a'])
    socket.write(wire().string('bc').framed().subarray(5))
    expect(await reports.gotFrames(2)).to.deep.equal(['\0\x01a', '\0\x02bc'])
  })

  describe('ends', () => {
    it('with the reason of close(), once, also for the peer', async () => {
      const { peer, connection, reports } = await withPeer()
      const socket = await peer.socket()
      const seen = once(socket, 'end')
      const reason = new RequestTimeoutError('too late')
      connection.close(reason)
      connection.close(new ConnectionError('later'))
      await seen
      await turns()
      expect(reports.ends).to.deep.equal([reason])
      expect(connection.isOpen).to.equal(false)
    })

    it('and refuses to write afterwards', async () => {
      const { connection } = await withPeer()
      connection.close(new ConnectionError('over'))
      expect(connection.write(request, () => expect.fail('written'))).to.equal(false)
      await turns()
    })

    it('without reporting unwritten bytes as written', async () => {
      const { connection } = await withPeer((socket) => socket.pause())
      connection.write(Buffer.alloc(32 * 1024 * 1024), () => expect.fail('written'))
      connection.close(new ConnectionError('over'))
      await turns(20)
    })

    it('when the peer closes', async () => {
      const { peer, reports } = await withPeer((socket) => {
        socket.write(wire().string('a').framed())
        socket.end()
      })
      const reason = await reports.end()
      expect(reason).to.be.instanceOf(ConnectionError)
      expect(reason).to.include({
        message: `${peer.broker} closed the connection`,
        broker: peer.broker,
        retriable: true,
      })
      expect(reports.frames).to.deep.equal(['\0\x01a'])
    })

    it('when the peer closes in the middle of a response, with an error that states it', async () => {
      const { peer, reports } = await withPeer((socket) =>
        socket.end(wire().string('abc').framed().subarray(0, -1)),
      )
      expect((await reports.end()).message).to.equal(
        `${peer.broker} closed the connection in the middle of a response`,
      )
      expect(reports.frames).to.deep.equal([])
    })

    it('when the peer closes on a request without an answer, with a hint at the kind of the peer', async () => {
      const { peer, connection, reports } = await withPeer((socket) =>
        socket.once('data', () => socket.end()),
      )
      connection.write(request, () => {})
      expect((await reports.end()).message).to.equal(
        `${peer.broker} closed the connection without a word: for a TLS port set security.protocol to SSL or SASL_SSL; is it a Kafka broker, and is this its plaintext port?`,
      )
    })

    it('when the peer closes and no answer is due, as brokers do on a refused request with acks 0', async () => {
      const { peer, connection, reports } = await withPeer((socket) =>
        socket.once('data', () => socket.end()),
      )
      reports.awaitsAnswer = false
      connection.write(request, () => {})
      expect((await reports.end()).message).to.equal(`${peer.broker} closed the connection`)
    })

    it('when the peer resets it, with the error of the socket as cause', async () => {
      const { peer, connection, reports } = await withPeer((socket) =>
        socket.once('data', () => socket.resetAndDestroy()),
      )
      connection.write(request, () => {})
      const reason = await reports.end()
      expect(reason).to.be.instanceOf(ConnectionError)
      expect(reason.message).to.equal(`the connection to ${peer.broker} broke: read ECONNRESET`)
      expect(reason.cause).to.have.property('code', 'ECONNRESET')
    })

    it('when the peer resets it in the middle of a response', async () => {
      const { connection, reports } = await withPeer((socket) =>
        socket.once('data', () => {
          socket.write(wire().string('abc').framed().subarray(0, 5), () => socket.resetAndDestroy())
        }),
      )
      connection.write(request, () => {})
      expect(await reports.end()).to.be.instanceOf(ConnectionError)
      expect(reports.ends).to.have.length(1)
      expect(reports.frames).to.deep.equal([])
    })

    it('before the next frame when a frame makes its owner close it', async () => {
      const peer = await start((socket) =>
        socket.write(Buffer.concat([wire().string('a').framed(), wire().string('b').framed()])),
      )
      const reports = new Reports()
      let connection: Connection | null = null
      const listener: ConnectionListener = {
        onFrame(frame) {
          reports.onFrame(frame)
          connection!.close(new ConnectionError('enough'))
        },
        onClose: (reason) => reports.onClose(reason),
        awaitsAnswer: true,
      }
      connection = await open(peer.address, listener)
      await reports.end()
      await turns()
      expect(reports.frames).to.deep.equal(['\0\x01a'])
    })
  })

  describe('refuses a server that is no Kafka broker, with host, port and the kind of', () => {
    const foreign: [title: string, bytes: Buffer, what: RegExp][] = [
      [
        'an HTTP answer',
        Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'),
        /frame length 1213486160 .* HTTP server/,
      ],
      ['an SSH greeting', Buffer.from('SSH-2.0-OpenSSH_9.6\r\n'), /SSH server/],
      ['a text', Buffer.from('220 mail.example ESMTP\r\n'), /text protocol/],
      ['a negative length', wire().int32(-4).build(), /frame length -4 is outside 0\.\.1000$/],
      [
        'a length of 2 GiB',
        wire().int32(0x7ffffff0).raw(Buffer.alloc(9)).build(),
        /frame length 2147483632 is outside/,
      ],
      [
        'one byte more than allowed',
        wire()
          .int32(MAX_FRAME_BYTES + 1)
          .build(),
        /frame length 1001 is outside/,
      ],
      ['garbage', Buffer.from('ff00deadbeef', 'hex'), /frame length -16720211 is outside/],
    ]
    for (const [title, bytes, what] of foreign) {
      it(title, async () => {
        const { peer, reports } = await withPeer((socket) => socket.write(bytes))
        const reason = await reports.end()
        expect(reason).to.be.instanceOf(DecodeError)
        expect(reason).to.include({ broker: peer.broker, retriable: true })
        expect(reason.message.startsWith(`${peer.broker} broke the protocol: `)).to.equal(true)
        expect(reason.message).to.match(what)
        await once(await peer.socket(), 'close')
      })
    }

    it('a TLS alert, which is an error of security', async () => {
      const { peer, reports } = await withPeer((socket) => socket.write(Buffer.from('1503030002020a', 'hex')))
      const reason = await reports.end()
      expect(reason).to.be.instanceOf(SslAuthenticationError)
      expect(reason).to.include({ broker: peer.broker, retriable: false })
      expect(reason.message).to.include('answered with TLS, but was asked without').and.include(peer.broker)
      await once(await peer.socket(), 'close')
    })

    /** Runs with a server of another protocol on a free port. */
    async function withServer(
      server: Server,
      run: (address: Peer['address']) => Promise<void>,
    ): Promise<void> {
      const sockets = new Set<Socket>()
      server.on('connection', (socket) => sockets.add(socket))
      server.listen(0, '127.0.0.1')
      await once(server, 'listening')
      try {
        await run({ host: '127.0.0.1', port: (server.address() as AddressInfo).port })
      } finally {
        for (const socket of sockets) socket.destroy()
        await new Promise((resolve) => server.close(resolve))
      }
    }

    async function endOf(address: Peer['address']): Promise<KafkaError> {
      const reports = new Reports()
      const connection = await open(address, reports)
      connection.write(request, () => {})
      return reports.end()
    }

    it("Node's own HTTP server", async () => {
      await withServer(createHttpServer(), async (address) => {
        const reason = await endOf(address)
        expect(reason.message).to.match(
          /^127\.0\.0\.1:\d+ broke the protocol: .* this looks like an HTTP server/,
        )
      })
    })

    it("Node's own TLS server, which closes without an alert", async () => {
      await withServer(createTlsServer(), async (address) => {
        const reason = await endOf(address)
        expect(reason.message).to.match(
          /^127\.0\.0\.1:\d+ closed the connection without a word: .*plaintext port\?$/,
        )
      })
    })

    it('after the frames in front of foreign bytes', async () => {
      const { reports } = await withPeer((socket) =>
        socket.write(Buffer.concat([wire().string('a').framed(), wire().int32(-1).build()])),
      )
      expect(await reports.end()).to.be.instanceOf(DecodeError)
      expect(reports.frames).to.deep.equal(['\0\x01a'])
    })
  })

  it('rejects when it cannot be opened, and never reports an end', async () => {
    const reports = new Reports()
    const error = await rejectionOf(connector.open(await deadAddress(), reports))
    expect(error).to.be.instanceOf(ConnectionError)
    await turns()
    expect(reports.ends).to.deep.equal([])
  })
})

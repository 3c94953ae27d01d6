import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { expect } from 'chai'
import sinon from 'sinon'
import { addressText } from '../../lib/broker-address.js'
import {
  ConnectionError,
  DeliveryTimeoutError,
  type KafkaError,
  RequestTimeoutError,
} from '../../lib/errors.js'
import { connectTo } from '../../lib/network/connect.js'
import { Dial, type DialOptions } from '../../lib/network/dial.js'
import { Blackhole } from '../support/scripted/blackhole.js'
import { rejectionOf, resolvingTo, stallFor, systemError, turns } from './support/doubles.js'
import { deadAddress, peers } from './support/peer.js'

const CONNECT_TIMEOUT_MS = 1000

type Address = Parameters<typeof connectTo>[0]
type Options = DialOptions & { readonly connectTimeoutMs: number }

/** {@link connectTo} as a promise; a socket that it opens is closed after the spec. */
const opened: Socket[] = []

function connected(address: Address, options: Partial<Options> = {}, signal?: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const onConnected = (socket: Socket): void => {
      opened.push(socket.on('error', () => {}))
      resolve(socket)
    }
    connectTo(address, optionsOf(options), { onConnected, onFailed: reject }, signal)
  })
}

function optionsOf({
  connectTimeoutMs = CONNECT_TIMEOUT_MS,
  ...options
}: Partial<Options>): Parameters<typeof connectTo>[1] {
  const all: DialOptions = { openSocket: (to) => connect(to), ...options }
  return { connectTimeoutMs, dial: (to, dialled) => new Dial(to, all, dialled) }
}

/** Opens real sockets and keeps them. */
function keeping(prepare: (socket: Socket) => void = () => {}) {
  const sockets: Socket[] = []
  const openSocket = (to: Address): Socket => {
    const socket = connect(to)
    sockets.push(socket)
    prepare(socket)
    return socket
  }
  return { sockets, openSocket }
}

describe('connectTo', () => {
  const start = peers()

  afterEach(async () => {
    for (const socket of opened.splice(0)) {
      if (!socket.closed) await once(socket.destroy(), 'close')
    }
  })

  it('connects', async () => {
    const peer = await start()
    const socket = await connected(peer.address)
    expect([socket.remoteAddress, socket.remotePort]).to.deep.equal([peer.address.host, peer.address.port])
  })

  it('removes only its own listeners from the socket', async () => {
    const peer = await start()
    const count = (socket: Socket) =>
      ['connect', 'error', 'close', 'end', 'timeout'].map((event) => socket.listenerCount(event))
    let before: number[] = []
    const { openSocket } = keeping((socket) => {
      for (const event of ['connect', 'error', 'close', 'end', 'timeout']) socket.on(event, () => {})
      before = count(socket)
    })
    const after = await new Promise<number[]>((resolve, reject) => {
      const onConnected = (socket: Socket): void => {
        opened.push(socket)
        resolve(count(socket))
      }
      connectTo(peer.address, optionsOf({ openSocket }), { onConnected, onFailed: reject })
    })
    expect(after).to.deep.equal(before)
  })

  describe('when it fails', () => {
    it('names host, port and the system’s code for a closed port', async () => {
      const address = await deadAddress()
      const error = await rejectionOf(connected(address))
      expect(error).to.be.instanceOf(ConnectionError)
      expect(error.message).to.equal(
        `cannot connect to 127.0.0.1:${address.port}: connect ECONNREFUSED 127.0.0.1:${address.port}`,
      )
      expect(error).to.include({
        code: 'KAFKA_CONNECTION',
        broker: `127.0.0.1:${address.port}`,
        retriable: true,
        persistence: 'not-persisted',
      })
      expect(error.cause).to.have.property('code', 'ECONNREFUSED')
    })

    it('reports a name that does not resolve', async () => {
      const cause = systemError('ENOTFOUND', 'getaddrinfo ENOTFOUND kafka.invalid')
      const error = await rejectionOf(connected({ host: 'kafka.invalid', port: 9092 }, resolvingTo(cause)))
      expect(error).to.be.instanceOf(ConnectionError).and.include({ cause })
      expect(error.message).to.equal(
        'cannot connect to kafka.invalid:9092: getaddrinfo ENOTFOUND kafka.invalid',
      )
    })

    for (const code of ['EAI_AGAIN', 'ENOBUFS', 'EADDRNOTAVAIL', 'EMFILE', 'ETIMEDOUT']) {
      it(`keeps ${code} as the cause of a retriable error`, async () => {
        const cause = systemError(code)
        const { openSocket } = keeping((socket) => socket.destroy(cause))
        const error = await rejectionOf(connected(await deadAddress(), { openSocket }))
        expect(error).to.be.instanceOf(ConnectionError).and.include({ cause, retriable: true })
        expect(error.message).to.include(code)
      })
    }

    it('translates an error thrown by the socket constructor', async () => {
      const cause = systemError('EMFILE')
      const openSocket = sinon.stub().throws(cause)
      const error = await rejectionOf(connected({ host: '127.0.0.1', port: 1 }, { openSocket }))
      expect(error).to.be.instanceOf(ConnectionError).and.include({ cause, broker: '127.0.0.1:1' })
    })

    for (const [host, port] of [
      ['', 9092],
      ['h', 0],
      ['h', -1],
      ['h', 65536],
      ['h', Number.NaN],
    ] as const) {
      it(`refuses "${host}" port ${port} without dialling`, async () => {
        const openSocket = sinon.spy()
        const error = await rejectionOf(connected({ host, port }, { openSocket }))
        expect(error).to.be.instanceOf(ConnectionError)
        expect(error.message).to.equal(
          `cannot connect to ${host}:${port}: no host, or a port outside 1 to 65535`,
        )
        expect(openSocket.callCount).to.equal(0)
      })
    }

    for (const port of [1, 65535]) {
      it(`dials port ${port}`, async () => {
        const openSocket = sinon.stub().throws(systemError('EMFILE'))
        await rejectionOf(connected({ host: '127.0.0.1', port }, { openSocket }))
        expect(openSocket.args[0]![0]).to.include({ host: '127.0.0.1', port })
      })
    }

    it('reports a connection that ended before it was established', async () => {
      const { openSocket } = keeping((socket) => socket.destroy())
      const error = await rejectionOf(connected(await deadAddress(), { openSocket }))
      expect(error).to.be.instanceOf(ConnectionError)
      expect(error.message).to.match(/^127\.0\.0\.1:\d+ closed the connection at once$/)
    })

    it('escapes the text of the system', async () => {
      const cause = systemError('X', 'bad\n\x1b[31mthing')
      const error = await rejectionOf(connected({ host: 'a\nb', port: 1 }, resolvingTo(cause)))
      expect(error.message).to.equal('cannot connect to a\\u{a}b:1: bad\\u{a}\\u{1b}[31mthing')
    })

    it('falls back on the code of an error without a text', async () => {
      const error = await rejectionOf(
        connected({ host: 'h', port: 1 }, resolvingTo(systemError('EWHAT', ''))),
      )
      expect(error.message).to.equal('cannot connect to h:1: EWHAT')
    })

    it('throws nothing when the socket reports a second error', async () => {
      const { openSocket, sockets } = keeping()
      await rejectionOf(connected(await deadAddress(), { openSocket }))
      expect(() => sockets[0]!.emit('error', systemError('EPIPE'))).not.to.throw()
    })
  })

  describe('with several addresses for a name', () => {
    it('uses the next address where the first one is dead', async () => {
      const peer = await start()
      const { lookup } = resolvingTo([
        { address: '::1', family: 6 },
        { address: '127.0.0.1', family: 4 },
      ])
      const socket = await connected({ host: 'kafka', port: peer.address.port }, { lookup })
      expect(socket.remoteAddress).to.equal('127.0.0.1')
    })

    it('reports the error of each address where all are dead', async () => {
      const { port } = await deadAddress()
      const { lookup } = resolvingTo([
        { address: '127.0.0.1', family: 4 },
        { address: '::1', family: 6 },
      ])
      const error = await rejectionOf(connected({ host: 'kafka', port }, { lookup }))
      expect(error.message).to.match(
        new RegExp(
          `^cannot connect to kafka:${port}: connect \\w+ 127\\.0\\.0\\.1:${port}.*; connect \\w+ ::1:${port}`,
        ),
      )
    })

    it('resolves the name anew for each connect', async () => {
      const peer = await start()
      const dns = resolvingTo([{ address: '127.0.0.1', family: 4 }])
      for (let i = 0; i < 2; i++) await connected({ host: 'kafka', port: peer.address.port }, dns)
      expect(dns.names).to.deep.equal(['kafka', 'kafka'])
    })
  })

  describe('in bounded time', () => {
    function fakeTimeouts(): sinon.SinonFakeTimers {
      return sinon.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    }

    async function expectTimeout(
      clock: sinon.SinonFakeTimers,
      connecting: Promise<unknown>,
    ): Promise<KafkaError> {
      const failed = rejectionOf(connecting)
      await turns()
      clock.tick(CONNECT_TIMEOUT_MS - 1)
      const early = await Promise.race([failed, turns().then(() => 'still connecting')])
      expect(early).to.equal('still connecting')
      clock.tick(1)
      return failed
    }

    it('gives up on an address that does not answer', async () => {
      const blackhole = await Blackhole.open()
      try {
        const clock = fakeTimeouts()
        const { openSocket, sockets } = keeping()
        const address = { host: '127.0.0.1', port: blackhole.port }
        const error = await expectTimeout(clock, connected(address, { openSocket }))
        expect(error).to.be.instanceOf(RequestTimeoutError)
        expect(error).to.include({
          broker: addressText(address),
          retriable: true,
          persistence: 'not-persisted',
        })
        expect(error.message).to.equal(
          `no connection to ${addressText(address)} within 1000 ms; is the address right and reachable?`,
        )
        expect(sockets[0]!.destroyed).to.equal(true)
      } finally {
        await blackhole.close()
      }
    })

    it('gives up on a name server that does not answer', async () => {
      const clock = fakeTimeouts()
      const error = await expectTimeout(clock, connected({ host: 'kafka', port: 9092 }, resolvingTo(null)))
      expect(error).to.be.instanceOf(RequestTimeoutError)
      expect(error.message).to.include('no connection to kafka:9092')
    })

    it('leaves no timer behind, whether it connects or not', async () => {
      const peer = await start()
      const dead = await deadAddress()
      const clock = fakeTimeouts()
      await connected(peer.address)
      await rejectionOf(connected(dead))
      expect(clock.countTimers()).to.equal(0)
    })

    it('does not count a stall of this process as a time-out of the address', async () => {
      const peer = await start()
      const connecting = connected(peer.address, { connectTimeoutMs: 20 })
      // The socket dials in the next tick; this runs right after it.
      process.nextTick(() => stallFor(40))
      await connecting
    })
  })

  describe('with a signal', () => {
    it('does not start when its signal is aborted already', async () => {
      const openSocket = sinon.spy()
      const error = await rejectionOf(connected({ host: 'h', port: 1 }, { openSocket }, AbortSignal.abort()))
      expect(error).to.be.instanceOf(ConnectionError)
      expect(error.message).to.equal('connecting to h:1 was given up')
      expect(openSocket.callCount).to.equal(0)
    })

    it('ends at once when its signal aborts', async () => {
      const abort = new AbortController()
      const { lookup } = resolvingTo(null)
      const failed = rejectionOf(connected({ host: 'h', port: 1 }, { lookup }, abort.signal))
      abort.abort()
      expect((await failed).message).to.equal('connecting to h:1 was given up')
    })

    it('fails with the reason of the signal where that is a KafkaError', async () => {
      const reason = new DeliveryTimeoutError('close gave up')
      const abort = new AbortController()
      const failed = rejectionOf(connected({ host: 'h', port: 1 }, resolvingTo(null), abort.signal))
      abort.abort(reason)
      expect(await failed).to.equal(reason)
      expect(await rejectionOf(connected({ host: 'h', port: 1 }, {}, abort.signal))).to.equal(reason)
    })

    it('leaves an open connection alone when its signal aborts', async () => {
      const peer = await start()
      const abort = new AbortController()
      const socket = await connected(peer.address, {}, abort.signal)
      abort.abort()
      await turns()
      expect(socket.destroyed).to.equal(false)
    })
  })
})

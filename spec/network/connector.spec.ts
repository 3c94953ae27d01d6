import { connect, Socket, type TcpNetConnectOpts } from 'node:net'
import { expect } from 'chai'
import sinon from 'sinon'
import { ConnectionError, DecodeError, RequestTimeoutError } from '../../lib/errors.js'
import { metadata, metadataRequest } from '../../lib/protocol/messages/index.js'
import { Blackhole } from '../support/scripted/blackhole.js'
import { answerTo, headerOf } from './support/answers.js'
import { connectorOf } from './support/connectors.js'
import { rejectionOf, resolvingTo, systemError } from './support/doubles.js'
import { onRequests, peers } from './support/peer.js'

const quiet = { awaitsAnswer: false, onFrame() {}, onClose() {} }

describe('Connector', () => {
  const start = peers()
  const ends: (() => void)[] = []

  afterEach(() => {
    for (const end of ends.splice(0)) end()
  })

  it('opens sockets with no delay, keep-alive, and the configured send buffer', async () => {
    const peer = await start()
    const openSocket = sinon.spy(connect as (options: TcpNetConnectOpts) => Socket)
    for (const sendBufferBytes of [4096, 0, -1]) {
      const connection = await connectorOf({ openSocket, sendBufferBytes }).open(peer.address, quiet)
      ends.push(() => connection.close(new ConnectionError('the spec has ended')))
    }
    const always = { ...peer.address, noDelay: true, keepAlive: true }
    expect(openSocket.args).to.deep.equal([[{ ...always, writableHighWaterMark: 4096 }], [always], [always]])
  })

  it('resolves names by the given lookup', async () => {
    const peer = await start()
    const { lookup, names } = resolvingTo([{ address: '127.0.0.1', family: 4 }])
    const connection = await connectorOf({ lookup }).open({ ...peer.address, host: 'kafka' }, quiet)
    ends.push(() => connection.close(new ConnectionError('the spec has ended')))
    expect([names, connection.broker]).to.deep.equal([['kafka'], `kafka:${peer.address.port}`])
  })

  it('gives up connecting after its own time limit', async () => {
    const blackhole = await Blackhole.open()
    const error = await rejectionOf(
      connectorOf({ connectTimeoutMs: () => 30 }).open({ host: '127.0.0.1', port: blackhole.port }, quiet),
    )
    await blackhole.close()
    expect(error).to.be.instanceOf(RequestTimeoutError)
    expect(error.message).to.include('within 30 ms')
  })

  it('makes clients that name the client id in every request and limit the size of answers', async () => {
    const clientIds: (string | null)[] = []
    const peer = await start(
      onRequests((socket, request) => {
        clientIds.push(headerOf(request).clientId)
        socket.write(answerTo(request))
      }),
    )
    const ask = async (maxFrameBytes: number): Promise<unknown> => {
      const connector = connectorOf({ clientId: 'mine', maxFrameBytes })
      const client = await connector.connect(peer.address, () => {})
      ends.push(() => client.close(new ConnectionError('the spec has ended')))
      return client.request(metadata, metadataRequest(['t']), { timeoutMs: 1000, version: 0 })
    }
    await ask(1000)
    expect(await rejectionOf(ask(4))).to.be.instanceOf(DecodeError)
    expect(clientIds).to.deep.equal(['mine', 'mine'])
  })

  it('gives up connecting when the signal does', async () => {
    const abort = new AbortController()
    const { lookup } = resolvingTo(null)
    const failed = rejectionOf(
      connectorOf({ lookup }).connect({ host: 'h', port: 1 }, () => {}, abort.signal),
    )
    const reason = new ConnectionError('not wanted any more')
    abort.abort(reason)
    expect(await failed).to.equal(reason)
  })

  describe('counts the attempts in a row that did not connect to a broker', () => {
    it('and asks for the time limit of each attempt by them', async () => {
      const peer = await start()
      const sockets = [refused, refused, () => connect(peer.address), refused]
      const connectTimeoutMs = sinon.stub().returns(1000)
      const connector = connectorOf({ connectTimeoutMs, openSocket: () => sockets.shift()!() })
      await rejectionOf(connector.open(peer.address, quiet))
      await rejectionOf(connector.open(peer.address, quiet))
      const connection = await connector.open(peer.address, quiet)
      ends.push(() => connection.close(new ConnectionError('the spec has ended')))
      await rejectionOf(connector.open(peer.address, quiet))
      expect(connectTimeoutMs.args).to.deep.equal([[0], [1], [2], [0]])
    })

    it('for each broker apart, and without those that were given up on', async () => {
      const connectTimeoutMs = sinon.stub().returns(1000)
      const connector = connectorOf({ connectTimeoutMs, openSocket: refused })
      await rejectionOf(connector.open({ host: '10.0.0.1', port: 1 }, quiet))
      await rejectionOf(connector.open({ host: '10.0.0.2', port: 1 }, quiet))
      const abort = new AbortController()
      const failed = rejectionOf(connector.open({ host: '10.0.0.2', port: 1 }, quiet, abort.signal))
      abort.abort()
      await failed
      await rejectionOf(connector.open({ host: '10.0.0.2', port: 1 }, quiet))
      expect(connectTimeoutMs.args).to.deep.equal([[0], [0], [1], [1]])
    })
  })

  it('begins with the address after the one of the last connection', async () => {
    const peer = await start()
    const { lookup } = resolvingTo([
      { address: '10.0.0.1', family: 4 },
      { address: '10.0.0.2', family: 4 },
      { address: '10.0.0.3', family: 4 },
    ])
    const hosts: unknown[] = []
    const openSocket = ({ host }: TcpNetConnectOpts): Socket => {
      hosts.push(host)
      return connect(peer.address)
    }
    const connector = connectorOf({ lookup, openSocket })
    for (let i = 0; i < 4; i++) {
      const connection = await connector.open({ ...peer.address, host: 'kafka' }, quiet)
      connection.close(new ConnectionError('nothing works behind this address'))
    }
    expect(hosts).to.deep.equal(['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.1'])
  })
})

function refused(): Socket {
  const socket = new Socket()
  setImmediate(() => socket.destroy(systemError('ECONNREFUSED')))
  return socket
}

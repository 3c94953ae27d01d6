/** `connections.max.idle.ms`: what is done when the timer of a socket goes off. */
import { connect, type Socket, type TcpNetConnectOpts } from 'node:net'
import { expect } from 'chai'
import sinon from 'sinon'
import { ConnectionError } from '../../lib/errors.js'
import { BrokerSession } from '../../lib/network/broker-session.js'
import { metadata, metadataRequest } from '../../lib/protocol/messages/index.js'
import { wire } from '../support/wire.js'
import { headerOf } from './support/answers.js'
import { connectorOf } from './support/connectors.js'
import { until } from './support/doubles.js'
import { kafka2_8 } from './support/kinds-of-servers.js'
import { onRequests, peers } from './support/peer.js'

const MAX_IDLE_MS = 540_000

describe('BrokerSession with connections.max.idle.ms', () => {
  const start = peers()
  const sessions: BrokerSession[] = []

  afterEach(() => {
    for (const session of sessions.splice(0)) session.close()
  })

  async function reaching(maxIdleMs: number, onRequest = kafka2_8) {
    const peer = await start(onRequests(onRequest))
    const sockets: Socket[] = []
    const timers: sinon.SinonSpy[] = []
    const openSocket = (options: TcpNetConnectOpts): Socket => {
      const socket = connect(options)
      sockets.push(socket)
      timers.push(sinon.spy(socket, 'setTimeout'))
      return socket
    }
    const disconnects: unknown[] = []
    const session = new BrokerSession(peer.address, {
      connector: connectorOf({ maxIdleMs, openSocket }),
      requestTimeoutMs: 1000,
      listener: { onConnect() {}, onDisconnect: (_, reason) => void disconnects.push(reason) },
    })
    sessions.push(session)
    return { session, sockets, timers, disconnects }
  }

  it('closes a connection that nobody uses, which is reported as closed from this side, and the next request connects', async () => {
    const { session, sockets, timers, disconnects } = await reaching(MAX_IDLE_MS)
    await session.ready(['t'])
    expect(timers[0]!.args[0]![0]).to.equal(MAX_IDLE_MS)
    sockets[0]!.emit('timeout')
    expect([session.state, sockets[0]!.destroyed, disconnects]).to.deep.equal(['idle', true, [null]])
    await session.ready(['t'])
    expect([session.state, sockets.length]).to.deep.equal(['ready', 2])
  })

  it('keeps a connection with a request that is not answered yet', async () => {
    const answers: (() => void)[] = []
    let isDetected = false
    const { session, sockets } = await reaching(MAX_IDLE_MS, (socket, request) => {
      if (!isDetected) kafka2_8(socket, request)
      else answers.push(() => kafka2_8(socket, request))
    })
    const { connection } = await session.ready(['t'])
    isDetected = true
    const asked = connection.request(metadata, metadataRequest(['t']), { timeoutMs: 1000, version: 0 })
    await until(() => answers.length === 1)
    sockets[0]!.emit('timeout')
    expect(session.isConnected).to.equal(true)
    answers[0]!()
    await asked
    sockets[0]!.emit('timeout')
    expect(session.isConnected).to.equal(false)
  })

  it('keeps a connection whose broker holds requests back', async () => {
    let isDetected = false
    const { session, sockets } = await reaching(MAX_IDLE_MS, (socket, request) => {
      if (!isDetected) kafka2_8(socket, request)
      else socket.write(throttled(headerOf(request).correlationId))
    })
    const { connection } = await session.ready(['t'])
    isDetected = true
    await connection.request(metadata, metadataRequest(['t']), { timeoutMs: 1000, version: 6 })
    sockets[0]!.emit('timeout')
    expect(session.isConnected).to.equal(true)
    session.close(new ConnectionError('the spec has ended'))
  })

  for (const maxIdleMs of [0, -1]) {
    it(`sets no timer for ${maxIdleMs}`, async () => {
      const { session, timers } = await reaching(maxIdleMs)
      await session.ready(['t'])
      expect(timers[0]!.args).to.deep.equal([])
    })
  }
})

/** Metadata v6: throttle time, no broker, no cluster id, no controller, no topic. */
function throttled(correlationId: number): Buffer {
  const header = wire().int32(correlationId).int32(60_000)
  return header.int32(0).nullableString(null).int32(-1).int32(0).framed()
}

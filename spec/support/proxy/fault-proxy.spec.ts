import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { expect } from 'chai'
import { FaultProxy } from './fault-proxy.js'

describe('FaultProxy', () => {
  let server: Server
  let proxy: FaultProxy
  let sockets: Socket[]

  beforeEach(async () => {
    sockets = []
    server = createServer({ allowHalfOpen: true })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    proxy = await FaultProxy.listen({ targetPort: (server.address() as AddressInfo).port })
  })

  afterEach(async () => {
    await proxy.close()
    for (const socket of sockets) socket.destroy()
    server.close()
    await once(server, 'close')
  })

  /** Both ends of a new connection through the proxy. */
  async function connected(): Promise<{ client: Socket; target: Socket }> {
    const accepted = once(server, 'connection') as Promise<[Socket]>
    const client = connect({ host: '127.0.0.1', port: proxy.port, allowHalfOpen: true })
    const [target] = await accepted
    sockets.push(client, target)
    for (const socket of [client, target]) socket.on('error', () => {})
    return { client, target }
  }

  /** The first bytes that arrive, this many. */
  async function received(socket: Socket, bytes: number): Promise<string> {
    const chunks: Buffer[] = []
    for (let length = 0; length < bytes; length = Buffer.concat(chunks).length) {
      chunks.push(...((await once(socket, 'data')) as Buffer[]))
    }
    return Buffer.concat(chunks).toString('latin1')
  }

  /** Unlike `once`, an error on the way does not matter. */
  function closed(socket: Socket): Promise<unknown> {
    return new Promise((resolve) => socket.on('close', resolve).resume())
  }

  it('hands bytes on in both directions, and the end of each', async () => {
    const { client, target } = await connected()
    const asked = received(target, 2)
    client.end('ab')
    expect(await asked).to.equal('ab')
    if (!target.readableEnded) await once(target, 'end')
    const answered = received(client, 2)
    target.end('cd')
    expect(await answered).to.equal('cd')
    if (!client.readableEnded) await once(client, 'end')
  })

  it('counts the connections it has accepted and those that are open', async () => {
    const { client } = await connected()
    await connected()
    expect([proxy.accepted, proxy.open]).to.deep.equal([2, 2])
    client.resetAndDestroy()
    while (proxy.open > 1) await new Promise(setImmediate)
    expect(proxy.accepted).to.equal(2)
  })

  it('delays each direction by its own time', async () => {
    const { client, target } = await connected()
    proxy.faults = { toTarget: { delayMs: 20 }, toClient: { delayMs: 40 } }
    const startMs = performance.now()
    const arrived = received(target, 1)
    client.write('a')
    await arrived
    const thereMs = performance.now()
    const answered = received(client, 1)
    target.write('b')
    await answered
    expect(thereMs - startMs).to.be.at.least(19)
    expect(performance.now() - thereMs).to.be.at.least(39)
  })

  it('lets the first byte of a new connection wait for the handshake, as on a high-latency network', async () => {
    proxy.faults = { toTarget: { delayMs: 10 }, toClient: { delayMs: 10 } }
    const startMs = performance.now()
    const { client, target } = await connected()
    const arrived = received(target, 1)
    client.write('a')
    await arrived
    expect(performance.now() - startMs).to.be.at.least(29)
  })

  it('keeps the order when the delay shrinks', async () => {
    const { client, target } = await connected()
    proxy.faults = { toTarget: { delayMs: 30 } }
    const arrived = received(target, 2)
    client.write('a')
    // What passes on another connection shows that the proxy has read the first byte.
    const other = await connected()
    const passed = received(other.client, 1)
    other.target.write('x')
    await passed
    proxy.faults = {}
    client.write('b')
    expect(await arrived).to.equal('ab')
  })

  it('passes no more bytes per second than its limit', async () => {
    const { client, target } = await connected()
    proxy.faults = { toClient: { bytesPerSecond: 400_000 } }
    const startMs = performance.now()
    target.write(Buffer.alloc(40_000))
    await received(client, 40_000)
    expect(performance.now() - startMs).to.be.at.least(99)
  })

  it('holds everything in a black hole, and delivers it afterwards', async () => {
    const { client, target } = await connected()
    proxy.faults = { toClient: { isBlackHole: true } }
    let arrived = ''
    client.on('data', (chunk) => {
      arrived += chunk
    })
    const asked = received(target, 1)
    client.write('a')
    await asked
    target.write('b')
    // The other direction and other connections are alive; a full round trip of theirs is time enough.
    const other = await connected()
    const seen = received(other.target, 1)
    other.client.write('x')
    await seen
    expect(arrived).to.equal('')
    const delivered = once(client, 'data')
    proxy.faults = {}
    await delivered
    expect(arrived).to.equal('b')
  })

  for (const how of ['close', 'reset'] as const) {
    it(`lets a number of bytes of a direction pass and then does a ${how}`, async () => {
      proxy.faults = { toClient: { endAfter: { bytes: 3, how } } }
      const { client, target } = await connected()
      const errors: string[] = []
      client.on('error', (error: NodeJS.ErrnoException) => errors.push(String(error.code)))
      let arrived = ''
      client.on('data', (chunk) => {
        arrived += chunk
      })
      client.on('end', () => client.end())
      const ended = closed(client)
      target.write('ab')
      target.write('cd')
      await ended
      expect(arrived).to.equal('abc')
      expect(errors).to.deep.equal(how === 'reset' ? ['ECONNRESET'] : [])
    })
  }

  it('reads no more than it can hand on', async () => {
    const { client, target } = await connected()
    proxy.faults = { toTarget: { isBlackHole: true } }
    target.on('data', () => {})
    client.write(Buffer.alloc(64 * 1024 * 1024))
    let before = -1
    while (client.bytesWritten - client.writableLength !== before || client.writableLength === 0) {
      before = client.bytesWritten - client.writableLength
      for (let turn = 0; turn < 100; turn++) await new Promise(setImmediate)
    }
    expect(client.writableLength).to.be.greaterThan(0)
  })

  it('resets connections while its target is not there', async () => {
    server.close()
    await once(server, 'close')
    const client = connect({ host: '127.0.0.1', port: proxy.port })
    const [error] = (await once(client, 'error')) as [NodeJS.ErrnoException]
    expect(error.code).to.equal('ECONNRESET')
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
  })

  it('ends what is open on demand', async () => {
    const { client, target } = await connected()
    const ended = Promise.all([closed(client), closed(target)])
    proxy.endAll('reset')
    await ended
    expect(proxy.open).to.equal(0)
  })
})

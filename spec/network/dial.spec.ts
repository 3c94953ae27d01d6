import { Socket } from 'node:net'
import { expect } from 'chai'
import sinon from 'sinon'
import type { BrokerAddress } from '../../lib/broker-address.js'
import { Dial } from '../../lib/network/dial.js'
import { type Resolved, resolvingTo, systemError } from './support/doubles.js'

describe('Dial', () => {
  let clock: sinon.SinonFakeTimers
  let sockets: Socket[]
  let hosts: (string | undefined)[]
  let connected: Socket[]
  let failed: (Error | null)[]

  beforeEach(() => {
    clock = sinon.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    sockets = []
    hosts = []
    connected = []
    failed = []
  })
  afterEach(() => {
    for (const socket of sockets) socket.destroy()
  })

  async function dial(...addresses: string[]): Promise<Dial> {
    const answer = addresses.map((address): Resolved => ({ address, family: address.includes(':') ? 6 : 4 }))
    const openSocket = ({ host }: BrokerAddress): Socket => {
      const socket = new Socket()
      sockets.push(socket)
      hosts.push(host)
      return socket
    }
    const options = { openSocket, lookup: resolvingTo(answer).lookup }
    const made = new Dial({ host: 'kafka', port: 9092 }, options, {
      onConnected: (socket) => void connected.push(socket),
      onFailed: (cause) => void failed.push(cause),
    })
    await clock.tickAsync(0)
    return made
  }

  const destroyed = (): boolean[] => sockets.map((socket) => socket.destroyed)

  it('keeps a slow first address while later ones are tried, and uses it when it connects', async () => {
    await dial('10.0.0.1', '10.0.0.2')
    clock.tick(249)
    expect(hosts).to.deep.equal(['10.0.0.1'])
    clock.tick(1)
    expect(hosts).to.deep.equal(['10.0.0.1', '10.0.0.2'])
    clock.tick(5000)
    expect(destroyed()).to.deep.equal([false, false])
    sockets[0]!.emit('connect')
    expect(connected).to.deep.equal([sockets[0]])
    expect(destroyed(), 'the other one is closed').to.deep.equal([false, true])
    expect(clock.countTimers()).to.equal(0)
  })

  it('uses a later address that connects first, and closes the earlier one', async () => {
    await dial('10.0.0.1', '10.0.0.2', '10.0.0.3')
    clock.tick(250)
    sockets[1]!.emit('connect')
    expect([connected, destroyed()]).to.deep.equal([[sockets[1]], [true, false]])
    clock.tick(1000)
    expect(hosts, 'the third one is not tried').to.have.length(2)
  })

  it('tries the next address at once when one has failed, and from then on every 250 ms', async () => {
    await dial('10.0.0.1', '10.0.0.2', '10.0.0.3')
    clock.tick(100)
    sockets[0]!.emit('error', systemError('ECONNREFUSED'))
    expect(hosts).to.have.length(2)
    clock.tick(249)
    expect(hosts).to.have.length(2)
    clock.tick(1)
    expect(hosts).to.have.length(3)
  })

  it('keeps waiting for a slow address after the last one has failed', async () => {
    await dial('10.0.0.1', '10.0.0.2')
    clock.tick(250)
    sockets[1]!.emit('error', systemError('ECONNREFUSED'))
    expect(failed).to.deep.equal([])
    sockets[0]!.emit('connect')
    expect(connected).to.deep.equal([sockets[0]])
  })

  it('fails once when all addresses have failed, with the error of each', async () => {
    await dial('10.0.0.1', '10.0.0.2')
    const causes = [systemError('ECONNREFUSED'), systemError('EHOSTUNREACH')]
    sockets[0]!.emit('error', causes[0])
    sockets[1]!.emit('error', causes[1])
    expect(failed.map((cause) => (cause as AggregateError).errors)).to.deep.equal([causes])
    expect(destroyed()).to.deep.equal([true, true])
  })

  it('alternates between address families, that of the first address first', async () => {
    await dial('::1', '::2', '::3', '10.0.0.1', '10.0.0.2')
    clock.tick(1000)
    expect(hosts).to.deep.equal(['::1', '10.0.0.1', '::2', '10.0.0.2', '::3'])
  })

  it('tries every address where the second family has more of them', async () => {
    await dial('::1', '10.0.0.1', '10.0.0.2', '10.0.0.3')
    clock.tick(1000)
    expect(hosts).to.deep.equal(['::1', '10.0.0.1', '10.0.0.2', '10.0.0.3'])
  })

  it('closes all open attempts when it is cancelled, and tries no further address', async () => {
    const dialled = await dial('10.0.0.1', '10.0.0.2', '10.0.0.3')
    clock.tick(250)
    dialled.cancel()
    expect(destroyed()).to.deep.equal([true, true])
    clock.tick(1000)
    expect([hosts.length, connected, failed, clock.countTimers()]).to.deep.equal([2, [], [], 0])
  })
})

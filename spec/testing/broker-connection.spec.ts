import { once } from 'node:events'
import { connect } from 'node:net'
import { expect } from 'chai'
import { delayMs, holdUntil, type TestCluster } from '../../lib/testing/index.js'
import { metadataRequest, produceRequest } from '../support/scripted/raw-requests.js'
import { messageSet } from '../support/wire-message-set.js'
import { produceOf, RawStage } from './support/raw-stage.js'

/** Much more than a socket of either side takes unread. */
const MANY = 64

function nextRequest(cluster: TestCluster): Promise<void> {
  return new Promise((resolve) => cluster.once('request', () => resolve()))
}

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve))
}

function timers(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length
}

describe('A connection to a test broker', () => {
  const stage = new RawStage()
  let cluster: TestCluster

  beforeEach(async () => {
    cluster = await stage.start()
    cluster.createTopic('t')
  })

  afterEach(() => stage.close())

  it('ends when its broker stops, and a held request is not stored, even when released', async () => {
    let release = (): void => {}
    cluster.faults.on('Produce', {}, holdUntil(new Promise<void>((resolve) => (release = resolve))))
    const client = await stage.connect(cluster)
    const held = nextRequest(cluster)
    client.write(produceRequest(1))
    await held

    await cluster.close()
    release()
    await turns(5)

    expect(await client.answer()).to.equal(undefined)
    expect(cluster.messages('t')).to.deep.equal([])
  })

  it('leaves no timer of a delay behind', async () => {
    cluster.faults.on('Produce', {}, delayMs(600_000))
    const client = await stage.connect(cluster)
    const before = timers()
    const delayed = nextRequest(cluster)
    client.write(produceRequest(1))
    await delayed
    await turns(1)
    expect(timers(), 'while it waits').to.equal(before + 1)
    await cluster.close()
    expect(timers(), 'after close').to.equal(before)
  })

  it('handles all requests that a client sent before it ended', async () => {
    cluster.faults.on('Produce', {}, delayMs(20))
    const socket = connect(cluster.broker(0).port, '127.0.0.1').resume()
    for (let id = 1; id <= 5; id++) socket.write(produceRequest(id, { acks: 0 }))
    socket.end()
    await once(socket, 'close')
    expect(cluster.messages('t')).to.have.lengthOf(5)
  })

  it('still answers a client that has ended its own side', async () => {
    const socket = connect({ port: cluster.broker(0).port, host: '127.0.0.1', allowHalfOpen: true })
    socket.end(metadataRequest(7, 't'))
    const [answer] = (await once(socket, 'data')) as [Buffer]
    expect(answer.readInt32BE(4), 'its correlation id').to.equal(7)
    await once(socket, 'close')
  })

  it('reads nothing more while a request is held, and goes on after it', async () => {
    let release = (): void => {}
    cluster.faults.on('Produce', {}, holdUntil(new Promise<void>((resolve) => (release = resolve))))
    const socket = connect(cluster.broker(0).port, '127.0.0.1').resume()
    const held = nextRequest(cluster)
    const request = produceOf([['t', 0, messageSet([{ value: Buffer.alloc(900_000) }])]], { acks: 0 })
    socket.write(request)
    await held
    for (let count = 1; count < MANY; count++) socket.write(request)
    await turns(200)
    expect(socket.writableLength, 'bytes that found no room').to.be.above(0)

    release()
    socket.end()
    await once(socket, 'close')

    expect(cluster.messages('t')).to.have.lengthOf(MANY)
  })

  it('is not ended by a listener that throws: the error surfaces as uncaught', async () => {
    const theirs = process.rawListeners('uncaughtException') as NodeJS.UncaughtExceptionListener[]
    process.removeAllListeners('uncaughtException')
    try {
      const surfaced = once(process, 'uncaughtException')
      cluster.once('request', () => {
        throw new Error('an expectation of a spec')
      })
      const client = await stage.connect(cluster)
      client.write(metadataRequest(1, 't'))
      const [error] = (await surfaced) as [Error]
      expect(error.message).to.equal('an expectation of a spec')
      expect((await client.answer())?.readInt32BE(0)).to.equal(1)
    } finally {
      for (const listener of theirs) process.on('uncaughtException', listener)
    }
  })
})

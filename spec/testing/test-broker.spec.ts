import { once } from 'node:events'
import { createServer } from 'node:net'
import { expect } from 'chai'
import { metadataRequest } from '../support/scripted/raw-requests.js'
import { metadataIn, RawStage } from './support/raw-stage.js'

/** Where systems begin to hand out ports for outgoing connections: Linux 32768, others later. */
const FIRST_EPHEMERAL_PORT = 32_768

describe('TestBroker', () => {
  const stage = new RawStage()

  afterEach(() => stage.close())

  it('listens on a port that no outgoing connection is given while it is down', async () => {
    const cluster = await stage.start({ brokers: 8 })
    const ports = Array.from({ length: 8 }, (_, id) => cluster.broker(id).port)
    expect(new Set(ports).size, 'ports of their own').to.equal(8)
    expect(Math.max(...ports)).to.be.below(FIRST_EPHEMERAL_PORT)
  })

  it('restarts on another port with port 0, and metadata has the new port', async () => {
    const cluster = await stage.start({ brokers: 2 })
    cluster.createTopic('t')
    const { port } = cluster.broker(1)
    await cluster.stopBroker(1)
    await cluster.startBroker(1, { port: 0 })
    expect(cluster.broker(1).port).not.to.equal(port)
    const client = await stage.connect(cluster, 0)
    client.write(metadataRequest(1, 't'))
    expect(metadataIn(await client.answer()).brokers[1]?.port).to.equal(cluster.broker(1).port)
  })

  it('is down after a start on a port in use, and can be started again', async () => {
    const cluster = await stage.start()
    const other = createServer()
    await once(other.listen(0, '127.0.0.1'), 'listening')
    const { port } = other.address() as { port: number }
    const before = cluster.broker(0).port
    await cluster.stopBroker(0)
    const error = await cluster.startBroker(0, { port }).catch((cause: NodeJS.ErrnoException) => cause)
    other.close()
    expect(error).to.have.property('code', 'EADDRINUSE')
    expect(cluster.broker(0).isUp).to.equal(false)
    await cluster.startBroker(0)
    expect([cluster.broker(0).isUp, cluster.broker(0).port]).to.deep.equal([true, before])
  })
})

import { createConnection } from 'node:net'
import { expect } from 'chai'
import { wire } from '../wire.js'
import { RawClient } from './raw-client.js'
import { metadataRequest, produceAnswer, produceRequest, topicErrors } from './raw-requests.js'
import { metadataRequests, produceRequests } from './recording.js'
import type { ClusterScript, Rule } from './script.js'
import { ScriptedCluster } from './scripted-cluster.js'

const oneBroker: ClusterScript = {
  brokers: 1,
  topics: {
    t: {
      partitions: [
        { id: 0, leader: 0 },
        { id: 1, leader: -1 },
      ],
    },
  },
}

describe('ScriptedCluster', () => {
  let cluster: ScriptedCluster
  const clients: RawClient[] = []

  async function start(script: ClusterScript, rules: Rule[] = []): Promise<void> {
    cluster = await ScriptedCluster.start(script, rules)
  }

  async function connect(broker = 0, options = {}): Promise<RawClient> {
    const client = await RawClient.connect(cluster.port(broker), options)
    clients.push(client)
    return client
  }

  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.close()))
    await cluster.close()
  })

  describe('as a well-behaved cluster', () => {
    it('answers metadata with its brokers, partitions and leaders', async () => {
      await start(oneBroker)
      const client = await connect()
      client.write(metadataRequest(7, 't'))
      const expected = wire()
        .int32(7)
        .array([0], (to, id) => to.int32(id).string('127.0.0.1').int32(cluster.port(0)))
        .array(['t'], (to, topic) =>
          to
            .int16(0)
            .string(topic)
            .int32(2)
            .raw('0000 00000000 00000000 00000001 00000000 00000001 00000000')
            .raw('0005 00000001 ffffffff 00000000 00000000'),
        )
        .build()
      expect((await client.answer())?.toString('hex')).to.equal(expected.toString('hex'))
    })

    it('acknowledges a produce request with growing offsets', async () => {
      await start(oneBroker)
      const client = await connect()
      client.write(Buffer.concat([produceRequest(1), produceRequest(2)]))
      expect(await client.answer()).to.deep.equal(produceAnswer(1, 0, 0, 0))
      expect(await client.answer()).to.deep.equal(produceAnswer(2, 0, 0, 1))
    })

    it('refuses a partition it does not lead with 6 and one that does not exist with 3', async () => {
      await start({ brokers: 2, topics: { t: { partitions: [{ id: 0, leader: 1 }] } } })
      const client = await connect(0)
      client.write(produceRequest(1))
      expect(await client.answer()).to.deep.equal(produceAnswer(1, 0, 6, -1))
      client.write(produceRequest(2, { partition: 9 }))
      expect(await client.answer()).to.deep.equal(produceAnswer(2, 9, 3, -1))
    })

    it('does not answer acks 0, and closes the connection where there was an error', async () => {
      await start(oneBroker, [{ on: 'produce', nth: 2, error: 6 }])
      const client = await connect()
      client.write(produceRequest(1, { acks: 0 }))
      client.write(produceRequest(2, { acks: 0 }))
      expect(await client.answer()).to.equal(undefined)
      expect(cluster.recording.connections[0]).to.include({ closedBy: 'broker' })
      expect(produceRequests(cluster.recording)).to.have.length(2)
    })

    it('creates an unknown topic after the scripted number of answers', async () => {
      const topic = { partitions: [{ id: 0, leader: 0 }] }
      await start({ brokers: 1, autoCreate: { after: 2, topic } })
      const client = await connect()
      const errors: number[] = []
      for (const id of [1, 2, 3]) {
        client.write(metadataRequest(id, 'fresh'))
        errors.push(...topicErrors(await client.answer()))
      }
      expect(errors).to.deep.equal([5, 5, 0])
    })

    it('has no topic that was not created', async () => {
      await start(oneBroker)
      const client = await connect()
      client.write(metadataRequest(1, 'nope'))
      expect(topicErrors(await client.answer())).to.deep.equal([3])
    })

    it('closes the connection on a request that 0.8 does not support, and on bytes that are no request', async () => {
      await start(oneBroker)
      const [probing, confused] = [await connect(), await connect()]
      probing.write(wire().requestHeader(18, 0, 1, 'c1').framed())
      await probing.closed()
      confused.write(wire().int16(0).framed())
      await confused.closed()
      expect(cluster.recording.requests.map(({ api }) => api)).to.deep.equal(['unknown', 'garbage'])
    })

    it('leaves unlisted brokers out and advertises the scripted address', async () => {
      await start({ ...oneBroker, brokers: 3, unlisted: [1], advertise: { 0: { brokerPort: 2 } } })
      const client = await connect()
      client.write(metadataRequest(1))
      await client.answer()
      const ports = metadataRequests(cluster.recording)[0]!.answer!.brokers.map(({ id, port }) => [id, port])
      expect(ports).to.deep.equal([
        [0, cluster.port(2)],
        [2, cluster.port(2)],
      ])
    })
  })

  describe('as a recorder', () => {
    it('keeps each request decoded, as hex, with its broker, connection and time', async () => {
      await start(oneBroker)
      const client = await connect()
      client.write(produceRequest(5))
      await client.answer()
      const [request] = produceRequests(cluster.recording)
      expect(request).to.include({
        broker: 0,
        connection: 1,
        correlationId: 5,
        clientId: 'c1',
        apiVersion: 0,
      })
      expect(request!.hex).to.equal(produceRequest(5).toString('hex').slice(8))
      expect(request!.body).to.include({ acks: 1, timeoutMs: 1000 })
      const [set] = request!.body.topics[0]!.partitions
      expect(
        set!.messages.map(({ key, value, crcIsValid }) => [`${key}`, `${value}`, crcIsValid]),
      ).to.deep.equal([['k', 'v', true]])
      expect(request!.answeredAtMs!).to.be.at.least(request!.atMs)
    })

    it('reports whether the client or the broker closed a connection', async () => {
      await start(oneBroker, [{ on: 'produce', action: 'close' }])
      const [first, second] = [await connect(), await connect()]
      first.write(produceRequest(1))
      await first.closed()
      expect(await cluster.isLeftAlone(0)).to.equal(false)
      await second.close()
      expect(await cluster.isLeftAlone(1000)).to.equal(true)
      expect(cluster.recording.connections.map(({ closedBy }) => closedBy)).to.deep.equal([
        'broker',
        'client',
      ])
    })
  })

  describe('with brokers that cannot be reached', () => {
    it('refuses connections while a broker is down, and serves the same port when it is up again', async () => {
      await start({ ...oneBroker, down: [0] })
      const port = cluster.port(0)
      const refused = await connect().catch((error: NodeJS.ErrnoException) => error.code)
      expect(refused).to.equal('ECONNREFUSED')
      await cluster.apply({ up: 0 })
      expect(cluster.port(0)).to.equal(port)
      await connect()
    })

    it('closes the connections of a broker that goes down', async () => {
      await start(oneBroker)
      const client = await connect()
      await cluster.apply({ down: 0 })
      await client.closed()
    })

    it('never answers a connection attempt to a blackhole', async () => {
      await start({ ...oneBroker, brokers: 2, blackhole: [1] })
      const unanswered = createConnection({ port: cluster.port(1), host: '127.0.0.1' }).on('error', () => {})
      const answered = await connect(0)
      answered.write(metadataRequest(1))
      await answered.answer()
      const isConnecting = unanswered.connecting
      unanswered.destroy()
      expect(isConnecting).to.equal(true)
    })
  })

  it('closes twice as once, and nothing listens afterwards', async () => {
    await start({ ...oneBroker, brokers: 2 })
    const client = await connect()
    expect(cluster.close()).to.equal(cluster.close())
    await cluster.close()
    await client.closed()
    const refused = await connect().catch((error: NodeJS.ErrnoException) => error.code)
    expect(refused).to.equal('ECONNREFUSED')
  })
})

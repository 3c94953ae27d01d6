import { expect } from 'chai'
import { wire } from '../wire.js'
import { RawClient } from './raw-client.js'
import { metadataRequest, produceAnswer, produceRequest, topicErrors } from './raw-requests.js'
import { metadataRequests, produceRequests } from './recording.js'
import type { Action, ClusterScript, Rule } from './script.js'
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

describe('the rules of a ScriptedCluster', () => {
  let cluster: ScriptedCluster
  const clients: RawClient[] = []

  async function start(rules: Rule[]): Promise<void> {
    cluster = await ScriptedCluster.start(oneBroker, rules)
  }

  async function connect(options = {}): Promise<RawClient> {
    const client = await RawClient.connect(cluster.port(0), options)
    clients.push(client)
    return client
  }

  /** A connection may have ended before the client sees that it was accepted. */
  async function connectionEnds(): Promise<void> {
    const client = await connect().catch(() => undefined)
    await client?.closed()
  }

  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.close()))
    await cluster.close()
  })

  const intact = wire()
    .raw(produceAnswer(1, 0, 0, 0))
    .framed()
  const half = intact.subarray(0, intact.length >> 1)
  const wrongId = wire()
    .raw(produceAnswer(2, 0, 0, 0))
    .framed()
  const rows: [Action, string, Buffer, boolean][] = [
    ['close', 'closes instead of answering', Buffer.alloc(0), true],
    ['silent', 'never answers', Buffer.alloc(0), false],
    ['half', 'sends half an answer and closes', half, true],
    ['halfSilent', 'sends half an answer and no more', half, false],
    ['drip', 'sends the answer byte by byte', intact, false],
    ['badCorrelation', 'answers under another correlation id', wrongId, false],
    ['zeroSize', 'announces an empty frame', Buffer.alloc(4), false],
    [
      'zeroSizeThenFrame',
      'announces an empty frame before the answer',
      Buffer.concat([Buffer.alloc(4), intact]),
      false,
    ],
    ['negSize', 'announces a negative size', Buffer.from('ffffffff', 'hex'), false],
    [
      'truncatedBody',
      'truncates the answer',
      wire()
        .raw(produceAnswer(1, 0, 0, 0).subarray(0, -3))
        .framed(),
      false,
    ],
    [
      'trailing',
      'puts bytes behind the answer',
      wire()
        .raw(produceAnswer(1, 0, 0, 0))
        .raw('000000')
        .framed(),
      false,
    ],
  ]
  for (const [action, what, bytes, closes] of rows) {
    it(`${action}: ${what}`, async () => {
      await start([{ on: 'produce', nth: 1, action, dripMs: 1 }])
      const client = await connect({ splitFrames: false })
      client.write(produceRequest(1))
      if (closes) await client.closed()
      // The second answer shows that the first has completed and that the connection still serves.
      const next = closes
        ? Buffer.alloc(0)
        : wire()
            .raw(produceAnswer(9, 0, 0, 1))
            .framed()
      if (!closes) client.write(produceRequest(9))
      const received = await client.received(bytes.length + next.length)
      expect(received.toString('hex')).to.equal(Buffer.concat([bytes, next]).toString('hex'))
    })
  }

  it('reset: resets the connection', async () => {
    await start([{ on: 'produce', action: 'reset' }])
    const client = await connect()
    client.write(produceRequest(1))
    await client.closed()
    expect(client.error?.code).to.equal('ECONNRESET')
  })

  it('gives the scripted error to the partition a rule names', async () => {
    await start([{ on: 'produce', topic: 't', partition: 0, nth: 1, error: 7 }])
    const client = await connect()
    client.write(produceRequest(1))
    expect(await client.answer()).to.deep.equal(produceAnswer(1, 0, 7, -1))
  })

  it('gives scripted errors by partition', async () => {
    await start([{ on: 'produce', partitionErrors: { 0: 10 } }])
    const client = await connect()
    client.write(produceRequest(1))
    expect(await client.answer()).to.deep.equal(produceAnswer(1, 0, 10, -1))
  })

  it('drops and adds entries and renames the topic of an answer', async () => {
    await start([
      { on: 'produce', nth: 1, dropPartition: 0, extraPartition: 4, extraError: 6 },
      { on: 'produce', nth: 2, renameTopic: 'zzz' },
    ])
    const client = await connect()
    client.write(produceRequest(1))
    expect(await client.answer()).to.deep.equal(produceAnswer(1, 4, 6, -1))
    client.write(produceRequest(2))
    expect((await client.answer())?.includes('zzz')).to.equal(true)
  })

  it('waits before an answer, and the later answers of that connection wait with it', async () => {
    await start([{ on: 'produce', nth: 1, delayMs: 40 }])
    const client = await connect()
    client.write(Buffer.concat([produceRequest(1), produceRequest(2)]))
    await client.answer()
    await client.answer()
    const [first, second] = produceRequests(cluster.recording)
    expect(first!.answeredAtMs! - first!.atMs).to.be.at.least(39)
    expect(second!.atMs).to.be.at.least(first!.answeredAtMs!)
  })

  it('answers a topic error instead of its partitions', async () => {
    await start([{ on: 'metadata', from: 2, topicError: 5 }])
    const client = await connect()
    client.write(Buffer.concat([metadataRequest(1, 't'), metadataRequest(2, 't')]))
    expect([topicErrors(await client.answer()), topicErrors(await client.answer())]).to.deep.equal([[0], [5]])
    expect(metadataRequests(cluster.recording)[1]!.answer!.topics[0]!.partitions).to.deep.equal([])
  })

  it('moves a leader before a metadata answer is built, and after a produce answer', async () => {
    const toNobody = { leader: { topic: 't', partition: 0, to: -1 } }
    const back = { leader: { topic: 't', partition: 0, to: 0 } }
    await start([
      { on: 'metadata', nth: 1, before: [back] },
      // biome-ignore lint/suspicious/noThenProperty: the recorded scenarios call it so
      { on: 'produce', nth: 1, then: [toNobody] },
    ])
    const client = await connect()
    client.write(produceRequest(1))
    expect(await client.answer()).to.deep.equal(produceAnswer(1, 0, 0, 0))
    client.write(produceRequest(2))
    expect(await client.answer()).to.deep.equal(produceAnswer(2, 0, 6, -1))
    client.write(metadataRequest(3, 't'))
    await client.answer()
    expect(metadataRequests(cluster.recording)[0]!.answer!.topics[0]!.partitions[0]!.leader).to.equal(0)
  })

  it('closes, resets or ignores a connection as it comes', async () => {
    await start([
      { on: 'connect', nth: 1, action: 'close' },
      { on: 'connect', nth: 2, action: 'reset' },
      { on: 'connect', nth: 3, action: 'silent' },
    ])
    await connectionEnds()
    await connectionEnds()
    const ignored = await connect()
    const served = await connect()
    ignored.write(produceRequest(1))
    served.write(produceRequest(2))
    await served.answer()
    expect(produceRequests(cluster.recording).map(({ correlationId }) => correlationId)).to.deep.equal([2])
  })
})

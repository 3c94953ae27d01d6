import { expect } from 'chai'
import sinon from 'sinon'
import type { EraName, TestCluster, TestClusterOptions } from '../../lib/testing/index.js'
import { type Identity, numberedBatch, TransactionalClient, values } from './support/numbered-batches.js'
import { RawStage } from './support/raw-stage.js'

const transactionalId = 'tx'
const isTransactional = true

describe('A test cluster and a transactional producer', () => {
  const stage = new RawStage()
  let cluster: TestCluster
  let client: TransactionalClient
  afterEach(() => stage.close())

  async function connect(era: EraName = '2.8', options: TestClusterOptions = {}): Promise<void> {
    cluster = await stage.start({ era, ...options })
    cluster.createTopic('t', { partitions: 2 })
    client = new TransactionalClient(await stage.connect(cluster))
  }

  /** Adds partition 0 and writes the values to it, from a number on. */
  async function write(identity: Identity, baseSequence: number, ...texts: string[]): Promise<string> {
    await client.addPartitions(transactionalId, identity, [0])
    return client.produce(numberedBatch(identity, baseSequence, texts, { isTransactional }), {
      transactionalId,
    })
  }

  it('has messages in committed() once the transaction is committed, with a marker behind them', async () => {
    await connect()
    const identity = await client.ready(transactionalId)
    expect(await write(identity, 0, 'a', 'b')).to.equal('0@0')
    expect(values(cluster.messages('t'))).to.deep.equal(['a', 'b'])
    expect(values(cluster.committed('t'))).to.deep.equal([])
    expect(await client.end(transactionalId, identity, true)).to.equal(0)
    expect(values(cluster.committed('t'))).to.deep.equal(['a', 'b'])
    const { producerId, producerEpoch } = identity
    expect(cluster.markers('t')).to.deep.equal([
      { partition: 0, offset: 2n, type: 'COMMIT', producerId, producerEpoch },
    ])
    expect(await write(identity, 2, 'c'), 'behind the marker').to.equal('0@3')
  })

  it('never has messages of an aborted transaction in committed()', async () => {
    await connect()
    const identity = await client.ready(transactionalId)
    await write(identity, 0, 'aborted')
    expect(await client.end(transactionalId, identity, false)).to.equal(0)
    await write(identity, 1, 'kept')
    await client.end(transactionalId, identity, true)
    expect(values(cluster.committed('t'))).to.deep.equal(['kept'])
    expect(cluster.markers('t').map(({ type, offset }) => `${type}@${offset}`)).to.deep.equal([
      'ABORT@1',
      'COMMIT@3',
    ])
  })

  it('ends committed() before the first message of an open transaction', async () => {
    await connect()
    const identity = await client.ready(transactionalId)
    const plain = numberedBatch({ producerId: -1n, producerEpoch: -1 }, -1, ['plain'])
    await client.produce(plain)
    await write(identity, 0, 'open')
    await client.produce(plain)
    expect(values(cluster.committed('t'))).to.deep.equal(['plain'])
    await client.end(transactionalId, identity, true)
    expect(values(cluster.committed('t'))).to.deep.equal(['plain', 'open', 'plain'])
  })

  it('writes a marker to each partition that was added, and to no other', async () => {
    await connect()
    const identity = await client.ready(transactionalId)
    await client.addPartitions(transactionalId, identity, [1])
    await client.end(transactionalId, identity, true)
    expect(cluster.markers('t').map(({ partition }) => partition)).to.deep.equal([1])
  })

  it('fences a producer when another one of its transactional id starts, and aborts its transaction', async () => {
    await connect()
    const ended: string[] = []
    cluster.on('transaction', ({ type, cause }) => ended.push(`${type} by ${cause}`))
    const older = await client.ready(transactionalId)
    await write(older, 0, 'lost')
    await client.addOffsets(transactionalId, older, 'readers')
    expect(await client.commitOffset(transactionalId, older, 'readers', 7)).to.equal(0)
    expect((await client.init(transactionalId)).code, 'while the transaction is aborted').to.equal(51)
    const newer = await client.init(transactionalId)
    expect(newer).to.deep.equal({
      code: 0,
      producerId: older.producerId,
      producerEpoch: older.producerEpoch + 2,
    })
    expect(ended).to.deep.equal(['ABORT by InitProducerId'])
    expect(await write(older, 1, 'late')).to.equal('47@-1')
    expect(await client.addPartitions(transactionalId, older, [0])).to.deep.equal([47])
    expect(await client.commitOffset(transactionalId, older, 'readers', 8)).to.equal(47)
    expect(await client.end(transactionalId, older, true)).to.equal(47)
    expect(await client.initAgain(transactionalId, older)).to.equal(47)
    expect(await write(newer, 0, 'kept')).to.equal('0@2')
    await client.end(transactionalId, newer, true)
    expect(values(cluster.committed('t'))).to.deep.equal(['kept'])
  })

  it('aborts a transaction whose time limit has passed, and fences its producer', async () => {
    await connect()
    const identity = await client.init(transactionalId, { timeoutMs: 5000 })
    const clock = sinon.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    try {
      await write(identity, 0, 'late')
      clock.tick(4999)
      expect(cluster.markers('t')).to.deep.equal([])
      const ended: string[] = []
      cluster.on('transaction', ({ cause, producerEpoch }) => ended.push(`${cause} ${producerEpoch}`))
      clock.tick(1)
      expect(ended).to.deep.equal(['timeout 1'])
      expect(cluster.markers('t').map(({ type }) => type)).to.deep.equal(['ABORT'])
      expect(await client.end(transactionalId, identity, true)).to.equal(47)
    } finally {
      clock.restore()
    }
  })

  it('limits the time of each transaction from its first partition on, and of none that has ended', async () => {
    await connect()
    const identity = await client.init(transactionalId, { timeoutMs: 5000 })
    const clock = sinon.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    try {
      await client.addPartitions(transactionalId, identity, [0])
      clock.tick(4000)
      await client.addPartitions(transactionalId, identity, [1])
      await client.end(transactionalId, identity, true)
      expect(clock.countTimers(), 'after its end').to.equal(0)
      await client.addPartitions(transactionalId, identity, [0])
      clock.tick(4000)
      await client.addPartitions(transactionalId, identity, [1])
      clock.tick(1000)
      expect(cluster.markers('t').map(({ type }) => type)).to.deep.equal([
        'COMMIT',
        'ABORT',
        'COMMIT',
        'ABORT',
      ])
    } finally {
      clock.restore()
    }
  })

  it('has the offsets of a group once the transaction is committed', async () => {
    await connect()
    const identity = await client.ready(transactionalId)
    expect(await client.addOffsets(transactionalId, identity, 'readers')).to.equal(0)
    expect(await client.commitOffset(transactionalId, identity, 'readers', 7)).to.equal(0)
    expect(cluster.committedOffsets('readers')).to.deep.equal([])
    await client.end(transactionalId, identity, true)
    const committed = { topic: 't', partition: 0, offset: 7n, leaderEpoch: -1, metadata: 'meta' }
    expect(cluster.committedOffsets('readers')).to.deep.equal([committed])
    await client.addOffsets(transactionalId, identity, 'readers')
    await client.commitOffset(transactionalId, identity, 'readers', 9)
    await client.end(transactionalId, identity, false)
    await client.addOffsets(transactionalId, identity, 'readers')
    await client.end(transactionalId, identity, true)
    expect(cluster.committedOffsets('readers'), 'after an abort').to.deep.equal([committed])
  })

  const refusals: readonly [what: string, code: number, ask: (identity: Identity) => Promise<unknown>][] = [
    ['EndTxn before there is anything to end', 48, (identity) => client.end(transactionalId, identity, true)],
    ['EndTxn of an unknown transactional id', 49, (identity) => client.end('other', identity, true)],
    [
      'EndTxn of another producer id',
      49,
      (identity) => client.end(transactionalId, { ...identity, producerId: 1n }, true),
    ],
    [
      'AddOffsetsToTxn of another epoch',
      47,
      (identity) => client.addOffsets(transactionalId, { ...identity, producerEpoch: 4 }, 'g'),
    ],
    [
      'TxnOffsetCommit without a group',
      24,
      (identity) => client.commitOffset(transactionalId, identity, '', 7),
    ],
    ['InitProducerId with an empty transactional id', 42, async () => (await client.init('')).code],
    [
      'InitProducerId with a time-out of 0',
      50,
      async () => (await client.init('new', { timeoutMs: 0 })).code,
    ],
    [
      'InitProducerId with a time-out above 15 minutes',
      50,
      async () => (await client.init('new', { timeoutMs: 900_001 })).code,
    ],
  ]
  for (const [what, code, ask] of refusals) {
    it(`answers ${code} to ${what}`, async () => {
      await connect()
      expect(await ask(await client.ready(transactionalId))).to.equal(code)
    })
  }

  it('adds no partition of a request that names an unknown one', async () => {
    await connect()
    const identity = await client.ready(transactionalId)
    expect(await client.addPartitions(transactionalId, identity, [0, 5])).to.deep.equal([55, 3])
    expect(await client.end(transactionalId, identity, true)).to.equal(48)
  })

  it('stores for a partition that was not added before 3.6, and answers 48 later', async () => {
    for (const [era, expected] of [
      ['2.8', '0@0'],
      ['3.9', '48@-1'],
    ] as const) {
      await connect(era)
      const identity = await client.ready(transactionalId)
      const batch = numberedBatch(identity, 0, ['a'], { isTransactional })
      expect(await client.produce(batch, { transactionalId }), era).to.equal(expected)
    }
  })

  it('refuses a plain batch of a producer while its transaction is open', async () => {
    await connect()
    const identity = await client.ready(transactionalId)
    await write(identity, 0, 'a')
    expect(await client.produce(numberedBatch(identity, 1, ['b']))).to.equal('48@-1')
  })

  it('refuses an older epoch for its epoch, also a plain batch while a transaction is open', async () => {
    await connect()
    const older = await client.ready(transactionalId)
    await write(older, 0, 'a')
    const newer = await client.ready(transactionalId)
    await write(newer, 0, 'b')
    expect(await client.produce(numberedBatch(older, 1, ['c']))).to.equal('47@-1')
  })

  it('answers 16 to every request that another broker coordinates', async () => {
    await connect('2.8', { brokers: 2 })
    cluster.moveCoordinator('transaction', transactionalId, 1)
    cluster.moveCoordinator('group', 'readers', 1)
    const identity: Identity = { producerId: 1000n, producerEpoch: 0 }
    expect((await client.init(transactionalId)).code).to.equal(16)
    expect(await client.addPartitions(transactionalId, identity, [0, 1])).to.deep.equal([16, 16])
    expect(await client.addOffsets(transactionalId, identity, 'readers')).to.equal(16)
    expect(await client.commitOffset(transactionalId, identity, 'readers', 7)).to.equal(16)
    expect(await client.end(transactionalId, identity, true)).to.equal(16)
  })

  it('has a coordinator for each name, which moves when its broker stops', async () => {
    await connect('2.8', { brokers: 2 })
    const coordinator = cluster.coordinatorOf('transaction', transactionalId)!
    const other = new TransactionalClient(await stage.connect(cluster, 1 - coordinator))
    expect(await other.find(1, transactionalId)).to.equal(`0 ${coordinator}`)
    expect((await other.init(transactionalId)).code, 'at another broker').to.equal(16)
    await cluster.stopBroker(coordinator)
    expect(await other.find(1, transactionalId)).to.equal(`0 ${1 - coordinator}`)
    expect((await other.init(transactionalId)).code).to.equal(0)
  })

  it('answers 15 while nobody coordinates a name, and 42 to an unknown kind of name', async () => {
    await connect()
    cluster.moveCoordinator('group', 'readers', null)
    expect(await client.find(0, 'readers')).to.equal('15 -1')
    expect(await client.find(9, 'readers')).to.equal('42 -1')
    expect(() => cluster.moveCoordinator('group', 'readers', 3)).to.throw(RangeError, 'no broker 3')
  })

  it('keeps transactional id, group and decision in the requests it remembers', async () => {
    await connect()
    const identity = await client.ready(transactionalId)
    await client.addOffsets(transactionalId, identity, 'readers')
    await client.end(transactionalId, identity, true)
    const [, offsets, end] = cluster.requests
    expect(offsets).to.deep.include({ api: 'AddOffsetsToTxn', transactionalId, group: 'readers' })
    expect(end).to.deep.include({ api: 'EndTxn', transactionalId, committed: true })
  })
})

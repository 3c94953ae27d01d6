import { expect } from 'chai'
import sinon from 'sinon'
import {
  type ApiName,
  close,
  delayMs,
  errorCode,
  type Fault,
  noAnswer,
  omitPartition,
  type TestCluster,
} from '../../lib/testing/index.js'
import { type Identity, TransactionalClient, values } from './support/numbered-batches.js'
import { RawStage } from './support/raw-stage.js'

const id = 'tx'
const GROUP = 'readers'

type Ask = (client: TransactionalClient, identity: Identity) => Promise<unknown>

/** One request of each kind, and what it answers when an error code is wanted of it. */
const requests: readonly (readonly [api: ApiName, ask: Ask, withError15: unknown])[] = [
  ['FindCoordinator', (client) => client.find(1, id), '15 -1'],
  ['InitProducerId', async (client) => (await client.init(id)).code, 15],
  ['AddPartitionsToTxn', (client, identity) => client.addPartitions(id, identity, [0, 1]), [15, 15]],
  ['AddOffsetsToTxn', (client, identity) => client.addOffsets(id, identity, GROUP), 15],
  ['TxnOffsetCommit', (client, identity) => client.commitOffset(id, identity, GROUP, 7), 15],
  ['EndTxn', (client, identity) => client.end(id, identity, true), 15],
]

describe('Faults of requests about transactions', () => {
  const stage = new RawStage()
  let cluster: TestCluster
  let client: TransactionalClient
  let identity: Identity

  beforeEach(async () => {
    cluster = await stage.start({ era: '2.8' })
    cluster.createTopic('t', { partitions: 2 })
    client = new TransactionalClient(await stage.connect(cluster))
    identity = await client.ready(id)
  })
  afterEach(() => stage.close())

  async function failure(asked: Promise<unknown>): Promise<string> {
    return asked.then(
      (answer) => `answered ${String(answer)}`,
      (error: Error) => error.message,
    )
  }

  for (const [api, ask, expected] of requests) {
    it(`of ${api}: errorCode() is its answer, once`, async () => {
      cluster.faults.on(api, {}, errorCode('COORDINATOR_NOT_AVAILABLE'))
      expect(await ask(client, identity)).to.deep.equal(expected)
      expect(await ask(client, identity)).not.to.deep.equal(expected)
    })

    it(`of ${api}: close() ends the connection in place of an answer`, async () => {
      cluster.faults.on(api, {}, close())
      expect(await failure(ask(client, identity))).to.contain('closed the connection')
    })

    it(`of ${api}: delayMs() answers later`, async () => {
      const clock = sinon.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
      try {
        cluster.faults.on(api, {}, delayMs(500))
        let isAnswered = false
        const asked = ask(client, identity).then(() => (isAnswered = true))
        while (clock.countTimers() === 0) await new Promise((resolve) => setImmediate(resolve))
        clock.tick(499)
        expect(isAnswered).to.equal(false)
        clock.tick(1)
        await asked
      } finally {
        clock.restore()
      }
    })
  }

  async function endWith(fault: Fault): Promise<string> {
    await client.addOffsets(id, identity, GROUP)
    await client.commitOffset(id, identity, GROUP, 7)
    cluster.faults.on('EndTxn', {}, fault)
    await failure(client.end(id, identity, true))
    return cluster
      .committedOffsets(GROUP)
      .map(({ offset }) => String(offset))
      .join()
  }

  it('of EndTxn: close("beforeStoring") leaves the transaction open', async () => {
    expect(await endWith(close('beforeStoring'))).to.equal('')
  })

  it('of EndTxn: close("afterStoring") commits it', async () => {
    expect(await endWith(close('afterStoring'))).to.equal('7')
  })

  it('of EndTxn: an error code leaves the transaction open', async () => {
    expect(await endWith(errorCode(16))).to.equal('')
    expect(await client.end(id, identity, true)).to.equal(0)
  })

  it('of AddPartitionsToTxn for one partition: the others are not attempted', async () => {
    cluster.faults.on('AddPartitionsToTxn', { topic: 't', partition: 1 }, errorCode(29))
    expect(await client.addPartitions(id, identity, [0, 1])).to.deep.equal([55, 29])
  })

  it('of AddPartitionsToTxn: omitPartition() leaves a partition out of the answer', async () => {
    cluster.faults.on('AddPartitionsToTxn', { partition: 1 }, omitPartition())
    expect(await client.addPartitions(id, identity, [0, 1])).to.deep.equal([0])
  })

  it('act on the transactional id and the group of the filter alone', async () => {
    cluster.faults.on('EndTxn', { transactionalId: 'other' }, errorCode(16))
    cluster.faults.on('AddOffsetsToTxn', { group: 'others' }, errorCode(30))
    cluster.faults.on('FindCoordinator', { transactionalId: 'other' }, errorCode(15))
    expect(await client.addOffsets(id, identity, GROUP)).to.equal(0)
    expect(await client.addOffsets(id, identity, 'others')).to.equal(30)
    expect(await client.end(id, identity, true)).to.equal(0)
    expect(await client.find(1, id)).to.equal('0 0')
    expect(await client.find(1, 'other')).to.equal('15 -1')
  })

  it('of noAnswer() let the request have its effect', async () => {
    await client.addOffsets(id, identity, GROUP)
    cluster.faults.on('EndTxn', {}, noAnswer())
    const ended = new Promise((resolve) => cluster.once('transaction', resolve))
    void client.end(id, identity, true).catch(() => {})
    expect(await ended).to.deep.include({ type: 'COMMIT', cause: 'EndTxn' })
    expect(values(cluster.messages('t'))).to.deep.equal([])
  })
})

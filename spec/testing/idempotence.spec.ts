import { expect } from 'chai'
import type { EraName, TestCluster } from '../../lib/testing/index.js'
import { type Identity, numberedBatch, TransactionalClient, values } from './support/numbered-batches.js'
import { RawStage } from './support/raw-stage.js'

describe('A test cluster and an idempotent producer', () => {
  const stage = new RawStage()
  afterEach(() => stage.close())

  async function connect(era: EraName): Promise<{ cluster: TestCluster; client: TransactionalClient }> {
    const cluster = await stage.start({ era })
    cluster.createTopic('t', { partitions: 2 })
    return { cluster, client: new TransactionalClient(await stage.connect(cluster)) }
  }

  async function identified(era: EraName) {
    const { cluster, client } = await connect(era)
    const { code, ...identity } = await client.init(null)
    expect(code).to.equal(0)
    return { cluster, client, identity: identity as Identity }
  }

  it('gets another producer id with each InitProducerId, with epoch 0', async () => {
    const { client } = await connect('0.11')
    const [first, second] = [await client.init(null), await client.init(null)]
    expect([first.producerEpoch, second.producerEpoch]).to.deep.equal([0, 0])
    expect(first.producerId).not.to.equal(second.producerId)
  })

  it('stores a batch that comes twice once, and answers both with its offset', async () => {
    const { cluster, client, identity } = await identified('3.9')
    const batch = numberedBatch(identity, 0, ['a', 'b'])
    expect(await client.produce(batch)).to.equal('0@0')
    expect(await client.produce(numberedBatch(identity, 2, ['c']))).to.equal('0@2')
    expect(await client.produce(batch)).to.equal('0@0')
    expect(values(cluster.messages('t'))).to.deep.equal(['a', 'b', 'c'])
    expect(cluster.messageSets('t', 0)).to.have.lengthOf(2)
  })

  it('refuses a batch that leaves a gap, and reports why', async () => {
    const { cluster, client, identity } = await identified('3.9')
    const reasons: string[] = []
    cluster.on('refused', ({ reason }) => reasons.push(reason))
    await client.produce(numberedBatch(identity, 0, ['a']))
    expect(await client.produce(numberedBatch(identity, 2, ['c']))).to.equal('45@-1')
    expect(reasons).to.deep.equal([`producer ${identity.producerId} of epoch 0 sent 1 from number 2 on`])
  })

  it('numbers each partition by itself', async () => {
    const { client, identity } = await identified('3.9')
    expect(await client.produce(numberedBatch(identity, 0, ['a']))).to.equal('0@0')
    expect(await client.produce(numberedBatch(identity, 0, ['a']), { partition: 1 })).to.equal('0@0')
  })

  it('refuses an older epoch once it has seen a newer one', async () => {
    const { client, identity } = await identified('3.9')
    const next = { ...identity, producerEpoch: 1 }
    expect(await client.produce(numberedBatch(identity, 0, ['a']))).to.equal('0@0')
    expect(await client.produce(numberedBatch(next, 0, ['b']))).to.equal('0@1')
    expect(await client.produce(numberedBatch(identity, 1, ['c']))).to.equal('47@-1')
  })

  it('answers 59 in era 1.1 after the producer was forgotten, and stores in later eras', async () => {
    for (const [era, expected] of [
      ['1.1', '59@-1'],
      ['2.8', '0@1'],
    ] as const) {
      const { cluster, client, identity } = await identified(era)
      await client.produce(numberedBatch(identity, 0, ['a']))
      cluster.forgetProducers('t')
      expect(await client.produce(numberedBatch(identity, 1, ['b'])), era).to.equal(expected)
    }
  })

  it('refuses a numbered batch without a number', async () => {
    const { client, identity } = await identified('3.9')
    expect(await client.produce(numberedBatch(identity, -1, ['a']))).to.equal('87@-1')
  })

  it('gives back who wrote a message, with its number', async () => {
    const { cluster, client, identity } = await identified('3.9')
    await client.produce(numberedBatch(identity, 0, ['a', 'b']))
    await client.produce(numberedBatch({ producerId: -1n, producerEpoch: -1 }, -1, ['c']))
    const { producerId: id } = identity
    expect(cluster.messages('t').map(({ producer }) => producer)).to.deep.equal([
      { id, epoch: 0, sequence: 0, isTransactional: false },
      { id, epoch: 0, sequence: 1, isTransactional: false },
      undefined,
    ])
  })

  it('is not known to eras before 0.11: InitProducerId closes the connection', async () => {
    const { client } = await connect('0.10')
    const error = await client.init(null).catch((thrown: Error) => thrown)
    expect(error).to.have.property('message').that.contains('closed the connection')
  })
})

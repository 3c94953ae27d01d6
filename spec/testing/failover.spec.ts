import { expect } from 'chai'
import sinon from 'sinon'
import type { TestCluster } from '../../lib/testing/index.js'
import { metadataRequest } from '../support/scripted/raw-requests.js'
import { messageSet } from '../support/wire-message-set.js'
import { metadataIn, outcomesIn, produceOf, RawStage } from './support/raw-stage.js'

describe('Leaders of a test cluster', () => {
  const stage = new RawStage()

  afterEach(() => stage.close())

  function leaders(cluster: TestCluster): (number | null)[] {
    return [0, 1, 2].map((partition) => cluster.leaderOf('t', partition))
  }

  async function threePartitions(failover: boolean | number): Promise<TestCluster> {
    const cluster = await stage.start({ brokers: 3, failover })
    cluster.createTopic('t', { leaders: [0, 1, 2] })
    return cluster
  }

  it('move at once to the brokers that are up, however a broker is stopped', async () => {
    const cluster = await threePartitions(true)
    await cluster.broker(1).stop()
    expect(leaders(cluster)).to.deep.equal([0, 0, 2])
    await cluster.stopBroker(0)
    expect(leaders(cluster)).to.deep.equal([2, 2, 2])
  })

  it('move to the first broker that comes back after all were down', async () => {
    const cluster = await threePartitions(true)
    for (const id of [0, 1, 2]) await cluster.stopBroker(id)
    expect(leaders(cluster)).to.deep.equal([null, null, null])
    await cluster.startBroker(1)
    expect(leaders(cluster)).to.deep.equal([1, 1, 1])
  })

  it('stay where they are without failover, and lead again when they are back', async () => {
    const cluster = await threePartitions(false)
    await cluster.stopBroker(1)
    expect(leaders(cluster)).to.deep.equal([0, null, 2])
    const client = await stage.connect(cluster, 0)
    client.write(metadataRequest(1, 't'))
    expect(metadataIn(await client.answer()).partitions).to.deep.equal([
      't/0: 0, 0',
      't/1: 5, -1',
      't/2: 0, 2',
    ])
    await cluster.startBroker(1)
    expect(leaders(cluster)).to.deep.equal([0, 1, 2])
  })

  it('stay removed where they were taken away, whichever broker is started', async () => {
    const cluster = await threePartitions(true)
    cluster.moveLeader('t', 0, null)
    await cluster.stopBroker(1)
    await cluster.startBroker(1)
    expect(leaders(cluster)).to.deep.equal([null, 0, 2])
    cluster.moveLeader('t', 0, 1)
    expect(cluster.leaderOf('t', 0)).to.equal(1)
  })

  describe('with failover after a time', () => {
    let clock: sinon.SinonFakeTimers

    beforeEach(() => {
      clock = sinon.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    })

    it('move after that time', async () => {
      const cluster = await threePartitions(500)
      await cluster.stopBroker(1)
      clock.tick(499)
      expect(leaders(cluster)).to.deep.equal([0, null, 2])
      clock.tick(1)
      expect(leaders(cluster)).to.deep.equal([0, 0, 2])
    })

    it('stay with a broker that is back in time, also when another one starts meanwhile', async () => {
      const cluster = await threePartitions(500)
      await cluster.stopBroker(1)
      await cluster.stopBroker(2)
      clock.tick(300)
      await cluster.startBroker(2)
      expect(leaders(cluster)).to.deep.equal([0, null, 2])
      await cluster.startBroker(1)
      clock.tick(1000)
      expect(leaders(cluster)).to.deep.equal([0, 1, 2])
    })

    it('leave no timer behind when the cluster closes', async () => {
      const cluster = await threePartitions(500)
      await cluster.stopBroker(1)
      expect(clock.countTimers()).to.equal(1)
      await cluster.close()
      expect(clock.countTimers()).to.equal(0)
    })
  })

  it('can be moved, after which the old one answers 6 and the new one stores', async () => {
    const cluster = await threePartitions(true)
    const [former, next] = [await stage.connect(cluster, 0), await stage.connect(cluster, 1)]
    const request = produceOf([['t', 0, messageSet([{ value: 'v' }])]])
    former.write(request)
    expect(outcomesIn(await former.answer())).to.deep.equal(['t/0: 0@0'])
    cluster.moveLeader('t', 0, 1)
    former.write(request)
    expect(outcomesIn(await former.answer())).to.deep.equal(['t/0: 6@-1'])
    next.write(request)
    expect(outcomesIn(await next.answer())).to.deep.equal(['t/0: 0@1'])
  })

  it('must be brokers of the cluster, one per partition', async () => {
    const cluster = await threePartitions(true)
    expect(() => cluster.moveLeader('t', 0, 3)).to.throw(
      RangeError,
      'no broker 3; the test cluster has 0, 1, 2',
    )
    expect(() => cluster.createTopic('u', { leaders: [5] })).to.throw(RangeError, 'no broker 5')
    expect(() => cluster.createTopic('u', { partitions: 3, leaders: [0] })).to.throw(
      RangeError,
      '3 partitions and 1 leaders',
    )
    expect(cluster.topics).to.deep.equal(['t'])
  })
})

import { expect } from 'chai'
import {
  type AnswerByApi,
  alterAnswer,
  errorCode,
  type FaultFilter,
  hold,
  type TestCluster,
} from '../../lib/testing/index.js'
import type { RawClient } from '../support/scripted/raw-client.js'
import { metadataRequest } from '../support/scripted/raw-requests.js'
import { messageSet } from '../support/wire-message-set.js'
import { metadataIn, outcomesIn, produceOf, RawStage } from './support/raw-stage.js'

const set = messageSet([{ value: 'v' }])

describe('A fault', () => {
  const stage = new RawStage()
  let cluster: TestCluster
  let client: RawClient

  beforeEach(async () => {
    cluster = await stage.start({ brokers: 2 })
    cluster.createTopic('t', { leaders: [0, 0] })
    client = await stage.connect(cluster)
  })

  afterEach(() => stage.close())

  async function partitionsInMetadata(): Promise<string[]> {
    client.write(metadataRequest(1, 't'))
    return metadataIn(await client.answer()).partitions
  }

  it('of hold() keeps a request until it is released, and no later one', async () => {
    const held = hold()
    cluster.faults.on('Produce', { times: Number.POSITIVE_INFINITY }, held)
    const arrived = new Promise((resolve) => cluster.once('request', resolve))
    client.write(produceOf([['t', 0, set]]))
    await arrived
    expect(cluster.messages('t')).to.deep.equal([])
    held.release()
    expect(outcomesIn(await client.answer())).to.deep.equal(['t/0: 0@0'])
    client.write(produceOf([['t', 0, set]]))
    expect(outcomesIn(await client.answer())).to.deep.equal(['t/0: 0@1'])
  })

  it('errorCode of Metadata with a partition is about that partition: 9 leaves its leader, 5 takes it', async () => {
    for (const [code, leader] of [
      [9, 0],
      [5, -1],
    ] as const) {
      cluster.faults.on('Metadata', { topic: 't', partition: 1 }, errorCode(code))
      expect(await partitionsInMetadata()).to.deep.equal(['t/0: 0, 0', `t/1: ${code}, ${leader}`])
    }
    expect(await partitionsInMetadata()).to.deep.equal(['t/0: 0, 0', 't/1: 0, 0'])
  })

  it('alterAnswer names an address of its own in Metadata', async () => {
    cluster.faults.on(
      'Metadata',
      { topic: 't' },
      alterAnswer((answer) => ({
        ...answer,
        brokers: answer.brokers.map((broker) => ({ ...broker, host: 'broker.invalid' })),
      })),
    )
    client.write(metadataRequest(1, 't'))
    const { brokers } = metadataIn(await client.answer())
    expect(brokers.map(({ host }) => host)).to.deep.equal(['broker.invalid', 'broker.invalid'])
  })

  it('alterAnswer answers a partition twice in Produce, after storing it once', async () => {
    const twice = ({ topics: [first], ...more }: AnswerByApi['Produce']): AnswerByApi['Produce'] => ({
      ...more,
      topics: [{ ...first!, partitions: [...first!.partitions, ...first!.partitions] }],
    })
    cluster.faults.on('Produce', {}, alterAnswer(twice))
    client.write(produceOf([['t', 0, set]]))
    expect(outcomesIn(await client.answer())).to.deep.equal(['t/0: 0@0', 't/0: 0@0'])
    expect(cluster.messages('t')).to.have.lengthOf(1)
  })

  const filters: [what: string, filter: FaultFilter, codes: string[]][] = [
    ['of another broker', { broker: 1 }, ['t/0: 0@0', 't/1: 0@0']],
    ['of this broker', { broker: 0 }, ['t/0: 7@-1', 't/1: 7@-1']],
    ['of another topic', { topic: 'u' }, ['t/0: 0@0', 't/1: 0@0']],
    ['of a partition', { partition: 1 }, ['t/0: 0@0', 't/1: 7@-1']],
    ['of a partition of the topic', { topic: 't', partition: 0 }, ['t/0: 7@-1', 't/1: 0@0']],
    ['with 0 times', { times: 0 }, ['t/0: 0@0', 't/1: 0@0']],
  ]
  for (const [what, filter, codes] of filters) {
    it(`${what} acts on what it names`, async () => {
      cluster.faults.on('Produce', filter, errorCode(7))
      client.write(
        produceOf([
          ['t', 0, set],
          ['t', 1, set],
        ]),
      )
      expect(outcomesIn(await client.answer())).to.deep.equal(codes)
    })
  }

  it('is removed by clear()', async () => {
    cluster.faults.on('Produce', {}, errorCode(7))
    cluster.faults.clear()
    client.write(produceOf([['t', 0, set]]))
    expect(outcomesIn(await client.answer())).to.deep.equal(['t/0: 0@0'])
  })

  it('for an unknown API is a RangeError', () => {
    expect(() => cluster.faults.on('Fetch' as 'Produce', {}, errorCode(1))).to.throw(
      RangeError,
      'not of Fetch',
    )
  })

  it('is reported by refused, as every other refusal, with its reason', async () => {
    const reported: unknown[] = []
    cluster.on('refused', ({ broker, topic, partition, errorCode: code, reason }) =>
      reported.push(`${broker} ${topic}/${partition} ${code} ${reason}`),
    )
    cluster.faults.on('Produce', { topic: 't', partition: 0 }, errorCode(7))
    cluster.moveLeader('t', 1, 1)
    client.write(
      produceOf([
        ['t', 0, set],
        ['t', 1, set],
        ['u', 0, set],
      ]),
    )
    await client.answer()
    cluster.moveLeader('t', 1, 0)
    client.write(produceOf([['t', 1, messageSet([{ value: 'x', attributes: 1 }])]]))
    await client.answer()
    expect(reported).to.deep.equal([
      '0 t/0 7 a fault',
      '0 t/1 6 the leader is 1',
      '0 u/0 3 no such partition',
      '0 t/1 -1 a gzip message cannot be decompressed',
    ])
  })
})

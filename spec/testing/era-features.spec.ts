import { expect } from 'chai'
import sinon from 'sinon'
import {
  type MetadataRequest,
  type MetadataResponse,
  metadata,
  type ProduceRequest,
  type ProduceResponse,
  produce,
} from '../../lib/protocol/messages/index.js'
import { PlainRecordBatch } from '../../lib/protocol/records/record-batch.js'
import { decodeResponse, encodeRequest } from '../../lib/protocol/request-response.js'
import { type WithoutDefaults, withDefaults } from '../../lib/protocol/with-defaults.js'
import { Writer } from '../../lib/protocol/writer.js'
import { type EraName, type TestCluster, throttle } from '../../lib/testing/index.js'
import { Stage } from '../integration/support/stage.js'
import { recordOf } from '../support/messages.js'
import type { RawClient } from '../support/scripted/raw-client.js'
import { RawStage } from './support/raw-stage.js'

const stage = new RawStage()

function batch(): Buffer {
  const writer = new Writer()
  new PlainRecordBatch([recordOf(null, 'v', { timestampMs: 1234 })]).writeTo(writer)
  return writer.finish()
}

function writeProduce(
  client: RawClient,
  version: number,
  topic: WithoutDefaults<ProduceRequest['topics'][number]>,
): void {
  const request = withDefaults(produce.tables.request, { acks: 1, timeoutMs: 1000, topics: [topic] })
  client.write(encodeRequest(produce, version, 1, 'c', request))
}

async function produced(
  client: RawClient,
  version: number,
  partition = 0,
  more = {},
): Promise<ProduceResponse> {
  writeProduce(client, version, { name: 't', partitions: [{ index: partition, records: batch() }], ...more })
  return decodeResponse(produce, version, (await client.answer())!).body
}

async function described(
  client: RawClient,
  version: number,
  topics: WithoutDefaults<MetadataRequest>['topics'],
): Promise<MetadataResponse> {
  client.write(encodeRequest(metadata, version, 1, 'c', withDefaults(metadata.tables.request, { topics })))
  return decodeResponse(metadata, version, (await client.answer())!).body
}

describe('A test cluster of a newer era', () => {
  afterEach(() => stage.close())

  it('reports the cluster id, the controller and the racks of its brokers', async () => {
    const cluster = await stage.start({ era: '2.8', brokers: 2, racks: ['north', 'south'] })
    const client = await stage.connect(cluster)
    const { brokers, clusterId, controllerId } = await described(client, 9, [])
    expect(brokers.map(({ rack }) => rack)).to.deep.equal(['north', 'south'])
    expect(clusterId).to.match(/^[\w-]{22}$/)
    expect(controllerId).to.equal(0)
  })

  it('names topics by ids, which a topic that is created again does not keep', async () => {
    const cluster = await stage.start({ era: '4.3' })
    cluster.createTopic('t')
    const client = await stage.connect(cluster)
    const [before] = (await described(client, 12, [{ name: 't' }])).topics
    const topicId = Buffer.from(before!.topicId)
    expect((await described(client, 12, [{ name: null, topicId }])).topics[0]?.name).to.equal('t')
    expect((await produced(client, 13, 0, { topicId })).topics[0]?.partitions[0]?.errorCode).to.equal(0)
    expect(cluster.requests.at(-1)?.topics).to.deep.equal([{ name: 't', partitions: [0] }])

    cluster.deleteTopic('t')
    cluster.createTopic('t')

    expect((await produced(client, 13, 0, { topicId })).topics[0]?.partitions[0]?.errorCode).to.equal(100)
    const [unknown] = (await described(client, 12, [{ name: null, topicId }])).topics
    expect([unknown?.errorCode, unknown?.name]).to.deep.equal([100, null])
    const [after] = (await described(client, 12, [{ name: 't' }])).topics
    expect(Buffer.from(after!.topicId)).not.to.deep.equal(topicId)
  })

  it('reports with error 6 the leader of the partition, its epoch and its address', async () => {
    const cluster = await stage.start({ era: '4.3', brokers: 2 })
    cluster.createTopic('t', { leaders: [0] })
    cluster.moveLeader('t', 0, 1)
    const client = await stage.connect(cluster)
    const { topics, nodeEndpoints } = await produced(client, 10)
    expect(topics[0]?.partitions[0]).to.deep.include({
      errorCode: 6,
      currentLeader: { leaderId: 1, leaderEpoch: 1 },
    })
    const { host, port } = cluster.broker(1)
    expect(nodeEndpoints).to.deep.equal([{ nodeId: 1, host, port, rack: null }])
    expect((await described(client, 7, [{ name: 't' }])).topics[0]?.partitions[0]?.leaderEpoch).to.equal(1)
  })

  it('stamps messages with LogAppendTime, and reports the time', async () => {
    const cluster = await stage.start({ era: '3.9' })
    cluster.createTopic('t', { timestampType: 'LogAppendTime' })
    cluster.createTopic('u')
    const client = await stage.connect(cluster)
    const beforeMs = Date.now()
    const { logAppendTimeMs } = (await produced(client, 9)).topics[0]!.partitions[0]!
    expect(Number(logAppendTimeMs)).to.be.within(beforeMs, Date.now())
    expect(cluster.messages('t')[0]?.timestampMs).to.equal(Number(logAppendTimeMs))
    expect((await produced(client, 9, 0, { name: 'u' })).topics[0]?.partitions[0]?.logAppendTimeMs).to.equal(
      -1n,
    )
    expect(cluster.messages('u')[0]?.timestampMs).to.equal(1234)
  })

  it('accepts and lists only the versions that a proxy lets through', async () => {
    const cluster = await stage.start({ era: '4.3', apiVersions: { 0: [0, 7], 3: [0, 0] } })
    cluster.createTopic('t')
    const client = await stage.connect(cluster)
    expect((await produced(client, 7)).topics[0]?.partitions[0]?.errorCode).to.equal(0)
    writeProduce(client, 8, { name: 't', partitions: [] })
    await client.closed()
  })

  it('refuses a list of eras that is not one for each broker, and unknown eras', async () => {
    expect(await failure(stage.start({ brokers: 2, era: ['0.8'] }))).to.contain('2 brokers and 1 eras')
    expect(await failure(stage.start({ era: '5.0' as EraName }))).to.contain('era 5.0 is not known')
    const cluster = await stage.start()
    expect(await failure(cluster.setEra('5.0' as EraName))).to.contain('era 5.0 is not known')
    expect(cluster.broker(0).isUp).to.equal(true)
  })
})

async function failure(promise: Promise<unknown>): Promise<string> {
  try {
    await promise
  } catch (error) {
    expect(error).to.be.instanceOf(RangeError)
    return (error as Error).message
  }
  throw new Error('it did not fail')
}

describe('The fault throttle', () => {
  let clock: sinon.SinonFakeTimers
  afterEach(async () => {
    clock.restore()
    await stage.close()
  })

  async function throttled(era: EraName): Promise<{ cluster: TestCluster; client: RawClient }> {
    const cluster = await stage.start({ era })
    cluster.createTopic('t')
    cluster.faults.on('Produce', { topic: 't' }, throttle(500))
    const client = await stage.connect(cluster)
    clock = sinon.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    return { cluster, client }
  }

  async function untilThereIsATimer(): Promise<void> {
    while (clock.countTimers() === 0) await new Promise((resolve) => setImmediate(resolve))
  }

  it('delays the answers of versions before KIP-219', async () => {
    const { client } = await throttled('1.1')
    const answer = produced(client, 5)
    let isAnswered = false
    void answer.then(() => (isAnswered = true))
    await untilThereIsATimer()
    clock.tick(499)
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
    expect(isAnswered).to.equal(false)
    clock.tick(1)
    expect((await answer).throttleTimeMs).to.equal(500)
  })

  it('answers later versions at once, and then does not read for the throttle time', async () => {
    const { cluster, client } = await throttled('2.8')
    expect((await produced(client, 6)).throttleTimeMs).to.equal(500)
    await untilThereIsATimer()
    const next = produced(client, 6)
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
    expect(cluster.requests).to.have.lengthOf(1)
    clock.tick(500)
    expect((await next).throttleTimeMs).to.equal(0)
  })
})

describe('A producer behind a proxy that caps versions', () => {
  const running = new Stage()
  afterEach(() => running.close())

  it('finds the newest version that gets through', async () => {
    await running.start({ era: '4.3', apiVersions: { 0: [0, 7], 3: [0, 5] } })
    running.cluster.createTopic('t')
    const producer = running.producer({ 'request.timeout.ms': 60_000 })
    await producer.send({ topic: 't', message: '1' })
    const versions = new Set(running.cluster.requests.map(({ api, version }) => `${api} v${version}`))
    expect([...versions])
      .to.include('Produce v7')
      .and.not.include('Produce v8')
  })
})

describe('A producer whose brokers are upgraded at their addresses', () => {
  const running = new Stage()
  afterEach(() => running.close())

  it('continues through an upgrade and back, and emits each release', async () => {
    await running.start({ era: '0.9' })
    running.cluster.createTopic('t')
    const producer = running.producer({ 'request.timeout.ms': 60_000, 'message.send.max.retries': 20 })
    const seen: string[] = []
    producer.on('version', ({ release, previous }) => seen.push(`${previous} to ${release}`))
    await producer.send({ topic: 't', message: '1' })
    for (const [message, era] of [
      ['2', '4.3'],
      ['3', '0.11'],
    ] as const) {
      await running.cluster.setEra(era)
      await producer.send({ topic: 't', message })
    }
    expect(running.values()).to.deep.equal(['1', '2', '3'])
    expect(running.cluster.messages('t').map(({ magic }) => magic)).to.deep.equal([0, 2, 2])
    expect(seen).to.deep.equal(['null to 0.9', '0.9 to 4.2 to 4.3', '4.2 to 4.3 to 0.11.0'])
  })

  it('uses the versions of each broker while they differ', async () => {
    await running.start({ brokers: 3, era: ['0.8', '1.1', '3.9'] })
    running.cluster.createTopic('t', { leaders: [0, 1, 2] })
    const producer = running.producer({ 'request.timeout.ms': 60_000 })
    for (let key = 0; key < 30; key++) await producer.send({ topic: 't', key: `${key}`, message: `${key}` })
    const magics = new Set(
      running.cluster.messages('t').map(({ partition, magic }) => `${partition}: ${magic}`),
    )
    expect([...magics]).to.deep.equal(['0: 0', '1: 2', '2: 2'])
  })
})

/** The scripted cluster on the wire: rules, order of answers, versions. What it answers otherwise is in transcripts.spec.ts. */
import { expect } from 'chai'
import { RawClient } from '../scripted/raw-client.js'
import { encodeBatch } from './batches.js'
import { ByteWriter } from './bytes.js'
import { errorCodes } from './error-codes.js'
import { decodeAnswer, encodeRequest } from './frames.js'
import type { ApiName } from './messages.js'
import { isRequest } from './recording.js'
import type { Struct } from './schema.js'
import type { ClusterScript, Rule } from './script.js'
import { ScriptedKafka } from './scripted-kafka.js'

const ONE: ClusterScript = { brokers: 1, topics: { t: { partitions: 1 } } }
const VERSIONS: Partial<Record<ApiName, number>> = { Produce: 11, Metadata: 12, ApiVersions: 4 }

describe('ScriptedKafka', () => {
  let cluster: ScriptedKafka
  const clients: RawClient[] = []

  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.close()))
    await cluster.close()
  })

  async function start(script: ClusterScript, ...rules: Rule[]): Promise<void> {
    cluster = await ScriptedKafka.start(script, rules)
  }

  async function connect(broker = 0): Promise<RawClient> {
    const client = await RawClient.connect(cluster.port(broker))
    clients.push(client)
    return client
  }

  function write(
    client: RawClient,
    api: ApiName,
    body: Struct,
    version = VERSIONS[api]!,
    correlationId = 0,
  ): void {
    const frame = encodeRequest({ api, version, correlationId, clientId: 'c', body })
    client.write(new ByteWriter().int32(frame.length).raw(frame).build())
  }

  async function answer(client: RawClient, api: ApiName, version = VERSIONS[api]!): Promise<Struct> {
    return decodeAnswer(api, version, (await client.answer())!).body
  }

  function produce(client: RawClient, value: string, { acks = -1, correlationId = 0 } = {}): void {
    const ids = { producerId: -1, producerEpoch: -1, baseSequence: -1 }
    const header = { baseOffset: 0, leaderEpoch: -1, baseTimestamp: 1, maxTimestamp: 1, ...ids }
    const records = encodeBatch(header, 0, [{ off: 0, ts: 1, k: null, v: Buffer.from(value) }])
    const topicData = [{ name: 't', partitionData: [{ index: 0, records }] }]
    write(client, 'Produce', { transactionalId: null, acks, timeoutMs: 1, topicData }, 11, correlationId)
  }

  /** The part of a produce answer that is about the only partition. */
  async function produced(client: RawClient): Promise<Struct> {
    const [topic] = (await answer(client, 'Produce')).responses as Struct[]
    return (topic!.partitionResponses as Struct[])[0]!
  }

  const values = () => cluster.state.partition('t', 0)!.log.entries.map(({ record }) => record!.v!.toString())

  it('answers in the order of the requests, whatever is held, and has handled all of them', async () => {
    await start(ONE, { on: 'Produce', nth: 1, hold: 'g' })
    const client = await connect()
    produce(client, 'a', { correlationId: 1 })
    produce(client, 'b', { correlationId: 2 })
    await cluster.command({ wait: { api: 'Produce', count: 2 } })
    expect(values()).to.deep.equal(['a', 'b'])
    await cluster.command({ release: 'g' })
    const ids = [await client.answer(), await client.answer()].map((frame) => frame!.readInt32BE())
    expect(ids).to.deep.equal([1, 2])
    expect(cluster.seen.filter(isRequest).map(({ outstanding }) => outstanding)).to.deep.equal([1, 2])
  })

  it('writes what is refused by a rule only where the rule says so', async () => {
    const error = 'NOT_ENOUGH_REPLICAS_AFTER_APPEND'
    await start(
      ONE,
      { on: 'Produce', record: 'a', error },
      { on: 'Produce', record: 'b', error, append: true },
    )
    const client = await connect()
    for (const value of ['a', 'b']) {
      produce(client, value)
      expect((await produced(client)).errorCode).to.equal(errorCodes[error])
    }
    expect(values()).to.deep.equal(['b'])
  })

  it('closes the connection before or after a request was handled, or for an error with acks 0', async () => {
    const error = 'NOT_ENOUGH_REPLICAS'
    await start(
      ONE,
      { on: 'Produce', record: 'a', close: 'before' },
      { on: 'Produce', record: 'b', close: 'after' },
      { on: 'Produce', record: 'c', error },
    )
    for (const [value, acks] of [
      ['a', -1],
      ['b', -1],
      ['c', 0],
    ] as const) {
      const client = await connect()
      produce(client, value, { acks })
      expect(await client.answer(), value).to.equal(undefined)
    }
    expect(values()).to.deep.equal(['b'])
  })

  it('does not answer a produce request with acks 0, but the next request', async () => {
    await start(ONE)
    const client = await connect()
    produce(client, 'a', { acks: 0 })
    write(client, 'ApiVersions', { clientSoftwareName: 's', clientSoftwareVersion: '1' }, 4, 7)
    expect((await client.answer())!.readInt32BE()).to.equal(7)
    expect(values()).to.deep.equal(['a'])
  })

  it('names the errors of records, and throttles', async () => {
    const recordErrors = [{ index: 0, message: 'no' }]
    await start(ONE, { on: 'Produce', recordErrors, throttleMs: 5 })
    const client = await connect()
    produce(client, 'a')
    const { responses, throttleTimeMs } = await answer(client, 'Produce')
    const [part] = (responses as Struct[])[0]!.partitionResponses as Struct[]
    expect(part).to.deep.include({
      errorCode: errorCodes.INVALID_RECORD,
      recordErrors: [{ batchIndex: 0, batchIndexErrorMessage: 'no' }],
    })
    expect(throttleTimeMs).to.equal(5)
  })

  it('names the new leader and its address where it has hints, and nobody where it has none', async () => {
    for (const leaderHints of [true, false]) {
      const rule: Rule = { on: 'Produce', before: { leader: { 't/0': 1 } } }
      await start({ ...ONE, brokers: 2, leaderHints }, rule)
      const client = await connect()
      produce(client, 'a')
      const { responses, nodeEndpoints } = await answer(client, 'Produce')
      const [part] = (responses as Struct[])[0]!.partitionResponses as Struct[]
      expect(part!.errorCode).to.equal(errorCodes.NOT_LEADER_OR_FOLLOWER)
      const hint = leaderHints ? { leaderId: 1, leaderEpoch: 1 } : undefined
      expect(part!.currentLeader).to.deep.equal(hint)
      expect((nodeEndpoints as Struct[] | undefined)?.[0]?.port).to.equal(
        leaderHints ? cluster.port(1) : undefined,
      )
      if (leaderHints) {
        await client.close()
        await cluster.close()
      }
    }
  })

  it('answers an ApiVersions request that is too new in version 0, from 2.4 on with the version to take', async () => {
    for (const [kafka, listed] of [
      ['2.1', 0],
      ['3.8', 1],
    ] as const) {
      await start({ ...ONE, kafka })
      const client = await connect()
      write(client, 'ApiVersions', { clientSoftwareName: 's', clientSoftwareVersion: '1' })
      const { errorCode, apiKeys } = await answer(client, 'ApiVersions', 0)
      expect(errorCode).to.equal(errorCodes.UNSUPPORTED_VERSION)
      expect(apiKeys).to.have.length(listed)
      if (listed === 0) {
        await client.close()
        await cluster.close()
      }
    }
  })

  it('closes the connection for a version that the release does not take, and says what it saw', async () => {
    await start({ ...ONE, kafka: '4.3' })
    const client = await connect()
    write(client, 'Produce', { acks: 1, timeoutMs: 1, topicData: [] }, 2)
    expect(await client.answer()).to.equal(undefined)
    expect(cluster.seen.find(({ kind }) => kind === 'refused')).to.deep.include({
      problem: 'API 0 v2 is not taken',
    })
  })

  it('leaves brokers out of metadata, and takes them down and up again on the same port', async () => {
    await start({ ...ONE, brokers: 2, unlisted: [1] })
    const client = await connect()
    const body = { topics: [], allowAutoTopicCreation: true, includeTopicAuthorizedOperations: false }
    write(client, 'Metadata', body)
    expect((await answer(client, 'Metadata')).brokers).to.have.length(1)
    const port = cluster.port(1)
    await cluster.command({ do: { down: 1 } })
    const failure = await RawClient.connect(port).catch((error: NodeJS.ErrnoException) => error.code)
    expect(failure).to.equal('ECONNREFUSED')
    await cluster.command({ do: { up: 1 } })
    await connect(1)
    expect(cluster.port(1)).to.equal(port)
  })
})

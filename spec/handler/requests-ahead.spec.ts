import { gzipSync } from 'node:zlib'
import { expect } from 'chai'
import { PendingMessage } from '../../lib/handler/pending-message.js'
import { type RequestAhead, RequestsAhead } from '../../lib/handler/requests-ahead.js'
import type { ProduceConnection } from '../../lib/pool/sync-producer.js'
import { LearnedSizeLimits } from '../../lib/produce/learned-size-limits.js'
import type { Compression } from '../../lib/protocol/records/compression.js'
import { Writer } from '../../lib/protocol/writer.js'
import { FakePool } from './support/fake-pool.js'
import { batchOf, serialized } from './support/pending-messages.js'

const MAGIC_2 = 3

interface Settings {
  compress?: Compression['compress']
  version?: number
  acks?: number
}

function makeAhead({ compress, version = MAGIC_2, acks = 1 }: Settings = {}) {
  const limits = new LearnedSizeLimits()
  const compression = compress ? ({ id: 1, name: 'gzip', compress } as Compression) : null
  const ahead = new RequestsAhead(
    { compression, compressedTopics: new Set(), acks, requestTimeoutMs: 1500 },
    limits,
  )
  const pool = new FakePool()
  pool.produceVersion = version
  const connect = (): ProduceConnection => pool.connectionTo(0)
  return { ahead, limits, connect, connection: connect() }
}

function topicsOf(made: RequestAhead | null): string[] | undefined {
  return made?.request.topics.flatMap(({ name, partitions }) =>
    partitions.map(({ index }) => `${name}/${index}`),
  )
}

const batches = () => [batchOf('t', 0, serialized('a'), serialized('b')), batchOf('t', 1, serialized('c'))]

describe('RequestsAhead', () => {
  it('returns the request that was made, once', async () => {
    const { ahead, connection } = makeAhead()
    const sent = batches()
    ahead.connected(0, connection, 'b:1')
    ahead.make(0, sent)
    const made = await ahead.take(sent, connection)
    expect(topicsOf(made)).to.deep.equal(['t/0', 't/1'])
    expect(made!.prepared.map(({ batch }) => batch)).to.deep.equal(sent)
    expect(await ahead.take(sent, connection)).to.equal(null)
  })

  it('returns none for other batches, or another connection', async () => {
    const { ahead, connect, connection } = makeAhead()
    const sent = batches()
    ahead.connected(0, connection, 'b:1')
    ahead.make(0, sent)
    expect(await ahead.take([...sent], connection)).to.equal(null)
    expect(await ahead.take(sent, connect())).to.equal(null)
  })

  it('makes none for a leader to which nothing was sent yet, or with acks 0', async () => {
    const { ahead, connection } = makeAhead()
    const sent = batches()
    ahead.connected(0, connection, 'b:1')
    ahead.make(1, sent)
    expect(await ahead.take(sent, connection)).to.equal(null)
    const unanswered = makeAhead({ acks: 0 })
    unanswered.ahead.connected(0, connection, 'b:1')
    unanswered.ahead.make(0, sent)
    expect(await unanswered.ahead.take(sent, connection)).to.equal(null)
  })

  it('makes none for a connection that has ended', async () => {
    const { ahead, connection } = makeAhead()
    const sent = batches()
    ahead.connected(0, { ...connection, isOpen: false }, 'b:1')
    ahead.make(0, sent)
    expect(await ahead.take(sent, connection)).to.equal(null)
  })

  it('makes none where the headers of a message cannot be stored', async () => {
    const { ahead, connection } = makeAhead({ version: 0 })
    const message = new PendingMessage({ topic: 't', message: 'a', headers: { h: 'v' } }, null)
    message.setBytes(null, 'a')
    const sent = [batchOf('t', 0, message)]
    ahead.connected(0, connection, 'b:1')
    ahead.make(0, sent)
    expect(await ahead.take(sent, connection)).to.equal(null)
    expect(message.isSettled).to.equal(false)
  })

  it('makes none with a batch that is known to be too large', async () => {
    const { ahead, connection, limits } = makeAhead()
    limits.refused('t', 10)
    const sent = batches()
    ahead.connected(0, connection, 'b:1')
    ahead.make(0, sent)
    expect(await ahead.take(sent, connection)).to.equal(null)
  })

  it('makes none where the bytes of a message are not there any more, and settles nothing', async () => {
    const { ahead, connection } = makeAhead()
    const message = serialized('a')
    const buffer = new ArrayBuffer(4)
    message.value = new Uint8Array(buffer)
    structuredClone(buffer, { transfer: [buffer] })
    const sent = [batchOf('t', 0, message)]
    ahead.connected(0, connection, 'b:1')
    ahead.make(0, sent)
    expect(await ahead.take(sent, connection)).to.equal(null)
    expect(message.isSettled).to.equal(false)
  })

  it('compresses, and is waited for', async () => {
    const { ahead, connection } = makeAhead({ compress: async (plain) => gzipSync(plain) })
    const sent = batches()
    ahead.connected(0, connection, 'b:1')
    ahead.make(0, sent)
    const made = await ahead.take(sent, connection)
    expect(topicsOf(made)).to.deep.equal(['t/0', 't/1'])
    const writer = new Writer()
    made!.prepared[0]!.payload.writeTo(writer)
    expect(writer.finish().includes(Buffer.from([0x1f, 0x8b]))).to.equal(true)
  })

  it('makes none where it cannot be compressed', async () => {
    const { ahead, connection } = makeAhead({ compress: () => Promise.reject(new Error('no codec')) })
    const sent = batches()
    ahead.connected(0, connection, 'b:1')
    ahead.make(0, sent)
    expect(await ahead.take(sent, connection)).to.equal(null)
  })
})

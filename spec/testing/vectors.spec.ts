import { expect } from 'chai'
import { vectorsOf } from '../protocol/support/vectors.js'
import { reading } from '../support/wire.js'
import { gzipMessageSet, messageSet } from '../support/wire-message-set.js'
import { produceOf, RawStage } from './support/raw-stage.js'

const independent = vectorsOf('independent-v0')
const scala = vectorsOf('scala-producer-0.8.2.2')
const recorded = vectorsOf('kafka-0.8.2.2-answers')

const librdkafka = vectorsOf('librdkafka-2.0.2')

const length = 4

describe('Requests of other clients', () => {
  const stage = new RawStage()

  afterEach(() => stage.close())

  it('of an independent producer get the independent answer: offset 42 for the 43rd message', async () => {
    const cluster = await stage.start()
    cluster.createTopic('test')
    const client = await stage.connect(cluster)
    client.write(produceOf([['test', 0, messageSet(Array.from({ length: 42 }, () => ({ value: 'v' })))]]))
    await client.answer()
    client.write(independent('produce-request'))
    expect(await client.answer()).to.deep.equal(independent('produce-answer').subarray(length))
    const { offset, key, value } = cluster.messages('test')[42]!
    expect([offset, String(key), String(value)]).to.deep.equal([42n, 'k1', 'hello'])
  })

  for (const name of ['metadata-request', 'metadata-request-all']) {
    it(`of an independent ${name} get the independent answer, but for the address`, async () => {
      const cluster = await stage.start({ brokers: 2 })
      cluster.createTopic('test', { leaders: [1] })
      await cluster.stopBroker(0)
      const client = await stage.connect(cluster, 1)
      client.write(independent(name))
      expect(withAddresses(await client.answer(), 'b', 9092)).to.equal(
        independent('metadata-answer').subarray(length).toString('hex'),
      )
    })
  }

  const stored: [vector: string, topics: [topic: string, partitions: number][], messages: string[]][] = [
    ['keyed', [['t', 1]], ['t/0 c=v1']],
    ['tombstone', [['t', 2]], ['t/1 a=null']],
    ['empty', [['t', 1]], ['t/0 =']],
    [
      'three-topics',
      [
        ['t1', 3],
        ['t2', 2],
        ['t3', 1],
      ],
      ['t1/2 b=t1b', 't2/1 a=t2a', 't2/1 d=t2d', 't3/0 c=t3c'],
    ],
  ]
  for (const [vector, topics, messages] of stored) {
    it(`of the Scala producer are stored: ${vector}`, async () => {
      const cluster = await stage.start()
      for (const [name, partitions] of topics) cluster.createTopic(name, { partitions })
      const client = await stage.connect(cluster)
      client.write(scala(vector))
      await client.answer()
      const found = topics.flatMap(([name]) =>
        cluster.messages(name).map(({ partition, key, value }) => `${name}/${partition} ${key}=${value}`),
      )
      expect(found).to.deep.equal(messages)
    })
  }

  it('of the Scala producer are opened where they are compressed: two messages in a gzip wrapper', async () => {
    const cluster = await stage.start()
    cluster.createTopic('t', { partitions: 3 })
    const client = await stage.connect(cluster)
    client.write(scala('gzip'))
    await client.answer()
    expect(cluster.messages('t').map(({ offset, key, codec }) => `${offset} ${key} ${codec}`)).to.deep.equal([
      '0 b gzip',
      '1 b gzip',
    ])
  })

  for (const codec of ['gzip', 'snappy', 'lz4']) {
    it(`of librdkafka are opened: ${codec}`, async () => {
      const cluster = await stage.start()
      cluster.createTopic('t')
      const client = await stage.connect(cluster)
      client.write(produceOf([['t', 0, librdkafka(codec)]]))
      await client.answer()
      const found = cluster
        .messages('t')
        .map((message) => [String(message.key), String(message.value), message.codec])
      expect(found).to.deep.equal([
        ['k1', 'hello', codec],
        ['k2', 'world '.repeat(12).trim(), codec],
      ])
    })
  }

  it('of Kafka 0.8.2.2 are the answer to the same request, in the order of their partitions', async () => {
    const cluster = await stage.start({ brokers: 3 })
    cluster.createTopic('logs', { leaders: [1, 2] })
    const client = await stage.connect(cluster, 1)
    const set = messageSet([{ value: 'v' }])
    for (const [name, correlationId, sets] of [
      [
        'produce',
        3,
        [
          [0, set],
          [1, set],
          [7, set],
        ],
      ],
      [
        'produce-of-corrupt-messages',
        4,
        [
          [0, spoiled(set)],
          [1, spoiled(set)],
        ],
      ],
    ] as const) {
      const request = produceOf(sets.map(([partition, bytes]) => ['logs', partition, bytes] as const))
      request.writeInt32BE(correlationId, length + 4)
      client.write(request)
      const answer = (await client.answer())!
      expect(entriesOf(answer)).to.deep.equal(entriesOf(recorded(name)))
      expect(answer).to.have.lengthOf(recorded(name).length)
    }
  })

  it('are given back as they came, compressed or not', async () => {
    const cluster = await stage.start()
    cluster.createTopic('t')
    const client = await stage.connect(cluster)
    const sets = [messageSet([{ key: 'k', value: null, offset: 77 }]), gzipMessageSet([{ value: 'a' }])]
    for (const set of sets) {
      client.write(produceOf([['t', 0, set]]))
      await client.answer()
    }
    expect(cluster.messageSets('t', 0)).to.deep.equal(sets)
  })
})

function spoiled(set: Buffer): Buffer {
  const copy = Buffer.from(set)
  copy[copy.length - 1]! ^= 1
  return copy
}

/** A produce answer with its partitions in order: brokers give them in the order of a hash table. */
function entriesOf(answer: Buffer): string[] {
  const from = reading(answer)
  const head = `${from.int32()}`
  const entries = from.array((topic) => {
    const name = topic.string()
    return topic.array((entry) => `${name} ${entry.raw(14).toString('hex')}`)
  })
  return [head, ...entries.flat().sort()]
}

/** A metadata answer with each broker at `prefix` + id and this port, as hexadecimal. */
function withAddresses(answer: Buffer | undefined, prefix: string, port: number): string {
  const from = reading(answer!)
  const head = from.raw(4).toString('hex')
  const brokers = from.array((broker) => {
    const id = broker.int32()
    broker.string()
    broker.int32()
    const host = Buffer.from(`${prefix}${id}`)
    const bytes = Buffer.alloc(4 + 2 + host.length + 4)
    bytes.writeInt32BE(id)
    bytes.writeInt16BE(host.length, 4)
    host.copy(bytes, 6)
    bytes.writeInt32BE(port, 6 + host.length)
    return bytes.toString('hex')
  })
  const count = Buffer.alloc(4)
  count.writeInt32BE(brokers.length)
  return head + count.toString('hex') + brokers.join('') + from.raw(from.remaining).toString('hex')
}

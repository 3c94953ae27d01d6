import { expect } from 'chai'
import sinon from 'sinon'
import {
  close,
  cutAnswer,
  errorCode,
  type Fault,
  holdUntil,
  noAnswer,
  omitPartition,
  rawBytes,
  reset,
  TestCluster,
  type TestClusterOptions,
  wrongCorrelationId,
} from '../../lib/testing/index.js'
import { RawClient } from '../support/scripted/raw-client.js'
import {
  metadataRequest,
  produceAnswer,
  produceRequest,
  topicErrors,
} from '../support/scripted/raw-requests.js'
import { reading, wire } from '../support/wire.js'
import { gzipMessageSet, messageSet } from '../support/wire-message-set.js'

describe('TestCluster', () => {
  const closers: (() => Promise<unknown>)[] = []

  afterEach(async () => {
    for (const closer of closers.splice(0).reverse()) await closer()
  })

  async function start(options?: TestClusterOptions): Promise<TestCluster> {
    const cluster = await TestCluster.start({ era: '0.8', ...options })
    closers.push(() => cluster.close())
    return cluster
  }

  async function connect(cluster: TestCluster, broker = 0, options = {}): Promise<RawClient> {
    const client = await RawClient.connect(cluster.broker(broker).port, options)
    closers.push(() => client.close())
    return client
  }

  function produceSet(set: Buffer, { acks = 1, topic = 't', partition = 0 } = {}): Buffer {
    return wire()
      .requestHeader(0, 0, 5, 'c1')
      .int16(acks)
      .int32(1000)
      .array([topic], (to, name) =>
        to.string(name).array([partition], (entry, id) => entry.int32(id).bytes(set)),
      )
      .framed()
  }

  /** Error code of the first partition in a produce answer. */
  function errorIn(answer: Buffer | undefined): number {
    const from = reading(answer!)
    from.int32()
    from.int32()
    from.string()
    from.int32()
    from.int32()
    return from.int16()
  }

  describe('Produce', () => {
    it('stores a set as received, answers with its base offset, and gives the messages back', async () => {
      const cluster = await start()
      cluster.createTopic('t')
      const client = await connect(cluster)

      client.write(produceRequest(1))
      client.write(produceRequest(2))

      expect(await client.answer()).to.deep.equal(produceAnswer(1, 0, 0, 0))
      expect(await client.answer()).to.deep.equal(produceAnswer(2, 0, 0, 1))
      const set = messageSet([{ key: 'k', value: 'v' }])
      expect(cluster.messageSets('t', 0)).to.deep.equal([set, set])
      const [first, second] = cluster.messages('t')
      expect(first).to.deep.equal({
        partition: 0,
        offset: 0n,
        key: Buffer.from('k'),
        value: Buffer.from('v'),
        headers: [],
        timestampMs: null,
        codec: 'none',
        magic: 0,
      })
      expect(second?.offset).to.equal(1n)
    })

    it('opens wrappers and gives the messages inside consecutive offsets', async () => {
      const cluster = await start()
      cluster.createTopic('t')
      const client = await connect(cluster)

      client.write(produceSet(gzipMessageSet([{ value: 'a' }, { key: '', value: null }])))
      client.write(produceSet(messageSet([{ value: 'b' }])))
      await client.answer()
      await client.answer()

      expect(
        cluster.messages('t').map(({ offset, value, codec }) => [offset, value && String(value), codec]),
      ).to.deep.equal([
        [0n, 'a', 'gzip'],
        [1n, null, 'gzip'],
        [2n, 'b', 'none'],
      ])
      expect(cluster.messages('t')[1]?.key).to.deep.equal(Buffer.alloc(0))
    })

    const spoiled = messageSet([{ value: 'v' }])
    spoiled[spoiled.length - 1]! ^= 1
    const refusals: [string, Buffer, number][] = [
      ['an unknown partition', produceSet(messageSet([{ value: 'v' }]), { partition: 9 }), 3],
      ['an unknown topic', produceSet(messageSet([{ value: 'v' }]), { topic: 'other' }), 3],
      ["Kafka's own topic", produceSet(messageSet([{ value: 'v' }]), { topic: '__consumer_offsets' }), 17],
      ['a wrong checksum', produceSet(spoiled), 2],
      [
        'a message over the limit',
        produceSet(messageSet([{ value: 'small' }, { value: 'v'.repeat(101) }])),
        10,
      ],
      ['an unknown codec', produceSet(messageSet([{ value: 'v', attributes: 4 }])), -1],
    ]
    for (const [what, request, code] of refusals) {
      it(`refuses ${what} with ${code} and stores nothing`, async () => {
        const cluster = await start({ maxMessageBytes: 100 })
        cluster.createTopic('t')
        const client = await connect(cluster)
        client.write(request)
        expect(errorIn(await client.answer())).to.equal(code)
        expect(cluster.messages('t')).to.deep.equal([])
      })
    }

    it('answers 6 on a broker that does not lead the partition', async () => {
      const cluster = await start({ brokers: 2 })
      cluster.createTopic('t', { leaders: [1] })
      const client = await connect(cluster, 0)
      client.write(produceRequest(1))
      expect(errorIn(await client.answer())).to.equal(6)
    })

    it('answers nothing with acks 0, and closes the connection when it refuses', async () => {
      const cluster = await start()
      cluster.createTopic('t')
      const client = await connect(cluster)
      client.write(produceRequest(1, { acks: 0 }))
      client.write(metadataRequest(2, 't'))
      expect(reading((await client.answer())!).int32(), 'the first answer').to.equal(2)
      client.write(produceRequest(3, { acks: 0, partition: 9 }))
      expect(await client.answer()).to.equal(undefined)
      expect(cluster.messages('t')).to.have.lengthOf(1)
    })
  })

  describe('Metadata', () => {
    it('names brokers, leaders and the topics asked for, byte for byte as Kafka 0.8 does', async () => {
      const cluster = await start()
      cluster.createTopic('t')
      const client = await connect(cluster)
      client.write(metadataRequest(7, 't'))
      const expected = wire()
        .int32(7)
        .array([0], (to, id) => to.int32(id).string('127.0.0.1').int32(cluster.broker(0).port))
        .array(['t'], (to, name) =>
          to
            .int16(0)
            .string(name)
            .array([0], (partition, id) =>
              partition
                .int16(0)
                .int32(id)
                .int32(0)
                .array([0], (replica, broker) => replica.int32(broker))
                .array([0], (isr, broker) => isr.int32(broker)),
            ),
        )
        .build()
      expect(await client.answer()).to.deep.equal(expected)
    })

    it('creates an unknown topic, answers 5 this once, and 0 from then on', async () => {
      const cluster = await start({ defaultPartitions: 2 })
      const client = await connect(cluster)
      for (const code of [5, 0]) {
        client.write(metadataRequest(1, 'new'))
        expect(topicErrors(await client.answer())).to.deep.equal([code])
      }
      expect(cluster.leaderOf('new', 1)).to.equal(0)
    })

    it('answers 3 for an unknown topic without automatic creation', async () => {
      const cluster = await start({ autoCreateTopics: false })
      const client = await connect(cluster)
      client.write(metadataRequest(1, 'unknown', 'a b'))
      expect(topicErrors(await client.answer())).to.deep.equal([3, 3])
      expect(cluster.topics).to.deep.equal([])
    })

    it('names all topics when none is asked for', async () => {
      const cluster = await start()
      cluster.createTopic('a')
      cluster.createTopic('b')
      const client = await connect(cluster)
      client.write(metadataRequest(1))
      expect(topicErrors(await client.answer())).to.have.lengthOf(2)
    })
  })

  describe('As a broker of 0.8', () => {
    it('reads a request of a later version as version 0', async () => {
      const cluster = await start()
      cluster.createTopic('t')
      const client = await connect(cluster)
      const request = metadataRequest(1, 't')
      request.writeInt16BE(4, 6)
      client.write(request)
      expect(topicErrors(await client.answer())).to.deep.equal([0])
    })

    const unreadable: [string, Buffer][] = [
      ['an API it does not know', wire().requestHeader(18, 0, 1, 'c').framed()],
      ['a request that ends early', wire().requestHeader(3, 0, 1, 'c').int32(5).framed()],
      ['a frame of a negative length', wire().int32(-4).build()],
      ['bytes that are no protocol', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
    ]
    for (const [what, bytes] of unreadable) {
      it(`closes the connection on ${what}, and no other`, async () => {
        const cluster = await start()
        cluster.createTopic('t')
        const [client, other] = [await connect(cluster), await connect(cluster)]
        client.write(bytes)
        await client.closed()
        other.write(metadataRequest(1, 't'))
        expect(topicErrors(await other.answer())).to.deep.equal([0])
      })
    }
  })

  describe('faults', () => {
    async function answerTo(fault: Fault): Promise<{ cluster: TestCluster; client: RawClient }> {
      const cluster = await start()
      cluster.createTopic('t', { partitions: 2 })
      cluster.faults.on('Produce', { topic: 't', partition: 0 }, fault)
      const client = await connect(cluster)
      client.write(produceRequest(1))
      return { cluster, client }
    }

    it('errorCode answers the code, stores nothing, and acts once', async () => {
      const { cluster, client } = await answerTo(errorCode(7))
      expect(errorIn(await client.answer())).to.equal(7)
      expect(cluster.messages('t')).to.deep.equal([])
      client.write(produceRequest(2))
      expect(errorIn(await client.answer())).to.equal(0)
    })

    for (const [name, fault] of Object.entries({ close: close(), reset: reset(), cutAnswer: cutAnswer(9) })) {
      it(`${name} stores and ends the connection`, async () => {
        const { cluster, client } = await answerTo(fault)
        expect(await client.answer()).to.equal(undefined)
        expect(cluster.messages('t')).to.have.lengthOf(1)
      })
    }

    for (const [name, fault] of Object.entries({
      close: close('beforeStoring'),
      reset: reset('beforeStoring'),
    })) {
      it(`${name} before storing stores nothing`, async () => {
        const { cluster, client } = await answerTo(fault)
        expect(await client.answer()).to.equal(undefined)
        expect(cluster.messages('t')).to.deep.equal([])
      })
    }

    it('noAnswer stores without an answer, and the connection continues to work', async () => {
      const { cluster, client } = await answerTo(noAnswer())
      client.write(produceRequest(2))
      expect(await client.answer()).to.deep.equal(produceAnswer(2, 0, 0, 1))
      expect(cluster.messages('t')).to.have.lengthOf(2)
    })

    it('holdUntil answers after its promise, and in order', async () => {
      let release = (): void => {}
      const { cluster, client } = await answerTo(
        holdUntil(new Promise<void>((resolve) => (release = resolve))),
      )
      const received = new Promise((resolve) => cluster.once('stored', resolve))
      client.write(produceRequest(2, { partition: 1 }))
      expect(cluster.messages('t')).to.deep.equal([])
      release()
      await received
      expect(await client.answer()).to.deep.equal(produceAnswer(1, 0, 0, 0))
      expect(await client.answer()).to.deep.equal(produceAnswer(2, 1, 0, 0))
    })

    it('wrongCorrelationId, omitPartition and rawBytes spoil the answer', async () => {
      const wrong = await answerTo(wrongCorrelationId())
      expect(reading((await wrong.client.answer())!).int32()).to.equal(2)
      const omitted = await answerTo(omitPartition())
      expect((await omitted.client.answer())?.subarray(-4)).to.deep.equal(Buffer.alloc(4))
      const raw = await answerTo(rawBytes(Buffer.from([0, 0, 0, 1, 9])))
      expect(await raw.client.answer()).to.deep.equal(Buffer.from([9]))
    })

    it('act for the given number of requests, after the given number, and until removed', async () => {
      const cluster = await start()
      cluster.createTopic('t')
      const takeBack = cluster.faults.on(
        'Produce',
        { after: 1, times: Number.POSITIVE_INFINITY },
        errorCode(5),
      )
      const client = await connect(cluster)
      const codes: number[] = []
      for (let i = 0; i < 4; i++) {
        if (i === 3) takeBack()
        client.write(produceRequest(i))
        codes.push(errorIn(await client.answer()))
      }
      expect(codes).to.deep.equal([0, 5, 5, 0])
    })

    it('of Metadata fail the topic they name', async () => {
      const cluster = await start()
      cluster.createTopic('t')
      cluster.createTopic('u')
      cluster.faults.on('Metadata', { topic: 'u' }, errorCode(29))
      const client = await connect(cluster)
      client.write(metadataRequest(1, 't', 'u'))
      expect(topicErrors(await client.answer())).to.deep.equal([0, 29])
    })
  })

  describe('brokers and leaders', () => {
    it('moves the partitions of a stopped broker to the others, and forgets it until it is back on its port', async () => {
      const cluster = await start({ brokers: 3 })
      cluster.createTopic('t', { partitions: 3 })
      const { port } = cluster.broker(1)

      await cluster.stopBroker(1)
      expect([0, 1, 2].map((id) => cluster.leaderOf('t', id))).not.to.include(1)
      await cluster.startBroker(1)

      expect(cluster.broker(1).port).to.equal(port)
      cluster.moveLeader('t', 0, 1)
      const client = await connect(cluster, 1)
      client.write(produceRequest(1))
      expect(errorIn(await client.answer())).to.equal(0)
    })

    it('leaves partitions without a leader when failover is off', async () => {
      const cluster = await start({ failover: false })
      cluster.createTopic('t')
      cluster.moveLeader('t', 0, null)
      const client = await connect(cluster)
      client.write(produceRequest(1))
      expect(errorIn(await client.answer())).to.equal(6)
    })

    it('records requests with their connection, and emits them', async () => {
      const cluster = await start()
      cluster.createTopic('t')
      const reported: unknown[] = []
      const startedAtMs = Date.now()
      cluster.on('request', (request) => reported.push(request))
      const client = await connect(cluster)
      client.write(produceRequest(3))
      await client.answer()
      const [request] = cluster.requests
      expect(request?.atMs).to.be.within(startedAtMs, Date.now())
      expect(cluster.requests).to.deep.equal([
        {
          atMs: request?.atMs,
          broker: 0,
          connection: 1,
          api: 'Produce',
          version: 0,
          correlationId: 3,
          clientId: 'c1',
          principal: 'User:ANONYMOUS',
          acks: 1,
          timeoutMs: 1000,
          topics: [{ name: 't', partitions: [0] }],
        },
      ])
      expect(reported).to.deep.equal(cluster.requests)
    })

    it('keeps the port of a broker that is down from all others, until the cluster is closed', async () => {
      const cluster = await start()
      const { port } = cluster.broker(0)
      await cluster.stopBroker(0)
      const share = (port - 12_000 + 0.5) / 20_000
      const random = sinon.stub(Math, 'random').callThrough()
      try {
        random.onFirstCall().returns(share)
        expect((await start()).broker(0).port).not.to.equal(port)
        await cluster.close()
        random.resetHistory()
        random.onFirstCall().returns(share)
        expect((await start()).broker(0).port).to.equal(port)
      } finally {
        random.restore()
      }
    })

    it('adds partitions and deletes topics', async () => {
      const cluster = await start()
      cluster.createTopic('t')
      cluster.addPartitions('t', 2)
      expect(cluster.leaderOf('t', 2)).to.equal(0)
      cluster.deleteTopic('t')
      expect(() => cluster.messages('t')).to.throw(RangeError, 'no topic t')
    })

    it('lists the existing brokers and topics in errors about missing ones', async () => {
      const cluster = await start()
      cluster.createTopic('t')
      expect(() => cluster.broker(3)).to.throw(RangeError, '0 to 0, not 3')
      expect(() => cluster.leaderOf('t', 4)).to.throw(RangeError, 'partitions 0 to 0, not 4')
      expect(() => cluster.createTopic('t')).to.throw(RangeError, 'already')
      expect(() => cluster.createTopic('u', { partitions: 0 })).to.throw(RangeError, '1 partition or more')
    })
  })
})

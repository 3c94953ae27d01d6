import { expect } from 'chai'
import sinon from 'sinon'
import { ConnectionError, DeliveryTimeoutError } from '../../lib/errors.js'
import { ProducerPool } from '../../lib/pool/producer-pool.js'
import { rejectionOf, turns } from '../network/support/doubles.js'
import { FakeSyncProducer, gate } from './support/fake-sync-producer.js'

const at = (port: number) => ({ host: 'b', port })
const leaders = (...entries: [id: number, port: number][]) =>
  new Map(entries.map(([id, port]) => [id, at(port)]))

describe('ProducerPool', () => {
  let created: FakeSyncProducer[]

  beforeEach(() => {
    created = []
  })

  function poolOf(...entries: [id: number, port: number][]): ProducerPool {
    return poolWith(undefined, ...entries)
  }

  function poolWith(maxInFlight: number | undefined, ...entries: [id: number, port: number][]): ProducerPool {
    const pool = new ProducerPool({
      create(address) {
        const producer = new FakeSyncProducer(address)
        created.push(producer)
        return producer.asReal
      },
      ...(maxInFlight !== undefined && { maxInFlight }),
    })
    pool.update(leaders(...entries))
    return pool
  }

  /** Uses a broker until the gate opens; says which producer it got as soon as it has it. */
  function occupy(pool: ProducerPool, brokerId: number) {
    const { opened, open, fail } = gate()
    const got = gate<FakeSyncProducer>()
    const done = pool.use(brokerId, (producer) => {
      got.open(FakeSyncProducer.of(producer))
      return opened
    })
    return { producer: got.opened, open, fail, done }
  }

  async function producerOf(pool: ProducerPool, brokerId: number): Promise<FakeSyncProducer> {
    return pool.use(brokerId, async (producer) => FakeSyncProducer.of(producer))
  }

  it('lists its brokers and their addresses without a producer for them', () => {
    const pool = poolOf([1, 9092], [2, 9093])
    expect(pool.brokerIds).to.deep.equal([1, 2])
    expect([pool.addressOf(1), pool.addressOf(2), pool.addressOf(3)]).to.deep.equal([
      at(9092),
      at(9093),
      undefined,
    ])
    expect(created).to.deep.equal([])
    expect(pool.members()).to.deep.equal([])
  })

  it('makes a producer for a broker on first use, and reuses it', async () => {
    const pool = poolOf([1, 9092])
    const first = await producerOf(pool, 1)
    expect(first.address).to.deep.equal(at(9092))
    expect(await producerOf(pool, 1)).to.equal(first)
    expect(created).to.have.length(1)
    expect(pool.members()).to.deep.equal([first])
  })

  it('connects to later leaders before a message needs them, and not to the first ones', async () => {
    const pool = poolOf([1, 9092])
    await turns(5)
    expect(created).to.deep.equal([])

    pool.update(leaders([1, 9092], [2, 9093]))
    await turns(5)

    expect(created.map(({ address }) => address)).to.deep.equal([at(9093)])
    sinon.assert.calledOnce(created[0]!.connect)
    expect(await producerOf(pool, 2)).to.equal(created[0])
  })

  it('connects ahead with a topic that the new leader leads, or with none where it is given none', async () => {
    const pool = poolOf([1, 9092])
    const topicByLeader = new Map([
      [1, 'one'],
      [2, 'two'],
    ])
    pool.update(leaders([1, 9092], [2, 9093], [3, 9094]), topicByLeader)
    await turns(5)
    expect(created.map(({ connect }) => connect.args)).to.deep.equal([[['two']], [[null]]])
  })

  it('does not hold up work for a leader that is still connecting, and survives a failed connect', async () => {
    const connecting = gate()
    const pool = new ProducerPool({
      create(address) {
        const producer = new FakeSyncProducer(address)
        producer.connect.returns(connecting.opened)
        return producer.asReal
      },
    })
    pool.update(leaders([1, 9092]))
    pool.update(leaders([1, 9092], [2, 9093]))
    await turns(1)

    const { connect } = await producerOf(pool, 2)

    sinon.assert.calledOnce(connect)
    connecting.fail(new ConnectionError('refused'))
    await turns(5)
  })

  it('gives a broker a new connection after all requests on the old one have ended and were read', async () => {
    const pool = poolOf([1, 9092], [2, 9093])
    const first = occupy(pool, 1)
    const old = await first.producer
    const confirmed = gate()
    old.confirm.returns(confirmed.opened)

    pool.renew(at(9092))
    const next = producerOf(pool, 1)
    await turns(5)
    expect([created, old.isClosed]).to.deep.equal([[old], false])
    first.open()
    await first.done
    await turns(5)
    expect([created, old.isClosed], 'what was written is not read yet').to.deep.equal([[old], false])
    confirmed.open()

    expect(await next).to.equal(created[1])
    expect([old.isClosed, created[1]!.isClosed, pool.brokerIds]).to.deep.equal([true, false, [1, 2]])
  })

  it('can be closed while it gives a broker a new connection', async () => {
    const pool = poolOf([1, 9092])
    const { producer, open, done } = occupy(pool, 1)
    await producer
    pool.renew(at(9092))
    const closed = pool.close()
    open()
    await Promise.all([done, closed])
    expect(created.every(({ isClosed }) => isClosed)).to.equal(true)
  })

  it('retires a producer only after the broker has read what was written with acks 0', async () => {
    const pool = poolOf([1, 9092], [2, 9093])
    const producer = await producerOf(pool, 1)
    const confirmed = gate()
    producer.confirm.returns(confirmed.opened)

    pool.update(leaders([2, 9093]))
    await turns(5)
    expect(producer.isClosed).to.equal(false)
    confirmed.open()
    await turns(5)
    expect(producer.isClosed).to.equal(true)
  })

  it('retires a producer also when the broker does not answer', async () => {
    const pool = poolOf([1, 9092], [2, 9093])
    const producer = await producerOf(pool, 1)
    producer.confirm.rejects(new ConnectionError('gone'))
    pool.update(leaders([2, 9093]))
    await turns(5)
    expect(producer.isClosed).to.equal(true)
  })

  it('resolves with the result of the work', async () => {
    expect(await poolOf([1, 9092]).use(1, async () => 'done')).to.equal('done')
  })

  it('has one producer per broker, and lends it in the order of the calls', async () => {
    const pool = poolOf([1, 9092])
    const order: string[] = []
    const work = [1, 2, 3, 4].map((nth) =>
      pool.use(1, async () => {
        order.push(`${nth} begins`)
        await turns(2)
        order.push(`${nth} ends`)
      }),
    )
    await Promise.all(work)
    expect(order).to.deep.equal([1, 2, 3, 4].flatMap((nth) => [`${nth} begins`, `${nth} ends`]))
    expect(created).to.have.length(1)
  })

  describe('with several requests in flight', () => {
    it('lends the producer of a broker to maxInFlight calls at a time', async () => {
      const pool = poolWith(2, [1, 9092])
      const [first, second, third] = [occupy(pool, 1), occupy(pool, 1), occupy(pool, 1)]
      let hasThird = false
      void third.producer.then(() => {
        hasThird = true
      })
      expect(await first.producer).to.equal(await second.producer)
      await turns(5)
      expect(hasThird).to.equal(false)
      second.open()
      expect(await third.producer).to.equal(await first.producer)
      first.open()
      third.open()
      await Promise.all([first, second, third].map(({ done }) => done))
      expect(created).to.have.length(1)
      expect(pool.members()).to.deep.equal(created)
    })

    it('connects once to a later leader', async () => {
      const pool = poolWith(5, [1, 9092])
      pool.update(leaders([1, 9092], [2, 9093]))
      await turns(5)
      expect(created).to.have.length(1)
      sinon.assert.calledOnce(created[0]!.connect)
    })

    it('retires a producer when the last of its permits is free, confirming once', async () => {
      const pool = poolWith(2, [1, 9092])
      const [first, second] = [occupy(pool, 1), occupy(pool, 1)]
      const before = await first.producer
      pool.update(leaders([1, 9999]))
      first.open()
      await first.done
      await turns()
      expect(before.isClosed).to.equal(false)
      second.open()
      await second.done
      await turns()
      expect(before.closes).to.have.length(1)
      sinon.assert.calledOnce(before.confirm)
      expect(pool.members()).not.to.include(before)
    })

    it('keeps a producer in use when one call fails, and closes it with the last call', async () => {
      const pool = poolWith(2, [1, 9092])
      const [broken, busy] = [occupy(pool, 1), occupy(pool, 1)]
      const producer = await busy.producer
      broken.fail(new ConnectionError('broken'))
      await rejectionOf(broken.done)
      await turns()
      expect(producer.isClosed).to.equal(false)
      expect(await producerOf(pool, 1)).to.equal(producer)
      busy.open()
      await busy.done
      await pool.close()
      expect(producer.isClosed).to.equal(true)
    })

    it('closes a producer with requests in flight at once when the pool is closed', async () => {
      const pool = poolWith(2, [1, 9092])
      const [first, second] = [occupy(pool, 1), occupy(pool, 1)]
      const producer = await first.producer
      const reason = new DeliveryTimeoutError('too late')
      const closed = pool.close(reason)
      expect(producer.closes).to.deep.equal([reason])
      first.open()
      second.open()
      await Promise.all([first.done, second.done, closed])
    })
  })

  it('ProducerPool begins work in the turn of the call where a permit is free', async () => {
    const pool = poolOf([1, 9092])
    await producerOf(pool, 1)
    const begun: number[] = []
    void pool.use(1, async () => void begun.push(1))
    void pool.use(1, async () => void begun.push(2))
    expect(begun).to.deep.equal([1])
  })

  it('does not make one broker wait for another', async () => {
    const pool = poolOf([1, 9092], [2, 9093])
    const busy = occupy(pool, 1)
    expect((await producerOf(pool, 2)).address).to.deep.equal(at(9093))
    busy.open()
    await busy.done
  })

  it('keeps separate producers for two ids on one address', async () => {
    const pool = poolOf([1, 9092], [2, 9092])
    expect(await producerOf(pool, 1)).not.to.equal(await producerOf(pool, 2))
  })

  it('fails for an unknown broker', async () => {
    const error = await rejectionOf(poolOf([1, 9092]).use(9, async () => expect.fail('used')))
    expect(error)
      .to.be.instanceOf(ConnectionError)
      .and.include({ persistence: 'not-persisted', retriable: true })
    expect(error.message).to.equal('broker 9 cannot be reached: no metadata names its address')
  })

  it('rejects with the error of the work, and serves the next call with a new producer', async () => {
    const pool = poolOf([1, 9092])
    const broken = occupy(pool, 1)
    const next = occupy(pool, 1)
    const reason = new ConnectionError('broken')
    broken.fail(reason)
    expect(await rejectionOf(broken.done)).to.equal(reason)
    expect(await next.producer).not.to.equal(await broken.producer)
    expect((await broken.producer).isClosed).to.equal(true)
    next.open()
    await next.done
  })

  describe('update', () => {
    it('keeps producers whose host and port are the same', async () => {
      const pool = poolOf([1, 9092])
      const before = await producerOf(pool, 1)
      pool.update(leaders([1, 9092], [2, 9093]))
      await turns()
      expect(before.isClosed).to.equal(false)
      expect(await producerOf(pool, 1)).to.equal(before)
      expect(pool.brokerIds).to.deep.equal([1, 2])
    })

    for (const [what, address] of [
      ['port', { host: 'b', port: 9999 }],
      ['host', { host: 'c', port: 9092 }],
    ] as const) {
      it(`replaces a producer whose ${what} changed, and closes the old one`, async () => {
        const pool = poolOf([1, 9092])
        const before = await producerOf(pool, 1)
        pool.update(new Map([[1, address]]))
        const after = await producerOf(pool, 1)
        expect(after.address).to.deep.equal(address)
        await turns()
        expect([before.isClosed, after.isClosed]).to.deep.equal([true, false])
      })
    }

    it('closes a replaced producer when its request has ended, without delaying other calls', async () => {
      const pool = poolOf([1, 9092])
      const busy = occupy(pool, 1)
      const before = await busy.producer
      pool.update(leaders([1, 9999]))
      const after = await producerOf(pool, 1)
      await turns()
      expect(before.isClosed).to.equal(false)
      expect(pool.members()).to.have.members([before, after])
      busy.open()
      await busy.done
      await turns()
      expect(before.closes.map((reason) => reason?.message)).to.deep.equal([
        'the connection to b:9092 was retired',
      ])
      expect(pool.members()).to.deep.equal([after])
    })

    it('serves calls that already waited for a replaced producer before it closes', async () => {
      const pool = poolOf([1, 9092])
      const [first, second] = [occupy(pool, 1), occupy(pool, 1)]
      const before = await first.producer
      pool.update(leaders([1, 9999]))
      first.open()
      expect(await second.producer).to.equal(before)
      expect(before.isClosed).to.equal(false)
      second.open()
      await second.done
      await turns()
      expect(before.isClosed).to.equal(true)
    })

    it('retires a broker that leads no partition, after its request', async () => {
      const pool = poolOf([1, 9092], [2, 9093])
      const busy = occupy(pool, 1)
      const gone = await busy.producer
      pool.update(leaders([2, 9093]))
      expect(pool.addressOf(1)).to.equal(undefined)
      expect((await rejectionOf(pool.use(1, async () => {}))).message).to.include(
        'no metadata names its address',
      )
      await turns()
      expect(gone.isClosed).to.equal(false)
      busy.open()
      await busy.done
      await turns()
      expect(gone.isClosed).to.equal(true)
      expect(pool.members()).to.deep.equal([])
    })

    it('gives a broker that comes back a producer of its own', async () => {
      const pool = poolOf([1, 9092])
      const before = await producerOf(pool, 1)
      pool.update(leaders())
      pool.update(leaders([1, 9092]))
      expect(await producerOf(pool, 1)).not.to.equal(before)
    })
  })

  describe('close', () => {
    it('closes every producer with the reason, retiring ones too', async () => {
      const pool = poolOf([1, 9092], [2, 9093])
      const busy = occupy(pool, 1)
      await busy.producer
      await producerOf(pool, 2)
      pool.update(leaders([1, 9999], [2, 9093]))
      await producerOf(pool, 1)
      const reason = new DeliveryTimeoutError('close gave up')
      const closed = pool.close(reason)
      expect(created.map(({ closes }) => closes[0])).to.deep.equal([reason, reason, reason])
      busy.open()
      await Promise.all([busy.done, closed])
      expect(pool.members()).to.deep.equal([])
    })

    it('resolves when the work in progress has ended', async () => {
      const pool = poolOf([1, 9092])
      const busy = occupy(pool, 1)
      await busy.producer
      let isClosed = false
      const closed = pool.close().then(() => {
        isClosed = true
      })
      await turns()
      expect(isClosed).to.equal(false)
      busy.open()
      await Promise.all([busy.done, closed])
    })

    for (const end of ['open', 'fail'] as const) {
      it(`lends a closed producer to waiting calls when the one in front ${end === 'open' ? 'ends' : 'fails'}`, async () => {
        const pool = poolOf([1, 9092])
        const [busy, waiting] = [occupy(pool, 1), occupy(pool, 1)]
        await busy.producer
        const reason = new DeliveryTimeoutError('close gave up')
        const closed = pool.close(reason)
        busy[end](undefined)
        await busy.done.catch(() => {})
        expect((await waiting.producer).closes[0]).to.equal(reason)
        waiting.open()
        await Promise.all([waiting.done, closed])
      })
    }

    it('refuses later calls and later brokers', async () => {
      const pool = poolOf([1, 9092])
      await pool.close()
      pool.update(leaders([1, 9092]))
      expect(pool.brokerIds).to.deep.equal([])
      const error = await rejectionOf(pool.use(1, async () => expect.fail('used')))
      expect(error).to.be.instanceOf(ConnectionError)
      expect(error.message).to.equal('broker 1 cannot be reached: the producer is closed')
    })

    it('can be called twice, and without ever having been used', async () => {
      const pool = poolOf([1, 9092])
      await Promise.all([pool.close(), pool.close(new ConnectionError('again'))])
      expect(created).to.deep.equal([])
    })
  })
})

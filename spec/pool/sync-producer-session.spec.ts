import { expect } from 'chai'
import { ConnectionError, DeliveryTimeoutError } from '../../lib/errors.js'
import type { BrokerSession } from '../../lib/network/broker-session.js'
import { ProducerPool } from '../../lib/pool/producer-pool.js'
import type { SyncProducer } from '../../lib/pool/sync-producer.js'
import { rejectionOf, turns } from '../network/support/doubles.js'
import { keyed, keysOf, METADATA, PRODUCE, syncProducers } from './support/sync-producers.js'

describe('A session that a SyncProducer shares with somebody else', () => {
  const all = syncProducers()
  let session: BrokerSession

  afterEach(() => session.close())

  /** A broker, a session of ours, and a SyncProducer on it. */
  async function sharing() {
    const { peer, requests } = await all.withBroker()
    session = all.sessionOf(peer.address)
    return { peer, requests, producer: all.producerOn(session.hold()) }
  }

  it('is used for its requests, so that both have one connection', async () => {
    const { peer, requests, producer } = await sharing()
    await session.fetchMetadata(['t'])
    await producer.send(keyed(1))
    expect(keysOf(requests)).to.deep.equal([METADATA, PRODUCE])
    expect(peer.sockets).to.have.length(1)
  })

  it('stays open when the SyncProducer is closed, which refuses what comes later with the reason', async () => {
    const { producer } = await sharing()
    await producer.send(keyed(1))
    const reason = new DeliveryTimeoutError('close gave up')
    producer.close(reason)
    producer.close(new ConnectionError('second'))
    const later = [producer.send(keyed(1)), producer.fetchMetadata(['t']), producer.connect('t')]
    expect(await Promise.all(later.map(rejectionOf))).to.deep.equal([reason, reason, reason])
    expect(await rejectionOf(producer.ready(['t']) as Promise<unknown>)).to.equal(reason)
    expect(session.isConnected).to.equal(true)
    await session.fetchMetadata(['t'])
  })

  it('is closed with the last of its users, whoever that is', async () => {
    const { producer } = await sharing()
    await producer.send(keyed(1))
    session.release()
    expect(session.state).to.equal('ready')
    producer.close()
    expect(session.state).to.equal('closed')
  })

  it('leaves writes with acks 0 in doubt when the SyncProducer is closed before they are confirmed', async () => {
    const { peer, producer } = await sharing()
    await producer.send(keyed(0))
    producer.close()
    expect(all.story.lines).to.deep.equal([`1 unconfirmed at ${peer.broker}: ConnectionError`])
    session.close()
    await turns()
    expect(all.story.lines, 'and says so once').to.have.length(1)
  })

  it('is not closed by a ProducerPool that retires its broker or is closed', async () => {
    const { peer, requests } = await sharing()
    const producers: SyncProducer[] = []
    const pool = new ProducerPool({
      create() {
        const producer = all.producerOn(session.hold())
        producers.push(producer)
        return producer
      },
    })
    const leaders = new Map([[1, peer.address]])
    pool.update(leaders)
    await pool.use(1, (producer) => producer.send(keyed(0)))
    pool.update(new Map())
    while (pool.members().length > 0) await turns()
    expect(keysOf(requests), 'what was written with acks 0 is confirmed first').to.deep.equal([
      PRODUCE,
      METADATA,
    ])
    expect(session.state).to.equal('ready')

    pool.update(leaders)
    await pool.use(1, (producer) => producer.send(keyed(1)))
    await pool.close()
    expect([session.state, peer.sockets.length]).to.deep.equal(['ready', 1])
    for (const producer of producers) {
      expect(await rejectionOf(producer.send(keyed(1)))).to.be.instanceOf(ConnectionError)
    }
  })
})

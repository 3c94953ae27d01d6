import { expect } from 'chai'
import sinon from 'sinon'
import { ConnectionError } from '../../lib/errors.js'
import { answerTo, headerOf, topicsOf } from '../network/support/answers.js'
import { rejectionOf, turns, until } from '../network/support/doubles.js'
import { knownAs } from '../support/messages.js'
import { keyed, keyedWith, keysOf, METADATA, PRODUCE, syncProducers } from './support/sync-producers.js'

/** More than the kernel takes for a peer that does not read. */
const MORE_THAN_BUFFERS = 32 * 1024 * 1024

describe('SyncProducer with acks 0', () => {
  const all = syncProducers()

  describe('confirm', () => {
    it('sends no request without an open connection', async () => {
      const { peer, requests, producer } = await all.withBroker()
      await producer.confirm()
      expect(peer.sockets).to.deep.equal([])
      await producer.send(keyed(1))
      await producer.confirm()
      expect(keysOf(requests)).to.deep.equal([PRODUCE])
    })

    it('resolves when the broker has answered a request sent after all unanswered ones', async () => {
      const { requests, producer } = await all.withBroker()
      for (let i = 0; i < 3; i++) await producer.send(keyed(0))
      await producer.confirm()
      expect(keysOf(requests)).to.deep.equal([PRODUCE, PRODUCE, PRODUCE, METADATA])
      expect(topicsOf(requests[3]!)).to.deep.equal(['t'])
      await producer.confirm()
      expect(requests).to.have.length(4)
    })

    it('shares one round trip among concurrent calls, and makes a new one for later requests', async () => {
      const { requests, producer } = await all.withBroker()
      for (const count of [1, 2]) {
        await producer.send(keyed(0))
        await Promise.all([producer.confirm(), producer.confirm(), producer.confirm()])
        expect(keysOf(requests).filter((key) => key === METADATA)).to.have.length(count)
      }
    })

    it('requests no topic from Metadata v1 on, so that none is created', async () => {
      const { requests, producer } = await all.withBroker(() => {}, { apiVersionsCache: knownAs('0.10.2') })
      await producer.send(keyed(0))
      producer.confirm().catch(() => {})
      await until(() => requests.length === 2)
      expect(headerOf(requests[1]!)).to.include({ apiKey: METADATA, apiVersion: 2 })
      expect(topicsOf(requests[1]!)).to.deep.equal([])
    })

    it('follows by itself a second after a request, and not again without further writes', async () => {
      const clock = sinon.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
      try {
        const { requests, producer } = await all.withBroker()
        await producer.send(keyed(0))
        await until(() => requests.length === 1)
        await clock.tickAsync(999)
        expect(keysOf(requests)).to.deep.equal([PRODUCE])
        await clock.tickAsync(1)
        await until(() => requests.length === 2)
        await turns()
        expect(keysOf(requests)).to.deep.equal([PRODUCE, METADATA])
        await clock.tickAsync(5000)
        expect(clock.countTimers()).to.equal(0)
        expect(requests).to.have.length(2)
      } finally {
        clock.restore()
      }
    })

    it('does not confirm requests sent during its wait', async () => {
      let answerConfirm: () => void = () => {}
      const { requests, producer } = await all.withBroker((socket, request) => {
        if (headerOf(request).apiKey === METADATA) answerConfirm = () => socket.write(answerTo(request))
      })
      await producer.send(keyed(0))
      const confirmed = producer.confirm()
      await producer.send(keyed(0))
      await until(() => requests.length >= 3)
      answerConfirm()
      await confirmed
      void producer.confirm()
      await until(() => requests.length >= 4)
      expect(keysOf(requests)).to.deep.equal([PRODUCE, METADATA, PRODUCE, METADATA])
      answerConfirm()
    })

    it('rejects with the number of unconfirmed messages when the broker closes', async () => {
      const { peer, producer } = await all.withBroker((socket, _request, nth) => {
        if (nth === 3) socket.end()
      })
      await producer.send(keyed(0))
      await producer.send(keyed(0))
      const error = await rejectionOf(producer.confirm())
      expect(error).to.be.instanceOf(ConnectionError)
      expect(all.story.lines.slice(1)).to.deep.equal([
        `2 unconfirmed at ${peer.broker}: ConnectionError`,
        `disconnected from ${peer.broker}: ConnectionError`,
      ])
      await producer.confirm()
    })
  })

  describe('reports unconfirmed requests', () => {
    it('when the broker closes', async () => {
      const { peer, producer } = await all.withBroker((socket, _request, nth) => {
        if (nth === 3) socket.end()
      })
      for (let i = 0; i < 3; i++) await producer.send(keyed(0))
      await until(() => !producer.isConnected)
      expect(all.story.lines[1]).to.equal(`3 unconfirmed at ${peer.broker}: ConnectionError`)
    })

    it('without those before a round trip', async () => {
      const { peer, producer } = await all.withBroker()
      await producer.send(keyed(0))
      await producer.send(keyed(0))
      await producer.confirm()
      await producer.send(keyed(0))
      ;(await peer.socket()).end()
      await until(() => !producer.isConnected)
      expect(all.story.lines[1]).to.equal(`1 unconfirmed at ${peer.broker}: ConnectionError`)
    })

    it('without a failed one', async () => {
      const peer = await all.start((socket) => void socket.pause())
      const producer = all.producerOf(peer.address)
      const records = Buffer.alloc(MORE_THAN_BUFFERS)
      const sent = rejectionOf(producer.send(keyedWith(0, records)))
      await until(() => producer.isConnected)
      await turns()
      ;(await peer.socket()).resetAndDestroy()
      expect(await sent).to.include({ persistence: 'possibly-persisted' })
      expect(all.story.lines).to.deep.equal([
        `connected to ${peer.broker}`,
        `disconnected from ${peer.broker}: ConnectionError`,
      ])
    })

    it('without one that could not be encoded', async () => {
      const { peer, producer } = await all.withBroker()
      await producer.send(keyed(1))
      await rejectionOf(producer.send({ ...keyed(0), timeoutMs: 2 ** 31 }))
      ;(await peer.socket()).end()
      await until(() => !producer.isConnected)
      expect(all.story.lines.filter((line) => line.includes('unconfirmed'))).to.deep.equal([])
    })

    it('separately for each connection', async () => {
      const { peer, producer } = await all.withBroker()
      for (const connection of [0, 1]) {
        await producer.send(keyed(0))
        await until(() => peer.sockets.length > connection)
        peer.sockets[connection]!.end()
        await until(() => !producer.isConnected)
      }
      expect(all.story.lines.filter((line) => line.includes('unconfirmed'))).to.deep.equal(
        Array(2).fill(`1 unconfirmed at ${peer.broker}: ConnectionError`),
      )
    })

    it('when it is closed before they are confirmed', async () => {
      const { peer, producer } = await all.withBroker()
      await producer.send(keyed(0))
      producer.close()
      producer.close()
      await turns()
      expect(all.story.lines.filter((line) => line.includes('unconfirmed'))).to.deep.equal([
        `1 unconfirmed at ${peer.broker}: ConnectionError`,
      ])
    })

    it('without those before a request that was answered', async () => {
      const { peer, producer } = await all.withBroker()
      await producer.send(keyed(0))
      await producer.send(keyed(0))
      await producer.send(keyed(1))
      await producer.confirm()
      ;(await peer.socket()).end()
      await until(() => !producer.isConnected)
      expect(all.story.lines.filter((line) => line.includes('unconfirmed'))).to.deep.equal([])
    })
  })
})

import { expect } from 'chai'
import { ConnectionError } from '../../lib/errors.js'
import { answerTo, headerOf, topicsOf } from '../network/support/answers.js'
import { rejectionOf, turns, until } from '../network/support/doubles.js'
import { keyed, keyedWith, keysOf, METADATA, PRODUCE, syncProducers } from './support/sync-producers.js'

/** More than the kernel takes for a peer that does not read. */
const MORE_THAN_BUFFERS = 32 * 1024 * 1024

describe('SyncProducer with acks 0', () => {
  const all = syncProducers()

  describe('confirm', () => {
    it('asks nothing where nothing is open', async () => {
      const { peer, requests, producer } = await all.withBroker()
      await producer.confirm()
      expect(peer.sockets).to.deep.equal([])
      await producer.send(keyed(1))
      await producer.confirm()
      expect(keysOf(requests)).to.deep.equal([PRODUCE])
    })

    it('returns when the broker has answered something sent after all requests without an answer', async () => {
      const { requests, producer } = await all.withBroker()
      for (let i = 0; i < 3; i++) await producer.send(keyed(0))
      await producer.confirm()
      expect(keysOf(requests)).to.deep.equal([PRODUCE, PRODUCE, PRODUCE, METADATA])
      expect(topicsOf(requests[3]!)).to.deep.equal(['t'])
      await producer.confirm()
      expect(requests).to.have.length(4)
    })

    it('does not vouch for what was sent while it waited', async () => {
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

    it('rejects when the broker closes, as it does on an error, and says how many are in doubt', async () => {
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

  describe('tells of requests without an answer that nobody can vouch for', () => {
    it('when the broker closes', async () => {
      const { peer, producer } = await all.withBroker((socket, _request, nth) => {
        if (nth === 3) socket.end()
      })
      for (let i = 0; i < 3; i++) await producer.send(keyed(0))
      await until(() => !producer.isConnected)
      expect(all.story.lines[1]).to.equal(`3 unconfirmed at ${peer.broker}: ConnectionError`)
    })

    it('but not of those before a round trip', async () => {
      const { peer, producer } = await all.withBroker()
      await producer.send(keyed(0))
      await producer.send(keyed(0))
      await producer.confirm()
      await producer.send(keyed(0))
      ;(await peer.socket()).end()
      await until(() => !producer.isConnected)
      expect(all.story.lines[1]).to.equal(`1 unconfirmed at ${peer.broker}: ConnectionError`)
    })

    it('but not of one that has failed by itself: its sender knows', async () => {
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

    it('but not of one that could not be encoded', async () => {
      const { peer, producer } = await all.withBroker()
      await producer.send(keyed(1))
      await rejectionOf(producer.send({ ...keyed(0), timeoutMs: 2 ** 31 }))
      ;(await peer.socket()).end()
      await until(() => !producer.isConnected)
      expect(all.story.lines.filter((line) => line.includes('unconfirmed'))).to.deep.equal([])
    })

    it('and starts to count anew with each connection', async () => {
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

    it('but not when it is closed from this side: who closes has confirmed before', async () => {
      const { producer } = await all.withBroker()
      await producer.send(keyed(0))
      producer.close()
      await turns()
      expect(all.story.lines.filter((line) => line.includes('unconfirmed'))).to.deep.equal([])
    })
  })
})

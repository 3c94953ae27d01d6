import { expect } from 'chai'
import _ from 'lodash'
import sinon from 'sinon'
import type { BrokerAddress } from '../../lib/broker-address.js'
import { BrokerSessions } from '../../lib/cluster/broker-sessions.js'
import { MetadataSource } from '../../lib/cluster/metadata-source.js'
import {
  AuthenticationError,
  ConnectionError,
  type KafkaError,
  MetadataError,
  ProducerClosedError,
} from '../../lib/errors.js'
import { BrokerSession } from '../../lib/network/broker-session.js'
import type { MetadataResponse } from '../../lib/protocol/messages/index.js'
import { connectorOf } from '../network/support/connectors.js'
import { rejectionOf, turns } from '../network/support/doubles.js'
import { deadAddress, peers } from '../network/support/peer.js'
import { gate } from '../pool/support/fake-sync-producer.js'
import { metadataResponse } from '../support/messages.js'
import { at, FakeBrokers, naming } from './support/fake-brokers.js'

describe('MetadataSource', () => {
  let brokers: FakeBrokers

  beforeEach(() => {
    brokers = new FakeBrokers()
  })

  it('requests the given topics and resolves with the answer', async () => {
    brokers.alive(1, at(7))
    expect(await brokers.sourceOf(1).fetch(['t', 'u'])).to.deep.equal(naming(at(7)))
    expect(brokers.created[0]!.fetchMetadata.args).to.deep.equal([[['t', 'u']]])
  })

  it('says of its last answer whether the same broker would say more now', async () => {
    brokers.alive(1)
    const source = brokers.sourceOf(1)
    expect(source.lacksTopicIds, 'before any answer').to.equal(false)
    for (const lacking of [true, false]) {
      brokers.lacksTopicIds = lacking
      await source.fetch(['t'])
      expect(source.lacksTopicIds).to.equal(lacking)
    }
  })

  it('takes the first answer, be it nothing but errors', async () => {
    const response = metadataResponse({
      brokers: [],
      topics: [{ errorCode: 3, name: 't', partitions: [] }],
    })
    brokers.answers.set(1, async () => response)
    expect(await brokers.sourceOf(1, 2).fetch(['t'])).to.equal(response)
    expect(brokers.askedPorts()).to.deep.equal([1])
  })

  it('tries the brokers of the list in shuffled order', async () => {
    const shuffle = sinon.spy((all: readonly BrokerAddress[]) => _.reverse([...all]))
    const source = brokers.sourceWith(shuffle, 1, 2, 3)
    await rejectionOf(source.fetch(['t']))
    expect(brokers.askedPorts()).to.deep.equal([3, 2, 1])
    await rejectionOf(source.fetch(['t']))
    expect(shuffle.args).to.deep.equal([[[at(1), at(2), at(3)]], [[at(1), at(2), at(3)]]])
  })

  it('asks the bootstrap brokers under their canonical names where these are wanted', async () => {
    const { sessions, logger } = brokers
    const source = new MetadataSource({
      bootstrap: [at(1)],
      canonicalBootstrap: async () => [at(2), at(3)],
      sessions,
      logger,
      shuffle: (all) => [...all],
    })
    await rejectionOf(source.fetch(['t']))
    expect(brokers.askedPorts()).to.deep.equal([2, 3])
  })

  it('does not always begin with the same broker by default', async () => {
    const firsts = new Set<number>()
    for (let i = 0; i < 100; i++) {
      brokers = new FakeBrokers()
      const source = brokers.sourceWith(undefined, 1, 2, 3, 4)
      await rejectionOf(source.fetch(['t']))
      expect(brokers.askedPorts().sort()).to.deep.equal([1, 2, 3, 4])
      firsts.add(brokers.askedPorts()[0]!)
      await rejectionOf(source.fetch(['t']))
    }
    expect(firsts.size).to.be.above(1)
  })

  it('skips brokers that do not answer, closes their connections and logs a warning for each', async () => {
    brokers.alive(3)
    await brokers.sourceOf(1, 2, 3, 4).fetch(['t'])
    expect(brokers.askedPorts()).to.deep.equal([1, 2, 3])
    expect(brokers.created.map(({ isClosed }) => isClosed)).to.deep.equal([true, true, false])
    const warnings = brokers.logger.lines.filter((line) => line.startsWith('warn'))
    expect(warnings).to.have.length(2)
    expect(warnings[0])
      .to.contain('1 topic ')
      .and.match(/: cannot connect to b:1$/)
    expect(warnings[1])
      .to.contain('1 topic ')
      .and.match(/: cannot connect to b:2$/)
  })

  it('fails with AuthenticationError where no broker answers and one refuses the login, and names all of them', async () => {
    brokers.answers.set(1, () =>
      Promise.reject(new AuthenticationError('no such user', { broker: 'b:1', mechanism: 'PLAIN' })),
    )
    const error = await rejectionOf(brokers.sourceOf(1, 2).fetch(['t']))
    expect(error).to.be.instanceOf(AuthenticationError).and.include({ mechanism: 'PLAIN', retriable: false })
    expect(error.message).to.include('no such user').and.include('cannot connect to b:2')
  })

  it('takes the answer of a broker that lets it in where another one refuses the login', async () => {
    brokers.answers.set(1, () => Promise.reject(new AuthenticationError('no such user')))
    brokers.alive(2)
    await brokers.sourceOf(1, 2).fetch(['t'])
  })

  it('asks a broker that is listed twice once', async () => {
    await rejectionOf(brokers.sourceOf(1, 1, 2).fetch(['t']))
    expect(brokers.askedPorts()).to.deep.equal([1, 2])
  })

  describe('a broker that has answered', () => {
    it('is asked first while its connection is open, on that connection', async () => {
      brokers.alive(2)
      const source = brokers.sourceOf(1, 2, 3)
      for (let i = 0; i < 3; i++) await source.fetch(['t'])
      expect(brokers.askedPorts()).to.deep.equal([1, 2])
      expect(brokers.created[1]!.fetchMetadata.callCount).to.equal(3)
      expect(brokers.created[1]!.isClosed).to.equal(false)
    })

    it('has no precedence when its connection is closed, and is connected again in its turn', async () => {
      brokers.alive(2)
      const source = brokers.sourceOf(1, 2)
      await source.fetch(['t'])
      brokers.created[1]!.isConnected = false
      await source.fetch(['t'])
      expect(brokers.askedPorts()).to.deep.equal([1, 2, 1])
      expect(brokers.created[1]!.fetchMetadata.callCount).to.equal(2)
    })

    it('is replaced and closed when it fails and another one answers', async () => {
      brokers.alive(1)
      brokers.alive(2)
      const source = brokers.sourceOf(1, 2)
      await source.fetch(['t'])
      brokers.answers.delete(1)
      await source.fetch(['t'])
      await source.fetch(['t'])
      expect(brokers.askedPorts()).to.deep.equal([1, 2])
      expect(brokers.created.map(({ isClosed }) => isClosed)).to.deep.equal([true, false])
      expect(brokers.created[1]!.fetchMetadata.callCount).to.equal(2)
    })
  })

  describe('learned brokers', () => {
    it('are asked when none of the list answers, in the order of the answer', async () => {
      brokers.alive(1, at(7), at(8))
      const source = brokers.sourceOf(1, 2)
      await source.fetch(['t'])
      brokers.answers.clear()
      brokers.alive(8)
      brokers.created[0]!.isConnected = false
      await source.fetch(['t'])
      expect(brokers.askedPorts()).to.deep.equal([1, 2, 7, 8])
    })

    it('are not asked while a listed broker answers', async () => {
      brokers.alive(1, at(7))
      brokers.alive(2)
      const source = brokers.sourceOf(1, 2)
      await source.fetch(['t'])
      brokers.answers.delete(1)
      await source.fetch(['t'])
      expect(brokers.askedPorts()).to.deep.equal([1, 2])
    })

    it('are those of the last answer with brokers', async () => {
      brokers.alive(1, at(7))
      const source = brokers.sourceOf(1)
      await source.fetch(['t'])
      brokers.alive(1)
      await source.fetch(['t'])
      brokers.answers.clear()
      await rejectionOf(source.fetch(['t']))
      expect(brokers.askedPorts()).to.deep.equal([1, 7])
    })

    it('are not asked where their address is unusable', async () => {
      brokers.alive(1, { host: '', port: 9092 }, at(0), at(-1), at(70_000), at(7))
      const source = brokers.sourceOf(1)
      await source.fetch(['t'])
      brokers.answers.clear()
      await rejectionOf(source.fetch(['t']))
      expect(brokers.askedPorts()).to.deep.equal([1, 7])
    })
  })

  it('fails when no broker answers, with the list, each broker’s error, and the last one as cause', async () => {
    brokers.alive(1, at(7))
    const source = brokers.sourceOf(1, 2)
    await source.fetch(['t'])
    brokers.answers.clear()
    const last = new ConnectionError('b:7 closed the connection')
    brokers.answers.set(7, () => Promise.reject(last))
    const error = await rejectionOf(source.fetch(['t']))
    expect(error).to.be.instanceOf(MetadataError)
    expect(error).to.include({ cause: last, retriable: true, persistence: 'not-persisted' })
    expect(error.message)
      .to.include('metadata.broker.list=b:1,b:2')
      .and.include('cannot connect to b:1; cannot connect to b:2; b:7 closed the connection')
  })

  it('starts from the list again after it has failed', async () => {
    const source = brokers.sourceOf(1)
    await rejectionOf(source.fetch(['t']))
    brokers.alive(1)
    expect(await source.fetch(['t'])).to.deep.equal(naming())
  })

  describe('a broker that takes the request and does not answer', () => {
    let clock: sinon.SinonFakeTimers

    beforeEach(() => {
      clock = sinon.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    })
    afterEach(() => clock.restore())

    it('costs a second: the next one is asked beside it, and it is let go when that one answers', async () => {
      const never = gate<MetadataResponse>()
      brokers.answers.set(1, () => never.opened)
      brokers.alive(2)
      const source = brokers.sourceOf(1, 2)
      const fetching = source.fetch(['t'])
      await clock.tickAsync(999)
      expect(brokers.askedPorts()).to.deep.equal([1])
      await clock.tickAsync(1)
      expect(await fetching).to.deep.equal(naming())
      expect(brokers.created.map(({ isClosed }) => isClosed)).to.deep.equal([true, false])
      expect(brokers.logger.lines.filter((line) => line.startsWith('warn'))).to.deep.equal([])
      never.fail(new ConnectionError('closed from this side'))
      await source.fetch(['t'])
      expect(brokers.askedPorts(), 'the one that answered goes on').to.deep.equal([1, 2])
    })

    it('is what is waited for where no other one answers', async () => {
      const late = gate<MetadataResponse>()
      brokers.answers.set(1, () => late.opened)
      const fetching = brokers.sourceOf(1, 2).fetch(['t'])
      await clock.tickAsync(5000)
      expect(brokers.askedPorts()).to.deep.equal([1, 2])
      late.open(naming(at(1)))
      expect(await fetching).to.deep.equal(naming(at(1)))
    })

    it('is given up with the others when the source is closed', async () => {
      for (const port of [1, 2]) brokers.answers.set(port, () => gate<MetadataResponse>().opened)
      const source = brokers.sourceOf(1, 2, 3)
      const fetching = rejectionOf(source.fetch(['t']))
      await clock.tickAsync(1000)
      const reason = new ProducerClosedError()
      source.close(reason)
      expect(await fetching).to.equal(reason)
      expect(brokers.created.map(({ closes }) => closes)).to.deep.equal([[reason], [reason]])
      expect(clock.countTimers()).to.equal(0)
    })
  })

  describe('close', () => {
    const reason = new ProducerClosedError()

    it('closes the kept connection with the reason', async () => {
      brokers.alive(1)
      const source = brokers.sourceOf(1)
      await source.fetch(['t'])
      source.close(reason)
      expect(brokers.created[0]!.closes).to.deep.equal([reason])
    })

    it('ends a fetch that waits for an answer, and asks no other broker', async () => {
      const waiting = gate<MetadataResponse>()
      brokers.answers.set(1, () => waiting.opened)
      brokers.alive(2)
      const source = brokers.sourceOf(1, 2)
      const fetching = rejectionOf(source.fetch(['t']))
      await turns()
      source.close(reason)
      expect(brokers.created[0]!.closes[0]).to.equal(reason)
      waiting.fail(new ConnectionError('closed from this side'))
      expect(await fetching).to.equal(reason)
      expect(brokers.askedPorts()).to.deep.equal([1])
    })

    it('ends a fetch that waits for the last broker with the reason, not with that broker’s error', async () => {
      const waiting = gate<MetadataResponse>()
      brokers.answers.set(1, () => waiting.opened)
      const source = brokers.sourceOf(1)
      const fetching = rejectionOf(source.fetch(['t']))
      await turns()
      source.close(reason)
      waiting.fail(new ConnectionError('closed from this side'))
      expect(await fetching).to.equal(reason)
    })

    it('refuses to fetch afterwards', async () => {
      const source = brokers.sourceOf(1)
      source.close(reason)
      expect(await rejectionOf(source.fetch(['t']))).to.equal(reason)
      expect(brokers.created).to.deep.equal([])
    })

    it('can be called before anything was fetched, and twice', () => {
      const source = brokers.sourceOf(1)
      source.close(reason)
      source.close(reason)
    })
  })

  describe('with real connections', () => {
    const start = peers()

    it('reports the error of each broker', async () => {
      const dead = await deadAddress()
      const closing = await start((socket) => socket.once('data', () => socket.end()))
      const http = await start((socket) =>
        socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')),
      )
      const silent = await start()
      const source = new MetadataSource({
        bootstrap: [dead, closing.address, http.address, silent.address],
        shuffle: (all) => [...all],
        logger: brokers.logger,
        sessions: new BrokerSessions({
          create: (address, onClosed) =>
            new BrokerSession(address, {
              connector: connectorOf({ logger: brokers.logger }),
              requestTimeoutMs: 30,
              onClosed,
            }),
        }),
      })
      const { message } = (await rejectionOf(source.fetch(['t']))) as KafkaError
      expect(message).to.include(`cannot connect to 127.0.0.1:${dead.port}: connect ECONNREFUSED`)
      expect(message).to.include(`${closing.broker} closed the connection without a word`)
      expect(message).to.match(
        new RegExp(`${http.broker} broke the protocol: .* this looks like an HTTP server`),
      )
      expect(message).to.include(`${silent.broker} did not answer ApiVersions within 30 ms`)
    })
  })
})

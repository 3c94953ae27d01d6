import type { Socket } from 'node:net'
import { expect } from 'chai'
import { ConnectionError, EncodeError, type KafkaError, ProducerClosedError } from '../../lib/errors.js'
import { ApiVersionsCache } from '../../lib/network/api-versions-cache.js'
import {
  BrokerSession,
  type BrokerSessionOptions,
  legalMove,
  type Ready,
  type SessionState,
} from '../../lib/network/broker-session.js'
import { BrokerVersions } from '../../lib/network/broker-versions.js'
import { metadata, metadataRequest } from '../../lib/protocol/messages/index.js'
import { gate } from '../pool/support/fake-sync-producer.js'
import { headerOf, topicsOf } from './support/answers.js'
import { connectorOf } from './support/connectors.js'
import { rejectionOf, turns, until } from './support/doubles.js'
import {
  API_VERSIONS,
  kafka0_8,
  kafka0_9,
  kafka2_8,
  METADATA,
  silent,
  telling,
} from './support/kinds-of-servers.js'
import { deadAddress, onRequests, peers } from './support/peer.js'

type OnRequest = (socket: Socket, request: Buffer) => void

const TIMEOUT_MS = 1000
const states: readonly SessionState[] = ['idle', 'connecting', 'authenticating', 'ready', 'closed']

describe('legalMove', () => {
  const legal = new Set([
    'idle → connecting',
    'idle → closed',
    'connecting → authenticating',
    'connecting → idle',
    'connecting → closed',
    'authenticating → ready',
    'authenticating → idle',
    'authenticating → closed',
    'ready → idle',
    'ready → closed',
  ])
  for (const from of states) {
    for (const to of states) {
      const isLegal = legal.has(`${from} → ${to}`)
      it(`${isLegal ? 'lets' : 'does not let'} a session that is ${from} become ${to}`, () => {
        if (isLegal) expect(legalMove(from, to)).to.equal(to)
        else expect(() => legalMove(from, to)).to.throw(`a session that is ${from} cannot become ${to}`)
      })
    }
  }
})

describe('BrokerSession', () => {
  const start = peers()
  const sessions: BrokerSession[] = []
  /** What its listener was called with, and in which state the session was then. */
  let story: string[]

  beforeEach(() => {
    story = []
  })

  afterEach(() => {
    for (const session of sessions.splice(0)) session.close()
  })

  function sessionOf(address: { host: string; port: number }, settings: Partial<BrokerSessionOptions> = {}) {
    const session: BrokerSession = new BrokerSession(address, {
      connector: connectorOf({ connectTimeoutMs: () => TIMEOUT_MS }),
      requestTimeoutMs: TIMEOUT_MS,
      listener: {
        onConnect: () => void story.push(`connected while ${session.state}`),
        onDisconnect: (_, reason) =>
          void story.push(`disconnected while ${session.state}: ${reason?.message ?? 'by us'}`),
      },
      ...settings,
    })
    sessions.push(session)
    return session
  }

  /** A broker of this kind, what it was asked, and a session that does not know it. */
  async function reaching(way: OnRequest, settings: Partial<BrokerSessionOptions> = {}) {
    const asked: number[] = []
    const requests: Buffer[] = []
    const peer = await start(
      onRequests((socket, request) => {
        asked.push(headerOf(request).apiKey)
        requests.push(request)
        way(socket, request)
      }),
    )
    return { peer, asked, requests, session: sessionOf(peer.address, settings) }
  }

  const known = (): Partial<BrokerSessionOptions> => ({
    apiVersionsCache: new ApiVersionsCache(BrokerVersions.pinned('0.8.2')),
  })

  describe('state', () => {
    it('is idle before the first request, and no connection is opened', async () => {
      const { peer, session } = await reaching(kafka2_8)
      await turns()
      expect([session.state, session.isConnected, peer.sockets]).to.deep.equal(['idle', false, []])
    })

    it('is connecting until the broker has said what it speaks, and ready from then on', async () => {
      const { asked, session } = await reaching(kafka2_8)
      const connecting = session.ready(['t'])
      expect(session.state).to.equal('connecting')
      await connecting
      expect([session.state, session.isConnected, asked]).to.deep.equal([
        'ready',
        true,
        [API_VERSIONS, METADATA],
      ])
      expect(story).to.deep.equal(['connected while ready'])
    })

    for (const [title, settings] of [
      ['whose versions were asked for', {}],
      ['whose versions are known', known()],
    ] as const) {
      it(`is authenticating while a connection is authenticated, of a broker ${title}`, async () => {
        const authenticated = gate()
        let versions: string | undefined
        const authenticate: BrokerSessionOptions['authenticate'] = (client) => {
          versions = client.versions?.release
          return authenticated.opened
        }
        const { asked, session } = await reaching(kafka2_8, { ...settings, authenticate })
        const ready = session.ready(['t'])
        await until(() => session.state === 'authenticating')
        await turns()
        expect([session.state, asked.includes(METADATA), story]).to.deep.equal(['authenticating', false, []])
        expect(versions).to.be.a('string')
        authenticated.open()
        await ready
        expect(session.state).to.equal('ready')
      })

      it(`is idle again after authentication has failed, and the connection is closed, of a broker ${title}`, async () => {
        const reason = new ConnectionError('the password is wrong')
        const { peer, session } = await reaching(kafka2_8, {
          ...settings,
          authenticate: () => Promise.reject(reason),
        })
        expect(await rejectionOf(session.ready(['t']) as Promise<Ready>)).to.equal(reason)
        expect([session.state, story]).to.deep.equal(['idle', []])
        await until(() => peer.sockets.every(({ closed }) => closed))
      })
    }

    it('is idle again after connecting has failed, and the next request connects', async () => {
      const session = sessionOf(await deadAddress())
      for (let i = 0; i < 2; i++) {
        const connecting = session.ready(['t']) as Promise<Ready>
        expect(session.state).to.equal('connecting')
        expect(await rejectionOf(connecting)).to.be.instanceOf(ConnectionError)
        expect(session.state).to.equal('idle')
      }
    })

    it('is idle again after the connection has ended, and the next request connects', async () => {
      const { peer, session } = await reaching(kafka2_8)
      await session.ready(['t'])
      peer.sockets[0]!.destroy()
      await until(() => session.state === 'idle')
      await session.ready(['t'])
      expect([session.state, peer.sockets.length]).to.deep.equal(['ready', 2])
      expect(story[1]).to.match(/^disconnected while idle: \S+ closed the connection$/)
    })

    it('is closed for good after close, which can be called twice', async () => {
      const { session } = await reaching(kafka2_8)
      await session.ready(['t'])
      const reason = new ProducerClosedError()
      session.close(reason)
      session.close(new ConnectionError('second'))
      expect([session.state, session.isConnected]).to.deep.equal(['closed', false])
      expect(await rejectionOf(session.ready(['t']) as Promise<Ready>)).to.equal(reason)
      expect(story[1]).to.equal('disconnected while closed: by us')
    })
  })

  describe('close', () => {
    const stages: [title: string, way: OnRequest, settings: Partial<BrokerSessionOptions>][] = [
      ['the broker is asked for its versions', silent, {}],
      ['the connection is authenticated', kafka2_8, { authenticate: () => new Promise(() => {}) }],
    ]
    for (const [title, way, settings] of stages) {
      it(`leaves no connection behind while ${title}`, async () => {
        const { peer, asked, session } = await reaching(way, settings)
        const connecting = session.ready(['t']) as Promise<Ready>
        connecting.catch(() => {})
        await until(() => asked.includes(API_VERSIONS))
        await turns()
        session.close()
        await until(() => peer.sockets.every(({ closed }) => closed))
        expect([session.state, story]).to.deep.equal(['closed', []])
      })
    }

    it('ends connecting with the reason', async () => {
      const { asked, session } = await reaching(silent)
      const connecting = rejectionOf(session.ready(['t']) as Promise<Ready>)
      await until(() => asked.length === 2)
      const reason = new ProducerClosedError()
      session.close(reason)
      expect((await connecting).message).to.equal(reason.message)
    })
  })

  describe('ready', () => {
    it('shares one connect among callers at the same time, and gives an open connection at once', async () => {
      const { peer, session } = await reaching(kafka2_8)
      const all = await Promise.all([session.ready(['t']), session.ready(['u'])])
      const later = session.ready(['v'])
      expect(later).not.to.be.instanceOf(Promise)
      expect(new Set([...all, later as Ready].map(({ connection }) => connection)).size).to.equal(1)
      expect(peer.sockets).to.have.length(1)
    })

    it('gives the metadata that came with the versions to the caller whose topics were asked for, and to nobody else', async () => {
      const { requests, session } = await reaching(kafka2_8)
      const all = await Promise.all([session.ready(['t']), session.ready(['u'])])
      const later = await session.ready(['t'])
      expect([...all, later].map(({ metadata: found }) => found !== null)).to.deep.equal([true, false, false])
      expect(topicsOf(requests[1]!)).to.deep.equal(['t'])
    })

    it('gives no metadata where nobody had to be asked', async () => {
      const { asked, session } = await reaching(kafka2_8, known())
      expect((await session.ready([])).metadata).to.equal(null)
      expect(asked).to.deep.equal([])
    })

    it('needs a topic where the broker is not known: asking for none would ask for all', async () => {
      const { peer, session } = await reaching(kafka2_8)
      expect(session.isKnown).to.equal(false)
      expect(await rejectionOf(session.ready([]) as Promise<Ready>)).to.be.instanceOf(EncodeError)
      expect([session.state, peer.sockets]).to.deep.equal(['idle', []])
      expect((await reaching(kafka2_8, known())).session.isKnown).to.equal(true)
    })

    it('says how long each caller has waited for the connection', async () => {
      const { session } = await reaching(kafka2_8)
      const first = await session.ready(['t'])
      expect(first.connectMs).to.be.above(0)
      expect((await session.ready(['t'])).connectMs).to.equal(0)
    })
  })

  describe('connection', () => {
    const ask = ({ connection }: Ready) =>
      connection.request(metadata, metadataRequest(['u']), { timeoutMs: TIMEOUT_MS })

    it('knows the versions of its broker', async () => {
      const { connection } = await (await reaching(kafka2_8)).session.ready(['t'])
      expect(connection.version(metadata)).to.equal(11)
      expect(connection.version(metadata, 8)).to.equal(8)
      expect([connection.knows(metadata, 11), connection.knows(metadata, 12)]).to.deep.equal([true, false])
    })

    it('sends nothing any more once it has ended, whatever its session has opened since', async () => {
      const { asked, session } = await reaching(kafka0_9)
      const old = await session.ready(['t'])
      session.disconnect(new ConnectionError('lost'))
      const next = await session.ready(['t'])
      asked.length = 0
      expect([old.connection.isOpen, next.connection.isOpen]).to.deep.equal([false, true])
      expect(await rejectionOf(ask(old))).to.include({ persistence: 'not-persisted', retriable: true })
      await ask(next)
      expect(asked).to.deep.equal([METADATA])
    })

    it('says when it ends, once, before the listener of the session is called', async () => {
      const { session } = await reaching(kafka2_8)
      const { connection } = await session.ready(['t'])
      connection.onEnd((reason: KafkaError) => void story.push(`ended: ${reason.message}`))
      connection.close(new ConnectionError('not trusted'))
      connection.close(new ConnectionError('again'))
      expect(story.slice(1)).to.deep.equal(['ended: not trusted', 'disconnected while idle: not trusted'])
    })
  })

  describe('fetchMetadata', () => {
    it('lacks topic ids where its answer came with the versions and the broker knows ids', async () => {
      const { asked, session } = await reaching(kafka2_8)
      expect((await session.fetchMetadata(['t'])).lacksTopicIds, 'v0 has no room for them').to.equal(true)
      expect(asked).to.deep.equal([API_VERSIONS, METADATA])
    })

    for (const [title, way] of [
      ['0.8', kafka0_8],
      ['0.9', kafka0_9],
      [
        '0.10.0',
        telling([
          [0, 0, 2],
          [3, 0, 1],
          [18, 0, 0],
        ]),
      ],
    ] as const) {
      it(`lacks nothing where the broker is ${title} and knows no topic ids`, async () => {
        const { session } = await reaching(way)
        expect((await session.fetchMetadata(['t'])).lacksTopicIds).to.equal(false)
      })
    }

    it('lacks nothing where it was asked on an open connection', async () => {
      const { asked, session } = await reaching(kafka0_9)
      await session.fetchMetadata(['t'])
      expect((await session.fetchMetadata(['t'])).lacksTopicIds).to.equal(false)
      expect(asked).to.deep.equal([API_VERSIONS, METADATA, METADATA])
    })
  })
})

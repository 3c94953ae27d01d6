import type { Socket } from 'node:net'
import { expect } from 'chai'
import {
  ConnectionError,
  DecodeError,
  type KafkaError,
  RequestTimeoutError,
  SslAuthenticationError,
  UnsupportedVersionError,
} from '../../lib/errors.js'
import {
  type Detected,
  type Detection,
  detectVersions,
  detectVersionsAlone,
} from '../../lib/network/detect-versions.js'
import { produce } from '../../lib/protocol/messages/index.js'
import { headerOf, topicsOf, versionsAnswer } from './support/answers.js'
import { clients, fakeTimeouts, TIMEOUT_MS } from './support/clients.js'
import { rejectionOf, turns, until } from './support/doubles.js'
import {
  API_VERSIONS,
  closingOnEverything,
  kafka0_8,
  kafka0_9,
  kafka2_8,
  listOf2_8,
  METADATA,
  silent,
  telling,
  wantingSasl,
} from './support/kinds-of-servers.js'
import { deadAddress, onRequests, type Peer } from './support/peer.js'

type OnRequest = (socket: Socket, request: Buffer) => void

function detection(some: Pick<Detection, 'open'> & Partial<Detection>): Detection {
  const { signal } = new AbortController()
  return { authenticate: null, topics: ['t'], timeoutMs: TIMEOUT_MS, signal, ...some }
}

describe('detectVersions', () => {
  const all = clients()

  /** A server that does this; the nth connection has the nth way, further ones the last. */
  async function server(...ways: OnRequest[]) {
    /** Keys of the requests of each connection. */
    const asked: number[][] = []
    const requests: Buffer[] = []
    const peer = await all.start((socket) => {
      const keys: number[] = []
      const way = ways[Math.min(asked.length, ways.length - 1)]!
      asked.push(keys)
      onRequests((_, request) => {
        if (socket.destroyed) return
        keys.push(headerOf(request).apiKey)
        requests.push(request)
        way(socket, request)
      })(socket)
    })
    return { peer, asked, requests }
  }

  function ask(address: Peer['address'], topics = ['t']): Promise<Detected> {
    return detectVersions(detection({ open: () => all.clientOf(address), topics }))
  }

  /** What a server is taken for, and the keys it was asked by connection. */
  async function detected(...ways: OnRequest[]): Promise<[release: string, asked: number[][]]> {
    const { peer, asked } = await server(...ways)
    const { client } = await ask(peer.address)
    expect(client.isOpen).to.equal(true)
    return [client.versions!.release, asked]
  }

  async function failureOf(...ways: OnRequest[]): Promise<[error: KafkaError, asked: number[][]]> {
    const { peer, asked } = await server(...ways)
    const error = await rejectionOf(ask(peer.address))
    expect(error.persistence, 'nothing was sent but questions').to.equal('not-persisted')
    return [error, asked]
  }

  const both = [API_VERSIONS, METADATA]

  describe('with a broker from 0.10 on', () => {
    it('finds its versions in one round trip over one connection', async () => {
      expect(await detected(kafka2_8)).to.deep.equal(['2.8', [both]])
    })

    it('sends ApiVersions and Metadata for the topics in use together, in version 0', async () => {
      const { peer, requests } = await server(silent)
      const asking = rejectionOf(ask(peer.address, ['a', 'b']))
      await until(() => requests.length === 2)
      expect(requests.map(headerOf)).to.deep.equal([
        { apiKey: API_VERSIONS, apiVersion: 0, correlationId: 0, clientId: 'c1' },
        { apiKey: METADATA, apiVersion: 0, correlationId: 1, clientId: 'c1' },
      ])
      expect(topicsOf(requests[1]!)).to.deep.equal(['a', 'b'])
      await peer.close()
      await asking
    })

    it('returns the metadata answer', async () => {
      const { peer } = await server(kafka2_8)
      expect((await ask(peer.address)).metadata).to.deep.include({ brokers: [], topics: [] })
    })

    // KAFKA-18659.
    it('never uses Produce v0 to v2 with 4.x, although it lists them', async () => {
      const { peer } = await server(
        telling([
          [0, 0, 13],
          [3, 0, 13],
          [18, 0, 4],
        ]),
      )
      const versions = (await ask(peer.address)).client.versions!
      expect(versions.versionOf(produce, 'b')).to.equal(13)
      expect(() => versions.newestUpTo(2, produce, 'b')).to.throw(UnsupportedVersionError, 'v3 to v13')
    })
  })

  it('takes a broker that answers only Metadata for 0.9, without waiting for a time-out', async () => {
    const clock = fakeTimeouts()
    expect(await detected(kafka0_9)).to.deep.equal(['0.9', [both]])
    expect(clock.countTimers()).to.equal(0)
  })

  it('takes a broker that closes, answers Metadata alone, and closes again for 0.8', async () => {
    const [release, asked] = await detected(kafka0_8)
    expect([release, asked]).to.deep.equal(['0.8', [[API_VERSIONS], [METADATA], [API_VERSIONS]]])
  })

  it('finds a 0.8 broker without a pause', async () => {
    const clock = fakeTimeouts()
    expect((await detected(kafka0_8))[0]).to.equal('0.8')
    expect(clock.countTimers()).to.equal(0)
  })

  describe('does not take for 0.8', () => {
    it('a newer broker that was just going down, and asks it again', async () => {
      expect(await detected(closingOnEverything, kafka2_8)).to.deep.equal([
        '2.8',
        [[API_VERSIONS], [METADATA], both],
      ])
      expect(all.ends, 'the connection of the second question is of no use').to.have.length(2)
    })

    it('a newer broker behind a proxy that closes twice, and asks it after a pause', async () => {
      expect(await detected(closingOnEverything, closingOnEverything, kafka2_8)).to.deep.equal([
        '2.8',
        [[API_VERSIONS], [METADATA], both],
      ])
    })

    it('a newer broker behind a proxy that closes three times', async () => {
      const [release] = await detected(...Array(3).fill(closingOnEverything), kafka2_8)
      expect(release).to.equal('2.8')
    })

    // A TLS listener, or none of Kafka.
    it('a server that closes on Metadata as well, twice', async () => {
      const [error, asked] = await failureOf(closingOnEverything)
      expect(error).to.be.instanceOf(ConnectionError)
      expect(error.message).to.include('is it a Kafka broker, and is this its plaintext port?')
      expect(asked).to.deep.equal([[API_VERSIONS], [METADATA], [API_VERSIONS], [METADATA]])
    })

    it('a server that answers Metadata and then refuses the connection', async () => {
      const { peer } = await server(closingOnEverything, kafka0_8)
      const dead = await deadAddress()
      let opened = 0
      const open = () => all.clientOf(++opened === 3 ? dead : peer.address)
      const error = await rejectionOf(detectVersions(detection({ open })))
      expect(error.message).to.include('ECONNREFUSED')
      expect(all.ends, 'the connection of the second question is of no use').to.have.length(2)
    })

    it('a server that lists its versions and closes on Metadata, as a SASL listener does', async () => {
      const [error, asked] = await failureOf(wantingSasl)
      expect(error).to.be.instanceOf(ConnectionError)
      expect(error.message).to.match(
        /^\S+ listed its versions and closed the connection on Metadata: does this listener require SASL\?$/,
      )
      expect(asked, 'it is not asked again').to.deep.equal([both])
    })

    // The alert of a TLS server that was sent something else.
    it('a TLS listener, and tells which setting to change', async () => {
      const [error, asked] = await failureOf((socket) => socket.end(Buffer.from('15030300020246', 'hex')))
      expect(error).to.be.instanceOf(SslAuthenticationError)
      expect(error.message).to.include('security.protocol')
      expect(asked).to.have.length(1)
    })

    it('a server of another protocol', async () => {
      const [error, asked] = await failureOf((socket) => socket.end('HTTP/1.1 400 Bad Request'))
      expect(error).to.be.instanceOf(DecodeError)
      expect(asked).to.have.length(1)
    })
  })

  describe('where no topic is in use', () => {
    /** A name that no topic can have, so that none is created. */
    const NO_TOPIC = '/'

    async function detectedAlone(
      ...ways: OnRequest[]
    ): Promise<[release: string, asked: number[][], topics: string[]]> {
      const { peer, asked, requests } = await server(...ways)
      const { client, metadata } = await detectVersionsAlone(
        detection({ open: () => all.clientOf(peer.address), topics: [] }),
      )
      expect(client.isOpen).to.equal(true)
      expect(metadata, 'nobody asked for that').to.equal(null)
      const named = requests.filter((one) => headerOf(one).apiKey === METADATA).flatMap(topicsOf)
      return [client.versions!.release, asked, [...new Set(named)]]
    }

    it('detectVersionsAlone asks a broker from 0.10 on for its versions, and for nothing else', async () => {
      expect(await detectedAlone(kafka2_8)).to.deep.equal(['2.8', [[API_VERSIONS]], []])
    })

    it('detectVersionsAlone recognises 0.8 by the answer for a topic that cannot exist', async () => {
      const [release, asked, topics] = await detectedAlone(kafka0_8)
      expect([release, topics]).to.deep.equal(['0.8', [NO_TOPIC]])
      expect(asked[0]).to.deep.equal([API_VERSIONS])
    })

    it('detectVersionsAlone recognises 0.9, which does not answer the question alone', async () => {
      const clock = fakeTimeouts()
      const { peer, asked } = await server(kafka0_9)
      const asking = detectVersionsAlone(detection({ open: () => all.clientOf(peer.address), topics: [] }))
      await until(() => asked.flat().length === 1)
      clock.tick(TIMEOUT_MS)
      await turns()
      clock.tick(TIMEOUT_MS)
      expect((await asking).client.versions!.release).to.equal('0.9')
      expect(asked).to.deep.equal([[API_VERSIONS], both])
    })

    it('detectVersionsAlone takes nothing for old that wants authentication', async () => {
      const { peer, asked } = await server(closingOnEverything)
      const open = () => all.clientOf(peer.address)
      const asking = detectVersionsAlone(detection({ open, topics: [], authenticate: async () => {} }))
      expect(await rejectionOf(asking)).to.be.instanceOf(ConnectionError)
      expect(asked).to.deep.equal([[API_VERSIONS]])
    })
  })

  describe('a broker that wants authentication', () => {
    const noAuthentication = async (): Promise<void> => {}

    function authenticating(peer: Peer, authenticate: Detection['authenticate']): Promise<Detected> {
      return detectVersions(detection({ open: () => all.clientOf(peer.address), authenticate }))
    }

    it('is asked for its versions alone, is authenticated with them, and is asked for metadata after that', async () => {
      const { peer, asked } = await server(kafka2_8)
      const atAuthentication: unknown[] = []
      const { client, metadata } = await authenticating(peer, async ({ versions }) => {
        atAuthentication.push([...asked[0]!], versions!.release)
        await turns()
        expect(asked[0], 'nothing is sent beside the authentication').to.deep.equal([API_VERSIONS])
      })
      expect(atAuthentication).to.deep.equal([[API_VERSIONS], '2.8'])
      expect([asked, client.isOpen, metadata!.brokers]).to.deep.equal([[both], true, []])
    })

    it('is closed, and fails as authenticating does, where that fails', async () => {
      const { peer, asked } = await server(kafka2_8)
      const refusal = new ConnectionError('the password is wrong')
      expect(await rejectionOf(authenticating(peer, () => Promise.reject(refusal)))).to.equal(refusal)
      expect([asked, all.ends]).to.deep.equal([[[API_VERSIONS]], [refusal]])
    })

    it('is taken for no release when it closes on the question, and is asked twice', async () => {
      const { peer, asked } = await server(kafka0_8)
      const error = await rejectionOf(authenticating(peer, noAuthentication))
      expect(error).to.be.instanceOf(ConnectionError).and.include({ persistence: 'not-persisted' })
      expect(asked).to.deep.equal([[API_VERSIONS], [API_VERSIONS]])
    })

    it('may close once before it answers', async () => {
      const { peer, asked } = await server(closingOnEverything, kafka2_8)
      expect((await authenticating(peer, noAuthentication)).client.versions!.release).to.equal('2.8')
      expect(asked).to.deep.equal([[API_VERSIONS], both])
    })
  })

  it('believes nothing of a broker that refuses the question, in the shape of version 0', async () => {
    const [error, asked] = await failureOf(telling([], 35))
    expect(error.message).to.include(
      'answered ApiVersions v0 with UNSUPPORTED_VERSION (35); set broker.version',
    )
    expect(error).to.be.instanceOf(UnsupportedVersionError)
    expect(asked).to.have.length(1)
    expect(all.ends, 'its connection is of no use').to.have.length(1)
  })

  it('fails when no answer comes in time, without a second attempt', async () => {
    const clock = fakeTimeouts()
    const { peer, asked } = await server(silent)
    const rejected = rejectionOf(ask(peer.address))
    await until(() => asked[0]?.length === 2)
    clock.tick(TIMEOUT_MS)
    await turns()
    clock.tick(TIMEOUT_MS)
    const error = await rejected
    expect(error).to.be.instanceOf(RequestTimeoutError).and.include({ persistence: 'not-persisted' })
    expect(asked).to.deep.equal([both])
  })

  it('fails when versions come but no metadata', async () => {
    const clock = fakeTimeouts()
    const { peer, asked } = await server((socket, request) => {
      const { apiKey, correlationId } = headerOf(request)
      if (apiKey === API_VERSIONS) socket.write(versionsAnswer(correlationId, listOf2_8))
    })
    let client: { hasAnswered: boolean } | undefined
    const open = async () => {
      const opened = await all.clientOf(peer.address)
      client = opened
      return opened
    }
    const rejected = rejectionOf(detectVersions(detection({ open })))
    await until(() => asked[0]?.length === 2 && client?.hasAnswered === true)
    clock.tick(TIMEOUT_MS)
    await turns()
    clock.tick(TIMEOUT_MS)
    expect((await rejected).message).to.include(`did not answer Metadata within ${TIMEOUT_MS} ms`)
  })

  it('fails with the error of connecting, which it tries once', async () => {
    const address = await deadAddress()
    let attempts = 0
    const open = () => {
      attempts += 1
      return all.clientOf(address)
    }
    const error = await rejectionOf(detectVersions(detection({ open })))
    expect(error).to.be.instanceOf(ConnectionError).and.include({ persistence: 'not-persisted' })
    expect(attempts).to.equal(1)
  })
})

import { expect } from 'chai'
import type { BrokerAddress } from '../../lib/broker-address.js'
import { MetadataSource } from '../../lib/cluster/metadata-source.js'
import { ConnectionError, MetadataError } from '../../lib/errors.js'
import type { BrokerSession } from '../../lib/network/broker-session.js'
import type { MetadataResponse } from '../../lib/protocol/messages/index.js'
import { type RecordingLogger, recordingLogger, rejectionOf } from '../network/support/doubles.js'
import { FakeBrokerSession } from '../network/support/fake-broker-session.js'
import { metadataResponse } from '../support/messages.js'

const NOT_CONTROLLER = 41
const REBOOTSTRAP_REQUIRED = 129

const at = (port: number) => ({ host: 'b', port })

/** A broker may refuse a request as a whole since Metadata v13. */
describe('MetadataSource after an answer with an error for the whole request', () => {
  let logger: RecordingLogger
  let created: FakeBrokerSession[]
  let answers: Map<number, MetadataResponse>

  beforeEach(() => {
    logger = recordingLogger()
    created = []
    answers = new Map()
  })

  function create(address: BrokerAddress): BrokerSession {
    const session = new FakeBrokerSession(address)
    session.fetchMetadata.callsFake(async () => {
      const response = answers.get(address.port)
      if (!response) throw new ConnectionError(`cannot connect to ${session.broker}`)
      session.isConnected = true
      return { response, lacksTopicIds: false }
    })
    created.push(session)
    return session.asReal
  }

  function sourceOf(...ports: number[]): MetadataSource {
    return new MetadataSource({ bootstrap: ports.map(at), create, logger, shuffle: (all) => [...all] })
  }

  function answering(port: number, errorCode = 0, ...brokers: BrokerAddress[]): void {
    const rows = brokers.map((address, nodeId) => ({ nodeId, ...address }))
    answers.set(port, metadataResponse({ brokers: rows, topics: [], errorCode }))
  }

  const askedPorts = () => created.splice(0).map(({ address }) => address.port)

  it('closes the connection and asks the next broker', async () => {
    answering(1, NOT_CONTROLLER)
    answering(2, 0, at(7))
    expect((await sourceOf(1, 2).fetch(['t'])).brokers).to.have.length(1)
    expect(created.map(({ isClosed }) => isClosed)).to.deep.equal([true, false])
    expect(logger.lines.join()).to.include('b:1 answered Metadata with NOT_CONTROLLER (41)')
  })

  it('asks the broker again at the next fetch, on a new connection', async () => {
    answering(1, NOT_CONTROLLER)
    const source = sourceOf(1)
    await rejectionOf(source.fetch(['t']))
    answering(1)
    await source.fetch(['t'])
    expect(askedPorts()).to.deep.equal([1, 1])
  })

  it('learns no brokers from the refusal', async () => {
    answering(1, NOT_CONTROLLER, at(8))
    const source = sourceOf(1)
    await rejectionOf(source.fetch(['t']))
    await rejectionOf(source.fetch(['t']))
    expect(askedPorts()).to.deep.equal([1, 1])
  })

  // KIP-1102.
  for (const [errorCode, what, ports] of [
    [REBOOTSTRAP_REQUIRED, 'forgets the brokers that it has learned and starts again from the list', [1]],
    [NOT_CONTROLLER, 'keeps the brokers that it has learned', [1, 8]],
  ] as const) {
    it(`${what} after code ${errorCode}`, async () => {
      const source = sourceOf(1)
      answering(1, 0, at(8))
      await source.fetch(['t'])
      answering(1, errorCode)
      await rejectionOf(source.fetch(['t']))
      askedPorts()
      await rejectionOf(source.fetch(['t']))
      expect(askedPorts()).to.deep.equal(ports)
    })
  }

  it('names the refusal in its error where no other broker answers', async () => {
    answering(1, REBOOTSTRAP_REQUIRED)
    const error = await rejectionOf(sourceOf(1).fetch(['t']))
    expect(error).to.be.instanceOf(MetadataError).and.include({ retriable: true })
    expect(error.message).to.include('b:1 answered Metadata with REBOOTSTRAP_REQUIRED (129)')
  })
})

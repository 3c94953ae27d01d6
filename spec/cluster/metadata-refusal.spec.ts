import { expect } from 'chai'
import { MetadataError } from '../../lib/errors.js'
import { rejectionOf } from '../network/support/doubles.js'
import { at, FakeBrokers } from './support/fake-brokers.js'

const NOT_CONTROLLER = 41
const REBOOTSTRAP_REQUIRED = 129

/** A broker may refuse a request as a whole since Metadata v13. */
describe('MetadataSource after an answer with an error for the whole request', () => {
  let brokers: FakeBrokers

  beforeEach(() => {
    brokers = new FakeBrokers()
  })

  it('closes the connection and asks the next broker', async () => {
    brokers.refusing(1, NOT_CONTROLLER)
    brokers.alive(2, at(7))
    expect((await brokers.sourceOf(1, 2).fetch(['t'])).brokers).to.have.length(1)
    expect(brokers.created.map(({ isClosed }) => isClosed)).to.deep.equal([true, false])
    expect(brokers.logger.lines.join()).to.include('b:1 answered Metadata with NOT_CONTROLLER (41)')
  })

  it('asks the broker again at the next fetch, on a new connection', async () => {
    brokers.refusing(1, NOT_CONTROLLER)
    const source = brokers.sourceOf(1)
    await rejectionOf(source.fetch(['t']))
    brokers.alive(1)
    await source.fetch(['t'])
    expect(brokers.takeAskedPorts()).to.deep.equal([1, 1])
  })

  it('learns no brokers from the refusal', async () => {
    brokers.refusing(1, NOT_CONTROLLER, at(8))
    const source = brokers.sourceOf(1)
    await rejectionOf(source.fetch(['t']))
    await rejectionOf(source.fetch(['t']))
    expect(brokers.takeAskedPorts()).to.deep.equal([1, 1])
  })

  // KIP-1102.
  for (const [errorCode, what, ports] of [
    [REBOOTSTRAP_REQUIRED, 'forgets the brokers that it has learned and starts again from the list', [1]],
    [NOT_CONTROLLER, 'keeps the brokers that it has learned', [1, 8]],
  ] as const) {
    it(`${what} after code ${errorCode}`, async () => {
      const source = brokers.sourceOf(1)
      brokers.alive(1, at(8))
      await source.fetch(['t'])
      brokers.refusing(1, errorCode)
      await rejectionOf(source.fetch(['t']))
      brokers.takeAskedPorts()
      await rejectionOf(source.fetch(['t']))
      expect(brokers.takeAskedPorts()).to.deep.equal(ports)
    })
  }

  it('names the refusal in its error where no other broker answers', async () => {
    brokers.refusing(1, REBOOTSTRAP_REQUIRED)
    const error = await rejectionOf(brokers.sourceOf(1).fetch(['t']))
    expect(error).to.be.instanceOf(MetadataError).and.include({ retriable: true })
    expect(error.message).to.include('b:1 answered Metadata with REBOOTSTRAP_REQUIRED (129)')
  })
})

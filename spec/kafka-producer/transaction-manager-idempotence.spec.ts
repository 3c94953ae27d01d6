import { expect } from 'chai'
import { BrokerError, UnsupportedVersionError } from '../../lib/errors.js'
import { brokerError } from '../../lib/kafka-producer/errors.js'
import { Conversation, RETRY_BACKOFF_MS, thrownBy } from './support/conversation.js'

const CLUSTER_AUTHORIZATION = 31
const COORDINATOR_LOADING = 14
const OUT_OF_ORDER = 45

function ready(epoch = 0): Conversation {
  const talk = new Conversation(null)
  talk.grants(1000n, epoch)
  return talk
}

/** The broker misses a batch before this one. */
function gap(talk: Conversation): void {
  const refusal = { errorCode: OUT_OF_ORDER, logStartOffset: 0n, acks: -1 }
  talk.manager.sequences.refused(talk.writes(), refusal)
}

describe('TransactionManager without transactions', () => {
  it('asks any broker for a producer id by itself', () => {
    const talk = new Conversation(null)
    const sent = talk.next()!
    expect(sent.to).to.equal(null)
    expect(sent.request.body).to.deep.equal({
      transactionalId: null,
      transactionTimeoutMs: 2147483647,
      producerId: -1n,
      producerEpoch: -1,
    })
    talk.answers({ errorCode: 0, producerId: 1000n, producerEpoch: 0 })
    expect([talk.manager.state, talk.manager.sequences.hasIdentity]).to.deep.equal(['READY', true])
    talk.sendsNothing()
  })

  it('asks again after refusals that may pass and after lost answers', () => {
    const talk = new Conversation(null)
    talk.sends('InitProducerId')
    talk.answersCode(COORDINATOR_LOADING)
    expect(talk.next()!.afterMs).to.equal(RETRY_BACKOFF_MS)
    talk.loses()
    expect(talk.next()!.afterMs).to.equal(RETRY_BACKOFF_MS)
    talk.answers({ errorCode: 0, producerId: 1000n, producerEpoch: 0 })
    expect(talk.manager.state).to.equal('READY')
  })

  it('fails queued records where it is not allowed, and asks again after a pause', () => {
    const talk = new Conversation(null)
    talk.sends('InitProducerId')
    expect(talk.answersCode(CLUSTER_AUTHORIZATION)).to.be.instanceOf(BrokerError)
    expect(thrownBy(() => talk.manager.checkSend())).to.equal('nothing')
    expect(talk.next()!.afterMs).to.equal(RETRY_BACKOFF_MS)
    talk.answers({ errorCode: 0, producerId: 1000n, producerEpoch: 0 })
    expect(talk.manager.state).to.equal('READY')
  })

  it('takes records in any state but after its end, and writes to every partition', () => {
    const talk = new Conversation(null)
    expect(thrownBy(() => talk.manager.checkSend())).to.equal('nothing')
    talk.manager.addPartition('t', 0)
    expect([talk.manager.mayWriteTo('t', 0), talk.manager.newestProduceVersion]).to.deep.equal([
      true,
      Number.POSITIVE_INFINITY,
    ])
    talk.manager.recordFailed(new UnsupportedVersionError('no'))
    expect(thrownBy(() => talk.manager.checkSend())).to.equal(
      'TransactionFailedError < UnsupportedVersionError',
    )
  })

  it('goes on after a record that failed', () => {
    const talk = ready()
    talk.manager.recordFailed(brokerError(10, 'Produce'))
    expect([talk.manager.state, talk.manager.unsentRecordsError]).to.deep.equal(['READY', null])
  })

  it('raises the epoch without a request', () => {
    const talk = ready()
    gap(talk)
    talk.sendsNothing()
    expect(talk.manager.sequences.identity).to.deep.equal({ producerId: 1000n, epoch: 1 })
  })

  it('asks for another producer id after the last epoch, without naming the old one', () => {
    const talk = ready(32767)
    gap(talk)
    expect(talk.sends('InitProducerId')).to.include({ producerId: -1n, producerEpoch: -1 })
    talk.answers({ errorCode: 0, producerId: 1001n, producerEpoch: 0 })
    expect([talk.manager.state, talk.manager.sequences.identity.producerId]).to.deep.equal(['READY', 1001n])
  })

  it('raises the epoch for records whose time limit has passed', () => {
    const talk = ready()
    talk.manager.sequences.expired(talk.writes())
    talk.sendsNothing()
    expect([talk.manager.sequences.identity.epoch, talk.manager.state]).to.deep.equal([1, 'READY'])
  })
})

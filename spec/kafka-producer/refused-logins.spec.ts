import { expect } from 'chai'
import { AuthenticationError } from '../../lib/errors.js'
import { Conversation, endOf } from './support/conversation.js'

const refusal = new AuthenticationError('no such user', { mechanism: 'PLAIN' })

describe('TransactionManager after a refused login', () => {
  it('fails initTransactions(), which may be called again', () => {
    const talk = new Conversation()
    const result = talk.manager.initTransactions()
    talk.sends('FindCoordinator')
    talk.loses(refusal)
    expect([talk.manager.state, endOf(result)]).to.deep.equal(['UNINITIALIZED', 'AuthenticationError'])
    result.markSeen()
    const again = talk.manager.initTransactions()
    talk.findsCoordinator()
    talk.grants(1000n, 0)
    expect([talk.manager.state, endOf(again)]).to.deep.equal(['READY', 'done'])
  })

  it('lets an open transaction be aborted, and tries its end again until the login succeeds', () => {
    const talk = Conversation.inTransaction()
    talk.manager.addPartition('t', 1)
    talk.sends('AddPartitionsToTxn')
    talk.loses(refusal)
    expect(talk.manager.state).to.equal('ABORTABLE_ERROR')
    const result = talk.manager.abortTransaction()
    talk.sends('EndTxn')
    talk.loses(refusal)
    expect([talk.manager.state, endOf(result)]).to.deep.equal(['ABORTING_TRANSACTION', 'pending'])
    talk.findsCoordinator()
    expect(talk.endsTransaction()).to.equal(false)
    expect([talk.manager.state, endOf(result)]).to.deep.equal(['READY', 'done'])
  })

  it('asks for the producer id again where there are no transactions, after queued records have failed', () => {
    const talk = new Conversation(null)
    talk.sends('InitProducerId')
    expect(talk.manager.state).to.equal('INITIALIZING')
    talk.loses(refusal)
    expect(talk.manager.state).to.equal('UNINITIALIZED')
    talk.grants(1000n, 0)
    expect(talk.manager.state).to.equal('READY')
  })
})

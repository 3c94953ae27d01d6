import { expect } from 'chai'
import { brokerError } from '../../lib/kafka-producer/errors.js'
import { Conversation, endOf } from './support/conversation.js'

const group = { groupId: 'g', generationId: -1, memberId: '', groupInstanceId: null }
const version2 = { transactionVersion: 2 }

describe('TransactionManager with transaction version 2', () => {
  it('writes to partitions at once, with any version of Produce', () => {
    const talk = Conversation.inTransaction([0], version2)
    talk.sendsNothing()
    expect([talk.manager.mayWriteTo('t', 0), talk.manager.newestProduceVersion]).to.deep.equal([
      true,
      Number.POSITIVE_INFINITY,
    ])
  })

  it('takes the epoch of the next transaction from the answer to EndTxn v5, and numbers start at 0', () => {
    const talk = Conversation.inTransaction([0], version2)
    talk.manager.sequences.acknowledged(talk.writes(), 0n)
    const result = talk.manager.commitTransaction()
    const sent = talk.next()!
    expect([sent.request.kind, sent.request.newestVersion]).to.deep.equal(['EndTxn', 5])
    talk.answers({ errorCode: 0, producerId: 1000n, producerEpoch: 1 })
    expect(endOf(result)).to.equal('done')
    expect(talk.writes()).to.deep.include({ baseSequence: 0, identity: { producerId: 1000n, epoch: 1 } })
  })

  it('takes another producer id after the last epoch', () => {
    const talk = Conversation.inTransaction([0], version2)
    talk.manager.commitTransaction()
    talk.sends('EndTxn')
    talk.answers({ errorCode: 0, producerId: 1001n, producerEpoch: 0 })
    expect(talk.manager.sequences.identity).to.deep.equal({ producerId: 1001n, epoch: 0 })
  })

  it('commits offsets without adding their group first', () => {
    const talk = Conversation.inTransaction([], version2)
    talk.manager.sendOffsets([{ topic: 'in', partition: 0, offset: 7n }], group)
    talk.findsCoordinator()
    const sent = talk.next()!
    expect([sent.request.kind, sent.request.newestVersion]).to.deep.equal(['TxnOffsetCommit', 5])
    talk.answersCode(0)
    talk.manager.commitTransaction()
    talk.sends('EndTxn')
  })

  it('asks for no epoch after an abort', () => {
    const talk = Conversation.inTransaction([0], version2)
    talk.manager.recordFailed(brokerError(10, 'Produce'))
    const result = talk.manager.abortTransaction()
    talk.sends('EndTxn')
    talk.answers({ errorCode: 0, producerId: 1000n, producerEpoch: 1 })
    talk.sendsNothing()
    expect([endOf(result), talk.manager.state]).to.deep.equal(['done', 'READY'])
  })

  it('may abort where records are lost, as the end of the transaction raises the epoch', () => {
    const talk = Conversation.inTransaction([0], { ...version2, canRaiseEpoch: false })
    talk.manager.sequences.expired(talk.writes())
    talk.sendsNothing()
    expect(talk.manager.state).to.equal('ABORTABLE_ERROR')
  })

  it('sends no EndTxn where nothing was written', () => {
    const talk = Conversation.inTransaction([], version2)
    const result = talk.manager.commitTransaction()
    talk.sendsNothing()
    expect(endOf(result)).to.equal('done')
  })
})

describe('TransactionManager on a cluster that gets transaction version 2', () => {
  it('ends the open transaction as before, raises the epoch, and uses it from the next one on', () => {
    const talk = Conversation.inTransaction([0])
    expect(talk.manager.newestProduceVersion).to.equal(11)
    talk.manager.learnTransactionVersion(2)
    talk.manager.addPartition('t', 1)
    talk.addsPartitions()
    const result = talk.manager.commitTransaction()
    const sent = talk.next()!
    expect([sent.request.kind, sent.request.newestVersion]).to.deep.equal(['EndTxn', 4])
    talk.answersCode(0)
    expect(talk.sends('InitProducerId')).to.include({ producerId: 1000n, producerEpoch: 0 })
    talk.answers({ errorCode: 0, producerId: 1000n, producerEpoch: 1 })
    expect(endOf(result)).to.equal('done')
    result.markSeen()
    talk.begin(0)
    expect(talk.manager.mayWriteTo('t', 0)).to.equal(true)
    talk.manager.commitTransaction()
    expect(talk.next()!.request.newestVersion).to.equal(5)
  })

  it('goes back with the transaction after one where the cluster goes back', () => {
    const talk = Conversation.inTransaction([0], version2)
    talk.manager.learnTransactionVersion(1)
    const result = talk.manager.commitTransaction()
    expect(talk.next()!.request.newestVersion).to.equal(5)
    talk.answers({ errorCode: 0, producerId: 1000n, producerEpoch: 1 })
    result.markSeen()
    talk.manager.beginTransaction()
    talk.manager.addPartition('t', 0)
    talk.sends('AddPartitionsToTxn')
  })
})

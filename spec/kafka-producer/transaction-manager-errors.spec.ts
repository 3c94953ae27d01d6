import { expect } from 'chai'
import { BrokerError, KafkaError, UnsupportedVersionError } from '../../lib/errors.js'
import { brokerError } from '../../lib/kafka-producer/errors.js'
import type { RequestKind } from '../../lib/kafka-producer/transaction-requests.js'
import { Conversation, endOf, thrownBy } from './support/conversation.js'

const TOPIC_AUTHORIZATION = 29
const GROUP_AUTHORIZATION = 30
const CLUSTER_AUTHORIZATION = 31
const INVALID_PRODUCER_EPOCH = 47
const INVALID_TXN_STATE = 48
const TRANSACTIONAL_ID_AUTHORIZATION = 53
const OPERATION_NOT_ATTEMPTED = 55
const UNKNOWN_PRODUCER_ID = 59
const PRODUCER_FENCED = 90
const TRANSACTION_ABORTABLE = 120
const group = { groupId: 'g', generationId: -1, memberId: '', groupInstanceId: null }
const offsets = [{ topic: 'in', partition: 0, offset: 1n }]

/** A record that the broker refused. */
const refused = (code: number): KafkaError => brokerError(code, 'Produce')

describe('TransactionManager after a record that failed', () => {
  it('fails everything but the abort, with the cause', () => {
    const talk = Conversation.inTransaction()
    talk.manager.recordFailed(refused(10))
    const { manager } = talk
    expect(manager.state).to.equal('ABORTABLE_ERROR')
    expect(manager.unsentRecordsError).to.be.instanceOf(BrokerError)
    const calls = [
      () => manager.commitTransaction(),
      () => manager.beginTransaction(),
      () => manager.checkSend(),
      () => manager.sendOffsets(offsets, group),
    ]
    expect(calls.map(thrownBy)).to.deep.equal(calls.map(() => 'TransactionFailedError < BrokerError'))
    expect(thrownBy(() => manager.abortTransaction())).to.equal('nothing')
  })

  it('aborts, then raises the epoch, and numbers start at 0', () => {
    const talk = Conversation.inTransaction()
    talk.manager.sequences.acknowledged(talk.writes(), 0n)
    talk.manager.recordFailed(refused(10))
    const result = talk.manager.abortTransaction()
    expect(talk.endsTransaction()).to.equal(false)
    expect([talk.manager.state, endOf(result)]).to.deep.equal(['INITIALIZING', 'pending'])
    expect(talk.sends('InitProducerId')).to.include({ producerId: 1000n, producerEpoch: 0 })
    talk.answers({ errorCode: 0, producerId: 1000n, producerEpoch: 1 })
    expect([talk.manager.state, endOf(result)]).to.deep.equal(['READY', 'done'])
    expect(talk.writes()).to.deep.include({ baseSequence: 0, identity: { producerId: 1000n, epoch: 1 } })
  })

  it('aborts without another epoch where the coordinator does not raise it', () => {
    const talk = Conversation.inTransaction([0], { canRaiseEpoch: false })
    talk.manager.recordFailed(refused(10))
    const result = talk.manager.abortTransaction()
    talk.endsTransaction()
    expect([talk.manager.state, endOf(result)]).to.deep.equal(['READY', 'done'])
    talk.sendsNothing()
  })

  it('raises the epoch without EndTxn where the coordinator knows nothing of the transaction', () => {
    const talk = Conversation.ready()
    talk.manager.beginTransaction()
    talk.manager.recordFailed(refused(TOPIC_AUTHORIZATION))
    const result = talk.manager.abortTransaction()
    talk.grants(1000n, 1)
    expect(endOf(result)).to.equal('done')
  })

  it('begins another transaction, which works', () => {
    const talk = Conversation.inTransaction()
    talk.manager.recordFailed(refused(10))
    talk.manager.recordFailed(refused(10))
    const result = talk.manager.abortTransaction()
    talk.endsTransaction()
    talk.grants(1000n, 1)
    result.markSeen()
    talk.begin(0)
    const commit = talk.manager.commitTransaction()
    expect([talk.endsTransaction(), endOf(commit)]).to.deep.equal([true, 'done'])
  })

  it('calls a retriable failure a TransactionAbortableError with that cause', () => {
    const talk = Conversation.inTransaction()
    talk.manager.recordFailed(refused(7))
    try {
      talk.manager.commitTransaction()
      expect.fail('committed')
    } catch (error) {
      const { cause } = error as { cause: Error }
      expect([cause.name, (cause.cause as BrokerError).errorName]).to.deep.equal([
        'TransactionAbortableError',
        'REQUEST_TIMED_OUT',
      ])
    }
  })

  it('ends a commit that waits for the record', () => {
    const talk = Conversation.inTransaction()
    talk.hasIncompleteBatches = true
    const result = talk.manager.commitTransaction()
    talk.manager.recordFailed(refused(10))
    expect([endOf(result), talk.manager.state]).to.deep.equal(['BrokerError', 'ABORTABLE_ERROR'])
    result.markSeen()
    talk.hasIncompleteBatches = false
    talk.manager.abortTransaction()
    expect(talk.endsTransaction()).to.equal(false)
  })

  it('lets a call be made from the listener of the one that failed', () => {
    const talk = Conversation.inTransaction()
    const result = talk.manager.commitTransaction()
    result.onDone(() => {
      result.markSeen()
      talk.manager.abortTransaction()
    })
    talk.manager.recordFailed(refused(10))
    expect(talk.endsTransaction()).to.equal(false)
  })

  it('throws what fenced it as it is, and learns from the abort that it is fenced', () => {
    const talk = Conversation.inTransaction()
    talk.manager.recordFailed(refused(INVALID_PRODUCER_EPOCH))
    expect(thrownBy(() => talk.manager.commitTransaction())).to.equal('InvalidProducerEpochError')
    const result = talk.manager.abortTransaction()
    talk.sends('EndTxn')
    talk.answersCode(INVALID_PRODUCER_EPOCH)
    expect([endOf(result), talk.manager.state]).to.deep.equal(['ProducerFencedError', 'FATAL_ERROR'])
    result.markSeen()
    expect(thrownBy(() => talk.manager.beginTransaction())).to.equal('ProducerFencedError')
  })

  it('is not troubled by records of a transaction that has ended', () => {
    const talk = Conversation.inTransaction()
    talk.manager.commitTransaction()
    talk.endsTransaction()
    talk.manager.recordFailed(refused(10))
    expect(talk.manager.state).to.equal('READY')
  })

  it('does not fail an abort for a record that fails meanwhile', () => {
    const talk = Conversation.inTransaction()
    talk.manager.abortTransaction()
    talk.manager.recordFailed(refused(10))
    expect([talk.endsTransaction(), talk.manager.state]).to.deep.equal([false, 'READY'])
  })

  for (const error of [
    refused(CLUSTER_AUTHORIZATION),
    refused(TRANSACTIONAL_ID_AUTHORIZATION),
    refused(PRODUCER_FENCED),
    refused(35),
    new UnsupportedVersionError('no'),
  ]) {
    it(`ends the producer for good after ${error.code}`, () => {
      const talk = Conversation.inTransaction()
      talk.manager.recordFailed(error)
      expect([talk.manager.state, talk.manager.mayWriteTo('t', 0)]).to.deep.equal(['FATAL_ERROR', false])
      expect(thrownBy(() => talk.manager.abortTransaction())).to.not.equal('nothing')
      talk.sendsNothing()
    })
  }
})

describe('TransactionManager after records whose time limit has passed', () => {
  it('has to be aborted, with another epoch', () => {
    const talk = Conversation.inTransaction()
    talk.manager.sequences.expired(talk.writes())
    talk.sendsNothing()
    expect(talk.manager.state).to.equal('ABORTABLE_ERROR')
    expect(talk.manager.unsentRecordsError).to.include({ persistence: 'possibly-persisted' })
    talk.manager.abortTransaction()
    talk.endsTransaction()
    talk.sends('InitProducerId')
  })

  it('is at its end where the epoch cannot be raised', () => {
    const talk = Conversation.inTransaction([0], { canRaiseEpoch: false })
    talk.manager.sequences.expired(talk.writes())
    talk.sendsNothing()
    expect(talk.manager.state).to.equal('FATAL_ERROR')
  })
})

describe('TransactionManager, of refused requests', () => {
  const fatal: [code: number, name: string][] = [
    [INVALID_PRODUCER_EPOCH, 'ProducerFencedError'],
    [PRODUCER_FENCED, 'ProducerFencedError'],
    [INVALID_TXN_STATE, 'InvalidTxnStateError'],
    [49, 'InvalidProducerIdMappingError'],
    [TRANSACTIONAL_ID_AUTHORIZATION, 'TransactionalIdAuthorizationError'],
    [-1, 'BrokerError'],
  ]
  for (const [code, name] of fatal) {
    it(`ends the producer with ${name} where EndTxn is answered with ${code}`, () => {
      const talk = Conversation.inTransaction()
      const result = talk.manager.commitTransaction()
      talk.sends('EndTxn')
      talk.answersCode(code)
      expect([endOf(result), talk.manager.state]).to.deep.equal([name, 'FATAL_ERROR'])
    })
  }

  it('has a transaction aborted that was refused as abortable at its commit', () => {
    const talk = Conversation.inTransaction()
    const result = talk.manager.commitTransaction()
    talk.sends('EndTxn')
    talk.answersCode(TRANSACTION_ABORTABLE)
    expect([endOf(result), talk.manager.state]).to.deep.equal([
      'TransactionAbortableError',
      'ABORTABLE_ERROR',
    ])
    result.markSeen()
    const abort = talk.manager.abortTransaction()
    talk.endsTransaction()
    expect(endOf(abort)).to.equal('done')
  })

  it('ends the producer where even the abort is refused', () => {
    const talk = Conversation.inTransaction()
    const result = talk.manager.abortTransaction()
    talk.sends('EndTxn')
    talk.answersCode(TRANSACTION_ABORTABLE)
    expect([endOf(result), talk.manager.state]).to.deep.equal(['TransactionAbortableError', 'FATAL_ERROR'])
  })

  it('needs another epoch where the coordinator has lost the producer, or is at its end', () => {
    const ends = [true, false].map((canRaiseEpoch) => {
      const talk = Conversation.inTransaction([0], { canRaiseEpoch })
      talk.manager.commitTransaction()
      talk.sends('EndTxn')
      talk.answersCode(UNKNOWN_PRODUCER_ID)
      return talk.manager.state
    })
    expect(ends).to.deep.equal(['ABORTABLE_ERROR', 'FATAL_ERROR'])
  })

  it('names the topic that must not be written to, and asks the coordinator for no partition of it', () => {
    const talk = Conversation.ready()
    talk.manager.beginTransaction()
    talk.manager.addPartition('secret', 0)
    talk.manager.addPartition('open', 0)
    talk.sends('AddPartitionsToTxn')
    talk.answers({
      topics: [
        { name: 'open', partitions: [{ index: 0, errorCode: OPERATION_NOT_ATTEMPTED }] },
        { name: 'secret', partitions: [{ index: 0, errorCode: TOPIC_AUTHORIZATION }] },
      ],
    })
    expect(talk.manager.unsentRecordsError).to.include({ name: 'TopicAuthorizationError', topic: 'secret' })
    expect(talk.manager.mayWriteTo('open', 0)).to.equal(false)
  })

  it('treats a partition that the answer leaves out as refused', () => {
    const talk = Conversation.ready()
    talk.manager.beginTransaction()
    talk.manager.addPartition('t', 0)
    talk.sends('AddPartitionsToTxn')
    talk.answers({ topics: [] })
    expect(talk.manager.state).to.equal('ABORTABLE_ERROR')
  })

  it('drops what it was going to repeat when the transaction fails', () => {
    const talk = Conversation.ready()
    talk.manager.beginTransaction()
    talk.manager.addPartition('t', 0)
    talk.sends('AddPartitionsToTxn')
    talk.manager.recordFailed(refused(10))
    talk.answersCode(14)
    talk.sendsNothing()
  })

  const ofOffsets: [request: RequestKind, code: number, name: string][] = [
    ['AddOffsetsToTxn', GROUP_AUTHORIZATION, 'GroupAuthorizationError'],
    ['FindCoordinator', GROUP_AUTHORIZATION, 'GroupAuthorizationError'],
    ['TxnOffsetCommit', GROUP_AUTHORIZATION, 'GroupAuthorizationError'],
    ['TxnOffsetCommit', 82, 'FencedInstanceIdError'],
    ['TxnOffsetCommit', 25, 'CommitFailedError'],
    ['TxnOffsetCommit', 22, 'CommitFailedError'],
  ]
  for (const [kind, code, name] of ofOffsets) {
    it(`has the transaction aborted with ${name} where ${kind} for offsets is answered with ${code}`, () => {
      const talk = Conversation.inTransaction([])
      const result = talk.manager.sendOffsets(offsets, group)
      const before: RequestKind[] = ['AddOffsetsToTxn', 'FindCoordinator', 'TxnOffsetCommit']
      for (const one of before.slice(0, before.indexOf(kind))) {
        if (one === 'FindCoordinator') talk.findsCoordinator()
        else {
          talk.sends(one)
          talk.answersCode(0)
        }
      }
      talk.sends(kind)
      talk.answersCode(code)
      talk.sendsNothing()
      expect([endOf(result), talk.manager.state]).to.deep.equal([name, 'ABORTABLE_ERROR'])
    })
  }

  it('ends the producer where the format of the offsets topic is too old', () => {
    const talk = Conversation.inTransaction([])
    const result = talk.manager.sendOffsets(offsets, group)
    talk.sends('AddOffsetsToTxn')
    talk.answersCode(0)
    talk.findsCoordinator()
    talk.sends('TxnOffsetCommit')
    talk.answersCode(43)
    expect([endOf(result), talk.manager.state]).to.deep.equal([
      'UnsupportedForMessageFormatError',
      'FATAL_ERROR',
    ])
  })

  it('does not mind a group that it may not use when it is aborting', () => {
    const talk = Conversation.inTransaction([])
    talk.manager.sendOffsets(offsets, group)
    talk.sends('AddOffsetsToTxn')
    talk.answersCode(0)
    talk.sends('FindCoordinator')
    talk.manager.recordFailed(refused(10))
    talk.manager.abortTransaction()
    talk.answersCode(GROUP_AUTHORIZATION)
    expect(talk.endsTransaction()).to.equal(false)
  })
})

describe('TransactionManager, of producer ids that are refused', () => {
  for (const code of [CLUSTER_AUTHORIZATION, TRANSACTIONAL_ID_AUTHORIZATION]) {
    it(`can be asked again at once after ${code}`, () => {
      const talk = new Conversation()
      const first = talk.manager.initTransactions()
      talk.findsCoordinator()
      talk.sends('InitProducerId')
      expect(talk.answersCode(code)).to.equal(first.error)
      expect([first.error instanceof BrokerError, talk.manager.state]).to.deep.equal([true, 'UNINITIALIZED'])
      first.markSeen()
      const second = talk.manager.initTransactions()
      talk.grants(1000n, 0)
      expect(endOf(second)).to.equal('done')
    })
  }

  it('is at its end where the search for the coordinator is not allowed', () => {
    const talk = new Conversation()
    const result = talk.manager.initTransactions()
    talk.sends('FindCoordinator')
    talk.answersCode(TRANSACTIONAL_ID_AUTHORIZATION)
    expect([endOf(result), talk.manager.state]).to.deep.equal([
      'TransactionalIdAuthorizationError',
      'FATAL_ERROR',
    ])
  })

  it('says which setting is wrong where the time-out is too long', () => {
    const talk = new Conversation()
    const result = talk.manager.initTransactions()
    talk.findsCoordinator()
    talk.sends('InitProducerId')
    talk.answersCode(50)
    expect(result.error?.message).to.match(/transaction\.timeout\.ms.*transaction\.max\.timeout\.ms/)
  })

  it('is at its end where the broker has no version of the request', () => {
    const talk = new Conversation()
    const result = talk.manager.initTransactions()
    talk.sends('FindCoordinator')
    talk.loses(new UnsupportedVersionError('too old'))
    expect([endOf(result), talk.manager.state]).to.deep.equal(['UnsupportedVersionError', 'FATAL_ERROR'])
  })
})

describe('TransactionManager.close', () => {
  const shutdown = new KafkaError('KAFKA_PRODUCER_CLOSED', 'closed')
  const pending: [title: string, make: (talk: Conversation) => { error: KafkaError | null }, RequestKind][] =
    [
      ['FindCoordinator', ({ manager }) => manager.initTransactions(), 'FindCoordinator'],
      [
        'InitProducerId',
        (talk) => {
          const result = talk.manager.initTransactions()
          talk.findsCoordinator()
          return result
        },
        'InitProducerId',
      ],
    ]
  for (const [title, make, kind] of pending) {
    it(`ends a call that waits for ${title}, and an answer that comes later has no effect`, () => {
      const talk = new Conversation()
      const result = make(talk)
      talk.sends(kind)
      talk.manager.close(shutdown)
      expect(result.error).to.equal(shutdown)
      talk.answersCode(0)
      talk.sendsNothing()
    })
  }

  it('ends offsets that wait for AddOffsetsToTxn', () => {
    const talk = Conversation.inTransaction([])
    const result = talk.manager.sendOffsets(offsets, group)
    talk.sends('AddOffsetsToTxn')
    talk.manager.close(shutdown)
    expect(result.error).to.equal(shutdown)
  })
})

import { expect } from 'chai'
import { Conversation, endOf, RETRY_BACKOFF_MS, thrownBy } from './support/conversation.js'

const NOT_COORDINATOR = 16
const COORDINATOR_LOADING = 14
const COORDINATOR_NOT_AVAILABLE = 15
const CONCURRENT_TRANSACTIONS = 51
const group = { groupId: 'g', generationId: 4, memberId: 'm1', groupInstanceId: null }

describe('TransactionManager.initTransactions', () => {
  it('finds the coordinator of the transactional id, then asks it for a producer id', () => {
    const talk = new Conversation()
    const result = talk.manager.initTransactions()
    const search = talk.next()!
    expect([search.request.kind, search.to, search.request.oldestVersion]).to.deep.equal([
      'FindCoordinator',
      null,
      1,
    ])
    expect(search.request.body).to.deep.equal({ key: 'tx', keyType: 1, coordinatorKeys: ['tx'] })
    talk.answers({ coordinators: [{ key: 'tx', nodeId: 3, host: 'b3', port: 9094, errorCode: 0 }] })
    const init = talk.next()!
    expect(init.to).to.deep.equal({ nodeId: 3, host: 'b3', port: 9094 })
    expect(init.request.body).to.deep.equal({
      transactionalId: 'tx',
      transactionTimeoutMs: 60_000,
      producerId: -1n,
      producerEpoch: -1,
    })
    talk.answers({ errorCode: 0, producerId: 1000n, producerEpoch: 7 })
    expect([talk.manager.state, endOf(result)]).to.deep.equal(['READY', 'done'])
    expect(talk.manager.sequences.identity).to.deep.equal({ producerId: 1000n, epoch: 7 })
  })

  it('understands the answer of a broker without lists of coordinators', () => {
    const talk = new Conversation()
    talk.manager.initTransactions()
    const { request } = talk.next()!
    talk.manager.answered(request, 1, { errorCode: 0, nodeId: 2, host: 'b2', port: 9093, coordinators: [] })
    expect(talk.next()!.to).to.deep.equal({ nodeId: 2, host: 'b2', port: 9093 })
  })

  it('sends one request at a time', () => {
    const talk = new Conversation()
    talk.manager.initTransactions()
    talk.sends('FindCoordinator')
    expect(talk.manager.nextRequest(false)).to.equal(null)
  })

  it('looks for the coordinator again while there is none, with pauses', () => {
    const talk = new Conversation()
    talk.manager.initTransactions()
    talk.sends('FindCoordinator')
    talk.answersCode(COORDINATOR_NOT_AVAILABLE)
    const again = talk.next()!
    expect([again.request.kind, again.afterMs]).to.deep.equal(['FindCoordinator', RETRY_BACKOFF_MS])
  })

  for (const code of [COORDINATOR_LOADING, CONCURRENT_TRANSACTIONS]) {
    it(`asks the same coordinator again after ${code}`, () => {
      const talk = new Conversation()
      const result = talk.manager.initTransactions()
      talk.findsCoordinator(3)
      talk.sends('InitProducerId')
      talk.answersCode(code)
      const again = talk.next()!
      expect([again.request.kind, again.to?.nodeId, again.afterMs, endOf(result)]).to.deep.equal([
        'InitProducerId',
        3,
        RETRY_BACKOFF_MS,
        'pending',
      ])
    })
  }

  it('gives a call that is made again the same result, and a late answer ends both', () => {
    const talk = new Conversation()
    const first = talk.manager.initTransactions()
    talk.findsCoordinator()
    talk.sends('InitProducerId')
    expect(talk.manager.initTransactions()).to.equal(first)
    talk.answers({ errorCode: 0, producerId: 1000n, producerEpoch: 0 })
    const late = talk.manager.initTransactions()
    expect([late === first, endOf(late)]).to.deep.equal([true, 'done'])
  })

  it('allows no other call before its end was seen', () => {
    const talk = new Conversation()
    const result = talk.manager.initTransactions()
    talk.findsCoordinator()
    expect(thrownBy(() => talk.manager.beginTransaction())).to.equal('IllegalStateError')
    talk.grants(1000n, 0)
    expect(
      thrownBy(() => talk.manager.beginTransaction()),
      'not seen',
    ).to.equal('IllegalStateError')
    result.markSeen()
    expect(
      thrownBy(() => talk.manager.beginTransaction()),
      'seen',
    ).to.equal('nothing')
  })

  it('is not allowed twice', () => {
    const talk = Conversation.ready()
    expect(thrownBy(() => talk.manager.initTransactions())).to.equal('IllegalStateError')
  })
})

describe('TransactionManager in a transaction', () => {
  it('asks for new partitions together, and writes to none before it is added', () => {
    const talk = Conversation.ready()
    talk.manager.beginTransaction()
    for (const partition of [0, 1, 0]) talk.manager.addPartition('t', partition)
    talk.manager.addPartition('u', 0)
    expect(talk.manager.mayWriteTo('t', 0)).to.equal(false)
    expect(talk.sends<{ topics: unknown }>('AddPartitionsToTxn').topics).to.deep.equal([
      { name: 't', partitions: [0, 1] },
      { name: 'u', partitions: [0] },
    ])
    talk.manager.addPartition('t', 2)
    talk.answersCode(0)
    expect([0, 1, 2].map((index) => talk.manager.mayWriteTo('t', index))).to.deep.equal([true, true, false])
    expect(talk.sends<{ topics: unknown }>('AddPartitionsToTxn').topics).to.deep.equal([
      { name: 't', partitions: [2] },
    ])
  })

  it('writes to no partition whose request waits behind one that is repeated', () => {
    const talk = Conversation.ready()
    talk.manager.beginTransaction()
    talk.manager.addPartition('t', 0)
    talk.sends('AddPartitionsToTxn')
    talk.answersCode(CONCURRENT_TRANSACTIONS)
    talk.manager.addPartition('t', 1)
    talk.addsPartitions()
    expect([0, 1].map((index) => talk.manager.mayWriteTo('t', index))).to.deep.equal([true, false])
    talk.addsPartitions()
    expect(talk.manager.mayWriteTo('t', 1)).to.equal(true)
  })

  it('adds partitions anew in each transaction', () => {
    const talk = Conversation.inTransaction([0])
    talk.manager.commitTransaction().markSeen()
    talk.endsTransaction()
    expect(talk.manager.mayWriteTo('t', 0)).to.equal(false)
  })

  it('asks for the first partition again soon while the last transaction is being completed', () => {
    const talk = Conversation.ready()
    talk.manager.beginTransaction()
    talk.manager.addPartition('t', 0)
    talk.sends('AddPartitionsToTxn')
    talk.answersCode(CONCURRENT_TRANSACTIONS)
    expect(talk.next()!.afterMs).to.equal(20)
  })

  it('asks for a later partition again after the usual pause', () => {
    const talk = Conversation.inTransaction([0])
    talk.manager.addPartition('t', 1)
    talk.sends('AddPartitionsToTxn')
    talk.answersCode(CONCURRENT_TRANSACTIONS)
    expect(talk.next()!.afterMs).to.equal(RETRY_BACKOFF_MS)
  })

  it('commits after all batches, with the id and epoch it has', () => {
    const talk = Conversation.inTransaction([0])
    talk.hasIncompleteBatches = true
    const result = talk.manager.commitTransaction()
    expect(talk.manager.isCompleting).to.equal(true)
    talk.sendsNothing()
    talk.hasIncompleteBatches = false
    expect(talk.sends('EndTxn')).to.deep.equal({
      transactionalId: 'tx',
      producerId: 1000n,
      producerEpoch: 0,
      committed: true,
    })
    expect(endOf(result)).to.equal('pending')
    talk.answersCode(0)
    expect([endOf(result), talk.manager.state]).to.deep.equal(['done', 'READY'])
  })

  it('asks for partitions that are new at the commit before it ends', () => {
    const talk = Conversation.ready()
    talk.manager.beginTransaction()
    talk.manager.addPartition('t', 0)
    talk.manager.commitTransaction()
    talk.addsPartitions()
    expect(talk.endsTransaction()).to.equal(true)
  })

  it('ends without a request where nothing was added', () => {
    for (const operation of ['commitTransaction', 'abortTransaction'] as const) {
      const talk = Conversation.ready()
      talk.manager.beginTransaction()
      const result = talk.manager[operation]()
      talk.sendsNothing()
      expect([endOf(result), talk.manager.state], operation).to.deep.equal(['done', 'READY'])
    }
  })

  it('aborts without partitions that were not asked for yet', () => {
    const talk = Conversation.ready()
    talk.manager.beginTransaction()
    talk.manager.addPartition('t', 0)
    const result = talk.manager.abortTransaction()
    talk.sendsNothing()
    expect(endOf(result)).to.equal('done')
  })

  it('fails unsent records with TransactionAbortedError while it aborts', () => {
    const talk = Conversation.inTransaction([0])
    expect(talk.manager.unsentRecordsError).to.equal(null)
    talk.manager.abortTransaction()
    expect(talk.manager.unsentRecordsError?.name).to.equal('TransactionAbortedError')
    expect(talk.endsTransaction()).to.equal(false)
    expect([talk.manager.unsentRecordsError, talk.manager.state]).to.deep.equal([null, 'READY'])
  })

  it('goes on with the numbers of its partitions in the next transaction', () => {
    const talk = Conversation.inTransaction([0])
    talk.manager.sequences.acknowledged(talk.writes(), 0n)
    talk.manager.commitTransaction().markSeen()
    talk.endsTransaction()
    expect(talk.writes()).to.deep.include({ baseSequence: 1 })
  })

  it('gives a commit that is made again the same result, and allows nothing else meanwhile', () => {
    const talk = Conversation.inTransaction([0])
    const first = talk.manager.commitTransaction()
    talk.sends('EndTxn')
    expect(talk.manager.commitTransaction()).to.equal(first)
    const { manager } = talk
    const others = [
      () => manager.abortTransaction(),
      () => manager.beginTransaction(),
      () => manager.checkSend(),
      () => manager.initTransactions(),
    ]
    expect(others.map(thrownBy)).to.deep.equal(others.map(() => 'IllegalStateError'))
    talk.answersCode(0)
    const late = manager.commitTransaction()
    expect([late === first, endOf(late)]).to.deep.equal([true, 'done'])
  })

  it('asks the new coordinator for the end of the transaction where the old one has moved', () => {
    const talk = Conversation.inTransaction([0])
    const result = talk.manager.commitTransaction()
    talk.sends('EndTxn')
    talk.answersCode(NOT_COORDINATOR)
    talk.findsCoordinator(2)
    const again = talk.next()!
    expect([again.request.kind, again.to?.nodeId]).to.deep.equal(['EndTxn', 2])
    talk.answersCode(0)
    expect(endOf(result)).to.equal('done')
  })

  it('repeats the end under the same epoch where its answer was lost', () => {
    const talk = Conversation.inTransaction([0])
    talk.manager.commitTransaction()
    const lost = talk.sends('EndTxn')
    talk.loses()
    talk.findsCoordinator()
    expect(talk.sends('EndTxn')).to.deep.equal(lost)
  })
})

describe('TransactionManager.sendOffsets', () => {
  const offsets = [
    { topic: 'in', partition: 2, offset: 9n, leaderEpoch: 3, metadata: 'note' },
    { topic: 'in', partition: 0, offset: 5n },
  ]
  const partitions = [
    { index: 2, committedOffset: 9n, committedLeaderEpoch: 3, committedMetadata: 'note' },
    { index: 0, committedOffset: 5n, committedLeaderEpoch: -1, committedMetadata: '' },
  ]

  it('adds the group, finds its coordinator and commits there', () => {
    const talk = Conversation.inTransaction([])
    const result = talk.manager.sendOffsets(offsets, group)
    expect(talk.sends('AddOffsetsToTxn')).to.include({ groupId: 'g', producerId: 1000n })
    talk.answersCode(0)
    talk.findsCoordinator(2)
    const commit = talk.next()!
    expect([commit.to?.nodeId, commit.request.newestVersion]).to.deep.equal([2, 4])
    expect(commit.request.body).to.deep.include({ groupId: 'g', generationId: 4, memberId: 'm1' })
    const { topics } = commit.request.body as { topics: { name: string; partitions: unknown }[] }
    expect([topics[0]!.name, topics[0]!.partitions]).to.deep.equal(['in', partitions])
    expect(endOf(result)).to.equal('pending')
    talk.answersCode(0)
    expect(endOf(result)).to.equal('done')
    talk.manager.commitTransaction()
    expect(talk.endsTransaction()).to.equal(true)
  })

  it('sends nothing for no offsets', () => {
    const talk = Conversation.inTransaction([])
    expect(endOf(talk.manager.sendOffsets([], group))).to.equal('done')
    talk.sendsNothing()
  })

  it('repeats only the offsets that were refused', () => {
    const talk = Conversation.inTransaction([])
    const result = talk.manager.sendOffsets(offsets, group)
    talk.sends('AddOffsetsToTxn')
    talk.answersCode(0)
    talk.findsCoordinator()
    talk.sends('TxnOffsetCommit')
    const answers = [
      { index: 2, errorCode: 0 },
      { index: 0, errorCode: COORDINATOR_LOADING },
    ]
    talk.answers({ topics: [{ name: 'in', partitions: answers }] })
    const { topics } = talk.sends<{ topics: { partitions: unknown }[] }>('TxnOffsetCommit')
    expect(topics.map((topic) => topic.partitions)).to.deep.equal([[partitions[1]]])
    talk.answersCode(0)
    expect(endOf(result)).to.equal('done')
  })

  it('goes out before the end of the transaction, whatever was called first', () => {
    const talk = Conversation.inTransaction([0])
    talk.manager.sendOffsets(offsets, group)
    talk.manager.commitTransaction()
    talk.sends('AddOffsetsToTxn')
    talk.answersCode(0)
    talk.findsCoordinator()
    talk.sends('TxnOffsetCommit')
    talk.answersCode(0)
    talk.sends('EndTxn')
  })

  it('looks for the coordinator of another group anew', () => {
    const talk = Conversation.inTransaction([])
    for (const groupId of ['g', 'h']) {
      talk.manager.sendOffsets(offsets, { ...group, groupId })
      talk.sends('AddOffsetsToTxn')
      talk.answersCode(0)
      talk.findsCoordinator()
      expect(talk.sends('TxnOffsetCommit')).to.include({ groupId })
      talk.answersCode(0)
    }
  })
})

describe('TransactionManager, of calls in the wrong state', () => {
  const calls = {
    beginTransaction: ({ manager }: Conversation) => manager.beginTransaction(),
    checkSend: ({ manager }: Conversation) => manager.checkSend(),
    sendOffsets: ({ manager }: Conversation) => manager.sendOffsets([], group),
    commitTransaction: ({ manager }: Conversation) => manager.commitTransaction(),
    abortTransaction: ({ manager }: Conversation) => manager.abortTransaction(),
  }
  const states: [state: string, make: () => Conversation, allowed: (keyof typeof calls)[]][] = [
    ['UNINITIALIZED', () => new Conversation(), []],
    ['READY', () => Conversation.ready(), ['beginTransaction']],
    [
      'IN_TRANSACTION',
      () => Conversation.inTransaction(),
      ['checkSend', 'sendOffsets', 'commitTransaction', 'abortTransaction'],
    ],
  ]
  for (const [state, make, allowed] of states) {
    it(`allows ${allowed.join(', ') || 'none'} in ${state}, and leaves the state as it is otherwise`, () => {
      for (const [name, call] of Object.entries(calls)) {
        const talk = make()
        expect(talk.manager.state).to.equal(state)
        const isAllowed = allowed.includes(name as keyof typeof calls)
        expect(
          thrownBy(() => call(talk)),
          name,
        ).to.equal(isAllowed ? 'nothing' : 'IllegalStateError')
        if (!isAllowed) expect(talk.manager.state, name).to.equal(state)
      }
    })
  }

  it('says that transactions need transactional.id', () => {
    const { manager } = new Conversation(null)
    expect(() => manager.initTransactions()).to.throw('initTransactions needs the setting transactional.id')
    expect(() => manager.beginTransaction()).to.throw('transactional.id')
  })
})

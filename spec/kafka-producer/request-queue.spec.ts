import { expect } from 'chai'
import { KafkaError } from '../../lib/errors.js'
import { RequestQueue } from '../../lib/kafka-producer/request-queue.js'
import {
  addOffsets,
  addPartitions,
  commitOffsets,
  end,
  findCoordinatorFor,
  initTransactional,
  initWithoutTransactions,
} from '../../lib/kafka-producer/transaction-requests.js'
import { TransactionalResult } from '../../lib/kafka-producer/transactional-result.js'
import { NO_PRODUCER } from '../../lib/produce/producer-identity.js'

const identity = { producerId: 1000n, epoch: 0 }
const requester = { transactionalId: 'tx', ...identity, isVersion2: false }
const group = { groupId: 'g', generationId: -1, memberId: '', groupInstanceId: null }
const result = () => new TransactionalResult('a call')

describe('RequestQueue', () => {
  it('sends coordinator searches first and the next epoch last, the rest in their order', () => {
    const queue = new RequestQueue({ retryBackoffMs: 100 })
    const offsets = commitOffsets(requester, group, [], result())
    const inOrder = [
      findCoordinatorFor('transaction', 'tx'),
      initTransactional('tx', 1000, NO_PRODUCER, result()),
      addPartitions(requester, [{ topic: 't', partition: 0 }]),
      addOffsets(requester, 'g', offsets),
      offsets,
      end(requester, true, null),
      initTransactional('tx', 1000, identity, result()),
    ]
    for (const at of [6, 5, 2, 3, 4, 1, 0]) queue.add(inOrder[at]!)
    expect(inOrder.map(() => queue.take())).to.deep.equal(inOrder)
    expect([queue.take(), queue.peek(), queue.send()]).to.deep.equal([null, null, null])
  })

  it('refuses an answer to a request that is not in flight', () => {
    const queue = new RequestQueue({ retryBackoffMs: 100 })
    const request = initWithoutTransactions()
    queue.add(request)
    expect(() => queue.unanswered(request)).to.throw(RangeError, 'InitProducerId is not in flight')
    queue.send()
    queue.unanswered(request)
    expect(() => queue.unanswered(request)).to.throw(RangeError)
  })

  it('pauses no longer than asked to before the first partition of a transaction', () => {
    const queue = new RequestQueue({ retryBackoffMs: 5 })
    const request = { ...addPartitions(requester, [{ topic: 't', partition: 0 }]), coordinator: null }
    queue.add(request)
    queue.send()
    queue.answered(request, 3, { topics: [{ name: 't', partitions: [{ index: 0, errorCode: 51 }] }] }, true)
    expect(queue.send()!.afterMs).to.equal(5)
  })

  it('looks for a coordinator again that has refused ten times in a row, because it may have moved', () => {
    const queue = new RequestQueue({ retryBackoffMs: 100 })
    const found = (nodeId: number) => ({ errorCode: 0, nodeId, host: 'broker', port: 9092, coordinators: [] })
    const refuse = (times: number) => {
      for (let i = 0; i < times; i++) queue.answered(queue.send()!.request, 1, { errorCode: 14 }, true)
    }
    queue.add(initTransactional('tx', 1000, NO_PRODUCER, result()))
    queue.answered(queue.send()!.request, 1, found(2), true)
    refuse(9)
    expect(queue.coordinator('transaction')?.nodeId).to.equal(2)
    refuse(1)
    const { request } = queue.send()!
    expect(request.kind).to.equal('FindCoordinator')
    queue.answered(request, 1, found(3), true)
    expect(queue.send()!.to?.nodeId).to.equal(3)
  })

  it('keeps a coordinator that refuses now and then', () => {
    const queue = new RequestQueue({ retryBackoffMs: 100 })
    const kinds: string[] = []
    const answer = (response: object) => {
      const { request } = queue.send()!
      kinds.push(request.kind)
      queue.answered(request, 1, response, true)
    }
    queue.add(end(requester, true, result()))
    answer({ errorCode: 0, nodeId: 2, host: 'broker', port: 9092, coordinators: [] })
    for (let i = 0; i < 3; i++) {
      for (let times = 0; times < 9; times++) answer({ errorCode: 51 })
      answer({ errorCode: 0 })
      queue.add(end(requester, true, result()))
    }
    expect(kinds.filter((kind) => kind === 'FindCoordinator')).to.have.length(1)
  })

  it('ends all calls when it is closed, that of the request in flight included', () => {
    const queue = new RequestQueue({ retryBackoffMs: 100 })
    const calls = [result(), result()]
    const error = new KafkaError('KAFKA_X', 'closed')
    queue.add({ ...initTransactional('tx', 1000, NO_PRODUCER, calls[0]!), coordinator: null })
    queue.send()
    queue.add(end(requester, true, calls[1]!))
    queue.close(error)
    expect(calls.map((call) => call.error)).to.deep.equal([error, error])
  })
})

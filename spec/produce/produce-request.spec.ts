import { expect } from 'chai'
import type { PartitionBatch } from '../../lib/produce/partition-batch.js'
import { estimateRequestBytes, produceRequest } from '../../lib/produce/produce-request.js'
import { recordOf } from '../support/messages.js'

function batch(topic: string, partition: number, ...values: string[]): PartitionBatch {
  return { topic, partition, messages: values.map((value) => recordOf(null, value)) }
}

const payload = { length: 0, writeTo: () => {} }

describe('produceRequest', () => {
  const batches = [batch('t', 1, 'a'), batch('u', 0, 'b'), batch('t', 0, 'c')]
  const prepared = batches.map((one) => ({ batch: one, payload }))

  it('puts partitions of a topic together, topics and partitions in the order in which they come', () => {
    const { topics, ...rest } = produceRequest(prepared, { acks: -1, requestTimeoutMs: 777 })
    expect(rest).to.deep.equal({ transactionalId: null, acks: -1, timeoutMs: 777 })
    expect(topics.map(({ name, partitions }) => [name, partitions.map(({ index }) => index)])).to.deep.equal([
      ['t', [1, 0]],
      ['u', [0]],
    ])
    expect(topics[0]!.partitions[0]!.records).to.equal(payload)
  })

  it('names the transaction that its batches belong to', () => {
    const options = { acks: -1, requestTimeoutMs: 1, transactionalId: 'orders' }
    expect(produceRequest(prepared, options).transactionalId).to.equal('orders')
  })

  it('names topics by their id as well, all zero where none is known', () => {
    const options = { acks: 1, requestTimeoutMs: 1 }
    const ids = produceRequest(prepared, { ...options, topicIdOf: (topic) => Buffer.alloc(16, topic) })
    expect(ids.topics.map(({ topicId }) => [...topicId][0])).to.deep.equal([0x74, 0x75])
    expect(produceRequest(prepared, options).topics[0]!.topicId).to.deep.equal(Buffer.alloc(16))
  })
})

describe('estimateRequestBytes', () => {
  it('counts 256 bytes for the request, 70 for each partition, and what its payload takes', () => {
    expect(estimateRequestBytes([{ sizeHint: 1000 }, { sizeHint: 500 }])).to.equal(256 + 2 * 70 + 1500)
  })
})

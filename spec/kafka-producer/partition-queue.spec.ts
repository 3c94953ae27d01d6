import { expect } from 'chai'
import { PartitionQueue } from '../../lib/kafka-producer/partition-queue.js'
import type { ProducerBatch } from '../../lib/kafka-producer/producer-batch.js'
import { accumulatorOf, append } from './support/accumulated.js'

function queueOf(count: number): { queue: PartitionQueue; batches: ProducerBatch[] } {
  const accumulator = accumulatorOf({ batchBytes: 1, lingerMs: 0, bufferBytes: 1e9 })
  const queue = new PartitionQueue('test', 0)
  const batches = Array.from({ length: count }, () => {
    append(accumulator, 0, 0)
    const [batch] = accumulator.drain(1, 1, 0)
    queue.batches.push(batch!)
    return batch!
  })
  return { queue, batches }
}

describe('PartitionQueue', () => {
  it('PartitionQueue takes batches out wherever they are, and the others keep their order', () => {
    const { queue, batches } = queueOf(6)
    queue.removeAll(new Set([0, 1, 3, 5].map((i) => batches[i]!)), 4)
    expect(queue.batches.take(6)).to.deep.equal([batches[2], batches[4]])
  })

  it('PartitionQueue takes its oldest batches out without looking at the others', () => {
    const { queue, batches } = queueOf(200)
    let looks = 0
    for (const batch of batches.slice(0, 150)) {
      const removed = new Set([batch])
      const has = removed.has.bind(removed)
      removed.has = (each) => {
        looks++
        return has(each)
      }
      queue.removeAll(removed, 1)
    }
    expect([looks, queue.batches.size]).to.deep.equal([150, 50])
  })
})

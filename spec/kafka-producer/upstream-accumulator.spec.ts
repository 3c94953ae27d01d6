/** Scenarios of Kafka's BufferPoolTest and RecordAccumulatorTest 3.9 that the other specs do not have. */
import { expect } from 'chai'
import type { ProducerBatch } from '../../lib/kafka-producer/producer-batch.js'
import { compressionNamed } from '../../lib/protocol/records/compression.js'
import { SeededRandom } from '../support/seeded-random.js'
import { accumulatorOf, append, complete, FakeCluster, shown } from './support/accumulated.js'

const GIGABYTE = 2 ** 30
/** Of a small record beside its value. */
const RECORD_OVERHEAD_BYTES = 7

describe('RecordAccumulator, as Kafka tests it', () => {
  it('counts more memory than an integer of 32 bits has', () => {
    const accumulator = accumulatorOf({ bufferBytes: 20 * GIGABYTE, batchBytes: 2 * GIGABYTE - 1 })
    append(accumulator, 0, 0)
    append(accumulator, 1, 0)
    append(accumulator, 2, 0)
    expect(accumulator.availableBytes).to.equal(20 * GIGABYTE - 3 * (2 * GIGABYTE - 1))
    const [batch] = accumulator.drain(1, GIGABYTE, 1000)
    complete(accumulator, batch!, 1000)
    expect(accumulator.availableBytes).to.be.at.least(20 * GIGABYTE - 2 * (2 * GIGABYTE - 1))
  })

  it('lets the back-off of a batch grow on across leaders whose epochs are not known', () => {
    const cluster = new FakeCluster()
    const at = (leaderId: number) => ({ leaderId, leaderEpoch: -1 })
    cluster.leaders[0] = at(1)
    const accumulator = accumulatorOf({ cluster, lingerMs: 0, deliveryTimeoutMs: 1_000_000 })
    append(accumulator, 0, 0)
    let nowMs = 0
    for (const [i, waitMs] of [100, 200, 400, 800, 1000, 1000].entries()) {
      const leaderId = 1 + (i % 2)
      const [batch] = accumulator.drain(leaderId, GIGABYTE, nowMs)
      accumulator.reenqueue(batch!, nowMs)
      cluster.leaders[0] = at(3 - leaderId)
      accumulator.updateCluster(nowMs)
      expect(accumulator.ready(nowMs + waitMs - 1).nodes, `retry ${i}, a moment before`).to.deep.equal([])
      nowMs += waitMs
      expect(accumulator.ready(nowMs).nodes, `retry ${i}`).to.deep.equal([3 - leaderId])
    }
  })

  it('has all its memory back when the parts of a divided batch are done', () => {
    const accumulator = accumulatorOf({ batchBytes: 400, lingerMs: 0 })
    for (let i = 0; i < 4; i++) append(accumulator, 0, 0, { bytes: 50 })
    const [whole] = accumulator.drain(1, GIGABYTE, 0)
    accumulator.split(whole!, 0)
    const parts: string[] = []
    for (let nowMs = 0; parts.length < 100; nowMs++) {
      const [part] = accumulator.drain(1, GIGABYTE, nowMs)
      if (!part) break
      parts.push(...shown([part]))
      complete(accumulator, part, nowMs)
    }
    expect(parts.join().match(/v{50}/g)).to.have.length(4)
    expect(accumulator.availableBytes).to.equal(100 * 1024)
    expect(accumulator.incompleteBatches).to.equal(0)
  })

  it('drains a batch that lingers, though it is about to expire', () => {
    const accumulator = accumulatorOf({ lingerMs: 500, deliveryTimeoutMs: 501 })
    append(accumulator, 0, 0)
    expect(accumulator.ready(499).nodes).to.deep.equal([])
    expect([accumulator.expire(500), accumulator.ready(500).nodes]).to.deep.equal([[], [1]])
    expect(accumulator.drain(1, GIGABYTE, 500)).to.have.length(1)
  })

  it('expires a batch that is tried again and muted, and drains one that is not muted', () => {
    const accumulator = accumulatorOf({ lingerMs: 0, deliveryTimeoutMs: 1000, isMutedInFlight: true })
    for (const partition of [0, 1]) append(accumulator, partition, 0)
    const batches = accumulator.drain(1, GIGABYTE, 0)
    for (const batch of batches) accumulator.reenqueue(batch, 0)
    accumulator.unmute('test', 0, 0)
    expect(accumulator.ready(999).nodes).to.deep.equal([1])
    expect(accumulator.drain(1, GIGABYTE, 999).map(({ partition }) => partition)).to.deep.equal([0])
    const expired = accumulator.expire(1000)
    expect(expired.map(({ partition }) => partition).sort()).to.deep.equal([0, 1])
  })

  it('takes no leftovers with it where bursts of two thirds of a batch linger', () => {
    const batchBytes = 1024
    const accumulator = accumulatorOf({ batchBytes, lingerMs: 10, deliveryTimeoutMs: 100_000 })
    for (let burst = 0; burst < 30; burst++) {
      const startMs = burst * 10
      for (let sent = 0; sent < (2 * batchBytes) / 3; ) {
        append(accumulator, 'any', startMs, { bytes: 30 })
        sent += 30 + RECORD_OVERHEAD_BYTES
      }
      for (const node of accumulator.ready(startMs + 10).nodes) {
        for (const batch of accumulator.drain(node, GIGABYTE, startMs + 10)) {
          expect(batch.estimatedBytes).to.be.within(batchBytes / 2, batchBytes)
          complete(accumulator, batch, startMs + 10)
        }
      }
    }
  })

  for (const percent of [1, 25, 50, 75, 99]) {
    it(`divides fewer than a tenth of the batches where ${percent} % of the records compress well, though it guesses their size`, async () => {
      const batchBytes = 1024
      const random = new SeededRandom(percent)
      const accumulator = accumulatorOf({
        batchBytes,
        isCompressed: true,
        deliveryTimeoutMs: 1e9,
        bufferBytes: 3 * 1024 * 1024,
      })
      const ratioOfRecord = (): number => (random.int(100) < percent ? 0.1 : 0.95)
      let [batches, splits] = [0, 0]
      for (let nowMs = 0; batches < 400; nowMs++) {
        while (accumulator.ready(nowMs).nodes.length === 0) append(accumulator, 0, nowMs, { bytes: 100 })
        for (const batch of accumulator.drain(1, GIGABYTE, nowMs)) {
          batches++
          const { count } = batch
          const ratio =
            Array.from({ length: count }, ratioOfRecord).reduce((sum, one) => sum + one, 0) / count
          await batch.compress({
            ...compressionNamed('gzip')!,
            compress: (plain) => Promise.resolve(Buffer.alloc(Math.ceil(plain.length * ratio))),
          })
          accumulator.observeCompression(batch)
          if (batch.compressionRatio * batch.builder.records.length > batchBytes && count > 1) {
            splits++
            expect(accumulator.split(batch, nowMs).length, 'parts').to.be.within(1, count)
          } else complete(accumulator, batch, nowMs)
        }
      }
      expect(splits / batches, `${splits} of ${batches} batches`).to.be.below(0.1)
    })
  }

  it('divides a batch that is refused again and again into parts that get smaller until each record is alone', () => {
    const accumulator = accumulatorOf({ batchBytes: 16 * 1024, lingerMs: 0 })
    for (let i = 0; i < 64; i++) append(accumulator, 0, 0, { bytes: 100 })
    let divided = 0
    const alone: ProducerBatch[] = []
    for (let nowMs = 0; alone.length < 64; nowMs++) {
      const [batch] = accumulator.drain(1, GIGABYTE, nowMs)
      const { count } = batch!
      if (count > 1) {
        const isFirst = divided++ === 0
        const parts = accumulator.split(batch!, nowMs)
        if (!isFirst) for (const part of parts) expect(part.count).to.be.below(count)
      } else {
        alone.push(batch!)
        complete(accumulator, batch!, nowMs)
      }
      expect(divided, 'divided').to.be.at.most(64)
    }
    expect([accumulator.incompleteBatches, accumulator.availableBytes]).to.deep.equal([0, 100 * 1024])
  })
})

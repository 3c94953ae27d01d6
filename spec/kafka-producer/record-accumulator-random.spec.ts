/** Random traffic with failures, divided batches, moving leaders and little memory: nothing is lost, doubled or overtaken. */
import { expect } from 'chai'
import type { ProducerBatch } from '../../lib/kafka-producer/producer-batch.js'
import { Appended, type RecordAccumulator } from '../../lib/kafka-producer/record-accumulator.js'
import type { FutureRecordMetadata } from '../../lib/kafka-producer/record-future.js'
import { SeededRandom } from '../support/seeded-random.js'
import { accumulatorOf, append, complete, FakeCluster } from './support/accumulated.js'

const MEMORY = 8 * 1024
const NODES = [1, 2, 3]

class Traffic {
  readonly futures: FutureRecordMetadata[] = []
  /** Values in the order in which they were stored, by partition. */
  readonly stored: string[][] = [[], [], [], []]
  nowMs = 0
  readonly #random: SeededRandom
  readonly #cluster = new FakeCluster()
  readonly #accumulator: RecordAccumulator
  readonly #inFlight: ProducerBatch[] = []

  constructor(seed: number) {
    this.#random = new SeededRandom(seed)
    this.#accumulator = accumulatorOf({
      cluster: this.#cluster,
      batchBytes: 300,
      bufferBytes: MEMORY,
      deliveryTimeoutMs: 1e9,
      isMutedInFlight: true,
      random: () => this.#random.next(),
    })
  }

  step(): void {
    const dice = this.#random.int(100)
    if (dice < 60) this.#send()
    else if (dice < 80) this.drain(this.#random.int(1000) + 1)
    else if (dice < 95) this.answer(this.#random.int(10))
    else this.#moveLeader()
    this.nowMs += this.#random.int(5)
  }

  /** Until everything is stored. */
  async finish(): Promise<void> {
    this.#cluster.leaders.fill({ leaderId: 1, leaderEpoch: 1000 })
    this.#accumulator.updateCluster(this.nowMs)
    const flushed = this.#accumulator.flush()
    while (this.#accumulator.incompleteBatches + this.#accumulator.waitingRecords > 0) {
      this.drain(1e6)
      while (this.#inFlight.length > 0) this.answer(9)
      this.nowMs += 1000
    }
    await flushed
    expect(this.#accumulator.availableBytes).to.equal(MEMORY)
  }

  drain(maxBytes: number): void {
    for (const node of this.#accumulator.ready(this.nowMs).nodes) {
      this.#inFlight.push(...this.#accumulator.drain(node, maxBytes, this.nowMs))
    }
  }

  /** @param luck - 0 and 1: it failed, 2: it was too large, above: it is stored. */
  answer(luck: number): void {
    if (this.#inFlight.length === 0) return
    const [batch] = this.#inFlight.splice(this.#random.int(this.#inFlight.length), 1)
    if (luck < 2) this.#accumulator.reenqueue(batch!, this.nowMs)
    else if (luck === 2 && batch!.count > 1) this.#accumulator.split(batch!, this.nowMs)
    else this.#store(batch!)
    this.#accumulator.unmute('test', batch!.partition, this.nowMs)
    expect(this.#accumulator.admit(this.nowMs)).to.deep.equal([])
  }

  #store(batch: ProducerBatch): void {
    this.stored[batch.partition]!.push(...batch.builder.readRecords().map(({ value }) => String(value)))
    complete(this.#accumulator, batch, this.nowMs)
  }

  #send(): void {
    const partition = this.#random.int(3) === 0 ? 'any' : this.#random.int(4)
    const value = `${this.futures.length} `.padEnd(this.#random.int(400), '.')
    try {
      const { future, done } = append(this.#accumulator, partition, this.nowMs, { value, deadlineMs: 1e9 })
      expect((done & Appended.waits) !== 0).to.equal(!future.isAppended)
      this.futures.push(future)
    } catch (error) {
      expect(error).to.have.property('code', 'KAFKA_BUFFER_EXHAUSTED')
    }
  }

  #moveLeader(): void {
    const partition = this.#random.int(4)
    const isLost = this.#random.int(3) === 0
    this.#cluster.leaders[partition] = isLost
      ? null
      : { leaderId: this.#random.pick(NODES), leaderEpoch: this.nowMs }
    this.#accumulator.updateCluster(this.nowMs)
  }
}

describe('RecordAccumulator under random traffic', () => {
  for (const seed of [1, 2, 3, 4, 5, 6, 7, 8]) {
    it(`RecordAccumulator stores each record once and in order, with seed ${seed}`, async () => {
      const traffic = new Traffic(seed)
      for (let i = 0; i < 2000; i++) traffic.step()
      await traffic.finish()
      const numbers = traffic.stored.map((values) => values.map((value) => Number.parseInt(value, 10)))
      for (const partition of numbers) {
        expect(partition).to.deep.equal([...partition].sort((a, b) => a - b))
      }
      expect(numbers.flat().sort((a, b) => a - b)).to.deep.equal(traffic.futures.map((_, i) => i))
      expect(traffic.futures.every(({ isDone }) => isDone)).to.equal(true)
    })
  }
})

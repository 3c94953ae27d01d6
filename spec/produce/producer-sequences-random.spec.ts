/** ProducerSequences against a model of a broker's partition, with answers and connections lost at random. */
import { expect } from 'chai'
import type { NumberedBatch } from '../../lib/produce/partition-sequences.js'
import { sequenceAfter } from '../../lib/produce/producer-identity.js'
import { ProducerSequences } from '../../lib/produce/producer-sequences.js'
import { forEachSeed } from '../support/for-each-seed.js'
import { SeededRandom } from '../support/seeded-random.js'

const LEADER_NOT_AVAILABLE = 5
const REQUEST_TIMED_OUT = 7
const MESSAGE_TOO_LARGE = 10
const OUT_OF_ORDER = 45
const INVALID_PRODUCER_EPOCH = 47
const REMEMBERED = 5

/** Numbers as they were when they were written. */
interface Written {
  readonly id: number
  readonly epoch: number
  readonly base: number
  readonly count: number
}

/** What a leader from 2.5 on does: without state it takes any number. */
class BrokerPartition {
  readonly log: number[] = []
  #epoch = -1
  #next = 0
  #remembered: Written[] = []

  append(batch: Written): number {
    const { epoch, base, count, id } = batch
    if (epoch < this.#epoch) return INVALID_PRODUCER_EPOCH
    const isSame = (one: Written) => one.epoch === epoch && one.base === base && one.count === count
    if (this.#remembered.some(isSame)) return 0
    const isFirst = this.#epoch === -1
    if (!isFirst && base !== (epoch > this.#epoch ? 0 : this.#next)) return OUT_OF_ORDER
    this.#remembered = [...(epoch > this.#epoch ? [] : this.#remembered), batch].slice(-REMEMBERED)
    this.#epoch = epoch
    this.#next = sequenceAfter(base, count)
    this.log.push(id)
    return 0
  }
}

interface Batch {
  readonly id: number
  readonly count: number
  /** Refused at every attempt. */
  readonly isTooLarge: boolean
  numbers: NumberedBatch | null
}

const BATCHES = 60
/** Far more than a run needs that makes progress. */
const STEPS = 5000

class Run {
  readonly broker = new BrokerPartition()
  readonly acknowledged: number[] = []
  readonly #random: SeededRandom
  readonly #sequences: ProducerSequences
  #queue: Batch[]
  #onWire: { batch: Batch; written: Written }[] = []
  /** Nothing more goes wrong. */
  #isCalm = false

  constructor(seed: number, isTransactional: boolean) {
    this.#random = new SeededRandom(seed)
    this.#sequences = new ProducerSequences({ isTransactional })
    this.#sequences.takeIdentity({ producerId: 1n, epoch: 0 })
    const counts = Array.from({ length: BATCHES }, () => 1 + this.#random.int(3))
    this.#queue = counts.map((count, id) => ({
      id,
      count,
      isTooLarge: this.#random.int(25) === 0,
      numbers: null,
    }))
  }

  /** @returns whether every batch came to its end; a transaction that has lost records ends at once. */
  go(): boolean {
    for (let step = 0; step < STEPS; step++) {
      this.#isCalm = step > STEPS / 2
      if (this.#sequences.resolve()) return true
      this.#sequences.bumpIfRequested()
      this.#failOvertaken()
      if (this.#queue.length + this.#onWire.length === 0) return true
      if (this.#random.int(2) === 0) this.#send()
      else if (this.#isCalm || this.#random.int(30) > 0) this.#answer()
      else this.#expire()
    }
    return false
  }

  #send(): void {
    const partition = this.#sequences.partition('t', 0)
    const again = this.#queue.find(({ numbers }) => numbers && this.#sequences.mayResend(numbers))
    const [head] = this.#queue
    const isNew = head?.numbers === null && this.#sequences.mayStart(partition)
    const batch = again ?? (isNew ? head : undefined)
    if (!batch) return
    if (again) partition.resent(again.numbers!)
    else batch.numbers = this.#sequences.start(partition, batch.count)
    const { identity, baseSequence: base } = batch.numbers!
    this.#queue = this.#queue.filter((one) => one !== batch)
    this.#onWire.push({ batch, written: { id: batch.id, epoch: identity.epoch, base, count: batch.count } })
  }

  #answer(): void {
    const [oldest] = this.#onWire
    if (!oldest) return
    const fate = this.#isCalm ? 99 : this.#random.int(100)
    if (fate < 8) {
      this.#loseConnection()
      return
    }
    this.#onWire.shift()
    const { batch, written } = oldest
    if (fate < 16) this.#refuse(batch, LEADER_NOT_AVAILABLE)
    else if (batch.isTooLarge) this.#refuse(batch, MESSAGE_TOO_LARGE)
    else {
      const code = this.broker.append(written)
      if (code !== 0) this.#refuse(batch, code)
      else if (fate < 22) this.#refuse(batch, REQUEST_TIMED_OUT)
      else {
        this.#sequences.acknowledged(batch.numbers!, -1n)
        this.acknowledged.push(batch.id)
      }
    }
  }

  /** The broker has handled some of what is on its way, and no answer comes. */
  #loseConnection(): void {
    const lost = this.#onWire
    this.#onWire = []
    for (const { batch, written } of lost.slice(0, this.#random.int(lost.length + 1))) {
      if (!batch.isTooLarge) this.broker.append(written)
    }
    for (const { batch } of lost) this.#putBack(batch)
  }

  #refuse(batch: Batch, errorCode: number): void {
    const refusal = { errorCode, logStartOffset: 0n, acks: -1 }
    if (this.#sequences.refused(batch.numbers!, refusal) === 'retry') this.#putBack(batch)
    else this.#sequences.failed(batch.numbers!, errorCode, false)
  }

  /** The oldest one first, as its time began first. */
  #expire(): void {
    const batch = this.#queue.find(({ numbers }) => numbers)
    if (!batch || this.#onWire.some((one) => one.batch.id < batch.id)) return
    this.#queue = this.#queue.filter((one) => one !== batch)
    this.#sequences.expired(batch.numbers!)
  }

  #failOvertaken(): void {
    for (const { numbers } of this.#queue) {
      if (!numbers || !this.#sequences.mustFail(numbers)) continue
      this.#sequences.failed(numbers, OUT_OF_ORDER, false)
      this.#queue = this.#queue.filter((one) => one.numbers !== numbers)
    }
  }

  #putBack(batch: Batch): void {
    this.#queue = [...this.#queue, batch].sort((a, b) => a.id - b.id)
  }
}

describe('ProducerSequences, whatever goes wrong', () => {
  for (const isTransactional of [false, true]) {
    const what = isTransactional ? 'in a transaction' : 'without transactions'

    it(`has no batch stored twice or out of order, and none acknowledged that is not stored, ${what}`, async () => {
      await forEachSeed(500, 1, async (seed) => {
        const run = new Run(seed, isTransactional)
        expect(run.go(), 'every batch came to its end').to.equal(true)
        const { log } = run.broker
        expect(log).to.deep.equal([...new Set(log)].sort((a, b) => a - b))
        expect(run.acknowledged.filter((id) => !log.includes(id))).to.deep.equal([])
      })
    })
  }
})

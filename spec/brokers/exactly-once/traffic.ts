/**
 * What a producer process sends, until it is asked to end or its producer has failed: records without transactions, or one
 * transaction after the other, most of them committed. Every step is in the journal.
 */
import { setTimeout as pause } from 'node:timers/promises'
import type { KafkaProducer } from '../../../lib/kafka-producer/index.js'
import type { SeededRandom } from '../../support/seeded-random.js'
import type { JournalFile } from './journal-file.js'
import type { ProducerSetup } from './producer-setup.js'

export interface TrafficParts {
  readonly setup: ProducerSetup
  readonly producer: KafkaProducer<string, string>
  readonly journal: JournalFile
  readonly random: SeededRandom
  isEnding(): boolean
}

const MAX_OUTSTANDING = 3000
/** With a slow one, the batches that are in flight together begin up to two seconds apart. */
const PACES_MS = [20, 40, 400]
/** Calls of transactions wait 15 s each; the longest fault and its recovery take about half a minute. */
const MAX_REPETITIONS = 8

export class Traffic {
  readonly #parts: TrafficParts
  #number = 0
  #outstanding = 0

  constructor(parts: TrafficParts) {
    this.#parts = parts
  }

  async idempotent(): Promise<void> {
    const { setup, journal, random, isEnding } = this.#parts
    const paceMs = setup.fixed?.paceMs ?? random.pick(PACES_MS)
    journal.write(['ready'])
    while (!isEnding()) {
      this.#send(1 + random.int(30), null)
      do await pause(random.int(paceMs))
      while (this.#outstanding > MAX_OUTSTANDING)
    }
  }

  /** Rejects with what the producer failed with. */
  async transactional(): Promise<void> {
    const { journal, producer, isEnding } = this.#parts
    await repeated(() => producer.initTransactions())
    journal.write(['ready'])
    for (let number = 0; !isEnding(); number++) await this.#transaction(number)
  }

  async #transaction(number: number): Promise<void> {
    const { journal, producer, random } = this.#parts
    journal.write(['begun', number])
    producer.beginTransaction()
    try {
      await this.#fill(number)
      if (random.int(5) > 0) {
        journal.write(['committing', number])
        await repeated(() => producer.commitTransaction())
        journal.write(['committed', number])
        return
      }
    } catch {
      // Where aborting is not possible either, that is what the producer fails with.
    }
    await repeated(() => producer.abortTransaction())
    journal.write(['aborted', number])
  }

  async #fill(number: number): Promise<void> {
    const { setup, journal, producer, random } = this.#parts
    for (let portions = 1 + random.int(3); portions > 0; portions--) {
      this.#send(1 + random.int(20), number)
      await pause(random.int(15))
    }
    if (random.int(4) === 0) await producer.flush()
    if (random.int(3) === 0) {
      const offset = BigInt(setup.place) * 1_000_000n + BigInt(number)
      journal.write(['offsets', number, String(offset)])
      await producer.sendOffsetsToTransaction([{ topic: setup.topic, partition: 0, offset }], setup.chain)
    }
  }

  #send(count: number, transaction: number | null): void {
    const { setup, journal, producer, random } = this.#parts
    const records = Array.from({ length: count }, () => ({
      number: this.#number++,
      partition: random.int(setup.partitions),
    }))
    journal.write(
      ...records.map(({ number, partition }) => ['sent', number, partition, transaction] as const),
    )
    for (const [i, { number, partition }] of records.entries()) {
      const value = `${setup.chain}.${setup.place}/${number}/${'x'.repeat(random.int(200))}`
      try {
        this.#outstanding++
        producer.send({ topic: setup.topic, partition, value }, (metadata, error) => {
          this.#outstanding--
          if (error) journal.write(['refused', number, String(error.persistence), error.code])
          else journal.write(['acknowledged', number, String(metadata!.offset)])
        })
      } catch (error) {
        const unsent = records
          .slice(i)
          .map((one) => ['refused', one.number, 'not-persisted', 'thrown'] as const)
        journal.write(...unsent)
        throw error
      }
    }
  }
}

/** A call that has waited for `max.block.ms` may be made again. */
async function repeated(call: () => Promise<void>): Promise<void> {
  for (let times = 0; ; times++) {
    try {
      return await call()
    } catch (error) {
      if (!(error instanceof Error) || error.name !== 'TimeoutError' || times >= MAX_REPETITIONS) throw error
    }
  }
}

/** An accumulator over a cluster that the spec lays down, and records for it. */
import type { LeaderAndEpoch } from '../../../lib/kafka-producer/due-partitions.js'
import type { ProducerBatch } from '../../../lib/kafka-producer/producer-batch.js'
import {
  RecordAccumulator,
  type RecordAccumulatorOptions,
  UNASSIGNED,
} from '../../../lib/kafka-producer/record-accumulator.js'
import { FutureRecordMetadata } from '../../../lib/kafka-producer/record-future.js'

export const STAMP_MS = 1_700_000_000_000

/** Partitions of `test`: 0 and 1 on broker 1, 2 and 3 on broker 2. */
export class FakeCluster {
  readonly leaders: (LeaderAndEpoch | null)[] = [1, 1, 2, 2].map((leaderId) => ({ leaderId, leaderEpoch: 0 }))
  lookups = 0

  topic(name: string) {
    if (name !== 'test') return null
    const available = [...this.leaders.keys()].filter((partition) => this.leaders[partition])
    return { partitionCount: this.leaders.length, available }
  }

  leaderOf(_topic: string, partition: number): LeaderAndEpoch | null {
    this.lookups++
    return this.leaders[partition] ?? null
  }
}

export interface Given extends Partial<Omit<RecordAccumulatorOptions, 'cluster'>> {
  cluster?: FakeCluster
}

export function accumulatorOf(given: Given = {}): RecordAccumulator {
  const { random = () => 0.5 } = given
  return new RecordAccumulator({
    batchBytes: 1024,
    lingerMs: 10,
    deliveryTimeoutMs: 3200,
    bufferBytes: 100 * 1024,
    maxRequestBytes: 1024 * 1024,
    isCompressed: false,
    retryBackoff: { baseMs: 100, maxMs: 1000, random },
    isMutedInFlight: false,
    isAdaptive: true,
    availabilityTimeoutMs: 0,
    random,
    cluster: new FakeCluster(),
    ...given,
  })
}

/** Appends one record; its value is `v` as often as said. */
export function append(
  accumulator: RecordAccumulator,
  partition: number | 'any',
  nowMs: number,
  { bytes = 1, value = 'v'.repeat(bytes), deadlineMs = nowMs + 60_000, beginsBatch = true } = {},
): { future: FutureRecordMetadata; done: number } {
  const future = new FutureRecordMetadata('test', partition === 'any' ? UNASSIGNED : partition)
  const done = accumulator.append(future, null, value, null, STAMP_MS, deadlineMs, nowMs, beginsBatch)
  return { future, done }
}

/** `partition: values` of each batch, values of several records joined by commas. */
export function shown(batches: readonly ProducerBatch[]): string[] {
  return batches.map(({ partition, builder }) => {
    const values = builder.readRecords().map(({ value }) => String(value))
    return `${partition}: ${values.join(',')}`
  })
}

/** Stores a batch: its records are done, its memory is free. */
export function complete(accumulator: RecordAccumulator, batch: ProducerBatch, nowMs: number): void {
  batch.complete('succeeded')
  for (const future of batch.futures) {
    future.succeed({ baseOffset: 0n, timestampMs: null })
    future.release()
  }
  accumulator.deallocate(batch, true)
  accumulator.unmute(batch.topic, batch.partition, nowMs)
}

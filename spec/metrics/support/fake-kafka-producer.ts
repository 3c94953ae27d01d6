/** A KafkaProducer as exporters see it: real metrics at a time that stands still, and a close that can be announced. */
import { EventEmitter } from 'node:events'
import { KafkaProducerMetrics } from '../../../lib/kafka-producer/producer-metrics.js'
import type { KafkaMetric } from '../../../lib/metrics/kafka-metric.js'

export class FakeKafkaProducer extends EventEmitter {
  readonly counters: KafkaProducerMetrics
  snapshots = 0

  constructor(clientId: string) {
    super()
    this.counters = new KafkaProducerMetrics({
      clientId,
      startTimeMs: 1234,
      windowMs: 10_000,
      samples: 2,
      now: () => 0,
    })
  }

  metrics(): readonly KafkaMetric[] {
    this.snapshots++
    return this.counters.snapshot({
      requestsInFlight: 2,
      metadataAgeSeconds: 1.5,
      bufferTotalBytes: 1000,
      bufferAvailableBytes: 400,
      waitingSends: 0,
    })
  }

  partitionsFor(): never {
    throw new Error('an exporter asks for no partitions')
  }

  /** 30 records of `t` in one batch to broker 1, which was answered. */
  work(): this {
    this.counters.batchesSent([
      {
        topic: 't',
        count: 30,
        estimatedBytes: 500,
        maxRecordBytes: 40,
        compressionRatio: 1,
        createdMs: 0,
        drainedMs: 5,
      },
    ])
    this.counters.requestWritten(1, 560)
    this.counters.responseRead(1, 60)
    this.counters.requestCompleted(1, 8)
    return this
  }
}

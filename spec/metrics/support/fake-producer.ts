/** A producer as exporters see it: real counters, and a close that can be announced. */
import { EventEmitter } from 'node:events'
import type { MetricsSnapshot } from '../../../lib/index.js'
import { ProducerMetrics } from '../../../lib/metrics/producer-metrics.js'

export class FakeProducer extends EventEmitter {
  readonly counters: ProducerMetrics
  snapshots = 0

  /** @param queueSize - null for a producer in sync mode. */
  constructor(clientId: string, queueSize: number | null = null) {
    super()
    this.counters = new ProducerMetrics({
      clientId,
      queueSize: queueSize === null ? null : () => queueSize,
      queueCapacity: 10,
      now: () => 0,
    })
  }

  metrics(): MetricsSnapshot {
    this.snapshots++
    return this.counters.snapshot()
  }

  /** Three messages to `t`, of which one was delivered and one failed. */
  work(): this {
    const { counters } = this
    for (let i = 0; i < 3; i++) counters.sent('t')
    counters.accepted(3)
    counters.cycleBegun(3)
    counters.serialized()
    counters.attemptFailed()
    counters.delivered(1)
    counters.failed(1)
    counters.refused()
    counters.dropped('t')
    counters.requested('b1:9092', 1006, 0, 2)
    counters.requested('[::1]:9093', 2006, 0, 4)
    return this
  }
}

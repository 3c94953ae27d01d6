/** Reports to draw, described by what differs, and one with everything that a page can show. */
import type { Report } from '../../../lib/cli-perf/report/report.js'
import type { EarlierRun } from '../../../lib/cli-perf/report/run-file.js'
import { latencyOf, result, sample } from './results.js'

export function report(more: Partial<Report> = {}): Report {
  return {
    producer: 'Producer',
    result: result(),
    targetPerSecond: null,
    lines: ['names', 'the, line'],
    samples: [sample(100), sample(200)],
    topics: ['logs'],
    options: new Map([['--messages', '30000']]),
    settings: { 'client.id': 'producer-performance' },
    environment: new Map([['Node.js', 'v20']]),
    ...more,
  }
}

export function earlierRun(more: Partial<EarlierRun> = {}): EarlierRun {
  return {
    name: 'before.json',
    producer: 'Producer',
    result: result(),
    samples: [sample(100), sample(200)],
    options: { '--messages': '30000' },
    settings: { 'client.id': 'producer-performance' },
    environment: { 'Node.js': 'v20' },
    ...more,
  }
}

/** A minute with a stall, failures, a target, long names, and latencies from 0.2 ms to 40 s. */
export function fullReport(): Report {
  const samples = Array.from({ length: 600 }, (_, i) => {
    const isStall = i > 300 && i < 340
    return sample((i + 1) * 100, {
      delivered: isStall ? 0 : 100_000 + (i % 7) * 900,
      failed: i === 340 ? 1234 : 0,
      latency: isStall ? null : latencyOf(0.2 + (i % 5) / 10, i === 340 ? 40_000 : 3 + (i % 11)),
    })
  })
  return report({
    result: result({
      failed: 1234,
      delivered: 60_000_000,
      sent: 60_001_234,
      causes: [[`broker …:9092 refused a batch of … records for ${'long-topic-name-'.repeat(6)}/…`, 1234]],
      latency: { p50Ms: 0.4, p95Ms: 1.2, p99Ms: 12.3, p999Ms: 1234, maxMs: 40_000 },
      isPaced: true,
    }),
    targetPerSecond: 1_000_000,
    samples,
    topics: ['long-topic-name-'.repeat(6)],
    lines: [
      'start.time, end.time, compression',
      '2015-09-04 07:05:03:042, 2015-09-04 07:05:05:042, 0, 100, 200',
    ],
    settings: {
      'metadata.broker.list': Array.from({ length: 9 }, (_, i) => `broker${i}.example:9092`).join(','),
    },
  })
}

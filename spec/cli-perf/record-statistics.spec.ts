import { expect } from 'chai'
import { RecordStatistics } from '../../lib/cli-perf/record-statistics.js'

describe('RecordStatistics', () => {
  let lines: string[]
  let statistics: RecordStatistics

  beforeEach(() => {
    lines = []
    statistics = new RecordStatistics({ startMs: 1000, intervalMs: 5000, print: (line) => lines.push(line) })
  })

  it('RecordStatistics prints a line of Kafka’s tool with the first record after each interval', () => {
    for (let n = 1; n <= 500; n++) statistics.record(n === 7 ? 533 : 10.5, 1000, 1000 + n * 10)
    expect(lines).to.deep.equal([
      '500 records sent, 100.0 records/sec (0.10 MB/sec), 11.5 ms avg latency, 533.0 ms max latency.',
    ])
    statistics.record(1, 1000, 10_999)
    expect(lines).to.have.lengthOf(1)
    statistics.record(3, 1000, 11_000)
    expect(lines[1]).to.equal(
      '2 records sent, 0.4 records/sec (0.00 MB/sec), 2.0 ms avg latency, 3.0 ms max latency.',
    )
  })

  it('RecordStatistics ends with the line of Kafka’s tool: all records, averages and percentiles', () => {
    for (let n = 1; n <= 1000; n++) statistics.record(n, 1024 * 1024, 1000)
    expect(statistics.totalLine(5000)).to.equal(
      '1000 records sent, 250.000000 records/sec (250.00 MB/sec), 500.50 ms avg latency, 1000.00 ms max latency, ' +
        '500 ms 50th, 950 ms 95th, 990 ms 99th, 999 ms 99.9th.',
    )
  })

  it('RecordStatistics without records has figures of zero', () => {
    expect(statistics.totalLine(1000)).to.equal(
      '0 records sent, 0.000000 records/sec (0.00 MB/sec), 0.00 ms avg latency, 0.00 ms max latency, ' +
        '0 ms 50th, 0 ms 95th, 0 ms 99th, 0 ms 99.9th.',
    )
  })

  it('RecordStatistics of the steady state says so with its first line and in its last', () => {
    const print = (line: string): void => void lines.push(line)
    const steady = new RecordStatistics({ startMs: 0, intervalMs: 100, print, isSteadyState: true })
    steady.record(5, 1024, 100)
    steady.record(5, 1024, 200)
    expect(lines).to.deep.equal([
      'In steady state.',
      '1 records sent, 10.0 records/sec (0.01 MB/sec), 5.0 ms avg latency, 5.0 ms max latency.',
      '1 records sent, 10.0 records/sec (0.01 MB/sec), 5.0 ms avg latency, 5.0 ms max latency.',
    ])
    expect(steady.totalLine(1000)).to.match(/^2 steady state records sent, 2\.000000 records\/sec /)
  })

  it('RecordStatistics that is silent prints no line of progress, and counts on', () => {
    statistics.silence()
    statistics.record(5, 1024, 10_000)
    expect(lines).to.deep.equal([])
    expect(statistics.totalLine(10_000)).to.match(/^1 records sent/)
  })
})

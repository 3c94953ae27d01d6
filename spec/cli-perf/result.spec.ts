import { expect } from 'chai'
import { dateFormat } from '../../lib/cli-perf/date-format.js'
import { duration, HEADER, millis, resultLine, summaryLines } from '../../lib/cli-perf/result.js'
import { latencyOf, result } from './support/results.js'

describe('The result line', () => {
  const format = dateFormat('yyyy-MM-dd HH:mm:ss:SSS')

  it('has the fields of the original, in its formats', () => {
    expect(HEADER).to.equal(
      'start.time, end.time, compression, message.size, batch.size, total.data.sent.in.MB, MB.sec, ' +
        'total.data.sent.in.nMsg, nMsg.sec',
    )
    expect(resultLine(result(), format)).to.equal(
      '2015-09-04 07:05:03:042, 2015-09-04 07:05:05:042, 0, 100, 200, 2.86, 1.4305, 30000, 15000.0000',
    )
  })

  it('counts what was delivered', () => {
    const line = resultLine(result({ delivered: 1, failed: 29_999, bytes: 100, compression: 2 }), format)
    expect(line.split(', ').slice(2)).to.deep.equal(['2', '100', '200', '0.00', '0.0000', '1', '0.5000'])
  })

  it('divides by no zero', () => {
    const { startMs } = result()
    expect(resultLine(result({ endMs: startMs, delivered: 1, bytes: 0 }), format)).to.match(
      /, 1, 1000\.0000$/,
    )
  })
})

describe('The summary', () => {
  it('prints counts and latencies', () => {
    expect(summaryLines(result())).to.deep.equal([
      '30000 messages sent, 30000 delivered, 0 failed',
      'latency in ms, from send() until it was delivered: p50 0.312, p95 6, p99 6, p99.9 12, max 12',
    ])
  })

  it('prints the causes of failures and an early end', () => {
    const ended = { sent: 12, delivered: 5, failed: 4, unsettled: 3, latency: null, ended: 'SIGINT' }
    expect(summaryLines(result({ ...ended, causes: [['too large', 4]] }))).to.deep.equal([
      'stopped after 12 of 30000 messages: SIGINT',
      '12 messages sent, 5 delivered, 4 failed, 3 without an outcome',
      '4 failed: too large',
    ])
  })

  it('prints "written" with acks 0, and the meaning of a latency at a given rate', () => {
    const [counts, latency] = summaryLines(
      result({ isAcknowledged: false, isPaced: true, latency: latencyOf(1, 2) }),
    )
    expect(counts).to.equal('30000 messages sent, 30000 written, 0 failed')
    expect(latency).to.include('from when a message was due until it was written: p50 1,')
  })
})

describe('A duration', () => {
  const rows: [number, string][] = [
    [0.0004, '0.0004 ms'],
    [0.31249, '0.312 ms'],
    [12, '12 ms'],
    [999, '999 ms'],
    [1000, '1 s'],
    [81_130, '81.1 s'],
    [7_200_000, '7200 s'],
  ]
  for (const [ms, text] of rows) {
    it(`of ${ms} ms is printed as ${text}`, () => {
      expect(duration(ms)).to.equal(text)
    })
  }

  it('without a unit has three digits, or all of the milliseconds', () => {
    expect([millis(1.23456), millis(123.456), millis(81_130.4)]).to.deep.equal(['1.23', '123', '81130'])
  })
})

/** The checker of exactly-once runs: finds nothing in a run that went well, and each change of it that matters. */
import { expect } from 'chai'
import { checkHistory, type ViolationKind } from './check-history.js'
import { judged, type RecordedRun, recordedRun } from './recorded-run.js'

const readOf = (run: RecordedRun, producer: string, number: number) => {
  const found = run.read.records.findIndex((one) => one.producer === producer && one.number === number)
  expect(found, `${producer}/${number} was read`).not.to.equal(-1)
  return found
}

function remove(run: RecordedRun, producer: string, number: number): void {
  run.read.records.splice(readOf(run, producer, number), 1)
}

function swap(run: RecordedRun, a: [string, number], b: [string, number]): void {
  const [i, j] = [readOf(run, ...a), readOf(run, ...b)]
  const { records } = run.read
  const [first, second] = [records[i]!, records[j]!]
  records[i] = { ...second, partition: first.partition, offset: first.offset }
  records[j] = { ...first, partition: second.partition, offset: second.offset }
}

function copyToEnd(run: RecordedRun, producer: string, number: number): void {
  const { partition } = run.read.records[readOf(run, producer, number)]!
  append(run, partition, producer, number)
}

function append(run: RecordedRun, partition: number, producer: string, number: number): void {
  run.read.records.push({ partition, offset: 1000n, producer, number })
}

const producerOf = (run: RecordedRun, name: string) => run.producers.find((one) => one.name === name)!
const sentBy = (run: RecordedRun, name: string, number: number) =>
  producerOf(run, name).sent.find((one) => one.number === number)!

/** What was acknowledged without an offset, so that only its place among the others can be wrong. */
function forgetOffsets(run: RecordedRun): void {
  for (const { sent } of run.producers) for (const record of sent) record.offset = -1n
}

describe('the checker of exactly-once runs', () => {
  it('finds nothing in a run in which everything went well', () => {
    expect(checkHistory(...judged(recordedRun()))).to.deep.equal([])
  })

  it('allows a record that is possibly stored to be there or not', () => {
    const run = recordedRun()
    remove(run, 'i0.0', 8)
    remove(run, 'i0.0', 12)
    expect(checkHistory(...judged(run))).to.deep.equal([])
  })

  it('allows a transaction whose end is not known to be there as a whole, or not at all', () => {
    const run = recordedRun()
    for (const number of [3, 4, 5, 6]) remove(run, 't0.1', number)
    run.read.groupOffsets.set('t0', 1000n)
    expect(checkHistory(...judged(run))).to.deep.equal([])
  })

  const mutants: [title: string, kind: ViolationKind, change: (run: RecordedRun) => void, says: RegExp][] = [
    ['an acknowledged record that is missing', 'lost', (run) => remove(run, 'i0.0', 3), /i0\.0\/3/],
    [
      'a record that is missing from a committed transaction',
      'lost',
      (run) => remove(run, 't0.0', 1),
      /t0\.0\/1/,
    ],
    ['an acknowledged record that is there twice', 'twice', (run) => copyToEnd(run, 'i0.0', 7), /i0\.0\/7/],
    [
      'a possibly stored record that is there twice',
      'twice',
      (run) => copyToEnd(run, 'i0.0', 12),
      /i0\.0\/12/,
    ],
    ['a committed record that is there twice', 'twice', (run) => copyToEnd(run, 't0.1', 6), /t0\.1\/6/],
    [
      'two records of a partition that are swapped',
      'outOfOrder',
      (run) => {
        forgetOffsets(run)
        swap(run, ['i0.0', 2], ['i0.0', 4])
      },
      /i0\.0\/2 .*behind i0\.0\/4/,
    ],
    [
      'two records of different transactions that are swapped',
      'outOfOrder',
      (run) => {
        forgetOffsets(run)
        swap(run, ['t0.0', 3], ['t0.0', 7])
      },
      /t0\.0\/3 .*behind t0\.0\/7/,
    ],
    [
      'a record of a producer that is behind one of its successor',
      'outOfOrder',
      (run) => {
        forgetOffsets(run)
        swap(run, ['t0.0', 9], ['t0.1', 1])
      },
      /t0\.0\/9 .*behind t0\.1/,
    ],
    [
      'a record of an aborted transaction that is seen',
      'abortedSeen',
      (run) => append(run, 0, 't0.0', 4),
      /transaction 1, which was aborted/,
    ],
    [
      'a record of a producer that was killed before it committed',
      'abortedSeen',
      (run) => append(run, 0, 't0.0', 10),
      /transaction 3, which was abandoned/,
    ],
    [
      'half a transaction whose end is not known',
      'half',
      (run) => remove(run, 't0.1', 4),
      /3 of 4 records of transaction 1 of t0\.1/,
    ],
    [
      'a transaction that took effect without its group offset',
      'half',
      (run) => void run.read.groupOffsets.set('t0', 1000n),
      /has offset 1000; its transactions make it 1001/,
    ],
    [
      'a group offset of a transaction that took no effect',
      'half',
      (run) => void run.read.groupOffsets.set('t0', 2000n),
      /has offset 2000/,
    ],
    [
      'a group that has no offset',
      'half',
      (run) => void run.read.groupOffsets.delete('t0'),
      /has offset none/,
    ],
    [
      'a record that is said not to be stored and is',
      'misreported',
      (run) => append(run, 0, 'i0.0', 10),
      /reported as not stored/,
    ],
    [
      'a record at another offset than reported',
      'misreported',
      (run) => {
        sentBy(run, 'i0.0', 2).offset += 1n
      },
      /i0\.0\/2 .*was reported at offset 2 and is in partition 0 at 1/,
    ],
    [
      'a record in another partition than it was sent to',
      'misreported',
      (run) => {
        sentBy(run, 'i0.0', 8).partition = 1
      },
      /i0\.0\/8 .*is in partition 0/,
    ],
    [
      'a record that nobody sent',
      'misreported',
      (run) => append(run, 0, 'i0.0', 99),
      /was not sent by anybody/,
    ],
    [
      'a record without an outcome whose producer was closed',
      'misreported',
      (run) => {
        producerOf(run, 'i0.0').end = 'closed'
      },
      /i0\.0\/12 .*has no outcome/,
    ],
    [
      'a transaction without an outcome whose producer did not fail',
      'misreported',
      (run) => {
        producerOf(run, 't0.1').end = 'closed'
      },
      /transaction 1 of t0\.1 has no outcome/,
    ],
    [
      'a commit of a transaction with a record that failed',
      'misreported',
      (run) => {
        sentBy(run, 't0.0', 1).outcome = 'possibly-persisted'
      },
      /committed though a record of it failed/,
    ],
    [
      'a partition that cannot be read to its end',
      'misreported',
      (run) => void run.read.blocked.push(1),
      /partition 1 cannot be read to its end/,
    ],
  ]

  for (const [title, kind, change, says] of mutants) {
    it(`finds ${title}`, () => {
      const run = recordedRun()
      change(run)
      const found = checkHistory(...judged(run))
      expect(found.map((one) => one.kind)).to.include(kind)
      expect(
        found
          .filter((one) => one.kind === kind)
          .map(({ text }) => text)
          .join('\n'),
      ).to.match(says)
    })
  }
})

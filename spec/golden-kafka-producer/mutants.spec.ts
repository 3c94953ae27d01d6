/** The comparison finds what counts: each of these changes of a transcript is seen, and named. */
import { expect } from 'chai'
import { differencesAfter, events, firstBatch, remove, requests, swap } from './edit-transcript.js'
import type { Transcript } from './scenario.js'

describe('comparing a changed transcript with that of the Java client', () => {
  const mutants: [title: string, scenario: string, change: (copy: Transcript) => void, finds: RegExp][] = [
    [
      'a changed sequence number',
      'i01-sequences',
      (copy) => {
        const batch = firstBatch(copy) as { baseSequence?: number }
        batch.baseSequence = 1
      },
      /batches of t\/1, number 1: .*1000\/0\/1/,
    ],
    [
      'a changed producer epoch',
      'i06-out-of-order-next-expected',
      (copy) => {
        const batch = firstBatch(copy, 2) as { producerEpoch?: number }
        batch.producerEpoch = 0
      },
      /produce request 3 to broker 0/,
    ],
    [
      'two records in the wrong order',
      'b01-linger-collects',
      (copy) => swap(firstBatch(copy).records, 0, 1),
      /\("v1" "v0"/,
    ],
    [
      'two batches in place of one',
      'b03-batch-size-189',
      (copy) => {
        const [first] = requests(copy, 'Produce')
        copy.wire.push(structuredClone(first!))
      },
      /produce requests to broker 0: \d+, expected \d+/,
    ],
    [
      'a request that is missing',
      'e05-retries-exhausted',
      (copy) => remove(copy.wire, requests(copy, 'Produce')[1]!),
      /produce requests to broker 0: 3, expected 4/,
    ],
    [
      'one byte of a batch',
      'r01-plain-bytes',
      (copy) => {
        const batch = firstBatch(copy)
        batch.hex = batch.hex!.replace(/^0/, '1')
      },
      /partitions of produce request 1/,
    ],
    [
      'a wrong checksum',
      'a02-acks-1',
      (copy) => {
        firstBatch(copy).crcOk = false
      },
      /WRONG CRC/,
    ],
    [
      'other acks',
      'a02-acks-1',
      (copy) => {
        requests(copy, 'Produce')[0]!.body!.acks = -1
      },
      /acks -1/,
    ],
    [
      'a request to another broker',
      'e11-not-leader-without-hint',
      (copy) => {
        requests(copy, 'Produce').at(-1)!.broker = 0
      },
      /produce requests to broker 0: 3, expected 2/,
    ],
    [
      'two callbacks that are swapped',
      'b18-in-flight-1',
      (copy) => {
        const [, second, third] = events(copy, 'callback')
        swap(copy.events, copy.events.indexOf(second!), copy.events.indexOf(third!))
      },
      /callbacks of t\/0/,
    ],
    [
      'a callback that is called twice',
      'f02-flush-nothing',
      (copy) => void copy.events.push(structuredClone(events(copy, 'callback')[0]!)),
      /the callback of send 1:0 came 2 times/,
    ],
    [
      'a callback that is not called',
      'f02-flush-nothing',
      (copy) => remove(copy.events, events(copy, 'callback')[0]!),
      /the callback of send 1:0 is missing/,
    ],
    [
      'a callback after the flush that promises it',
      'a01-acks-0',
      (copy) => {
        const [callback] = events(copy, 'callback')
        remove(copy.events, callback!)
        copy.events.push(callback!)
      },
      /the callback of send 0:0 comes after operation 1 \(flush\)/,
    ],
    [
      'the wrong error family',
      'e03-fatal-codes',
      (copy) => {
        events(copy, 'result')[0]!.error = { class: 'InvalidRecordError' }
      },
      /result of send 0:0: InvalidRecordError, expected UnknownServerException/,
    ],
    [
      'a success in place of an error',
      'x29-end-fenced',
      (copy) => {
        delete events(copy, 'op').find(({ op, ok }) => op === 'commit' && !ok)!.error
      },
      /\(commit\): success, expected ProducerFencedException/,
    ],
    [
      'an operation that never ends',
      'x01-commit',
      (copy) => remove(copy.events, events(copy, 'op').at(-1)!),
      /operation 5 \(close\) is not over/,
    ],
    [
      'another offset',
      'a02-acks-1',
      (copy) => {
        events(copy, 'result')[1]!.md!.offset = 7
      },
      /t\/0@7/,
    ],
    [
      'a transaction that is not ended',
      'x01-commit',
      (copy) => remove(copy.wire, requests(copy, 'EndTxn')[0]!),
      /transactional requests: 3, expected 4/,
    ],
    [
      'an abort in place of a commit',
      'x01-commit',
      (copy) => {
        requests(copy, 'EndTxn')[0]!.body!.committed = false
      },
      /EndTxn tx 1000\/0 abort/,
    ],
    [
      'a batch before its partition was added to the transaction',
      'x01-commit',
      (copy) => {
        const [added, batch] = [requests(copy, 'AddPartitionsToTxn')[0]!, requests(copy, 'Produce')[0]!]
        swap(copy.wire, copy.wire.indexOf(added), copy.wire.indexOf(batch))
      },
      /produce and transactional requests, number 3/,
    ],
    [
      'a marker that is not in the log',
      'x02-abort',
      (copy) => void copy.log['t/0']!.pop(),
      /the log of t\/0: 3, expected 4/,
    ],
    [
      'other committed offsets',
      'x05-offsets',
      (copy) => {
        copy.offsets['g in/0'] = 6
      },
      /committed offsets/,
    ],
    [
      'an interceptor that sees another value',
      'n01-interceptor-chain',
      (copy) => {
        events(copy, 'interceptor').find(({ call }) => call === 'onSend')!.value = 'w'
      },
      /calls of interceptor\.onSend/,
    ],
    [
      'interceptors in the wrong order',
      'n01-interceptor-chain',
      (copy) => {
        const [a, b] = events(copy, 'interceptor').filter(({ call }) => call === 'onAcknowledgement')
        swap(copy.events, copy.events.indexOf(a!), copy.events.indexOf(b!))
      },
      /calls of interceptor\.onAcknowledgement/,
    ],
    [
      'a callback before the interceptors of its record',
      'n01-interceptor-chain',
      (copy) => {
        const [callback] = events(copy, 'callback')
        remove(copy.events, callback!)
        const isFirst = ({ call }: { call: string }) => call === 'onAcknowledgement'
        copy.events.splice(copy.events.indexOf(events(copy, 'interceptor').find(isFirst)!), 0, callback!)
      },
      /interceptors and callbacks of t\/0, number 1: callback of send 0:0; expected A at 0/,
    ],
    [
      'a sticky partition that changes too early',
      'p07-null-key-sticky-bytes',
      (copy) => {
        const results = events(copy, 'result')
        results[1]!.md!.partition = (results[0]!.md!.partition + 1) % 4
      },
      /the partition of t changes before record 1/,
    ],
    [
      'a sticky partition that never changes',
      'p07-null-key-sticky-bytes',
      (copy) => {
        for (const { md } of events(copy, 'result')) md!.partition = 0
      },
      /all records of t go to partition 0, though it could change 19 times/,
    ],
    [
      'a wait that was not made',
      'e16-request-timeout',
      (copy) => {
        const [, second, third] = requests(copy, 'Produce')
        third!.ms = second!.ms
      },
      /between Produce 1 and 2: 0 ms/,
    ],
    [
      'a request in another version where the version is the point',
      'o12-2.1',
      (copy) => {
        requests(copy, 'Produce')[0]!.version = 3
      },
      /versions of Produce/,
    ],
    [
      'more requests in flight than allowed',
      'b18-in-flight-1',
      (copy) => {
        requests(copy, 'Produce')[1]!.outstanding = 2
      },
      /2 requests Produce are unanswered at once/,
    ],
  ]

  for (const [title, name, change, finds] of mutants) {
    it(`finds ${title}`, () => {
      expect(differencesAfter(name, change).join('\n')).to.match(finds)
    })
  }
})

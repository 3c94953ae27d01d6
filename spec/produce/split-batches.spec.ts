import { expect } from 'chai'
import fc from 'fast-check'
import type { PartitionBatch } from '../../lib/produce/partition-batch.js'
import { halve, MAX_COMPRESSED_REQUEST_BYTES, splitIntoRequests } from '../../lib/produce/split-batches.js'
import type { RecordBody } from '../../lib/protocol/records/record-body.js'
import { recordOf } from '../support/messages.js'

const ENTRY_OVERHEAD = 34

function serialized(value: string, key: string | null = null): RecordBody {
  return recordOf(key, value)
}

function batchOf(topic: string, partition: number, ...messages: RecordBody[]): PartitionBatch {
  return { topic, partition, messages }
}

function textsOf(messages: readonly RecordBody[]): string[] {
  return messages.map(({ value }) => String(value))
}

/** A message of this many bytes in a set. */
function ofBytes(bytes: number, name = 'x') {
  return serialized(name.padEnd(bytes - ENTRY_OVERHEAD, '.'))
}

/** `t/0: a b` per batch of each request. */
function shapeOf(requests: readonly (readonly PartitionBatch[])[]): string[][] {
  return requests.map((request) =>
    request.map(
      ({ topic, partition, messages }) =>
        `${topic}/${partition}: ${textsOf(messages)
          .map((text) => text.replace(/\.+$/, ''))
          .join(' ')}`,
    ),
  )
}

describe('splitIntoRequests', () => {
  it('leaves batches that fit in one request untouched', () => {
    const batches = [batchOf('t', 0, ofBytes(100), ofBytes(100)), batchOf('u', 1, ofBytes(100))]
    expect(splitIntoRequests(batches, 300)).to.deep.equal([batches])
  })

  it('begins the next request with the message that would make one too large', () => {
    const batches = [
      batchOf('t', 0, ofBytes(100, 'a'), ofBytes(100, 'b')),
      batchOf('t', 1, ofBytes(100, 'c'), ofBytes(100, 'd')),
    ]
    expect(shapeOf(splitIntoRequests(batches, 300))).to.deep.equal([['t/0: a b', 't/1: c'], ['t/1: d']])
    expect(shapeOf(splitIntoRequests(batches, 299))).to.deep.equal([['t/0: a b'], ['t/1: c d']])
  })

  it('sends a message that is too large by itself in a request of its own', () => {
    const batch = batchOf('t', 0, ofBytes(100, 'a'), ofBytes(900, 'b'), ofBytes(100, 'c'))
    expect(shapeOf(splitIntoRequests([batch], 300))).to.deep.equal([['t/0: a'], ['t/0: b'], ['t/0: c']])
  })

  it('counts keys', () => {
    const [a, b] = [serialized('a', 'k'.repeat(100)), serialized('b', 'k'.repeat(100))]
    expect(splitIntoRequests([batchOf('t', 0, a, b)], 270)).to.have.length(1)
    expect(splitIntoRequests([batchOf('t', 0, a, b)], 269)).to.have.length(2)
  })

  it('uses each request up to its limit', () => {
    const batch = batchOf('t', 0, ...['a', 'b', 'c', 'd'].map((name) => ofBytes(100, name)))
    expect(shapeOf(splitIntoRequests([batch], 200))).to.deep.equal([['t/0: a b'], ['t/0: c d']])
  })

  it('counts a message without a value as nothing but its overhead', () => {
    const empty = (): RecordBody => recordOf(null, null)
    expect(splitIntoRequests([batchOf('t', 0, empty(), empty())], 68)).to.have.length(1)
    expect(splitIntoRequests([batchOf('t', 0, empty(), empty())], 67)).to.have.length(2)
  })

  it('makes no request without messages', () => {
    expect(splitIntoRequests([], 1)).to.deep.equal([])
  })

  it('stays below the 100 MiB limit of brokers, even where every character takes three bytes', () => {
    const text = '漢'.repeat(1024 * 1024)
    const batch = batchOf('t', 0, ...Array.from({ length: 60 }, () => serialized(text)))
    for (const request of splitIntoRequests([batch], MAX_COMPRESSED_REQUEST_BYTES)) {
      const bytes = request
        .flatMap(({ messages }) => messages)
        .reduce((sum, { value }) => sum + ENTRY_OVERHEAD + 3 * value!.length, 0)
      expect(bytes).to.be.lessThan(100 * 1024 * 1024)
    }
  })

  it('loses, repeats and reorders no message, and makes no request larger than necessary', () => {
    const sizes = fc.array(fc.array(fc.integer({ min: ENTRY_OVERHEAD, max: 120 }), { minLength: 1 }), {
      maxLength: 6,
    })
    fc.assert(
      fc.property(sizes, fc.integer({ min: 1, max: 400 }), (perBatch, maxBytes) => {
        const batches = perBatch.map((bytes, partition) =>
          batchOf('t', partition, ...bytes.map((count) => serialized('.'.repeat(count - ENTRY_OVERHEAD)))),
        )
        const requests = splitIntoRequests(batches, maxBytes)
        for (const { partition, messages } of batches) {
          const sent = requests.flatMap((request) =>
            request.filter((batch) => batch.partition === partition).flatMap((batch) => batch.messages),
          )
          expect(sent).to.deep.equal(messages)
        }
        for (const request of requests) {
          const messages = request.flatMap(({ messages }) => messages)
          const bytes = messages.reduce((sum, { value }) => sum + ENTRY_OVERHEAD + value!.length, 0)
          expect(messages.length === 1 || bytes <= maxBytes).to.equal(true)
          expect(request.every(({ messages }) => messages.length > 0)).to.equal(true)
          expect(new Set(request.map(({ partition }) => partition)).size).to.equal(request.length)
        }
      }),
    )
  })
})

describe('MAX_COMPRESSED_REQUEST_BYTES', () => {
  it('leaves room for text of three bytes a character within 100 MiB', () => {
    expect(MAX_COMPRESSED_REQUEST_BYTES * 3).to.be.lessThan(100 * 1024 * 1024)
  })
})

describe('halve', () => {
  it('splits in the middle, the first half not smaller', () => {
    const messages = ['a', 'b', 'c', 'd', 'e'].map((text) => serialized(text))
    const [first, second] = halve(batchOf('t', 2, ...messages))
    expect([textsOf(first.messages), textsOf(second.messages)]).to.deep.equal([
      ['a', 'b', 'c'],
      ['d', 'e'],
    ])
    expect([first.topic, first.partition, second.topic, second.partition]).to.deep.equal(['t', 2, 't', 2])
  })

  it('loses nothing, keeps the order, and ends at single messages', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 100 }), (count) => {
        const messages = Array.from({ length: count }, (_, i) => serialized(`${i}`))
        const pieces = (batch: PartitionBatch): PartitionBatch[] =>
          batch.messages.length === 1 ? [batch] : halve(batch).flatMap(pieces)
        const singles = pieces(batchOf('t', 0, ...messages))
        expect(singles.flatMap((piece) => piece.messages)).to.deep.equal(messages)
      }),
    )
  })
})

import { expect } from 'chai'
import type { StoredRecordInFull } from '../support/index.js'
import { compareContents, compareInFull } from './compare.js'
import type { ExpectedRecord, ExpectedTopic } from './contract-case.js'

const MAGIC = 2
const bytes = Buffer.from

const wanted: ExpectedRecord = {
  partition: 1,
  offset: 5n,
  key: bytes('k'),
  value: bytes('v'),
  headers: [{ name: 'h', value: bytes('1') }],
  timestampMs: [10n, 20n],
}

const stored: StoredRecordInFull = {
  partition: 1,
  offset: 5n,
  key: bytes('k'),
  value: bytes('v'),
  headers: [{ name: 'h', value: bytes('1') }],
  timestampMs: 15n,
  codec: 'gzip',
  magic: MAGIC,
  producerId: 7n,
  producerEpoch: 0,
  isTransactional: false,
}

function topicOf(...records: ExpectedRecord[]): ExpectedTopic {
  return { topic: 't', records, codec: 'gzip' }
}

/** `[what differs, what is stored, what is said]` */
const DIFFERENCES: readonly [string, Partial<StoredRecordInFull>, string][] = [
  ['another key', { key: bytes('x') }, 'has the key "x", not "k"'],
  ['no key', { key: null }, 'has the key null, not "k"'],
  ['another value', { value: bytes('v2') }, 'has the value "v2", not "v"'],
  ['an empty value', { value: bytes('') }, 'has the value "", not "v"'],
  ['another offset', { offset: 6n }, 'was reported at 5'],
  ['an earlier time', { timestampMs: 9n }, 'has the time 9, not 10 to 20'],
  ['a later time', { timestampMs: 21n }, 'has the time 21, not 10 to 20'],
  ['another codec', { codec: 'none' }, 'is compressed with none, not gzip'],
  ['another format', { magic: 1 }, 'has format 1, not 2'],
  ['no header', { headers: [] }, 'has the headers [], not ["h": "1"]'],
  ['a null header', { headers: [{ name: 'h', value: null }] }, 'has the headers ["h": null], not ["h": "1"]'],
  [
    'another header',
    { headers: [{ name: 'x', value: bytes('1') }] },
    'has the headers ["x": "1"], not ["h": "1"]',
  ],
]

describe('The comparison of the contract', () => {
  it('accepts the written records', () => {
    compareInFull(topicOf(wanted), [stored], MAGIC)
    compareContents(topicOf(wanted), [stored])
  })

  for (const [what, change, said] of DIFFERENCES) {
    it(`reports ${what}`, () => {
      const compare = () => compareInFull(topicOf(wanted), [{ ...stored, ...change }], MAGIC)
      expect(compare).to.throw(`t-1: record 0 at offset ${change.offset ?? 5n} ${said}`)
    })
  }

  it('reports records with a producer id where there should be none, and without one where there should be', () => {
    const unnumbered = { ...stored, producerId: -1n, producerEpoch: -1 }
    const compare = (isNumbered: boolean, found: StoredRecordInFull) => () =>
      compareInFull({ ...topicOf(wanted), isNumbered }, [found], MAGIC)
    compare(true, stored)()
    compare(false, unnumbered)()
    expect(compare(false, stored)).to.throw('has the producer id 7')
    expect(compare(true, unnumbered)).to.throw('has the producer id -1')
  })

  it('reports records of more or fewer producer epochs', () => {
    const compare = (epochs: number) => () => compareInFull({ ...topicOf(wanted), epochs }, [stored], MAGIC)
    compare(1)()
    expect(compare(2)).to.throw('t has records of 1 producer epochs, not of 2')
  })

  it('reports a missing record, an extra one, and one on another partition', () => {
    const compare =
      (...found: StoredRecordInFull[]) =>
      () =>
        compareInFull(topicOf(wanted), found, MAGIC)
    expect(compare()).to.throw('t-1 holds 0 records, 1 were written')
    expect(compare(stored, { ...stored, offset: 6n })).to.throw('t-1 holds 2 records, 1 were written')
    expect(compare({ ...stored, partition: 0 })).to.throw(/holds/)
  })

  it('reports records that changed places', () => {
    const second = { ...wanted, offset: 6n, key: bytes('k2') }
    const swapped = [
      { ...stored, key: bytes('k2') },
      { ...stored, offset: 6n },
    ]
    expect(() => compareInFull(topicOf(wanted, second), swapped, MAGIC)).to.throw('record 0 at offset 5')
  })
})

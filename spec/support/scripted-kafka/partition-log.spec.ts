import { expect } from 'chai'
import { decodeBatches, encodeBatch } from './batches.js'
import { PartitionLog } from './partition-log.js'

interface Numbers {
  id?: number
  epoch?: number
  sequence: number
  values?: string[]
}

/** One batch of text values. */
function batch({ id = 1000, epoch = 0, sequence, values = ['v'] }: Numbers): Buffer {
  const header = { baseOffset: 0, leaderEpoch: -1, baseTimestamp: 1, maxTimestamp: 1 }
  const records = values.map((value, off) => ({ off, ts: 1, k: null, v: Buffer.from(value) }))
  const ids = { producerId: id, producerEpoch: epoch, baseSequence: sequence }
  return encodeBatch({ ...header, ...ids }, 0, records)
}

/** What each append is answered, in order. */
function appended(...all: Numbers[]): unknown[] {
  const log = new PartitionLog(false)
  return all
    .map((numbers) => log.append(decodeBatches(batch(numbers))))
    .map((answer) => Object.values(answer)[0])
}

describe('PartitionLog of the scripted brokers', () => {
  const cases: [title: string, batches: Numbers[], answers: unknown[]][] = [
    ['takes numbers in order', [{ sequence: 0, values: ['a', 'b'] }, { sequence: 2 }], [0, 2]],
    [
      'takes any first number of a producer that it does not know',
      [{ sequence: 7 }, { sequence: 8 }],
      [0, 1],
    ],
    [
      'refuses a number that leaves a gap',
      [{ sequence: 0 }, { sequence: 2 }],
      [0, 'OUT_OF_ORDER_SEQUENCE_NUMBER'],
    ],
    [
      'answers a repeated batch with its first offset and writes it once',
      [{ sequence: 0 }, { sequence: 1 }, { sequence: 0 }, { sequence: 2 }],
      [0, 1, 0, 2],
    ],
    [
      'refuses a batch that is repeated after five others',
      [0, 1, 2, 3, 4, 5, 0].map((sequence) => ({ sequence })),
      [0, 1, 2, 3, 4, 5, 'OUT_OF_ORDER_SEQUENCE_NUMBER'],
    ],
    [
      'wants a raised epoch to begin with 0',
      [{ sequence: 0 }, { epoch: 1, sequence: 1 }, { epoch: 1, sequence: 0 }],
      [0, 'OUT_OF_ORDER_SEQUENCE_NUMBER', 1],
    ],
    [
      'refuses an epoch that was replaced',
      [
        { epoch: 1, sequence: 0 },
        { epoch: 0, sequence: 0 },
      ],
      [0, 'INVALID_PRODUCER_EPOCH'],
    ],
    ['goes on with 0 after the largest number', [{ sequence: 2147483647 }, { sequence: 0 }], [0, 1]],
    ['keeps the producers apart', [{ sequence: 0 }, { id: 1001, sequence: 0 }], [0, 1]],
    [
      'does not look at numbers without a producer id',
      [
        { id: -1, sequence: -1 },
        { id: -1, sequence: -1 },
      ],
      [0, 1],
    ],
  ]
  for (const [title, batches, answers] of cases) {
    it(title, () => expect(appended(...batches)).to.deep.equal(answers))
  }

  it('refuses a batch with a wrong checksum', () => {
    const bytes = batch({ sequence: 0 })
    bytes[bytes.length - 1]! ^= 1
    expect(new PartitionLog(false).append(decodeBatches(bytes))).to.deep.equal({ error: 'CORRUPT_MESSAGE' })
  })

  it('refuses two batches in one request, and a batch that begins elsewhere than at 0', () => {
    const bytes = batch({ sequence: 0 })
    const two = decodeBatches(Buffer.concat([bytes, bytes]))
    expect(new PartitionLog(false).append(two)).to.deep.equal({ error: 'INVALID_RECORD' })
    bytes.writeBigInt64BE(5n)
    expect(new PartitionLog(false).append(decodeBatches(bytes))).to.deep.equal({ error: 'INVALID_RECORD' })
  })
})

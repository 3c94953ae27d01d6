import { expect } from 'chai'
import { type EraName, eraNamed } from '../../lib/testing/eras.js'
import { ProducerStates } from '../../lib/testing/producer-states.js'

const ID = 7n

/** `[epoch, first number, count]` of a batch, or the marker of a transaction with its epoch. */
type Step = readonly [epoch: number, baseSequence: number, count: number] | readonly ['marker', epoch: number]

/** How the last one is answered, after all before it were stored. */
function outcome(era: EraName, steps: readonly Step[]): string {
  const ways = eraNamed(era)
  const states = new ProducerStates()
  let said = ''
  for (const [index, step] of steps.entries()) {
    if (step[0] === 'marker') {
      states.marked(ID, step[1])
      continue
    }
    const [producerEpoch, baseSequence, count] = step
    const batch = { producerId: ID, producerEpoch, baseSequence, count, isTransactional: false }
    const found = states.check(batch, ways)
    said = found.kind === 'duplicate' ? `duplicate of ${found.batch.baseOffset}` : found.kind
    if (found.kind === 'refused') said = found.error
    if (found.kind === 'next') states.append(batch, { baseOffset: BigInt(index * 10), timestampMs: 5 }, ways)
  }
  return said
}

const first: Step = [0, 0, 3]
/** Batches of one record each, from number 0 on. */
const singles = (count: number): Step[] => Array.from({ length: count }, (_, i) => [0, i, 1])

const rows: readonly [what: string, era: EraName, steps: readonly Step[], expected: string][] = [
  ['the first batch', '4.3', [first], 'next'],
  ['the batch that follows', '4.3', [first, [0, 3, 1]], 'next'],
  ['a gap', '4.3', [first, [0, 4, 1]], 'OUT_OF_ORDER_SEQUENCE_NUMBER'],
  ['the same batch again', '4.3', [first, first], 'duplicate of 0'],
  ['a batch that is only in part the same', '4.3', [first, [0, 0, 2]], 'OUT_OF_ORDER_SEQUENCE_NUMBER'],
  ['the fifth last batch again', '4.3', [...singles(5), [0, 0, 1]], 'duplicate of 0'],
  ['the sixth last batch again', '4.3', [...singles(6), [0, 0, 1]], 'OUT_OF_ORDER_SEQUENCE_NUMBER'],
  ['the last batch again', '0.11', [...singles(2), [0, 1, 1]], 'duplicate of 10'],
  ['the last but one again', '0.11', [...singles(2), [0, 0, 1]], 'OUT_OF_ORDER_SEQUENCE_NUMBER'],
  [
    'a lower epoch',
    '4.3',
    [
      [1, 0, 1],
      [0, 1, 1],
    ],
    'INVALID_PRODUCER_EPOCH',
  ],
  ['a higher epoch from 0 on', '4.3', [first, [2, 0, 1]], 'next'],
  ['a higher epoch from another number on', '4.3', [first, [1, 3, 1]], 'OUT_OF_ORDER_SEQUENCE_NUMBER'],
  ['a batch of a higher epoch again', '4.3', [first, [1, 0, 3], [1, 0, 3]], 'duplicate of 10'],
  [
    'number 0 after the last one',
    '4.3',
    [
      [0, 2147483647, 1],
      [0, 0, 1],
    ],
    'next',
  ],
  [
    'a batch whose numbers start again',
    '4.3',
    [
      [0, 2147483646, 3],
      [0, 1, 1],
    ],
    'next',
  ],
  [
    'such a batch again',
    '4.3',
    [
      [0, 2147483646, 3],
      [0, 2147483646, 3],
    ],
    'duplicate of 0',
  ],
  ['an unknown producer', '4.3', [[3, 9, 1]], 'next'],
  ['an unknown producer', '2.8', [[3, 9, 1]], 'next'],
  ['an unknown producer', '1.1', [[3, 9, 1]], 'UNKNOWN_PRODUCER_ID'],
  ['an unknown producer from 0 on', '1.1', [[3, 0, 1]], 'next'],
  ['an unknown producer', '0.11', [[3, 9, 1]], 'OUT_OF_ORDER_SEQUENCE_NUMBER'],
  ['the next batch after a marker of the epoch', '4.3', [first, ['marker', 0], [0, 3, 1]], 'next'],
  [
    'the epoch of a transaction that was fenced',
    '4.3',
    [first, ['marker', 1], [0, 3, 1]],
    'INVALID_PRODUCER_EPOCH',
  ],
  [
    'the epoch of a marker, not from 0 on',
    '4.3',
    [first, ['marker', 1], [1, 3, 1]],
    'OUT_OF_ORDER_SEQUENCE_NUMBER',
  ],
  ['the epoch of a marker', '4.3', [first, ['marker', 1], [1, 0, 1]], 'next'],
]

describe('ProducerStates', () => {
  for (const [what, era, steps, expected] of rows) {
    it(`answers ${what} in era ${era} with "${expected}"`, () => {
      expect(outcome(era, steps)).to.equal(expected)
    })
  }
})

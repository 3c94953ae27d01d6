import { expect } from 'chai'
import { type Step, stepFor, stepForAll } from '../../lib/kafka-producer/transaction-answers.js'
import type { RequestKind } from '../../lib/kafka-producer/transaction-requests.js'

const kinds: readonly RequestKind[] = [
  'FindCoordinator',
  'InitProducerId',
  'AddPartitionsToTxn',
  'AddOffsetsToTxn',
  'TxnOffsetCommit',
  'EndTxn',
]
const ofTransaction = kinds.filter((kind) => kind !== 'FindCoordinator')

describe('an error code in an answer about transactions', () => {
  const rows: [code: number, step: Step, kinds: readonly RequestKind[]][] = [
    [0, 'done', kinds],
    [14, 'retry', kinds],
    [51, 'retry', kinds],
    [7, 'retry', kinds.filter((kind) => kind !== 'TxnOffsetCommit')],
    [7, 'findCoordinator', ['TxnOffsetCommit']],
    [3, 'retry', ['AddPartitionsToTxn', 'TxnOffsetCommit']],
    [15, 'retry', ['FindCoordinator']],
    [15, 'findCoordinator', ofTransaction],
    [16, 'findCoordinator', ofTransaction],
    [22, 'commitFailed', ['TxnOffsetCommit']],
    [25, 'commitFailed', ['TxnOffsetCommit']],
    [69, 'commitFailed', ['TxnOffsetCommit']],
    [113, 'commitFailed', ['TxnOffsetCommit']],
    [29, 'abortable', ['AddPartitionsToTxn']],
    [30, 'abortable', ['FindCoordinator', 'AddOffsetsToTxn', 'TxnOffsetCommit']],
    [31, 'uninitialize', ['InitProducerId']],
    [43, 'fatal', ['TxnOffsetCommit']],
    [47, 'fenced', ofTransaction],
    [48, 'fatal', ofTransaction],
    [49, 'fatal', ofTransaction],
    [50, 'fatal', ['InitProducerId']],
    [53, 'uninitialize', ['InitProducerId']],
    [53, 'fatal', kinds.filter((kind) => kind !== 'InitProducerId')],
    [59, 'abortableWithNewEpoch', ['AddPartitionsToTxn', 'AddOffsetsToTxn', 'TxnOffsetCommit', 'EndTxn']],
    [82, 'abortable', ['TxnOffsetCommit']],
    [90, 'fenced', ofTransaction],
    [120, 'abortable', kinds],
    [-1, 'fatal', kinds.filter((kind) => kind !== 'AddPartitionsToTxn')],
    [-1, 'abortable', ['AddPartitionsToTxn']],
    [999, 'fatal', ['EndTxn']],
  ]
  for (const [code, step, of] of rows) {
    it(`means ${step} where it is ${code} of ${of.join(', ')}`, () => {
      expect(of.map((kind) => stepFor(kind, code))).to.deep.equal(of.map(() => step))
    })
  }

  it('counts where it is the most serious of several', () => {
    expect(stepForAll('TxnOffsetCommit', [0, 14, 16, 0])).to.deep.equal({ step: 'findCoordinator', code: 16 })
    expect(stepForAll('TxnOffsetCommit', [14, 90, 30])).to.deep.equal({ step: 'fenced', code: 90 })
    expect(stepForAll('AddPartitionsToTxn', [0, 0])).to.deep.equal({ step: 'done', code: 0 })
  })

  it('says what was refused, and not that others were not attempted', () => {
    for (const codes of [
      [55, 29, 55],
      [29, 55],
    ]) {
      expect(stepForAll('AddPartitionsToTxn', codes)).to.deep.equal({ step: 'abortable', code: 29 })
    }
  })
})

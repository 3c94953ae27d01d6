import { expect } from 'chai'
import { BrokerError } from '../../lib/errors.js'
import { brokerError } from '../../lib/kafka-producer/errors.js'
import { errorsOfRecords, RejectedBatchError } from '../../lib/kafka-producer/record-rejections.js'
import type { PartitionAnswer } from '../../lib/produce/match-response.js'

const INVALID_TIMESTAMP = 32
const PLACE = { topic: 't', partition: 0 }

function answer(recordErrors: PartitionAnswer['recordErrors'], errorMessage: string | null = null) {
  return {
    errorCode: INVALID_TIMESTAMP,
    baseOffset: -1n,
    logAppendTimeMs: -1n,
    logStartOffset: -1n,
    errorMessage,
    recordErrors,
    currentLeader: { leaderId: -1, leaderEpoch: -1 },
  }
}

const ofBatch = brokerError(INVALID_TIMESTAMP, 'the batch')

function errorAt(index: number, given: ReturnType<typeof answer>): Error {
  const errors = errorsOfRecords(ofBatch, given, PLACE)
  return typeof errors === 'function' ? errors(index) : errors
}

describe('The errors of the records of a refused batch', () => {
  it('are all that of the batch where the broker names no record', () => {
    expect(errorsOfRecords(ofBatch, answer([]), PLACE)).to.equal(ofBatch)
  })

  it('are that of the partition, with its own text, for the only record that is named', () => {
    const error = errorAt(1, answer([{ batchIndex: 1, message: 'too old' }])) as BrokerError
    expect([error.errorCode, error.message.includes('too old')]).to.deep.equal([INVALID_TIMESTAMP, true])
  })

  it('are INVALID_RECORD for each of several that are named, with the text of the partition where they have none', () => {
    const given = answer(
      [
        { batchIndex: 0, message: 'first' },
        { batchIndex: 2, message: null },
      ],
      'of the partition',
    )
    const errors = [errorAt(0, given), errorAt(2, given)] as BrokerError[]
    expect(errors.map(({ errorName }) => errorName)).to.deep.equal(['INVALID_RECORD', 'INVALID_RECORD'])
    expect(errors[0]!.message).to.include('first')
    expect(errors[1]!.message).to.include('of the partition')
  })

  it('say of the others that they failed because of those', () => {
    const error = errorAt(5, answer([{ batchIndex: 1, message: 'too old' }]))
    expect(error).to.be.instanceOf(RejectedBatchError).and.not.instanceOf(BrokerError)
    expect(error.cause).to.equal(ofBatch)
  })
})

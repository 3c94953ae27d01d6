import { expect } from 'chai'
import { ProducerInterceptors } from '../../lib/kafka-producer/interceptors.js'
import { RecordTooLargeError, TimeoutError } from '../../lib/kafka-producer/record-errors.js'
import { type Callback, FutureRecordMetadata } from '../../lib/kafka-producer/record-future.js'
import { RecordHeaders } from '../../lib/kafka-producer/record-headers.js'
import { RecordOutcomes } from '../../lib/kafka-producer/record-outcomes.js'
import { recordingLogger } from '../config/recording-logger.js'

const STORED = { baseOffset: 10n, timestampMs: null }

function batchOf(...callbacks: (Callback | null)[]): FutureRecordMetadata[] {
  return callbacks.map((callback, i) => {
    const future = new FutureRecordMetadata('t', 0, callback)
    future.markAppended(i)
    return future
  })
}

describe('RecordOutcomes', () => {
  it('interceptors are called before the callback of a record, and all callbacks of a batch before its futures settle', async () => {
    const calls: string[] = []
    const logger = recordingLogger()
    const interceptor = {
      onAcknowledgement: ({ offset }: { offset: bigint }, _: unknown, headers: RecordHeaders) => {
        calls.push(`interceptor ${offset} ${headers.size}`)
      },
    }
    const interceptors = new ProducerInterceptors([interceptor], { get: () => undefined }, logger)
    const batch = batchOf(({ offset }) => calls.push(`callback ${offset} ${batch[0]!.isDone}`), null)
    batch[0]!.headers = RecordHeaders.from({ a: '1' })
    const settled = batch.map((future) => future.then(({ offset }) => calls.push(`future ${offset}`)))
    new RecordOutcomes(interceptors, logger).succeeded(batch, STORED)
    await Promise.all(settled)
    expect(calls).to.deep.equal([
      'interceptor 10 1',
      'callback 10 false',
      'interceptor 11 0',
      'future 10',
      'future 11',
    ])
  })

  it('a callback that throws is logged, and the others are called', () => {
    const logger = recordingLogger()
    const calls: bigint[] = []
    const throwing = () => {
      throw new RangeError('secret')
    }
    const batch = batchOf(throwing, ({ offset }) => calls.push(offset))
    new RecordOutcomes(null, logger).succeeded(batch, STORED)
    expect([calls, logger.warnings, batch.every(({ isDone }) => isDone)]).to.deep.equal([
      [11n],
      ['the callback of a record for t threw: RangeError'],
      true,
    ])
  })

  it('the callback of a failed record gets the error and metadata without numbers', () => {
    const seen: unknown[] = []
    const error = new RecordTooLargeError('too large')
    const batch = batchOf((metadata, failure) =>
      seen.push(metadata.topic, metadata.partition, metadata.offset, failure),
    )
    new RecordOutcomes(null, recordingLogger()).failed(batch, error)
    expect(seen).to.deep.equal(['t', 0, -1n, error])
  })

  it('records of a batch may fail each with its own error', async () => {
    const errors = [new RecordTooLargeError('a'), new TimeoutError('b')]
    const batch = batchOf(null, null)
    const seen = batch.map((future) => future.catch((error) => error))
    new RecordOutcomes(null, recordingLogger()).failed(batch, (i) => errors[i]!)
    expect(await Promise.all(seen)).to.deep.equal(errors)
  })

  it('failures that nobody looks at are logged together, by topic and kind, once', () => {
    const logger = recordingLogger()
    const outcomes = new RecordOutcomes(null, logger)
    const failing = (error: RecordTooLargeError, ...batch: FutureRecordMetadata[]) =>
      outcomes.failed(batch, error)
    for (let i = 0; i < 3; i++) failing(new RecordTooLargeError(`record ${i}`), ...batchOf(null))
    failing(new TimeoutError('late'), ...batchOf(null))
    failing(new TimeoutError('seen'), ...batchOf(() => {}))
    const awaited = batchOf(null)
    awaited[0]!.catch(() => {})
    failing(new TimeoutError('seen'), ...awaited)
    expect(logger.warnings).to.deep.equal([])
    outcomes.reportUnobserved()
    outcomes.reportUnobserved()
    expect(logger.warnings).to.deep.equal([
      '3 records failed that nobody awaits: t: record 0',
      '1 record failed that nobody awaits: t: late',
    ])
  })
})

import { expect } from 'chai'
import sinon from 'sinon'
import { RecordTooLargeError } from '../../lib/kafka-producer/record-errors.js'
import { FutureRecordMetadata } from '../../lib/kafka-producer/record-future.js'
import { RecordMetadata } from '../../lib/kafka-producer/record-metadata.js'

const STORED = { baseOffset: 100n, timestampMs: null }
const failure = new RecordTooLargeError('too large')

/** In partition 3, the third of its batch. */
function appended(): FutureRecordMetadata {
  const future = new FutureRecordMetadata('t', 3)
  future.timestampMs = 1700000000000
  future.keyBytes = 1
  future.valueBytes = 20
  future.markAppended(2)
  return future
}

function succeeded(
  stored: { baseOffset: bigint; timestampMs: number | null } = STORED,
): FutureRecordMetadata {
  const future = appended()
  future.succeed(stored)
  future.release()
  return future
}

function failed(future = new FutureRecordMetadata('t')): FutureRecordMetadata {
  future.fail(failure)
  future.release()
  return future
}

describe('RecordFuture', () => {
  it('a future fulfils with the metadata of the record, its offset counted from the first of the batch', async () => {
    const expected = new RecordMetadata('t', 3, 102n, 1700000000000, 1, 20)
    expect(await succeeded()).to.deep.equal(expected)
    const asked = appended()
    const promise = asked.then((metadata) => metadata)
    asked.succeed(STORED)
    asked.release()
    expect(await promise).to.deep.equal(expected)
  })

  it('a future has the timestamp of the broker where it stamps records itself', async () => {
    expect((await succeeded({ baseOffset: 0n, timestampMs: 5 })).timestamp).to.equal(5)
  })

  it('a future has the offset -1 where no offset is known', async () => {
    const metadata = await succeeded({ baseOffset: -1n, timestampMs: null })
    expect([metadata.offset, metadata.hasOffset(), metadata.hasTimestamp()]).to.deep.equal([-1n, false, true])
  })

  it('a future that failed rejects, whether it was asked before or afterwards', async () => {
    const early = new FutureRecordMetadata('t')
    const promise = early.then(
      () => 'fulfilled',
      (error) => error,
    )
    failed(early)
    expect(await promise).to.equal(failure)
    expect(await failed().catch((error) => error)).to.equal(failure)
  })

  it('a failure that nobody asked for is no unhandled rejection', async () => {
    failed()
    const seen = sinon.fake()
    process.once('unhandledRejection', seen)
    await new Promise((resolve) => setImmediate(resolve))
    process.off('unhandledRejection', seen)
    expect(seen.callCount).to.equal(0)
  })

  it('a future settles with its release, not when its outcome is known', async () => {
    const future = appended()
    const order: string[] = []
    const promise = future.finally(() => order.push('promise'))
    future.succeed(STORED)
    await Promise.resolve()
    order.push(`known ${future.isSettled} done ${future.isDone}`)
    future.release()
    await promise
    expect(order).to.deep.equal(['known true done false', 'promise'])
    expect(future.isDone).to.equal(true)
  })

  it('the metadata of a failed record has its topic, its partition where it was chosen, and -1 for the rest', () => {
    const future = failed(appended())
    expect(future.metadata()).to.deep.equal(new RecordMetadata('t', 3, -1n, -1, -1, -1))
    expect(failed().metadata().partition).to.equal(-1)
  })

  it('get() without a limit is the outcome', async () => {
    expect((await succeeded().get()).offset).to.equal(102n)
  })

  it('get() rejects when its time limit has passed, and the record may still be stored', async () => {
    const clock = sinon.useFakeTimers()
    const future = appended()
    const result = future.get(500).then(
      () => null,
      (error) => error,
    )
    await clock.tickAsync(499)
    expect(future.isDone).to.equal(false)
    await clock.tickAsync(1)
    const error = await result
    expect([error.name, error.persistence, error.topic, error.partition]).to.deep.equal([
      'RequestTimeoutError',
      'possibly-persisted',
      't',
      3,
    ])
    future.succeed(STORED)
    future.release()
    expect((await future).offset).to.equal(102n)
  })

  it('get() leaves no timer behind, and no unhandled rejection where it was late', async () => {
    const clock = sinon.useFakeTimers()
    const future = appended()
    const inTime = future.get(500)
    future.succeed(STORED)
    future.release()
    await inTime
    expect(clock.countTimers()).to.equal(0)
    const late = appended()
    const result = late.get(1).catch((error) => error.name)
    await clock.tickAsync(1)
    failed(late)
    expect(await result).to.equal('RequestTimeoutError')
  })

  it('get() refuses a limit that is none', async () => {
    expect(
      (
        await appended()
          .get(-1)
          .catch((error) => error)
      ).code,
    ).to.equal('KAFKA_ILLEGAL_ARGUMENT')
    expect(
      (
        await appended()
          .get(Number.NaN)
          .catch((error) => error)
      ).code,
    ).to.equal('KAFKA_ILLEGAL_ARGUMENT')
  })

  it('appended fulfils when the record is in a batch, also where the record fails later', async () => {
    const future = new FutureRecordMetadata('t')
    const promise = future.appended
    future.markAppended(0)
    await promise
    await failed(future).appended
    await appended().appended
  })

  it('appended rejects where the record failed before it was in a batch', async () => {
    const future = new FutureRecordMetadata('t')
    const promise = future.appended.then(
      () => null,
      (error) => error,
    )
    failed(future)
    expect(await promise).to.equal(failure)
    expect(
      await failed().appended.then(
        () => null,
        (error) => error,
      ),
    ).to.equal(failure)
  })

  it('a future is observed by a callback or by whoever asks for its outcome, not by appended', () => {
    const future = appended()
    void future.appended
    const before = future.isObserved
    void future.then()
    expect([before, future.isObserved]).to.deep.equal([false, true])
    expect(new FutureRecordMetadata('t', 0, () => {}).isObserved).to.equal(true)
  })
})

describe('RecordMetadata', () => {
  const metadata = new RecordMetadata('orders', 3, 42n, 1700000000000, 1, 20)

  it('RecordMetadata reads as topic, partition and offset', () => {
    expect(String(metadata)).to.equal('orders-3@42')
  })

  it('RecordMetadata has a form in JSON', () => {
    expect(JSON.parse(JSON.stringify(metadata))).to.deep.equal({
      topic: 'orders',
      partition: 3,
      offset: '42',
      timestamp: 1700000000000,
      serializedKeySize: 1,
      serializedValueSize: 20,
    })
  })

  it('the checksum is the CRC-32C of timestamp and sizes', () => {
    const bytes = Buffer.from('0000018bcfe56800' + 'ffffffff' + '00000014', 'hex')
    expect(new RecordMetadata('t', 0, 0n, 1700000000000, -1, 20).checksum).to.equal(slowCrc32c(bytes))
  })
})

/** Bit by bit, from the polynomial. */
function slowCrc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1
  }
  return ~crc >>> 0
}

/** The scenarios of Kafka's BufferPoolTest (3.9) that concern accounting; who waits is a matter of the accumulator. */
import { expect } from 'chai'
import { BufferPool } from '../../lib/kafka-producer/buffer-pool.js'

describe('BufferPool', () => {
  it('a buffer of batch.size is kept and used again, another size is not', () => {
    const pool = new BufferPool(64 * 1024, 1024)
    const buffer = pool.allocate(1024)!
    expect([buffer.length, pool.availableBytes, pool.freeBuffers]).to.deep.equal([1024, 63 * 1024, 0])
    pool.release(1024, buffer)
    expect([pool.availableBytes, pool.freeBuffers]).to.deep.equal([64 * 1024, 1])
    expect([pool.allocate(1024), pool.freeBuffers]).to.deep.equal([buffer, 0])
    pool.release(2048, pool.allocate(2048))
    expect(pool.freeBuffers).to.equal(0)
  })

  it('what there is no room for is refused, and nothing is taken', () => {
    const pool = new BufferPool(1024, 100)
    expect([
      pool.allocate(1025),
      pool.allocate(1000)?.length,
      pool.allocate(25),
      pool.take(25),
    ]).to.deep.equal([null, 1000, null, false])
    expect(pool.availableBytes).to.equal(24)
  })

  it('a buffer that a socket may still read is not used again, though its bytes are free', () => {
    const pool = new BufferPool(1024, 100)
    pool.allocate(100)
    pool.release(100, null)
    expect([pool.availableBytes, pool.freeBuffers]).to.deep.equal([1024, 0])
  })

  it('a buffer that was replaced by a larger one is not kept', () => {
    const pool = new BufferPool(1024, 100)
    pool.allocate(100)
    pool.release(100, Buffer.alloc(150))
    expect(pool.freeBuffers).to.equal(0)
  })

  it('at most 8 MiB of buffers are kept', () => {
    const pool = new BufferPool(2 ** 40, 4 * 1024 * 1024)
    const buffers = [1, 2, 3].map(() => pool.allocate(4 * 1024 * 1024))
    for (const buffer of buffers) pool.release(4 * 1024 * 1024, buffer)
    expect([pool.freeBuffers, pool.availableBytes]).to.deep.equal([2, 2 ** 40])
  })

  it('a batch.size of 0 keeps no buffers', () => {
    const pool = new BufferPool(1024, 0)
    pool.release(0, pool.allocate(0))
    expect(pool.freeBuffers).to.equal(0)
  })
})

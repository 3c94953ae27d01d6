import { expect } from 'chai'
import fc from 'fast-check'
import { BufferPool, requestBuffers } from '../../lib/protocol/buffer-pool.js'

const KIB = 1024

describe('BufferPool', () => {
  it('hands out the buffer that was given back to whoever asks for as much', () => {
    const pool = new BufferPool(64 * KIB)
    const first = pool.take(5000)
    expect(pool.take(5000)).not.to.equal(first)
    pool.give(first)
    expect(pool.idleBytes).to.equal(8 * KIB)
    expect(pool.take(8000)).to.equal(first)
    expect(pool.idleBytes).to.equal(0)
  })

  it('hands a buffer to one owner at a time', () => {
    const pool = new BufferPool(64 * KIB)
    pool.give(pool.take(5000))
    expect(pool.take(5000)).not.to.equal(pool.take(5000))
  })

  it('takes a larger buffer where there is none of the size, and no more than eight times larger', () => {
    const pool = new BufferPool(128 * KIB)
    const large = pool.take(64 * KIB)
    pool.give(large)
    expect(pool.take(4 * KIB)).not.to.equal(large)
    expect(pool.take(8 * KIB)).to.equal(large)
  })

  it('keeps no more idle bytes than its limit', () => {
    const pool = new BufferPool(20 * KIB)
    const taken = [8, 8, 8].map((kib) => pool.take(kib * KIB))
    for (const buffer of taken) pool.give(buffer)
    expect(pool.idleBytes).to.equal(16 * KIB)
  })

  it('drops small buffers rather than a large one', () => {
    const pool = new BufferPool(32 * KIB)
    const small = Array.from({ length: 8 }, () => pool.take(4 * KIB))
    const large = pool.take(16 * KIB)
    for (const buffer of small) pool.give(buffer)
    pool.give(large)
    expect(pool.idleBytes).to.equal(32 * KIB)
    expect(pool.take(16 * KIB)).to.equal(large)
  })

  it('makes buffers beyond its limit exactly as large as asked for, and never keeps them', () => {
    const pool = new BufferPool(16 * KIB)
    const large = pool.take(40_000)
    expect(large).to.have.length(40_000)
    pool.give(large)
    expect(pool.idleBytes).to.equal(0)
  })

  it('never keeps a buffer of another size than its own', () => {
    const pool = new BufferPool(64 * KIB)
    for (const length of [0, 1, 5000]) pool.give(Buffer.alloc(length))
    expect(pool.idleBytes).to.equal(0)
  })

  it('hands out at least as many bytes as asked for, whatever was given back before', () => {
    const bytes = fc.nat(200_000)
    fc.assert(
      fc.property(fc.array(fc.tuple(bytes, fc.boolean())), (calls) => {
        const pool = new BufferPool(128 * KIB)
        for (const [asked, isGivenBack] of calls) {
          const buffer = pool.take(asked)
          if (buffer.length < asked) return false
          if (isGivenBack) pool.give(buffer)
          if (pool.idleBytes > 128 * KIB) return false
        }
        return true
      }),
    )
  })
})

describe('requestBuffers', () => {
  it('keeps 8 MiB at most', () => {
    const burst = Array.from({ length: 40 }, () => requestBuffers.take(1024 * KIB))
    for (const buffer of burst) requestBuffers.give(buffer)
    expect(requestBuffers.idleBytes).to.be.at.most(8 * 1024 * KIB)
  })
})

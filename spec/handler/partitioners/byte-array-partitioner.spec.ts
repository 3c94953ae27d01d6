import { expect } from 'chai'
import { PartitionerError } from '../../../lib/errors.js'
import { ByteArrayPartitioner } from '../../../lib/handler/partitioners/byte-array-partitioner.js'

const modern = new ByteArrayPartitioner({ partitionerCompatibility: '0.8.2' })
const old = new ByteArrayPartitioner({ partitionerCompatibility: '0.8.1' })

describe('ByteArrayPartitioner', () => {
  // key, of 4 by magnitude, of 7 by magnitude, of 7 by mask: reference values of the JVM.
  for (const [title, key, of4, of7, of7Masked] of [
    ['no bytes', Buffer.alloc(0), 1, 1, 1],
    ['bytes', Buffer.from('test'), 3, 5, 5],
    ['bytes with a negative hash', Buffer.from('Zürich'), 2, 3, 6],
    ['a Uint8Array that is no Buffer', new Uint8Array([0xff, 0, 0x80]), 2, 2, 2],
  ] as const) {
    it(`places ${title}`, () => {
      expect([modern.partition(key, 4), modern.partition(key, 7), old.partition(key, 7)]).to.deep.equal([
        of4,
        of7,
        of7Masked,
      ])
    })
  }

  for (const key of ['text', 7, 7n, true, {}, new Uint16Array(2), new ArrayBuffer(2)]) {
    it(`refuses a key that is not bytes: ${Object.prototype.toString.call(key)}`, () => {
      expect(() => modern.partition(key, 4)).to.throw(PartitionerError, /Buffer or Uint8Array/)
    })
  }
})

import { expect } from 'chai'
import { PartitionerError } from '../../../lib/errors.js'
import { DefaultPartitioner } from '../../../lib/handler/partitioners/default-partitioner.js'

const modern = new DefaultPartitioner({ partitionerCompatibility: '0.8.2' })
const old = new DefaultPartitioner({ partitionerCompatibility: '0.8.1' })

describe('DefaultPartitioner', () => {
  // key, of 4 by magnitude, of 7 by magnitude, of 7 by mask: reference values of the JVM.
  const rows: [string, unknown, number, number, number][] = [
    ['an empty string', '', 0, 0, 0],
    ['a string', 'test', 2, 1, 1],
    ['a string with a negative hash', 'Zürich', 2, 2, 0],
    ['a string whose hash has no magnitude', 'polygenelubricants', 0, 0, 0],
    ['a positive number as Integer', 10, 2, 3, 3],
    ['a negative number as Integer', -10, 2, 3, 6],
    ['the smallest int32 as Integer', -2147483648, 0, 0, 0],
    ['a bigint as Long', -1n, 0, 0, 0],
    ['a larger bigint as Long', 123456789012n, 0, 5, 4],
    ['true as Boolean', true, 3, 6, 6],
    ['false as Boolean', false, 1, 5, 5],
    ['a fraction as Double', 0.1, 1, 2, 0],
    ['a whole number beyond int32 as Double', 2147483648, 0, 2, 2],
    ['minus infinity as Double', Number.NEGATIVE_INFINITY, 0, 4, 5],
    ['NaN as Double', Number.NaN, 0, 0, 0],
    ['minus zero, which hashes to 0 as Integer and has no magnitude as Double', -0, 0, 0, 0],
    ['bytes by content', Buffer.from('Zürich'), 2, 3, 6],
    ['a Uint8Array that is no Buffer', new Uint8Array([0xff, 0, 0x80]), 2, 2, 2],
  ]
  for (const [title, key, of4, of7, of7Masked] of rows) {
    it(`places ${title}`, () => {
      expect([modern.partition(key, 4), modern.partition(key, 7), old.partition(key, 7)]).to.deep.equal([
        of4,
        of7,
        of7Masked,
      ])
    })
  }

  it('returns 0, not −0', () => {
    expect(Object.is(modern.partition(-0, 7), 0)).to.equal(true)
  })

  it('calls hashCode() as a method of the key', () => {
    const key = {
      id: 12,
      hashCode(): number {
        return this.id
      },
    }
    expect(modern.partition(key, 5)).to.equal(2)
  })

  it('converts the result of hashCode() to int32, as Java', () => {
    expect(modern.partition({ hashCode: () => 2 ** 32 + 3 }, 7)).to.equal(3)
    expect(modern.partition({ hashCode: () => -5.9 }, 7)).to.equal(5)
    expect(modern.partition({ hashCode: () => Number.NaN }, 7)).to.equal(0)
  })

  for (const [title, key] of [
    ['an object without hashCode()', { id: 1 }],
    ['an object whose hashCode is no function', { hashCode: 7 }],
    ['an array', ['a']],
    ['a symbol', Symbol('secret-key')],
    ['a function', () => 1],
    ['a Date', new Date(0)],
  ] as const) {
    it(`refuses ${title} with an error that lists the accepted types`, () => {
      expect(() => modern.partition(key, 4))
        .to.throw(PartitionerError)
        .that.satisfies(({ message }: Error) => /string, number, bigint/.test(message))
    })
  }

  it('does not show the key it refuses', () => {
    expect(() => modern.partition({ toString: () => 'secret-key' }, 4)).to.throw(/^(?!.*secret-key)/s)
  })
})

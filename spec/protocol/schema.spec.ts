import { expect } from 'chai'
import fc from 'fast-check'
import { DecodeError } from '../../lib/errors.js'
import { between, since, struct, tagged, until } from '../../lib/protocol/schema.js'
import { array, int8, int16, int32, nullableString, string } from '../../lib/protocol/types.js'
import { type CodecRow, checkCodecRows, read, written } from './support/codec-rows.js'

const FLEXIBLE_FROM = 3

/** One field of each life span; versions 0 to 4, flexible from 3 on. */
const toy = struct({
  always: int8,
  old: until(1, int16, -1),
  middle: between(1, 2, int16, -2),
  recent: since(2, string, 'none'),
  hint: tagged(0, 3, int32, -3),
  note: tagged(5, 4, nullableString, null),
})

function toyOf(version: number) {
  return toy.compile(version, version >= FLEXIBLE_FROM)
}

const modern = { always: 1, old: 2, middle: 3, recent: 'r', hint: 4, note: 'n' }
const absent = { old: -1, middle: -2, recent: 'none', hint: -3, note: null }

function bytes(hex: string): Buffer {
  return Buffer.from(hex.replaceAll(' ', ''), 'hex')
}

describe('struct', () => {
  const rows: CodecRow<typeof modern | (typeof absent & { always: number })>[] = [
    ['version 0: the field that ends at 1', 0, { ...absent, always: 1, old: 2 }, '01 0002'],
    ['version 1: the one from 1 to 2, too', 1, { ...absent, always: 1, old: 2, middle: 3 }, '01 0002 0003'],
    ['version 2: the one since 2', 2, { ...absent, always: 1, middle: 3, recent: 'r' }, '01 0003 0001 72'],
    ['version 3: compact forms, no tags given', 3, { ...absent, always: 1, recent: 'r' }, '01 02 72 00'],
    ['version 3: a tag', 3, { ...absent, always: 1, recent: 'r', hint: 4 }, '01 02 72 01 00 04 00000004'],
    [
      'version 4: two tags in ascending order',
      4,
      { ...absent, always: 1, recent: 'r', hint: 4, note: 'n' },
      '01 02 72 02 00 04 00000004 05 02 02 6e',
    ],
  ]
  checkCodecRows(toyOf, rows)

  it('drops from the newest shape what an old version lacks', () => {
    expect(written(toyOf(0), modern).toString('hex')).to.equal('010002')
    expect(written(toyOf(3), modern).toString('hex')).to.equal('010272' + '01' + '000400000004')
  })

  it('does not send a tagged field that has its default', () => {
    expect(written(toyOf(4), { ...modern, hint: -3, note: null }).toString('hex')).to.equal('01027200')
  })

  it('computes the minimum size of a value in each version', () => {
    expect([0, 1, 2, 3, 4].map((version) => toyOf(version).minBytes)).to.deep.equal([3, 5, 5, 3, 3])
  })

  it('orders tags by number, not as declared', () => {
    const codec = struct({ b: tagged(1, 0, int8, 0), a: tagged(0, 0, int8, 0) }).compile(0, true)
    expect(written(codec, { b: 2, a: 1 }).toString('hex')).to.equal('02' + '000101' + '010102')
  })

  it('nests, and gives every struct of a flexible version its tag buffer', () => {
    const nested = struct({
      rows: array(struct({ a: int8, b: tagged(0, 1, struct({ c: int8 }), { c: 0 }) })),
    })
    const value = { rows: [{ a: 1, b: { c: 2 } }] }
    const encoded = written(nested.compile(1, true), value)
    expect(encoded.toString('hex')).to.equal('02' + '01' + '01' + '0002' + '0200' + '00')
    expect(read(nested.compile(1, true), encoded)).to.deep.equal({ value, left: 0 })
  })

  it('reads a field named like a property of every object as any other', () => {
    const codec = struct({ constructor: int8, toString: int8 }).compile(0, false)
    expect(read(codec, bytes('01 02')).value).to.deep.equal({ constructor: 1, toString: 2 })
  })

  describe('tags on the way in', () => {
    const known = { ...absent, always: 1, recent: 'r' }

    it('skips unknown ones, between and after known ones', () => {
      const { value, left } = read(toyOf(4), bytes('01 02 72 04 00 04 00000004 03 02 ffff 05 02 02 6e 63 00'))
      expect(value).to.deep.equal({ ...known, hint: 4, note: 'n' })
      expect(left).to.equal(0)
    })

    it('takes as many empty ones as there are', () => {
      expect(read(toyOf(4), bytes('01 02 72 03 01 00 02 00 03 00'))).to.deep.equal({ value: known, left: 0 })
    })

    it('skips a tagged field of a later version', () => {
      expect(read(toyOf(3), bytes('01 02 72 01 05 02 02 6e')).value).to.deep.equal(known)
    })

    const bad: [title: string, hex: string, message: string | RegExp][] = [
      ['a tag twice', '02 00 04 00000004 00 04 00000004', 'tag 0 at byte 11 follows tag 0'],
      ['tags that descend', '02 05 02 02 6e 00 04 00000004', 'follows tag 5'],
      ['a size beyond the value', '01 00 05 00000004 00', 'tag 0 announces 5 bytes'],
      ['a size short of the value', '01 00 03 00000004', 'tag 0 announces 3 bytes'],
      [
        'an unknown tag that is longer than the rest',
        '01 07 f0ffffff07 00',
        'tag 7 at byte 10 needs 2147483632',
      ],
      ['more tags than bytes', 'f0ffffff07', 'announces 2147483632 elements'],
    ]
    for (const [title, hex, message] of bad) {
      it(`refuses ${title}`, () => {
        expect(() => read(toyOf(4), bytes(`01 02 72 ${hex}`))).to.throw(DecodeError, message)
      })
    }
  })

  it('ends in a value or a DecodeError for any bytes, in every version', () => {
    const type = array(toy)
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), fc.nat(4), (given, version) => {
        try {
          read(type.compile(version, version >= FLEXIBLE_FROM), Buffer.from(given))
        } catch (error) {
          if (!(error instanceof DecodeError)) throw error
        }
      }),
      { numRuns: 1000 },
    )
  })

  it('reads back what a version can carry, and defaults for the rest', () => {
    const short = fc.string({ unit: 'grapheme', maxLength: 9 })
    const int = (max: number) => fc.integer({ min: -max - 1, max })
    const value = fc.record(
      {
        always: int(127),
        old: int(32767),
        middle: int(32767),
        recent: short,
        hint: int(0x7fffffff),
        note: fc.option(short),
      },
      { noNullPrototype: true },
    )
    fc.assert(
      fc.property(value, fc.nat(4), (given, version) => {
        const expected = {
          ...given,
          ...(version > 1 && { old: absent.old }),
          ...((version < 1 || version > 2) && { middle: absent.middle }),
          ...(version < 2 && { recent: absent.recent }),
          ...(version < 3 && { hint: absent.hint }),
          ...(version < 4 && { note: absent.note }),
        }
        expect(read(toyOf(version), written(toyOf(version), given))).to.deep.equal({
          value: expected,
          left: 0,
        })
      }),
    )
  })
})

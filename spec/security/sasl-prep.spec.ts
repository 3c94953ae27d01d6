import { expect } from 'chai'
import { saslPrep } from '../../lib/security/sasl-prep.js'

/** RFC 4013, section 3, and what follows from section 2. */
const prepared: [what: string, text: string, result: string][] = [
  ['a soft hyphen is mapped to nothing', 'I\u00adX', 'IX'],
  ['ordinary letters stay', 'user', 'user'],
  ['the case of letters stays', 'USER', 'USER'],
  ['a feminine ordinal is its letter', '\u00aa', 'a'],
  ['a Roman numeral is its letters', '\u2168', 'IX'],
  ['another space is a space', 'a\u3000b', 'a b'],
  ['a letter and its accent are one character', 'pa\u0308ss', 'p\u00e4ss'],
  ['letters and digits from right to left stay', '\u0627\u0031\u0628', '\u0627\u0031\u0628'],
  ['a character newer than Unicode 3.2 stays', '\u{1f600}', '\u{1f600}'],
  ['an empty text stays empty', '', ''],
]

const refused: [what: string, text: string][] = [
  ['a control character', '\u0007'],
  ['a text from right to left that ends with a digit', '\u0627\u0031'],
  ['letters of both directions', '\u0627a\u0628'],
  ['a private character', '\ue000'],
  ['half of a surrogate pair', '\ud800'],
  ['a code point that is no character', '\u{2ffff}'],
]

describe('saslPrep', () => {
  for (const [what, text, result] of prepared) {
    it(`with SASLprep ${what}`, () => expect(saslPrep(text)).to.equal(result))
  }

  for (const [what, text] of refused) {
    it(`SASLprep refuses ${what}`, () => expect(() => saslPrep(text)).to.throw(RangeError))
  }
})

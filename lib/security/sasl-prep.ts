/**
 * SASLprep: one form for texts that look the same, so that a password typed on another keyboard is the same password.
 *
 * Texts are prepared as queries: characters that Unicode 3.2 did not have are allowed, and normalized as Unicode does today.
 *
 * @see RFC 4013; the tables are those of RFC 3454
 */

/** C.1.2 but U+200B, which is in B.1 as well: becomes a space. */
const SPACES = /[\u{a0}\u{1680}\u{2000}-\u{200a}\u{202f}\u{205f}\u{3000}]/gu

/** B.1: becomes nothing. */
const NOTHING = new RegExp(
  `[${['\\u{ad}', '\\u{34f}', '\\u{1806}', '\\u{180b}-\\u{180d}', '\\u{200b}-\\u{200d}', '\\u{2060}', '\\u{fe00}-\\u{fe0f}', '\\u{feff}'].join('')}]`,
  'gu',
)

/** C.1.2, C.2.1, C.2.2, and C.3 to C.9, by code point: those that are not characters, then the rest. */
const PROHIBITED = new RegExp(
  `[${[
    '\\u{0}-\\u{1f}\\u{7f}-\\u{a0}\\u{340}-\\u{341}\\u{6dd}\\u{70f}\\u{1680}\\u{180e}\\u{2000}-\\u{200f}\\u{2028}-\\u{202f}',
    '\\u{205f}-\\u{2063}\\u{206a}-\\u{206f}\\u{2ff0}-\\u{2ffb}\\u{3000}\\u{d800}-\\u{f8ff}\\u{fdd0}-\\u{fdef}\\u{feff}',
    '\\u{fff9}-\\u{ffff}\\u{1d173}-\\u{1d17a}\\u{e0001}\\u{e0020}-\\u{e007f}\\u{f0000}-\\u{10ffff}',
  ].join('')}]`,
  'u',
)

/** D.1: characters of scripts that are written from right to left. */
const RIGHT_TO_LEFT = new RegExp(
  `[${[
    '\\u{5be}\\u{5c0}\\u{5c3}\\u{5d0}-\\u{5ea}\\u{5f0}-\\u{5f4}\\u{61b}\\u{61f}\\u{621}-\\u{63a}\\u{640}-\\u{64a}\\u{66d}-\\u{66f}',
    '\\u{671}-\\u{6d5}\\u{6dd}\\u{6e5}-\\u{6e6}\\u{6fa}-\\u{6fe}\\u{700}-\\u{70d}\\u{710}\\u{712}-\\u{72c}\\u{780}-\\u{7a5}\\u{7b1}',
    '\\u{200f}\\u{fb1d}\\u{fb1f}-\\u{fb28}\\u{fb2a}-\\u{fb36}\\u{fb38}-\\u{fb3c}\\u{fb3e}\\u{fb40}-\\u{fb41}\\u{fb43}-\\u{fb44}',
    '\\u{fb46}-\\u{fbb1}\\u{fbd3}-\\u{fd3d}\\u{fd50}-\\u{fd8f}\\u{fd92}-\\u{fdc7}\\u{fdf0}-\\u{fdfc}\\u{fe70}-\\u{fe74}\\u{fe76}-\\u{fefc}',
  ].join('')}]`,
  'u',
)

/** Stands for D.2: letters that are written from left to right. */
const LETTER = /\p{L}/u

/** @throws {RangeError} for a character that is not allowed, or a mixture of directions. The text is not repeated. */
export function saslPrep(text: string): string {
  const prepared = text.replace(SPACES, ' ').replace(NOTHING, '').normalize('NFKC')
  const characters = [...prepared]
  if (characters.some(isProhibited)) throw new RangeError('a character that SASLprep does not allow')
  if (RIGHT_TO_LEFT.test(prepared)) checkDirections(characters)
  return prepared
}

function isProhibited(character: string): boolean {
  const isNoncharacter = (character.codePointAt(0)! & 0xfffe) === 0xfffe
  return isNoncharacter || PROHIBITED.test(character)
}

/** RFC 3454, section 6: no letters from left to right, and one from right to left at either end. */
function checkDirections(characters: readonly string[]): void {
  const isMixed = characters.some((each) => LETTER.test(each) && !RIGHT_TO_LEFT.test(each))
  const ends = [characters[0]!, characters.at(-1)!]
  if (isMixed || !ends.every((each) => RIGHT_TO_LEFT.test(each))) {
    throw new RangeError('directions of writing that SASLprep does not allow together')
  }
}

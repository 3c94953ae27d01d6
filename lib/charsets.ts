/**
 * Java's names of character sets → how text becomes bytes in them.
 *
 * What a charset cannot express becomes one `?` per code point and never an error, as Java does it; in UTF-16 a lone
 * surrogate becomes U+FFFD. Knows names and aliases of Java in any case, and nothing of messages.
 *
 * @see docs/reference/classic-producer.md#encoders
 */
/** Text as bytes, or as the text itself where that is to be written as UTF-8. */
export type Encode = (text: string) => Uint8Array | string

/** UTF-8 is left as text: it is written straight into the request. */
const asIs: Encode = (text) => text

const REPLACEMENT = 0x3f

/** One byte a code point: itself up to `last`, else what the table says, else `?`. */
function singleByte(last: number, others: ReadonlyMap<number, number> = new Map()): Encode {
  return (text) => {
    const bytes: number[] = []
    for (const character of text) {
      const codePoint = character.codePointAt(0)!
      bytes.push(codePoint <= last ? codePoint : (others.get(codePoint) ?? REPLACEMENT))
    }
    return Buffer.from(bytes)
  }
}

/** Bytes 80 to 9f of windows-1252; a blank where there is no character. From a0 on it is ISO-8859-1. */
const WINDOWS_1252_FROM_80 = '€ ‚ƒ„…†‡ˆ‰Š‹Œ Ž  ‘’“”•–—˜™š›œ žŸ'

function windows1252(): Encode {
  const bytes = new Map<number, number>()
  for (let i = 0; i < WINDOWS_1252_FROM_80.length; i++) {
    if (WINDOWS_1252_FROM_80[i] !== ' ') bytes.set(WINDOWS_1252_FROM_80.charCodeAt(i), 0x80 + i)
  }
  for (let byte = 0xa0; byte <= 0xff; byte++) bytes.set(byte, byte)
  return singleByte(0x7f, bytes)
}

const LONE_SURROGATE = /\p{Surrogate}/gu

function utf16le(text: string): Buffer {
  return Buffer.from(text.replace(LONE_SURROGATE, '\ufffd'), 'utf16le')
}

function utf16be(text: string): Buffer {
  return utf16le(text).swap16()
}

/** Java's UTF-16 starts with a byte order mark, but makes no bytes of an empty string. */
function utf16(text: string): Buffer {
  return text === '' ? Buffer.alloc(0) : Buffer.concat([Buffer.from([0xfe, 0xff]), utf16be(text)])
}

/** The aliases are those of Java 17. */
const namesByCharset: readonly (readonly [Encode, string])[] = [
  [asIs, 'utf-8 utf8 unicode-1-1-utf-8'],
  [utf16, 'utf-16 utf16 utf_16 unicode unicodebig'],
  [utf16be, 'utf-16be utf_16be x-utf-16be iso-10646-ucs-2 unicodebigunmarked'],
  [utf16le, 'utf-16le utf_16le x-utf-16le unicodelittleunmarked'],
  [
    singleByte(0xff),
    'iso-8859-1 iso8859-1 iso8859_1 iso_8859-1 iso_8859_1 iso_8859-1:1987 iso-ir-100 8859_1 819 latin1 l1 cp819 ' +
      'ibm819 ibm-819 csisolatin1',
  ],
  [
    singleByte(0x7f),
    'us-ascii ascii ascii7 us 646 cp367 ibm367 csascii default iso646-us iso-ir-6 iso_646.irv:1983 ' +
      'iso_646.irv:1991 ansi_x3.4-1968 ansi_x3.4-1986',
  ],
  [windows1252(), 'windows-1252 cp1252 cp5348 ibm-1252 ibm1252'],
]

const encodeByName: ReadonlyMap<string, Encode> = new Map(
  namesByCharset.flatMap(([encode, names]) => names.split(' ').map((name) => [name, encode] as const)),
)

/** @param name - in any case; undefined when it is not known here. */
export function charsetNamed(name: string): Encode | undefined {
  return encodeByName.get(name.toLowerCase())
}

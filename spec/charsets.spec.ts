/** Bytes written by `String.getBytes` of Java 17; aliases as `Charset.aliases()` lists them there. */
import { expect } from 'chai'
import fc from 'fast-check'
import { charsetNamed } from '../lib/charsets.js'

function hexOf(name: string, text: string): string {
  return Buffer.from(charsetNamed(name)!(text)!).toString('hex')
}

/** Within and beyond each charset: ASCII, euro, C1, umlaut, a pair, a lone surrogate, œ, ž, currency sign. */
const TEXT = 'a€\u0081ü😀\ud83d\u0153ž\u00a4'

describe('charsetNamed', () => {
  for (const [name, hex] of [
    ['ISO-8859-1', '613f81fc3f3f3f3fa4'],
    ['US-ASCII', '613f3f3f3f3f3f3f3f'],
    ['windows-1252', '61803ffc3f3f9c9ea4'],
    ['UTF-16', 'feff006120ac008100fcd83dde00fffd0153017e00a4'],
    ['UTF-16BE', '006120ac008100fcd83dde00fffd0153017e00a4'],
    ['UTF-16LE', '6100ac208100fc003dd800defdff53017e01a400'],
  ] as const) {
    it(`replaces what ${name} cannot express, a surrogate pair by one mark`, () => {
      expect(hexOf(name, TEXT)).to.equal(hex)
    })

    it(`encodes an empty string in ${name} as no bytes, without a byte order mark`, () => {
      expect(hexOf(name, '')).to.equal('')
    })
  }

  it('leaves UTF-8 to the request writer', () => {
    expect(charsetNamed('UTF-8')!(TEXT)).to.equal(TEXT)
  })

  for (const [name, aliases] of [
    ['UTF-8', 'UTF8 unicode-1-1-utf-8'],
    ['UTF-16', 'UTF_16 unicode utf16 UnicodeBig'],
    ['UTF-16BE', 'X-UTF-16BE UTF_16BE ISO-10646-UCS-2 UnicodeBigUnmarked'],
    ['UTF-16LE', 'UnicodeLittleUnmarked UTF_16LE X-UTF-16LE'],
    [
      'ISO-8859-1',
      '819 ISO8859-1 l1 ISO_8859-1:1987 ISO_8859-1 8859_1 iso-ir-100 latin1 cp819 ISO8859_1 IBM819 ISO_8859_1 IBM-819 csISOLatin1',
    ],
    [
      'US-ASCII',
      'ANSI_X3.4-1968 cp367 csASCII iso-ir-6 ASCII iso_646.irv:1983 ANSI_X3.4-1986 ascii7 default ISO_646.irv:1991 ISO646-US IBM367 646 us',
    ],
    ['windows-1252', 'ibm-1252 cp1252 ibm1252 cp5348'],
  ] as const) {
    it(`accepts each Java name of ${name}, in any case`, () => {
      const encode = charsetNamed(name)
      expect(encode).to.be.a('function')
      for (const alias of aliases.split(' ')) {
        expect(charsetNamed(alias), alias).to.equal(encode)
        expect(charsetNamed(alias.toUpperCase()), alias).to.equal(encode)
      }
    })
  }

  for (const name of ['UTF_8', 'utf-88', '', ' utf-8', 'constructor', '__proto__', 'GB18030-2'])
    it(`refuses the unknown charset ${JSON.stringify(name)}`, () => {
      expect(charsetNamed(name)).to.equal(undefined)
    })

  it('writes the characters that windows-1252 has where ISO-8859-1 has control codes', () => {
    // Java: new String(new byte[]{i}, "windows-1252") for i from 80 to 9f; fffd where there is none.
    const units =
      '20ac fffd 201a 0192 201e 2026 2020 2021 02c6 2030 0160 2039 0152 fffd 017d fffd ' +
      'fffd 2018 2019 201c 201d 2022 2013 2014 02dc 2122 0161 203a 0153 fffd 017e 0178'
    const bytes = units
      .split(' ')
      .map((unit) => hexOf('windows-1252', String.fromCharCode(Number(`0x${unit}`))))
    expect(bytes.join(' ')).to.equal(
      '80 3f 82 83 84 85 86 87 88 89 8a 8b 8c 3f 8e 3f 3f 91 92 93 94 95 96 97 98 99 9a 9b 9c 3f 9e 9f',
    )
  })

  it('encodes 250 characters in windows-1252 besides the question mark', () => {
    let known = 0
    for (let unit = 0; unit < 0xd800; unit++) {
      if (hexOf('windows-1252', String.fromCharCode(unit)) !== '3f') known++
    }
    expect(known).to.equal(250)
  })

  it('encodes well-formed text in UTF-16 without loss', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const bytes = charsetNamed('UTF-16LE')!(text) as Buffer
        expect(bytes.toString('utf16le')).to.equal(text)
      }),
    )
  })
})

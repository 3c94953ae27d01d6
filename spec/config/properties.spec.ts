import { readFileSync } from 'node:fs'
import { expect } from 'chai'
import fc from 'fast-check'
import {
  MAX_PROPERTIES_CHARACTERS,
  parseProperties,
  parsePropertyLines,
} from '../../lib/config/properties.js'
import { ConfigError } from '../../lib/errors.js'

interface Vector {
  text: string
  /** Every pair in the order in which Java put it, or the class of its exception. */
  pairs?: [string, string][]
  error?: string
}

const vectors = readFileSync(new URL('../vectors/properties/java-17.jsonl', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .slice(1)
  .map((line) => JSON.parse(line) as Vector)

const pairsOf = (text: string) => parsePropertyLines(text).map(({ key, value }) => [key, value])

describe('parsePropertyLines', () => {
  for (const { text, pairs, error } of vectors) {
    const result = error === undefined ? 'the pairs that Java reads' : 'an error, as in Java,'
    it(`makes ${result} of ${JSON.stringify(text)}`, () => {
      if (error === undefined) expect(pairsOf(text)).to.deep.equal(pairs)
      else expect(() => parsePropertyLines(text)).to.throw(ConfigError, 'malformed \\u escape')
    })
  }

  it('counts lines from 1, through comments, blank lines, continuations and every kind of line end', () => {
    const text = '# one\na=1\r\n\r\nb=2\\\r\n  more\rc=3\n!\\\nd=4\\\\\ne=5'
    expect(parsePropertyLines(text)).to.deep.equal([
      { key: 'a', value: '1', line: 2 },
      { key: 'b', value: '2more', line: 4 },
      { key: 'c', value: '3', line: 6 },
      { key: 'd', value: '4\\', line: 8 },
      { key: 'e', value: '5', line: 9 },
    ])
  })

  it('reports the position of a pair after a lone backslash', () => {
    expect(parsePropertyLines('\\\n\\\n  a=1')).to.deep.equal([{ key: 'a', value: '1', line: 3 }])
  })

  it('yields every occurrence of a repeated key', () => {
    expect(parsePropertyLines('a=1\na=2').map(({ value, line }) => [value, line])).to.deep.equal([
      ['1', 1],
      ['2', 2],
    ])
  })

  it('drops a byte order mark in front of the text, unlike Java, and keeps one anywhere else', () => {
    expect(pairsOf('\ufeffa=1\n\ufeffb=2')).to.deep.equal([
      ['a', '1'],
      ['\ufeffb', '2'],
    ])
  })

  for (const text of ['\\', '\\\n', 'a=1\n \\', 'a=1\n\\\r\n']) {
    it(`takes the lone backslash at the end of ${JSON.stringify(text)} for nothing, unlike Java`, () => {
      expect(pairsOf(text).filter(([key]) => key === '')).to.deep.equal([])
    })
  }

  it('names the line of a malformed escape, with the source, and repeats nothing of the line', () => {
    const read = () => parsePropertyLines('a=1\n\nsecret=hunter\\u2\\\n', 'producer.properties')
    expect(read).to.throw(ConfigError, /^producer\.properties:3: malformed \\u escape/)
    expect(read).to.not.throw(ConfigError, 'hunter')
    expect(() => parsePropertyLines('a=\\u12')).to.throw(ConfigError, /^line 1: /)
  })

  it('refuses a text of more than 1 Mi characters', () => {
    const longest = `a=${'b'.repeat(MAX_PROPERTIES_CHARACTERS - 2)}`
    expect(pairsOf(longest)).to.have.length(1)
    expect(() => parsePropertyLines(`${longest}b`, 'big.properties')).to.throw(
      ConfigError,
      'big.properties is longer than 1048576',
    )
  })

  it('refuses a Buffer with an error that explains how to convert it to text', () => {
    expect(() => parsePropertyLines(Buffer.from('a=1') as never)).to.throw(ConfigError, 'latin1')
  })

  for (const [what, text] of [
    ['lone backslashes', '\\\n'.repeat(MAX_PROPERTIES_CHARACTERS / 2)],
    ['continuation lines', 'a=\\\n'.repeat(MAX_PROPERTIES_CHARACTERS / 4)],
    ['backslashes', '\\'.repeat(MAX_PROPERTIES_CHARACTERS)],
    ['blanks', ' '.repeat(MAX_PROPERTIES_CHARACTERS)],
  ] as const) {
    it(`reads 1 MiB of ${what} in a time that grows with the length only`, () => {
      const start = performance.now()
      parsePropertyLines(text)
      expect(performance.now() - start).to.be.lessThan(3000)
    })
  }
})

describe('parseProperties', () => {
  it('lets the last of repeated keys win', () => {
    expect(parseProperties('a=1\nb=2\na=3')).to.deep.equal(
      new Map([
        ['a', '3'],
        ['b', '2'],
      ]),
    )
  })

  it('does not trim values: Java does not either', () => {
    expect(parseProperties('a = b \t').get('a')).to.equal('b \t')
  })

  it('takes __proto__, constructor and toString for ordinary keys', () => {
    const pairs = parseProperties('__proto__=1\nconstructor=2\ntoString=3\n__proto__.polluted=4')
    expect([...pairs]).to.deep.equal([
      ['__proto__', '1'],
      ['constructor', '2'],
      ['toString', '3'],
      ['__proto__.polluted', '4'],
    ])
    expect(Object.keys(Object.prototype)).to.deep.equal([])
    expect('polluted' in {}).to.equal(false)
  })

  const units = fc.string({ unit: 'binary' })
  const names = fc.oneof(units, fc.constantFrom('__proto__', 'constructor', 'hasOwnProperty', 'prototype.x'))

  it('gives back any keys and values that were written with escapes', () => {
    const before = Object.getOwnPropertyNames(Object.prototype)
    fc.assert(
      fc.property(fc.array(fc.tuple(names, units)), (pairs) => {
        const text = pairs.map(([key, value]) => `${escaped(key)}=${escaped(value)}`).join('\n')
        expect(parseProperties(text)).to.deep.equal(new Map(pairs))
      }),
    )
    expect(Object.getOwnPropertyNames(Object.prototype)).to.deep.equal(before)
  })

  it('reads any text or throws a ConfigError', () => {
    const piece = fc.constantFrom(
      'a',
      '\\',
      '\n',
      '\r',
      ' ',
      '=',
      ':',
      '#',
      '!',
      '\\u004',
      '\ufeff',
      '\ud800',
    )
    fc.assert(
      fc.property(fc.string({ unit: piece }), (text) => {
        try {
          for (const value of parseProperties(text).values()) expect(value).to.be.a('string')
        } catch (error) {
          expect(error).to.be.instanceOf(ConfigError)
        }
      }),
    )
  })
})

/** Every UTF-16 code unit as an escape; written here, so that it shares nothing with the parser. */
function escaped(text: string): string {
  return text
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('')
}

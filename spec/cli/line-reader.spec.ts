import { expect } from 'chai'
import { LineReader, oddReaderProperties } from '../../lib/cli/line-reader.js'

function read(line: string, properties: Record<string, string> = {}): [string | null, string] {
  const { key, value } = new LineReader(new Map(Object.entries(properties))).read(Buffer.from(line))
  return [key && String(key), String(value)]
}

describe('LineReader', () => {
  const parsing = { 'parse.key': ' TRUE ' }
  const rows: [string, string, Record<string, string>, [string | null, string]][] = [
    ['takes the whole line as the value', 'k\tv', {}, [null, 'k\tv']],
    ['takes an empty line as an empty value', '', {}, [null, '']],
    ['splits at the first TAB', 'k\tv\tw', parsing, ['k', 'v\tw']],
    ['keeps empty keys and values', '\t', parsing, ['', '']],
    [
      'splits at a separator of several characters',
      'k::v',
      { ...parsing, 'key.separator': '::' },
      ['k', 'v'],
    ],
    ['splits at an equals sign', 'k=v', { ...parsing, 'key.separator': '=' }, ['k', 'v']],
    [
      'takes a line without separator as a value when errors are ignored',
      'v',
      { ...parsing, 'ignore.error': 'true' },
      [null, 'v'],
    ],
  ]
  for (const [what, line, properties, expected] of rows) {
    it(what, () => {
      expect(read(line, properties)).to.deep.equal(expected)
    })
  }

  it('names the line that has no separator', () => {
    const reader = new LineReader(new Map([['parse.key', 'true']]))
    reader.read(Buffer.from('a\tb'))
    expect(() => reader.read(Buffer.from('secret'))).to.throw(/^line 2 has no key separator/)
    expect(() => reader.read(Buffer.from('secret'))).not.to.throw(/secret/)
  })

  it('refuses an empty separator', () => {
    expect(() => new LineReader(new Map([['key.separator', '']]))).to.throw('key.separator is empty')
  })

  it('shows the separator it looked for, and that it takes one as it is written', () => {
    expect(() => new LineReader(new Map([['parse.key', 'true']])).read(Buffer.from('a'))).to.throw('(a TAB)')
    const literal = new LineReader(new Map(Object.entries({ ...parsing, 'key.separator': '\\t' })))
    expect(() => literal.read(Buffer.from('a\tb'))).to.throw('("\\t", taken literally)')
  })

  const odd: [string, Record<string, string>, string[]][] = [
    ['a property that is not its own', { acks: '1' }, ['--property acks is not a property of the reader']],
    ['a key separator without parse.key', { 'key.separator': ',' }, ['does nothing without']],
    ['a value that only looks like true', { 'parse.key': 'yes' }, ['parse.key=yes means false']],
    ['nothing where nothing is odd', { ...parsing, 'key.separator': ',', topic: 't' }, []],
  ]
  for (const [what, properties, parts] of odd) {
    it(`reports ${what}`, () => {
      const sentences = oddReaderProperties(new Map(Object.entries(properties)))
      expect(sentences).to.have.lengthOf(parts.length)
      for (const [i, part] of parts.entries()) expect(sentences[i]).to.include(part)
    })
  }
})

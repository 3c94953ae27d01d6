import { expect } from 'chai'
import { LineReader, unknownReaderProperties } from '../../lib/cli/line-reader.js'

function read(line: string, properties: Record<string, string> = {}): [string | null, string] {
  const { key, value } = new LineReader(new Map(Object.entries(properties))).read(Buffer.from(line))
  return [key && String(key), String(value)]
}

describe('LineReader', () => {
  const parsing = { 'parse.key': ' TRUE ' }
  const rows: [string, string, Record<string, string>, [string | null, string]][] = [
    ['takes the whole line as the value', 'k\tv', {}, [null, 'k\tv']],
    ['takes an empty line as an empty value', '', {}, [null, '']],
    ['cuts at the first TAB', 'k\tv\tw', parsing, ['k', 'v\tw']],
    ['keeps empty keys and values', '\t', parsing, ['', '']],
    ['cuts at a separator of several characters', 'k::v', { ...parsing, 'key.separator': '::' }, ['k', 'v']],
    ['cuts at an equals sign', 'k=v', { ...parsing, 'key.separator': '=' }, ['k', 'v']],
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

  it('knows which properties are not its own', () => {
    expect(
      unknownReaderProperties(
        new Map([
          ['parse.key', ''],
          ['acks', '1'],
        ]),
      ),
    ).to.deep.equal(['acks'])
  })
})

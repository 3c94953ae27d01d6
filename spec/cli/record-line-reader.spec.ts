import { expect } from 'chai'
import { oddRecordReaderProperties, RecordLineReader } from '../../lib/cli/record-line-reader.js'
import { ConfigError } from '../../lib/errors.js'

type Properties = Record<string, string>

const readerOf = (properties: Properties): RecordLineReader =>
  new RecordLineReader(new Map(Object.entries(properties)))

function read(line: string, properties: Properties) {
  const { headers, key, value } = readerOf(properties).read(Buffer.from(line))
  return [
    headers.map(([name, bytes]) => [name, bytes && String(bytes)]),
    key && String(key),
    value && String(value),
  ]
}

/** Cases of Kafka's LineMessageReaderTest 3.9, and what follows from the class. */
describe('RecordLineReader', () => {
  const key = { 'parse.key': 'true' }
  const headers = { 'parse.headers': 'true' }
  const both = { ...key, ...headers }
  const lenient = { 'ignore.error': 'true' }
  const marked = { ...both, 'null.marker': '<NULL>' }
  const rows: [what: string, line: string, properties: Properties, expected: unknown[]][] = [
    ['a line is the value', 'a\tb', {}, [[], null, 'a\tb']],
    ['an empty line is an empty value', '', {}, [[], null, '']],
    ['a key is before the first separator', 'k\tv\tw', key, [[], 'k', 'v\tw']],
    ['key and value may be empty', '\t', key, [[], '', '']],
    [
      'headers are before the first delimiter',
      'a:1,b:2\tk\tv',
      both,
      [
        [
          ['a', '1'],
          ['b', '2'],
        ],
        'k',
        'v',
      ],
    ],
    ['headers without a key are followed by the value', 'a:1\tv\tw', headers, [[['a', '1']], null, 'v\tw']],
    ['a value of a header may have separators of the key', 'a:1:2\tv', headers, [[['a', '1:2']], null, 'v']],
    ['names and values of headers may be empty', ':\tv', headers, [[['', '']], null, 'v']],
    [
      'names of headers may repeat',
      'a:1,a:2\tv',
      headers,
      [
        [
          ['a', '1'],
          ['a', '2'],
        ],
        null,
        'v',
      ],
    ],
    ['separators at the end of the headers mean nothing', 'a:1,,\tv', headers, [[['a', '1']], null, 'v']],
    [
      'every separator may be another one, of several characters',
      'a=>1;;b=>2##k::v',
      {
        ...both,
        'headers.key.separator': '=>',
        'headers.separator': ';;',
        'headers.delimiter': '##',
        'key.separator': '::',
      },
      [
        [
          ['a', '1'],
          ['b', '2'],
        ],
        'k',
        'v',
      ],
    ],
    [
      'the separator of headers is a regular expression',
      'a:1 |  b:2\tv',
      { ...headers, 'headers.separator': ' *\\| *' },
      [
        [
          ['a', '1'],
          ['b', '2'],
        ],
        null,
        'v',
      ],
    ],
    [
      'separators beyond ASCII are found as bytes',
      'ä:1→ö:2\tv',
      { ...headers, 'headers.separator': '→' },
      [
        [
          ['ä', '1'],
          ['ö', '2'],
        ],
        null,
        'v',
      ],
    ],
    [
      'without a delimiter all is key and value when errors are ignored',
      'k\tv',
      { ...both, ...lenient, 'headers.delimiter': '#' },
      [[], 'k', 'v'],
    ],
    [
      'without a separator all is value when errors are ignored',
      'v',
      { ...key, ...lenient },
      [[], null, 'v'],
    ],
    [
      'a header without a separator is a name without a value when errors are ignored',
      'a\tk\tv',
      { ...both, ...lenient },
      [[['a', null]], 'k', 'v'],
    ],
    ['key and value of the null marker are null', 'a:1\t<NULL>\t<NULL>', marked, [[['a', '1']], null, null]],
    ['headers of the null marker are none', '<NULL>\tk\tv', marked, [[], 'k', 'v']],
    ['a header value of the null marker is null', 'a:<NULL>\tk\tv', marked, [[['a', null]], 'k', 'v']],
    [
      'the null marker within a text means nothing',
      'a:1\tk<NULL>\t<NULL>v',
      marked,
      [[['a', '1']], 'k<NULL>', '<NULL>v'],
    ],
    [
      'an empty null marker makes empty parts null',
      'a:\t\t',
      { ...both, 'null.marker': '' },
      [[['a', null]], null, null],
    ],
  ]
  for (const [what, line, properties, expected] of rows) {
    it(`RecordLineReader: ${what}`, () => {
      expect(read(line, properties)).to.deep.equal(expected)
    })
  }

  it('bytes that are no text pass unchanged', () => {
    const line = Buffer.from('613affc3092cff09ff', 'hex')
    const record = readerOf(both).read(line)
    expect(record.headers[0]?.[1]?.toString('hex')).to.equal('ffc3')
    expect([record.key?.toString('hex'), record.value?.toString('hex')]).to.deep.equal(['2cff', 'ff'])
  })

  const broken: [what: string, line: string, properties: Properties, text: string][] = [
    ['key separator', 'secret', key, 'line 1 has no key.separator (a TAB)'],
    ['headers delimiter', 'secret', headers, 'line 1 has no headers.delimiter (a TAB)'],
    [
      'header key separator',
      'secret\tk',
      headers,
      'line 1 has no headers.key.separator (":") in one of its headers',
    ],
    [
      'header name other than the null marker',
      '<NULL>:1\tk\tv',
      marked,
      'line 1 has a header whose name is the null marker',
    ],
  ]
  for (const [what, line, properties, text] of broken) {
    it(`a line without ${what} is named by its number, and never shown`, () => {
      expect(() => read(line, properties))
        .to.throw(text)
        .with.property('message')
        .that.does.not.include('secret')
    })
  }

  it('a header whose name is the null marker is an error even when errors are ignored', () => {
    expect(() => read('<NULL>:1\tk\tv', { ...marked, ...lenient })).to.throw('names cannot be null')
  })

  const refused: [properties: Properties, text: string][] = [
    [{ 'headers.delimiter': ',' }, 'headers.delimiter and headers.separator may not be equal'],
    [{ 'headers.delimiter': ':' }, 'headers.delimiter and headers.key.separator may not be equal'],
    [{ 'headers.separator': ':' }, 'headers.separator and headers.key.separator may not be equal'],
    [{ 'null.marker': '\t' }, 'null.marker and key.separator may not be equal'],
    [{ 'null.marker': ',' }, 'null.marker and headers.separator may not be equal'],
    [{ 'null.marker': '#', 'headers.delimiter': '#' }, 'null.marker and headers.delimiter may not be equal'],
    [{ 'null.marker': ':' }, 'null.marker and headers.key.separator may not be equal'],
    [{ 'key.separator': '' }, 'key.separator is empty'],
    [{ 'headers.separator': '|' }, 'headers.separator is a regular expression, and | fits nothing at all'],
    [{ 'headers.separator': '(;)' }, 'has groups'],
    [{ 'headers.separator': '(' }, 'headers.separator is no regular expression'],
  ]
  for (const [properties, text] of refused) {
    it(`the reader properties ${JSON.stringify(properties)} are refused`, () => {
      expect(() => readerOf(properties)).to.throw(ConfigError, text)
    })
  }

  it('properties that do nothing are named', () => {
    const odd = oddRecordReaderProperties(
      new Map(
        Object.entries({ acks: '1', 'parse.key': 'yes', 'headers.separator': ';', 'null.marker': 'x' }),
      ),
    )
    expect(odd).to.have.length(3)
    expect(odd[0]).to.include('acks is not a property of the reader')
    expect(odd[1]).to.include('parse.key=yes means false')
    expect(odd[2]).to.include('headers.separator does nothing without --property parse.headers=true')
    expect(oddRecordReaderProperties(new Map(Object.entries({ ...marked, topic: 't' })))).to.deep.equal([])
  })
})

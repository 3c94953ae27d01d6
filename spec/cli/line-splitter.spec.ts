import { expect } from 'chai'
import fc from 'fast-check'
import { LineSplitter } from '../../lib/cli/line-splitter.js'

function linesOf(input: Buffer, splits: readonly number[] = []): string[] {
  const splitter = new LineSplitter(1000)
  const lines: Buffer[] = []
  let at = 0
  for (const splitAt of [...splits].sort((a, b) => a - b)) {
    lines.push(...splitter.push(input.subarray(at, splitAt)))
    at = Math.max(at, splitAt)
  }
  lines.push(...splitter.push(input.subarray(at)))
  const last = splitter.end()
  if (last) lines.push(last)
  return lines.map((line) => line.toString('latin1'))
}

describe('LineSplitter', () => {
  const rows: [string, string, string[]][] = [
    ['lines that end in LF', 'a\nb\n', ['a', 'b']],
    ['lines that end in CR LF', 'a\r\nb\r\n', ['a', 'b']],
    ['a last line without an end', 'a\nb', ['a', 'b']],
    ['a last line that ends in CR', 'a\nb\r', ['a', 'b']],
    ['empty lines', '\n\n\r\n', ['', '', '']],
    ['no input', '', []],
    ['a CR within a line, as part of it', 'a\rb\n', ['a\rb']],
    ['bytes that are no UTF-8', '\xff\x00\xfe\n', ['\xff\x00\xfe']],
  ]
  for (const [what, input, lines] of rows) {
    it(`gives ${what}`, () => {
      expect(linesOf(Buffer.from(input, 'latin1'))).to.deep.equal(lines)
    })
  }

  it('gives the same lines however the input is split', () => {
    const bytes = fc
      .array(fc.constantFrom(0x0a, 0x0d, 0x61, 0xff), { maxLength: 40 })
      .map((all) => Buffer.from(all))
    fc.assert(
      fc.property(bytes, fc.array(fc.nat(40), { maxLength: 8 }), (input, splits) => {
        expect(linesOf(input, splits)).to.deep.equal(linesOf(input))
      }),
    )
  })

  it('refuses a line over the limit, whole or in pieces, after the lines before it', () => {
    const lines: string[] = []
    expect(() => {
      for (const line of new LineSplitter(3).push(Buffer.from('abc\nabcd\n'))) lines.push(String(line))
    }).to.throw('line 2 has more than 3 bytes')
    expect(lines).to.deep.equal(['abc'])

    const splitter = new LineSplitter(3)
    expect([...splitter.push(Buffer.from('ab'))]).to.deep.equal([])
    expect(() => [...splitter.push(Buffer.from('cde'))]).to.throw('--max-line-bytes')
  })

  const sizes: [string, string[], string][] = [
    ['its size where it ends within the chunk', ['abcdefg\n'], 'it has 7;'],
    ['its size where it ends within a later chunk', ['abc', 'defg\r\nx'], 'it has 7;'],
    ['what has come of it where its end has not', ['abc', 'defg'], 'it has at least 7;'],
  ]
  for (const [what, chunks, expected] of sizes) {
    it(`LineSplitter names of a line that is too long ${what}`, () => {
      const splitter = new LineSplitter(3)
      expect(() => chunks.map((chunk) => [...splitter.push(Buffer.from(chunk))])).to.throw(
        `line 1 has more than 3 bytes, ${expected}`,
      )
    })
  }

  it('takes a line of exactly the limit, with its CR LF, however it is split', () => {
    for (const splitAt of [1, 2, 3, 4]) {
      const splitter = new LineSplitter(3)
      const input = Buffer.from('abc\r\n')
      const lines = [...splitter.push(input.subarray(0, splitAt)), ...splitter.push(input.subarray(splitAt))]
      expect(lines.map(String), `split at ${splitAt}`).to.deep.equal(['abc'])
    }
  })

  it('has no limit with 0', () => {
    expect([...new LineSplitter(0).push(Buffer.from('abc\n'))].map(String)).to.deep.equal(['abc'])
  })

  it('joins a line that drips in byte by byte', () => {
    const splitter = new LineSplitter(0)
    const text = 'abcdefghij'.repeat(1000)
    for (const byte of Buffer.from(text)) expect(splitter.push(Buffer.of(byte)).next().done).to.equal(true)
    expect(splitter.pendingBytes).to.equal(10_000)
    expect([...splitter.push(Buffer.from('\n'))].map(String)).to.deep.equal([text])
  })
})

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { brokenCitations } from '../../scripts/check-citations.js'
import { sectionsOf } from '../../scripts/sections.js'

describe('scripts/check-citations.ts', () => {
  let root: string
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'citations-'))
    write('docs/PAGE.md', '# Page\n\n## One thing\n\n```\n## Code\n```\n\n## D1\n')
    write('docs/decisions/0000-classic-producer.md', '# Decisions\n\n## D1\n')
    write('spec/vectors/golden/g12-close.json', '{}')
    write('spec/vectors/golden/d09-large.json.gz', '')
    write('spec/vectors/kafka-producer/scenarios/e08-retry-reorders.json', '{}')
    write('spec/integration/isolation.spec.ts', '')
    write('lib/network/connect.ts', '')
  })
  afterEach(() => rmSync(root, { recursive: true }))

  function write(path: string, text: string): void {
    const file = join(root, path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
  }

  it('finds nothing broken in this repository', () => {
    expect(brokenCitations(fileURLToPath(new URL('../../', import.meta.url)))).to.deep.equal([])
  })

  const comments: [text: string, problem?: string][] = [
    ['@see docs/PAGE.md'],
    ['@see docs/PAGE.md#one-thing, #d1.'],
    ['@see docs/decisions/0000-classic-producer.md#d1'],
    ['@see https://kafka.apache.org/protocol#protocol_types, KAFKA-3160 and RFC 8305'],
    ['spec/integration/isolation, spec/vectors/*.hex and lib/network/ are there'],
    ["import { a } from '../lib/none.js'"],
    ['golden g12, and the recording d09-large'],
    ['@see docs/NONE.md', 'docs/NONE.md does not exist'],
    ['@see docs/decisions/0000', 'docs/decisions/0000 does not exist'],
    ['@see docs/PAGE.md#two', 'docs/PAGE.md has no section #two'],
    ['@see docs/PAGE.md#one-thing, #two', 'docs/PAGE.md has no section #two'],
    ['@see docs/PAGE.md#code', 'docs/PAGE.md has no section #code'],
    ['spec/integration/none has it', 'spec/integration/none does not exist'],
    [
      'Golden g12 and g13.',
      'there is no recording g13 in spec/vectors/golden or spec/vectors/kafka-producer/scenarios',
    ],
    ["'e08-retry-reorders' is a scenario of the other producer"],
    [
      "'g12-open'",
      'there is no recording g12-open in spec/vectors/golden or spec/vectors/kafka-producer/scenarios',
    ],
    ['@see wire-protocol reference §6', 'cites "wire-protocol reference", which no reader can open'],
    ['@see design D7', 'cites "design D7", which no reader can open'],
    ['@see design §2', 'cites "design §2", which no reader can open'],
    ['Reliability rows 5 and 6', 'cites "Reliability rows 5", which no reader can open'],
    ['/home/me/page.md', 'cites "/home/me/page.md", which no reader can open'],
    ['fails alone (D1)', 'cites "(D1" without a page'],
    ['(trap 37)', 'cites "trap 37" without a page'],
  ]
  for (const [text, problem] of comments) {
    it(`${problem === undefined ? 'accepts' : 'refuses'} the comment ${JSON.stringify(text)}`, () => {
      write('lib/a.ts', `\n// ${text}\n`)
      const found = brokenCitations(root).map((line) => line.replace(/^lib\/a.ts:2: /, ''))
      const [first] = found
      expect(first).to.equal(problem)
    })
  }

  const pages: [text: string, problem?: string][] = [
    [
      '[a](PAGE.md), [b](PAGE.md#one-thing), [c](#here), [d](../lib/network/connect.ts), [e](https://a.b/c.md)',
    ],
    ['`network/connect`, `integration/isolation`, `connect.ts`, `node:fs/promises`, `application/json`'],
    ['as decided (D1) and recorded [g12]'],
    ['[a](NONE.md)', 'docs/NONE.md does not exist'],
    ['[a](PAGE.md#two)', 'docs/PAGE.md has no section #two'],
    ['[a](#two)', 'docs/LINKS.md has no section #two'],
    ['[a](../../other/page.md)', '../../other/page.md leads out of the repository'],
    ['`network/none`', 'network/none does not exist'],
    ['`none.ts`', 'there is no file none.ts'],
    ['as decided (D2)', 'docs/decisions/0000-classic-producer.md has no section #d2'],
    [
      'seen [g12, g13]',
      'there is no recording g13 in spec/vectors/golden or spec/vectors/kafka-producer/scenarios',
    ],
  ]
  for (const [text, problem] of pages) {
    it(`${problem === undefined ? 'accepts' : 'refuses'} ${JSON.stringify(text)} in a page`, () => {
      write('docs/LINKS.md', `## Here\n\`\`\`\n[code](NONE.md)\n\`\`\`\n${text}\n`)
      const expected = problem === undefined ? [] : [`docs/LINKS.md:5: ${problem}`]
      expect(brokenCitations(root)).to.deep.equal(expected)
    })
  }

  it('looks through README.md and CHANGELOG.md as well', () => {
    write('README.md', '[a](docs/NONE.md)')
    write('CHANGELOG.md', '\n[a](docs/PAGE.md#two)')
    expect(brokenCitations(root)).to.deep.equal([
      'README.md:1: docs/NONE.md does not exist',
      'CHANGELOG.md:2: docs/PAGE.md has no section #two',
    ])
  })
})

describe('sectionsOf', () => {
  const headings: [heading: string, section: string][] = [
    ['# Simple words', 'simple-words'],
    ['### `broker.version` & more: yes?', 'brokerversion--more-yes'],
    ['## Where do I change …?', 'where-do-i-change-'],
    ['## The original’s traps, one by one', 'the-originals-traps-one-by-one'],
    ['## [Link](page.md) to snake_case', 'link-to-snake_case'],
    ['## Closed ##', 'closed'],
    ['text <a id="by-hand"></a>', 'by-hand'],
  ]
  for (const [heading, section] of headings) {
    it(`names the section of ${JSON.stringify(heading)} #${section}`, () => {
      expect([...sectionsOf(heading)]).to.deep.equal([section])
    })
  }

  it('numbers the second heading of a name', () => {
    expect([...sectionsOf('# A\n## A\n### A')]).to.deep.equal(['a', 'a-1', 'a-2'])
  })
})

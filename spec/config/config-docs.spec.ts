import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { clientReleases } from '../../lib/config/client-defaults.js'
import { kafkaProducerKeys } from '../../lib/config/kafka-producer-keys.js'
import { producerKeys } from '../../lib/config/producer-keys.js'
import { kafkaSettingsTable, securityTable, settingsTable, withTable } from '../../scripts/config-docs.js'

const { settings } = producerKeys

describe('the settings in the documents', () => {
  const table = settingsTable(settings)

  it('are a table with a row for each setting', () => {
    for (const { key, doc } of settings) {
      const row = table.split('\n').find((line) => line.startsWith(`| \`${key}\` |`))
      expect(row, key).to.include(doc.replaceAll('|', '\\|'))
    }
    expect(table.match(/^\| `/gm)).to.have.length(settings.length)
  })

  it('stand between two lines, and nothing else of the document changes', () => {
    const document = 'before\n<!-- config:begin -->\nold\n<!-- config:end -->\nafter\n'
    const updated = withTable(document, 'D.md', 'NEW')
    expect(updated).to.equal('before\n<!-- config:begin -->\n\nNEW\n\n<!-- config:end -->\nafter\n')
    expect(withTable(updated, 'D.md', 'NEW')).to.equal(updated)
  })

  for (const document of ['', '<!-- config:begin -->', '<!-- config:end --><!-- config:begin -->']) {
    it(`cannot be written into ${JSON.stringify(document)}`, () => {
      expect(() => withTable(document, 'D.md', 'NEW')).to.throw('D.md needs a line <!-- config:begin -->')
    })
  }
})

describe('the settings of TLS and SASL in the documents', () => {
  it('each setting of security has one row with its meaning', () => {
    const lines = securityTable(producerKeys.security).split('\n')
    for (const { key, doc } of producerKeys.security) {
      const rows = lines.filter((line) => line.startsWith(`| \`${key}\` |`) && line.includes(doc))
      expect(rows, key).to.have.length(1)
    }
  })
})

describe('the settings of KafkaProducer in the documents', () => {
  const { settings: rows } = kafkaProducerKeys
  const lines = kafkaSettingsTable(rows).split('\n')
  const rowsOf = (key: string): string[] => lines.filter((line) => line.startsWith(`| \`${key}\` |`))

  it('each setting of KafkaProducer has one row with its meaning', () => {
    for (const { key, doc } of rows) {
      const described = rowsOf(key).filter((line) => line.includes(doc.replaceAll('|', '\\|')))
      expect(described, key).to.have.length(1)
    }
  })

  it('a row shows type, unit, default and what is accepted', () => {
    expect(rowsOf('linger.ms')[0]).to.match(/^\| `linger.ms` \| long, ms \| `5` \| 0 and more \|/)
  })

  it('what a key means by default in each release is in one table', () => {
    expect(lines).to.include(`| key | ${clientReleases.join(' | ')} |`)
    expect(rowsOf('acks')[1]).to.equal('| `acks` | `1` | `1` | `1` | `1` | `all` | `all` |')
  })

  it('keys without their meaning in Node are in a table of their own, with the reason', () => {
    expect(rowsOf('auto.include.jmx.reporter')).to.deep.equal([
      '| `auto.include.jmx.reporter` | `true` |  | no effect | There is no JMX in Node. |',
    ])
  })
})

describe('scripts/config-docs.ts', () => {
  const root = fileURLToPath(new URL('../../', import.meta.url))
  let directory: string
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'config-docs-'))
    mkdirSync(join(directory, 'docs'))
  })
  after(() => rmSync(directory, { recursive: true }))

  function run(...args: string[]) {
    const script = join(root, 'scripts/config-docs.ts')
    const tsx = new URL('../../node_modules/tsx/dist/loader.mjs', import.meta.url).href
    return spawnSync(process.execPath, ['--import', tsx, script, ...args], {
      cwd: directory,
      encoding: 'utf8',
    })
  }

  it('rewrites outdated tables, and with --check only lists them and exits with 1', () => {
    const path = join(directory, 'docs/CONFIGURATION.md')
    const lines = ['config', 'security'].map((part) => `<!-- ${part}:begin -->\n<!-- ${part}:end -->\n`)
    const outdated = lines.join('')
    writeFileSync(path, outdated)
    const check = run('--check')
    const complaint = 'docs/CONFIGURATION.md is out of date with lib/config/: run npm run docs\n'
    expect([check.status, check.stderr]).to.deep.equal([1, complaint.repeat(2)])
    expect(readFileSync(path, 'utf8')).to.equal(outdated)
    expect(run().status).to.equal(0)
    expect(readFileSync(path, 'utf8')).to.include('`request.required.acks`')
    expect(run('--check').status).to.equal(0)
  })

  it('exits 1 on a document without its lines', () => {
    writeFileSync(join(directory, 'README.md'), '# no lines\n')
    const { status, stderr } = run('--check')
    expect([status, stderr]).to.deep.equal([
      1,
      'README.md needs a line <!-- config:begin --> and, below it, a line <!-- config:end -->\n',
    ])
  })
})

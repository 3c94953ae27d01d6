import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { expect } from 'chai'
import { start } from '../../lib/cli/start.js'
import { textOf } from './support/text-of.js'

describe('npm start', () => {
  let root = ''

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'start-'))
    mkdirSync(join(root, 'config'))
    writeFileSync(join(root, 'config', 'sample-messages.txt'), 'k\tGröße\nno key\nk\tagain\n')
    writeFileSync(join(root, 'config', 'producer.properties'), 'metadata.broker.list=localhost:9092\n')
  })

  afterEach(() => rmSync(root, { recursive: true }))

  async function output(...argv: string[]): Promise<{ status: number; text: string; errors: string }> {
    const [out, errors] = [new PassThrough(), new PassThrough()]
    const status = await start(argv, { input: Readable.from([]), output: out, errors }, root, '0.0.0')
    return { status, text: textOf(out), errors: textOf(errors) }
  }

  it('shows what an embedded cluster stored, in sync and in async mode', async () => {
    const { status, text } = await output()
    expect(status).to.equal(0)
    const rows = text.split('\n').filter((line) => line.startsWith('demo-'))
    const [sync, async] = ['demo-sync', 'demo-async'].map((topic) =>
      rows.filter((row) => row.startsWith(topic)),
    )
    for (const table of [sync!, async!]) {
      expect(table).to.have.lengthOf(3)
      expect(
        table.filter((row) => / k {2,}(Größe|again)$/.test(row)),
        table.join('\n'),
      ).to.have.lengthOf(2)
      expect(
        table.filter((row) => row.endsWith('(none)  no key')),
        table.join('\n'),
      ).to.have.lengthOf(1)
    }
  })

  it('shows KafkaProducer: where an awaited record was stored, and what a callback got', async () => {
    const { text } = await output()
    expect(text).to.match(/awaited: stored as demo-records-\d@0\n/)
    expect(text).to.match(/callback: stored as demo-records-\d@\d\n/)
    const rows = text.split('\n').filter((line) => /^demo-records {2}/.test(line))
    expect(rows.map((row) => row.split(/ {2,}/).slice(3)).sort()).to.deep.equal([
      ['(none)', 'with a callback'],
      ['user-7', 'awaited'],
    ])
  })

  it('shows that a read_committed reader gets the committed transaction and not the aborted one', async () => {
    const { text } = await output()
    const values = (level: string): (string | undefined)[] => {
      const table = text.slice(text.indexOf(`${level}:`)).split('\n\n')[1]!
      return table.split('\n').flatMap((row) => / {2}((?:committed|aborted) \d)$/.exec(row)?.[1] ?? [])
    }
    expect(values('read_uncommitted')).to.deep.equal(['committed 1', 'committed 2', 'aborted 1', 'aborted 2'])
    expect(values('read_committed')).to.deep.equal(['committed 1', 'committed 2'])
  })

  it('is the console producer when it has arguments', async () => {
    const { status, errors } = await output('--topic', 't')
    expect(status).to.equal(1)
    expect(errors).to.include('--broker-list is missing')
  })
})

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import sinon from 'sinon'
import { CsvReporter } from '../../lib/cli-perf/csv-reporter.js'
import { Tally } from '../../lib/cli-perf/tally.js'
import { ConfigError } from '../../lib/errors.js'

describe('CsvReporter', () => {
  let folder = ''
  let clock: sinon.SinonFakeTimers

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'csv-reporter-'))
    clock = sinon.useFakeTimers({
      toFake: ['setInterval', 'clearInterval', 'Date', 'performance'],
      now: 1e12,
    })
  })

  afterEach(() => rmSync(folder, { recursive: true }))

  it('writes a row every second and a last one', async () => {
    const tally = new Tally()
    const csv = new CsvReporter(folder, tally)
    tally.sent = 10
    tally.delivered = 7
    tally.failed = 1
    tally.bytes = 700
    clock.tick(1000)
    tally.sent = 11
    clock.tick(250)
    expect(await csv.close()).to.equal(null)
    expect(readFileSync(csv.path, 'utf8').split('\n')).to.deep.equal([
      'time.ms,elapsed.s,sent,delivered,failed,pending,delivered.bytes',
      '1000000001000,1.000,10,7,1,2,700',
      '1000000001250,1.250,11,7,1,3,700',
      '',
    ])
  })

  it('leaves alone what is already in the folder, which the original deleted', async () => {
    writeFileSync(join(folder, 'kept.csv'), 'kept')
    const csv = new CsvReporter(folder, new Tally())
    await csv.close()
    expect(readFileSync(join(folder, 'kept.csv'), 'utf8')).to.equal('kept')
    expect(readdirSync(folder)).to.have.lengthOf(2)
  })

  it('makes the folder, and overwrites no file of its own', async () => {
    const csv = new CsvReporter(join(folder, 'a', 'b'), new Tally())
    expect(() => new CsvReporter(join(folder, 'a', 'b'), new Tally())).to.throw(ConfigError, 'EEXIST')
    await csv.close()
    expect(readdirSync(join(folder, 'a', 'b'))).to.have.lengthOf(1)
  })

  it('fails at once where its folder cannot be written', () => {
    writeFileSync(join(folder, 'file'), '')
    const where = join(folder, 'file')
    expect(() => new CsvReporter(where, new Tally())).to.throw(ConfigError, `--metrics-dir ${where}: no file`)
  })
})

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { readRun, runJson } from '../../../lib/cli-perf/report/run-file.js'
import { ConfigError } from '../../../lib/errors.js'
import { report } from '../support/reports.js'
import { result, sample } from '../support/results.js'

describe('The file of --report-json', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'run-'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  const refusalOf = async (text: string): Promise<string> => {
    const path = join(folder, 'run.json')
    writeFileSync(path, text)
    const error: unknown = await readRun(path).catch((caught: unknown) => caught)
    expect(error).to.be.instanceOf(ConfigError)
    return (error as ConfigError).message.replace(path, 'FILE')
  }

  it('is read again as the run that was written', async () => {
    const path = join(folder, 'run.json')
    const written = report({
      producer: 'KafkaProducer',
      samples: [sample(100), sample(200, { latency: null })],
    })
    writeFileSync(path, runJson(written))
    const { name, producer, result: figures, samples, options, settings, environment } = await readRun(path)
    expect([name, producer]).to.deep.equal([path, 'KafkaProducer'])
    expect(figures).to.deep.equal(result())
    expect(samples).to.deep.equal(written.samples)
    expect([options, settings, environment]).to.deep.equal([
      { '--messages': '30000' },
      { 'client.id': 'producer-performance' },
      { 'Node.js': 'v20' },
    ])
  })

  it('is refused by name where another file is given', async () => {
    const none = 'is no file of --report-json'
    expect(await refusalOf('start.time, secret')).to.equal(`--compare FILE ${none}: it is not JSON`)
    for (const text of ['[]', '7', 'null', '{"name":"x"}']) {
      expect(await refusalOf(text), text).to.equal(`--compare FILE ${none}`)
    }
    const missing: unknown = await readRun(join(folder, 'missing')).catch((caught: unknown) => caught)
    expect(missing).to.be.instanceOf(ConfigError)
    expect((missing as ConfigError).message).to.match(/missing cannot be read \(ENOENT\)$/)
  })

  it('is refused where it is of another version or damaged, with the part that is wrong', async () => {
    const run = JSON.parse(runJson(report())) as Record<string, Record<string, unknown>>
    const rows: [Record<string, unknown>, string][] = [
      [{ formatVersion: 2 }, 'is of another version of this tool'],
      [{ samples: [{ endMs: 1 }] }, 'is damaged: samples is missing'],
      [{ result: { ...run.result, delivered: 'many' } }, 'is damaged: result.delivered is missing'],
      [{ result: { ...run.result, latency: { p50Ms: 1 } } }, 'is damaged: result.latency is missing'],
      [{ settings: { a: 1 } }, 'is damaged: settings is missing'],
      [{ result: undefined }, 'is damaged: result'],
    ]
    for (const [changed, text] of rows) {
      expect(await refusalOf(JSON.stringify({ ...run, ...changed }))).to.include(text)
    }
  })
})

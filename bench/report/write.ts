/** Keeps reports as JSON, and writes page, charts and the README's table from all that are kept. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import { join } from 'node:path'
import { withPart } from '../../scripts/generated-part.js'
import { projectFolder } from '../support/build.js'
import { chartSvg } from './charts.js'
import { benchmarksPage, headlineTable } from './page.js'
import type { Environment, Findings, Report } from './report.js'

export const PUBLISHED_FOLDER = join(projectFolder, 'docs/benchmarks')
const README = join(projectFolder, 'README.md')
const README_PART = 'bench'
const GB = 2 ** 30

export function environmentNow(command: string, isQuick: boolean): Environment {
  return {
    date: new Date().toISOString().slice(0, 10),
    node: process.version,
    cores: os.cpus().length,
    memoryGb: Math.round(os.totalmem() / GB),
    command,
    isQuick,
  }
}

export function keep(folder: string, part: string, findings: Findings, environment: Environment): void {
  mkdirSync(folder, { recursive: true })
  const { drawings = {}, ...figures } = findings
  const report: Report = { part, environment, ...figures }
  writeFileSync(join(folder, `${part}.json`), `${JSON.stringify(report, null, 2)}\n`)
  for (const chart of findings.charts) {
    writeFileSync(join(folder, `${chart.name}.svg`), drawings[chart.name] ?? chartSvg(chart))
  }
}

/** @param order - of the parts. The README's table is that of the published folder alone. */
export function writePages(folder: string, order: readonly string[]): void {
  const reports = reportsIn(folder)
  writeFileSync(join(folder, 'index.md'), benchmarksPage(reports, order))
  if (folder !== PUBLISHED_FOLDER) return
  const part = { document: 'README.md', name: README_PART, content: headlineTable(reports, order) }
  writeFileSync(README, withPart(readFileSync(README, 'utf8'), part))
}

function reportsIn(folder: string): Report[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Report)
}

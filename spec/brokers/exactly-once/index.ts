/**
 * The command `npm run test:exactly-once`: minutes of faults on real clusters, and a table of what came of it. Exits 1 when
 * anything was lost, twice, out of order or seen though aborted, and when a mutant of the library was not caught.
 *
 *     npm run test:exactly-once -- --versions 0.11.0.3,2.8.2,4.3.1 --minutes 3 --seed 1 --write
 *     npm run test:exactly-once -- --mutants
 *
 * One cluster at a time, for each version both kinds of traffic; or the mutants of the library, each of which has to be caught. The order of faults follows from the seed; where they meet the
 * traffic does not, so a seed is no exact repetition.
 */
import path from 'node:path'
import { parseArgs } from 'node:util'
import { writeExactlyOnceDocs } from '../../../scripts/exactly-once-docs.js'
import { mutantsTable, runsTable } from '../../../scripts/exactly-once-tables.js'
import type { Violation } from '../../support/exactly-once/check-history.js'
import { copyWithEdits, LIBRARY_MUTANTS } from '../../support/exactly-once/library-mutants.js'
import { KafkaCluster } from '../support/index.js'
import { raiseTransactionVersion } from '../support/transaction-version.js'
import { BROKER_FAULTS } from './broker-faults.js'
import { addMutants, addRuns, countByKind, type MutantRow, type RunRow, rowOf } from './results.js'
import { type RunOptions, type RunResult, runExactlyOnce, SAFE_SETTINGS } from './run.js'

const KINDS = ['idempotent', 'transactional'] as const
const MUTANT_VERSION = '2.8.2'
const MUTANT_SECONDS = 40
const MUTANT_ATTEMPTS = 3
const MUTANT_PRODUCER_FAULT_EVERY_MS = 3000
/** Beyond the time of a run: starts, the last recovery, reading back. */
const SLACK_MS = 300_000
const SHOWN_VIOLATIONS = 20

const { values } = parseArgs({
  options: {
    versions: { type: 'string', default: '0.11.0.3,2.8.2,4.3.1' },
    minutes: { type: 'string', default: '3' },
    seed: { type: 'string', default: String(Math.floor(Date.now() / 1000) % 100_000) },
    mutants: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    write: { type: 'boolean', default: false },
  },
})
const seconds = Math.round(Number(values.minutes) * 60)
const seed = Number(values.seed)

async function main(): Promise<boolean> {
  say(`seed ${seed}`)
  return values.mutants ? mutants() : runs()
}

async function runs(): Promise<boolean> {
  const rows: RunRow[] = []
  for (const version of values.versions.split(',')) rows.push(...(await runsOn(version)))
  say(`\n${runsTable(rows)}`)
  if (values.write) addRuns({ ...made(), rows })
  return rows.every(({ violations }) => Object.values(violations).every((count) => count === 0))
}

async function mutants(): Promise<boolean> {
  const rows = await mutantRows()
  say(`\n${mutantsTable(rows)}`)
  const about = { version: MUTANT_VERSION, seconds: MUTANT_SECONDS }
  if (values.write)
    addMutants(
      { ...made(), ...about, rows },
      LIBRARY_MUTANTS.map(({ title }) => title),
    )
  return rows.every(({ violations }) => Object.keys(violations).length > 0)
}

async function runsOn(version: string): Promise<RunRow[]> {
  const rows: RunRow[] = []
  await withCluster(version, async (cluster) => {
    for (const traffic of KINDS) {
      const hasVersion2 = traffic === 'transactional' && version.startsWith('4.')
      const result = await runExactlyOnce({
        cluster,
        kind: traffic,
        topic: traffic,
        seconds,
        seed,
        brokerFaults: BROKER_FAULTS,
        ...(hasVersion2 && { halfway: () => raiseTransactionVersion(portOf(cluster)) }),
      })
      const row = rowOf({ version, traffic, seconds }, result)
      say(`${version} ${traffic}: ${JSON.stringify(row)}`)
      report(result.violations, cluster)
      rows.push(row)
    }
  })
  return rows
}

/** Each whose title has `--only` in it has to be caught; one that was not has another attempt, because a fault has to meet it. */
async function mutantRows(): Promise<MutantRow[]> {
  const rows: MutantRow[] = []
  await withCluster(MUTANT_VERSION, async (cluster) => {
    for (const [i, { title, traffic, faults, fixed, edits }] of LIBRARY_MUTANTS.entries()) {
      if (!title.includes(values.only)) continue
      const library = copyWithEdits(path.resolve('.'), path.join(cluster.folder, `mutant-${i}`), edits)
      let result: Pick<RunResult, 'violations'> = { violations: [] }
      for (let attempt = 0; attempt < MUTANT_ATTEMPTS && result.violations.length === 0; attempt++) {
        result = await mutantRun({
          cluster,
          kind: traffic,
          topic: `mutant-${i}-${attempt}`,
          seconds: MUTANT_SECONDS,
          seed: seed + attempt,
          library,
          ...(fixed && { fixed }),
          brokerFaults: faults,
          producerFaultEveryMs: MUTANT_PRODUCER_FAULT_EVERY_MS,
        })
      }
      const counts = Object.entries(countByKind(result)).filter(([, count]) => count > 0)
      const row = { title, traffic, violations: Object.fromEntries(counts) }
      say(`mutant: ${JSON.stringify(row)}`)
      rows.push(row)
    }
  })
  return rows
}

/** A run that broke off shows nothing. */
async function mutantRun(options: RunOptions): Promise<Pick<RunResult, 'violations'>> {
  try {
    return await runExactlyOnce(options)
  } catch (error) {
    say(`a run with a mutant broke off: ${(error as Error).message}`)
    return { violations: [] }
  }
}

async function withCluster(version: string, work: (cluster: KafkaCluster) => Promise<void>): Promise<void> {
  const cluster = await KafkaCluster.start({ version, brokers: 3, config: SAFE_SETTINGS })
  let timer: NodeJS.Timeout | undefined
  const runsAtMost = values.mutants ? LIBRARY_MUTANTS.length * MUTANT_ATTEMPTS : KINDS.length
  const limitMs = runsAtMost * (Math.max(seconds, MUTANT_SECONDS) * 1000 + SLACK_MS)
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`the runs on ${version} have not ended in ${limitMs} ms`)),
      limitMs,
    )
  })
  try {
    await Promise.race([work(cluster), tooLate])
  } catch (error) {
    cluster.keep('a run broke off')
    throw error
  } finally {
    clearTimeout(timer)
    await cluster.stop()
  }
}

function made(): { date: string; command: string; seed: number } {
  const options = process.argv.slice(2).filter((text) => text !== '--write')
  const command = ['npm run test:exactly-once --', ...options].join(' ')
  return { date: new Date().toISOString().slice(0, 10), command, seed }
}

function report(violations: readonly Violation[], cluster: KafkaCluster): void {
  if (violations.length === 0) return
  cluster.keep('violations were found; the journals of the producers are there, too')
  for (const { kind, text } of violations.slice(0, SHOWN_VIOLATIONS)) say(`  ${kind}: ${text}`)
  if (violations.length > SHOWN_VIOLATIONS) say(`  … ${violations.length} in all`)
}

const portOf = (cluster: KafkaCluster): number => Number(cluster.bootstrap[0]!.split(':')[1])

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}

process.exitCode = (await main()) ? 0 : 1
if (values.write) writeExactlyOnceDocs(false)

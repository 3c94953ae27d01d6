/**
 * `npm run bench` measures everything and writes `docs/benchmarks/` and the table of the README; `npm run bench -- PART …`
 * measures some of it, `npm run bench -- --help` lists the parts and options.
 *
 * Every figure is a ratio within one interleaved run, or stands beside one: absolute figures belong to one machine on one day.
 */
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import type { Context, Part } from './context.js'
import { plainTable } from './report/tables.js'
import { environmentNow, keep, PUBLISHED_FOLDER, writePages } from './report/write.js'
import { buildProduct, buildPrograms, productNamed } from './support/build.js'
import { KafkaBrokers } from './support/kafka-brokers.js'
import { NullBrokers } from './support/null-broker.js'

/** In the order of the page. */
const parts: Readonly<Record<string, () => Promise<{ readonly part: Part }>>> = {
  floor: () => import('./parts/floor.js'),
  peers: () => import('./parts/peers.js'),
  'kafka-producer': () => import('./parts/kafka-producer.js'),
  tls: () => import('./parts/tls.js'),
  'in-flight': () => import('./parts/in-flight.js'),
  latency: () => import('./parts/latency.js'),
  codecs: () => import('./parts/codecs.js'),
  growth: () => import('./parts/growth.js'),
  memory: () => import('./parts/memory.js'),
  refresh: () => import('./parts/refresh.js'),
  outage: () => import('./parts/outage.js'),
  console: () => import('./parts/console.js'),
  metrics: () => import('./parts/metrics.js'),
  crc: () => import('./parts/crc.js'),
}

/** Names for what is asked for often. */
const shortcuts: Readonly<Record<string, { readonly part: string; readonly only: string }>> = {
  'single-message': { part: 'peers', only: 'one message per call' },
}

const options = {
  quick: { type: 'boolean', default: false },
  rounds: { type: 'string' },
  product: { type: 'string', multiple: true, default: [] as string[] },
  only: { type: 'string', multiple: true, default: [] as string[] },
  out: { type: 'string' },
  help: { type: 'boolean', default: false },
} as const

const usage = `npm run bench -- [PART …] [options]

  --quick              short samples, one round: all parts that have a quick form take less than two minutes
  --rounds N           interleaved rounds, instead of a part's own number
  --only TEXT          only rows, tables or dimensions whose name contains it; may be repeated
  --product NAME=DIR   a built product (a folder with dist/) instead of this one; with several they are compared with each
                       other in one interleaved run, and nothing is published
  --out DIR            writes pages there instead of docs/benchmarks

Parts, and about how long each takes on two cores (in full; quick):
`

async function help(): Promise<string> {
  const lines = await Promise.all(
    Object.entries(parts).map(async ([name, load]) => {
      const { what, takes, takesQuick } = (await load()).part
      return `  ${name.padEnd(14)} ${what} (${takes}; ${takesQuick ?? 'by name only'})`
    }),
  )
  return `${usage}${lines.join('\n')}\n  single-message of peers what sends one message per call; not together with parts`
}

async function main(): Promise<void> {
  const args = process.argv.slice(2)
  const { values, positionals } = parseArgs({ args, options, allowPositionals: true })
  const shortcut = positionals.length === 1 ? shortcuts[positionals[0]!] : undefined
  const wanted = shortcut ? [shortcut.part] : positionals
  const only = shortcut ? [...values.only, shortcut.only] : values.only
  const unknown = wanted.filter((name) => !Object.hasOwn(parts, name))
  if (values.help || unknown.length > 0) {
    console.log(await help())
    const isShortcut = unknown.some((name) => Object.hasOwn(shortcuts, name))
    if (isShortcut) throw new Error(`${Object.keys(shortcuts).join(', ')} cannot be run together with parts`)
    if (unknown.length > 0) throw new Error(`there is no part ${unknown.join(', ')}`)
    return
  }
  const products = values.product.map(productNamed)
  if (products.length === 0) products.push(await buildProduct())
  await buildPrograms()
  const isPartial = values.product.length > 0 || only.length > 0
  const folder = values.out ? resolve(values.out) : isPartial ? null : PUBLISHED_FOLDER
  const nullBrokers = new NullBrokers()
  const kafkaBrokers = new KafkaBrokers()
  const command = ['npm run bench', ...(args.length > 0 ? ['--', ...args] : [])].join(' ')
  const environment = environmentNow(command, values.quick)
  const context = {
    isQuick: values.quick,
    products,
    only,
    nullBrokers,
    kafkaBrokers,
    log: (text: string) => console.error(text),
  }
  try {
    for (const name of wanted.length > 0 ? wanted : Object.keys(parts)) {
      const { part } = await parts[name]!()
      if (wanted.length === 0 && values.quick && part.takesQuick === null) continue
      const rounds = values.rounds === undefined ? part.rounds[values.quick ? 1 : 0] : roundsOf(values.rounds)
      await runPart(name, part, { ...context, rounds }, folder, environment)
    }
  } finally {
    await nullBrokers.stop()
    await kafkaBrokers.stop()
  }
}

/** @throws {Error} unless it is a whole number from 1 on. */
function roundsOf(text: string): number {
  const rounds = Number(text)
  if (Number.isInteger(rounds) && rounds > 0) return rounds
  throw new Error(`--rounds takes a whole number from 1 on, not ${text}`)
}

async function runPart(
  name: string,
  part: Part,
  context: Context,
  folder: string | null,
  environment: ReturnType<typeof environmentNow>,
): Promise<void> {
  const startMs = performance.now()
  const findings = await part.run(context)
  context.log(`${name} took ${((performance.now() - startMs) / 1000).toFixed(0)} s`)
  if (!findings) return
  console.log(`\n${findings.title}`)
  for (const table of findings.tables) console.log(`\n${[table.title, plainTable(table)].join('\n')}`)
  if (folder === null) return
  keep(folder, name, findings, environment)
  writePages(folder, Object.keys(parts))
}

await main()

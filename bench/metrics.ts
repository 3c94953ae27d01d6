/**
 * Claim: metrics cost so little that there is no switch to turn them off.
 *
 * One `send()` per message of 100 bytes, acks 1, to a counting sink: as it is, and with everything that counts
 * replaced by nothing; messages per second of processor time. Each run has a process of its own; each round runs both,
 * the first one in turn, and gives one ratio. The median of the ratios counts; how far they lie apart says how far to
 * trust it.
 */
import { parseArgs } from 'node:util'
import { type Client, measure, median, startSink } from './single-message.js'

const modes: readonly Client[] = [
  { name: 'metered-async', script: 'metered', messages: 2_000_000 },
  { name: 'metered-async-deliver', script: 'metered', messages: 800_000 },
  { name: 'metered-sync-1000', script: 'metered', messages: 800_000 },
  { name: 'metered-sync-1', script: 'metered', messages: 20_000 },
]

interface Round {
  readonly metered: number
  readonly stubbed: number
}

async function round(mode: Client, bootstrap: string, isMeteredFirst: boolean): Promise<Round> {
  const stub = { ...mode, name: `${mode.name}-stubbed` }
  const figures = new Map<Client, number>()
  for (const client of isMeteredFirst ? [mode, stub] : [stub, mode]) {
    figures.set(client, (await measure(client, bootstrap)) ?? Number.NaN)
  }
  return { metered: figures.get(mode)!, stubbed: figures.get(stub)! }
}

export async function run(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({ args: [...args], options: { rounds: { type: 'string', default: '7' } } })
  const sink = await startSink()
  console.log('One message of 100 bytes per send(), acks 1, counting sink; messages per CPU second, medians')
  console.log('mode                     with metrics       without   with : without   ratios of the rounds')
  try {
    for (const mode of modes) {
      const rounds: Round[] = []
      for (let i = 0; i < Number(values.rounds); i++) {
        rounds.push(await round(mode, sink.bootstrap, i % 2 === 0))
      }
      print(mode, rounds)
    }
  } finally {
    await sink.stop()
  }
}

function print({ name }: Client, rounds: readonly Round[]): void {
  const ratios = rounds.map(({ metered, stubbed }) => metered / stubbed)
  const row = [
    name.replace('metered-', '').padEnd(22),
    median(rounds.map(({ metered }) => metered))
      .toFixed(0)
      .padStart(14),
    median(rounds.map(({ stubbed }) => stubbed))
      .toFixed(0)
      .padStart(13),
    median(ratios).toFixed(3).padStart(16),
  ]
  console.log(row.join(' '), ' ', ratios.map((ratio) => ratio.toFixed(2)).join(' '))
}

/**
 * Claim: nothing on npm sends single messages faster.
 *
 * One `send()` per message of 100 bytes, acks 1, each client in a process of its own, one after the other, against
 * the same broker: a real Kafka 2.8.2, or a counting sink (`--sink 0.8`, `--sink 2.8`) to which only our client and
 * no-kafka are let. Rounds are interleaved and the median counts.
 */
import { execFile, fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs, promisify } from 'node:util'
import { KafkaCluster } from '../spec/brokers/support/index.js'

const peersFolder = fileURLToPath(new URL('./peers', import.meta.url))
const VALUE_BYTES = 100

export interface Client {
  readonly name: string
  /** Messages per round, few enough that a slow client ends within seconds. */
  readonly messages: number
}

const ours: readonly Client[] = [
  { name: 'ours-async', messages: 1_000_000 },
  { name: 'ours-async-deliver', messages: 400_000 },
  { name: 'ours-sync-1000', messages: 400_000 },
  { name: 'ours-sync-1', messages: 10_000 },
]
const peers: readonly Client[] = [
  { name: 'kafkajs-1000', messages: 30_000 },
  { name: 'no-kafka-1000', messages: 60_000 },
]

async function installPeers(): Promise<void> {
  if (existsSync(`${peersFolder}/node_modules/kafkajs`)) return
  await promisify(execFile)('npm', ['install', '--no-audit', '--no-fund', '--no-package-lock'], {
    cwd: peersFolder,
  })
}

/** @returns messages per second, or null when the client failed. */
export async function measure(client: Client, bootstrap: string): Promise<number | null> {
  const script = fileURLToPath(new URL(`./clients/${client.name.replace(/-.*/, '')}.ts`, import.meta.url))
  const child = fork(script, [client.name, bootstrap, String(client.messages), String(VALUE_BYTES)], {
    execArgv: ['--import', 'tsx'],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    timeout: 120_000,
  })
  const [result] = await Promise.race([once(child, 'message'), once(child, 'exit').then(() => [null])])
  if (child.exitCode === null) child.kill()
  return result as number | null
}

export type SinkEra = '0.8' | '2.8'

export async function startSink(era: SinkEra = '2.8'): Promise<{ bootstrap: string; stop(): Promise<void> }> {
  const script = fileURLToPath(new URL('./support/sink.ts', import.meta.url))
  const child = fork(script, [era], { execArgv: ['--import', 'tsx'] })
  const [port] = await once(child, 'message')
  return {
    bootstrap: `127.0.0.1:${port}`,
    stop: async () => {
      child.disconnect()
      await once(child, 'exit')
    },
  }
}

async function startKafka(): Promise<{ bootstrap: string; stop(): Promise<void> }> {
  const cluster = await KafkaCluster.start({ version: '2.8.2' })
  await cluster.createTopic('bench', { partitions: 4 })
  return { bootstrap: cluster.bootstrap.join(','), stop: () => cluster.stop() }
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}

export async function run(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: { sink: { type: 'string' }, rounds: { type: 'string', default: '3' } },
  })
  await installPeers()
  const clients = values.sink ? [...ours, peers[1]!] : [...ours, ...peers]
  const broker = values.sink ? await startSink(values.sink as SinkEra) : await startKafka()
  const figures = new Map<string, number[]>(clients.map(({ name }) => [name, []]))
  try {
    for (let round = 0; round < Number(values.rounds); round++) {
      for (const client of clients) {
        const figure = await measure(client, broker.bootstrap)
        if (figure !== null) figures.get(client.name)!.push(figure)
      }
    }
  } finally {
    await broker.stop()
  }
  print(figures, values.sink ? `counting sink of Kafka ${values.sink}` : 'real Kafka 2.8.2')
}

function print(figures: ReadonlyMap<string, readonly number[]>, broker: string): void {
  const best = Math.max(...peers.map(({ name }) => median(figures.get(name) ?? [])).filter(Number.isFinite))
  console.log(`One message of ${VALUE_BYTES} bytes per send(), acks 1, ${broker}; median of the rounds`)
  console.log('client                 messages/s   × the best peer   rounds')
  for (const [name, rounds] of figures) {
    const figure = median(rounds)
    const row = [name.padEnd(22), figure.toFixed(0).padStart(10), (figure / best).toFixed(1).padStart(17)]
    console.log(row.join(' '), ' ', rounds.map((one) => one.toFixed(0)).join(' '))
  }
}

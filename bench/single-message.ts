/**
 * Claim: nothing in JavaScript on npm sends single messages faster, and how far off the native client is.
 *
 * One `send()` per message of 100 bytes, acks 1, each client in a process of its own, one after the other, against
 * the same broker: a real Kafka 2.8.2, or a counting sink (`--sink 0.8`, `--sink 2.8`) to which only our client and
 * no-kafka are let. Rounds are interleaved and the median counts. A peer that cannot be had is left out and named:
 * node-rdkafka is compiled at the first run, for minutes, and @platformatic/kafka needs Node 22.22.
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
  /** Its file in `clients`. */
  readonly script: string
  /** Messages per round, few enough that a slow client ends within seconds. */
  readonly messages: number
  /** Works on threads of its own, in C. */
  readonly isNative?: true
}

const ours: readonly Client[] = [
  { name: 'ours-async', script: 'ours', messages: 1_000_000 },
  { name: 'ours-async-by-1000', script: 'ours', messages: 1_000_000 },
  { name: 'ours-async-by-1000-events', script: 'ours', messages: 1_000_000 },
  { name: 'ours-async-deliver', script: 'ours', messages: 400_000 },
  { name: 'ours-sync-1000', script: 'ours', messages: 400_000 },
  { name: 'ours-sync-1', script: 'ours', messages: 10_000 },
]
const peers: readonly Client[] = [
  { name: 'node-rdkafka', script: 'node-rdkafka', messages: 1_000_000, isNative: true },
  { name: 'node-rdkafka-reports', script: 'node-rdkafka', messages: 500_000, isNative: true },
  { name: 'no-kafka-1000', script: 'no-kafka', messages: 60_000 },
  { name: 'kafkajs-1000', script: 'kafkajs', messages: 30_000 },
  { name: 'kafka-node-1000', script: 'kafka-node', messages: 30_000 },
  { name: 'platformatic-1000', script: 'platformatic', messages: 30_000 },
]

async function installPeers(): Promise<void> {
  if (existsSync(`${peersFolder}/node_modules/@platformatic/kafka`)) return
  console.log('installing the other clients; node-rdkafka is compiled, which takes minutes')
  await promisify(execFile)('npm', ['install', '--no-audit', '--no-fund', '--no-package-lock'], {
    cwd: peersFolder,
    // Its build does not get along with parallel jobs.
    env: { ...process.env, JOBS: '1' },
  })
}

/** @returns messages per second, or null when the client failed. */
export async function measure(client: Client, bootstrap: string): Promise<number | null> {
  const script = fileURLToPath(new URL(`./clients/${client.script}.ts`, import.meta.url))
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
  const clients = values.sink
    ? [...ours, ...peers.filter(({ script }) => script === 'no-kafka')]
    : [...ours, ...peers]
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
  const inJavaScript = peers.filter(({ isNative }) => !isNative)
  const best = Math.max(
    ...inJavaScript.map(({ name }) => median(figures.get(name) ?? [])).filter(Number.isFinite),
  )
  console.log(`One message of ${VALUE_BYTES} bytes per send(), acks 1, ${broker}; median of the rounds.`)
  console.log('Ratios are to the best peer in JavaScript.')
  console.log('client                     messages/s   ratio   rounds')
  for (const [name, rounds] of figures) {
    if (rounds.length === 0) {
      console.log(`${name.padEnd(26)} cannot be had here`)
      continue
    }
    const figure = median(rounds)
    const row = [name.padEnd(26), figure.toFixed(0).padStart(10), (figure / best).toFixed(1).padStart(7)]
    console.log(row.join(' '), ' ', rounds.map((one) => one.toFixed(0)).join(' '))
  }
}

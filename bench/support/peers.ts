/** The other clients: which there are, how they are installed, and what runs them. */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { peersFolder } from './build.js'

export interface Peer {
  readonly name: string
  /** On npm, with the version of `bench/peers/package.json`. */
  readonly package: string
  /** In `bench/programs/peers`. */
  readonly program: string
  /** Needs a newer Node than this package does; the one that is installed beside the clients is used. */
  readonly needsNewNode?: true
}

export const peers = {
  kafkajs: { name: 'kafkajs 2.2.4', package: 'kafkajs', program: 'kafkajs' },
  kafkaNode: { name: 'kafka-node 5.0.0', package: 'kafka-node', program: 'kafka-node' },
  noKafka: { name: 'no-kafka 3.4.4', package: 'no-kafka', program: 'no-kafka' },
  platformatic: {
    name: '@platformatic/kafka 2.12.1, on Node 24',
    package: '@platformatic/kafka',
    program: 'platformatic',
    needsNewNode: true,
  },
  rdkafka: { name: 'node-rdkafka 3.6.1, native', package: 'node-rdkafka', program: 'node-rdkafka' },
  confluent: {
    name: '@confluentinc/kafka-javascript 1.10.1, native',
    package: '@confluentinc/kafka-javascript',
    program: 'confluent',
  },
} as const satisfies Record<string, Peer>

export function isInstalled({ package: name, needsNewNode }: Peer): boolean {
  return existsSync(join(peersFolder, 'node_modules', name)) && (!needsNewNode || newNode() !== undefined)
}

/** The newer Node that is installed beside the clients. */
export function newNode(): string | undefined {
  const file = join(peersFolder, 'node_modules/node/bin/node')
  return existsSync(file) ? file : undefined
}

/** Installs what is not there. Clients that cannot be installed stay out; the native ones are compiled for minutes. */
export async function installPeers(log: (text: string) => void): Promise<void> {
  if (existsSync(join(peersFolder, 'node_modules'))) return
  log('installing the other clients into bench/peers: the native ones are compiled, which takes minutes')
  try {
    await promisify(execFile)('npm', ['install', '--no-audit', '--no-fund', '--no-package-lock'], {
      cwd: peersFolder,
      // The build of node-rdkafka does not get along with parallel jobs; the other one links what the system has.
      env: { ...process.env, JOBS: '1', CKJS_LINKING: 'dynamic' },
    })
  } catch (error) {
    log(`the other clients are left out: ${(error as Error).message.split('\n')[0]}`)
  }
}

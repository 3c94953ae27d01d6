/**
 * Runs the contract on one real broker: creates all topics, writes all cases, then reads everything back at once.
 *
 * Three readers judge: the FileRecords reader sees every byte; DumpLogSegments and the console consumer of the broker's
 * own version, where they exist, see what a user of that version would.
 */
import { appendFileSync } from 'node:fs'
import path from 'node:path'
import { type Logger, Producer } from '../../../lib/index.js'
import { KafkaCluster } from '../support/index.js'
import { contractCases } from './cases/index.js'
import { compareContents, compareInFull } from './compare.js'
import {
  appliesTo,
  type CaseOutcome,
  type ContractCase,
  type ContractContext,
  type ExpectedTopic,
  magicOf,
  PARTITIONS,
  type Scope,
} from './contract-case.js'
import { createTopics } from './create-topics.js'
import { dumpTopics } from './read-with-tools.js'

export interface CaseResult {
  readonly case: ContractCase
  /** Null: the contract held. */
  error: Error | null
  /** See {@link CaseOutcome}. */
  readonly figure?: string
}

const CASE_LIMIT_MS = 60_000
const CLOSE_LIMIT_MS = 20_000

/** Of the old brokers; kept the same everywhere, so that 900 KB fit and 1.5 MB do not. */
const BROKER_CONFIG = { 'num.partitions': PARTITIONS, 'message.max.bytes': 1_000_012 }
/** The topic that the console consumer reads: the only tool that asks a broker. */
const CONSUMED = 'sync-acks-all'

const quiet: Logger = { debug() {}, info() {}, warn() {}, error() {} }

export function casesFor(version: string): ContractCase[] {
  return contractCases.filter((one) => appliesTo(one, version))
}

/** Never rejects because of a case; rejects when the broker does not start or cannot be read. */
export async function runContract(version: string, scope: Scope): Promise<ReadonlyMap<string, CaseResult>> {
  const cluster = await KafkaCluster.start({ version, config: BROKER_CONFIG })
  try {
    const results = await new ContractRun(cluster, scope).run()
    if ([...results.values()].some(({ error }) => error !== null)) cluster.keep('the contract was not kept')
    return results
  } finally {
    await cluster.stop()
  }
}

class ContractRun {
  readonly #cluster: KafkaCluster
  readonly #scope: Scope
  readonly #results = new Map<string, CaseResult>()
  /** What the readers are to find, and whom it concerns. */
  readonly #expected: { readonly result: CaseResult; readonly topic: ExpectedTopic }[] = []

  constructor(cluster: KafkaCluster, scope: Scope) {
    this.#cluster = cluster
    this.#scope = scope
  }

  async run(): Promise<ReadonlyMap<string, CaseResult>> {
    const cases = casesFor(this.#cluster.version.version)
    await this.#createTopics(cases)
    for (const one of cases) if (!one.needsNoAutoCreation) await this.#write(one)
    await this.#readInFull()
    await this.#dump()
    if (this.#scope === 'full') await this.#consume()
    await this.#restartWithoutAutoCreation()
    for (const one of cases) if (one.needsNoAutoCreation) await this.#write(one)
    return this.#results
  }

  async #createTopics(cases: readonly ContractCase[]): Promise<void> {
    const plain = cases.filter(({ topicConfig }) => !topicConfig).flatMap(({ topics = [] }) => topics)
    await createTopics(this.#cluster.bootstrap[0]!, plain)
    for (const { topics = [], topicConfig } of cases) {
      if (!topicConfig) continue
      for (const topic of topics)
        await this.#cluster.createTopic(topic, { partitions: PARTITIONS, config: topicConfig })
    }
  }

  async #write(one: ContractCase): Promise<void> {
    let outcome: CaseOutcome = {}
    let error: Error | null = null
    try {
      outcome = await writeOnce(one, this.#cluster, this.#scope)
    } catch (thrown) {
      error = thrown instanceof Error ? thrown : new Error(String(thrown))
    }
    const { topics = [], figure } = outcome
    const result = { case: one, error, ...(figure !== undefined && { figure }) }
    this.#results.set(one.name, result)
    for (const topic of topics) this.#expected.push({ result, topic })
  }

  async #readInFull(): Promise<void> {
    const magic = magicOf(this.#cluster.version.version)
    for (const { result, topic } of this.#expected) {
      await judge(result, async () => compareInFull(topic, await this.#cluster.readTopic(topic.topic), magic))
    }
  }

  async #dump(): Promise<void> {
    const texts = this.#expected.filter(({ topic }) => topic.isText)
    const dumped = await dumpTopics(
      this.#cluster,
      texts.map(({ topic }) => topic.topic),
    )
    if (dumped === null) return
    for (const { result, topic } of texts) {
      await judge(result, async () => compareContents(topic, dumped.get(topic.topic) ?? []))
    }
  }

  async #consume(): Promise<void> {
    const entry = this.#expected.find(({ topic }) => topic.topic === CONSUMED)
    if (!entry || this.#cluster.version.consoleConsumer === null) return
    const { records } = entry.topic
    await judge(entry.result, async () => {
      const consumed = await this.#cluster.consumeTopic(CONSUMED, records.length)
      const lines = (list: readonly { key: Buffer | null; value: Buffer | null }[]) =>
        list.map(({ key, value }) => `${key}=${value}`).sort()
      if (lines(consumed).join('\n') !== lines(records).join('\n'))
        throw new Error(`the console consumer of this version reads something else in ${CONSUMED}`)
    })
  }

  /** In a properties file the last line wins. */
  async #restartWithoutAutoCreation(): Promise<void> {
    await this.#cluster.stopBroker(1)
    appendFileSync(
      path.join(this.#cluster.folder, 'broker-1.properties'),
      'auto.create.topics.enable=false\n',
    )
    await this.#cluster.startBroker(1)
  }
}

/** The first problem of a case is the one that is reported. */
async function judge(result: CaseResult, check: () => Promise<void>): Promise<void> {
  if (result.error !== null) return
  try {
    await check()
  } catch (error) {
    result.error = error as Error
  }
}

/** Writes one case within the time limit, and closes its producers. */
async function writeOnce(one: ContractCase, cluster: KafkaCluster, scope: Scope): Promise<CaseOutcome> {
  const producers: Producer<never, never>[] = []
  const address = cluster.bootstrap[0]!
  const context: ContractContext = {
    version: cluster.version.version,
    scope,
    address,
    producer(settings = {}, options = {}) {
      const text = Object.entries({ ...defaultSettings(address), ...settings }).map(([k, v]) => [
        k,
        String(v),
      ])
      const producer = new Producer<never, never>(Object.fromEntries(text), { logger: quiet, ...options })
      producers.push(producer)
      return producer as never
    },
  }
  try {
    return await limited(one.write(context))
  } finally {
    await Promise.all(producers.map((producer) => producer.close({ timeoutMs: CLOSE_LIMIT_MS })))
  }
}

function defaultSettings(address: string) {
  return {
    'metadata.broker.list': address,
    'serializer.class': 'kafka.serializer.StringEncoder',
    'request.required.acks': 1,
  }
}

async function limited<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<never>((_, reject) => {
    const late = () => reject(new Error(`the case took longer than ${CASE_LIMIT_MS} ms`))
    timer = setTimeout(late, CASE_LIMIT_MS)
  })
  try {
    return await Promise.race([work, limit])
  } finally {
    clearTimeout(timer)
  }
}

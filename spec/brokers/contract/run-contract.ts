/**
 * Runs the contract on one real broker: creates all topics, writes all cases, then reads everything back at once.
 *
 * Three readers judge: the FileRecords reader sees every byte; DumpLogSegments and the console consumer of the broker's
 * own version, where they exist, see what a user of that version would.
 */
import { appendFileSync } from 'node:fs'
import path from 'node:path'
import { KafkaCluster } from '../support/index.js'
import { contractCases } from './cases/index.js'
import { compareContents, compareInFull } from './compare.js'
import {
  appliesTo,
  type CaseOutcome,
  type ContractCase,
  type ExpectedRecord,
  type ExpectedTopic,
  magicOf,
  PARTITIONS,
  type Scope,
} from './contract-case.js'
import { createTopics } from './create-topics.js'
import { dumpTopics } from './read-with-tools.js'
import { writeOnce } from './write-once.js'

export interface CaseResult {
  readonly case: ContractCase
  /** Null: the contract held. */
  error: Error | null
  /** See {@link CaseOutcome}. */
  readonly figure?: string
}

/** Of the old brokers; kept the same everywhere, so that 900 KB fit and 1.5 MB do not. */
const BROKER_CONFIG = { 'num.partitions': PARTITIONS, 'message.max.bytes': 1_000_012 }
/** Topics that the console consumer reads, one of each producer: the only tool that asks a broker. */
const CONSUMED = ['sync-acks-all', 'kafka-producer-acks-all']

export type CaseResults = ReadonlyMap<ContractCase, CaseResult>

export function casesFor(version: string): ContractCase[] {
  return contractCases.filter((one) => appliesTo(one, version))
}

/** Never rejects because of a case; rejects when the broker does not start or cannot be read. */
export async function runContract(version: string, scope: Scope): Promise<CaseResults> {
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
  readonly #results = new Map<ContractCase, CaseResult>()
  /** What the readers are to find, and whom it concerns. */
  readonly #expected: { readonly result: CaseResult; readonly topic: ExpectedTopic }[] = []

  constructor(cluster: KafkaCluster, scope: Scope) {
    this.#cluster = cluster
    this.#scope = scope
  }

  async run(): Promise<CaseResults> {
    const cases = casesFor(this.#cluster.version.version)
    await this.#createTopics(cases)
    for (const one of cases) if (!one.needsNoAutoCreation) await this.#write(one)
    await this.#readInFull()
    await this.#dump()
    await this.#consume()
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
    this.#results.set(one, result)
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

  /** What is committed in either scope; the rest, which other readers have seen, in the full one. */
  async #consume(): Promise<void> {
    if (this.#cluster.version.consoleConsumer === null) return
    for (const { result, topic } of this.#expected) {
      const { committed, records } = topic
      if (committed) await judge(result, () => this.#expectConsumed(topic.topic, committed, true))
      const isWanted = this.#scope === 'full' && CONSUMED.includes(topic.topic)
      if (isWanted) await judge(result, () => this.#expectConsumed(topic.topic, records, false))
    }
  }

  async #expectConsumed(
    topic: string,
    records: readonly ExpectedRecord[],
    isCommittedOnly: boolean,
  ): Promise<void> {
    const consumed = await this.#cluster.consumeTopic(topic, records.length, { isCommittedOnly })
    const lines = (list: readonly { key: Buffer | null; value: Buffer | null }[]) =>
      list.map(({ key, value }) => `${key}=${value}`).sort()
    if (lines(consumed).join('\n') !== lines(records).join('\n'))
      throw new Error(`the console consumer of this version reads something else in ${topic}`)
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

/**
 * Plays a scenario with a producer and a scripted cluster: its operations in order, its waits for real.
 *
 * It knows neither what the original did nor what is right; it reports what happened, in the words of the transcripts
 * (compare.ts judges). Every play has a cluster of its own, so several can run at a time.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { ScriptedKafka } from '../support/scripted-kafka/scripted-kafka.js'
import {
  type DrivenProducer,
  groupOf,
  metricValues,
  offsetsOf,
  type PluginClass,
  type ProducerUnderTest,
  partitionForms,
} from './driven-producer.js'
import { ofThrown } from './families.js'
import { pluginClasses } from './plugins.js'
import type { Operation, RecordedEvent, Scenario } from './scenario.js'
import { Sends } from './sends.js'
import { type Trace, traceOfPlay } from './trace.js'

const HEAD_START_MS = 30
/** An operation that is not over by then never ends. */
const PATIENCE_MS = 10_000
const CLOSE_PATIENCE_MS = 2000
const LAST_FIN_MS = 1000
/** The producer of operations that name none. */
const FIRST = 'a'

type Construct = Extract<Operation, { op: 'construct' }>

/**
 * Resolves when the scenario has ended and everything it opened is closed.
 *
 * @param lastFinMs - how long a connection may take to end after `close()`, before the play has failed.
 */
export async function play(
  scenario: Scenario,
  underTest: ProducerUnderTest,
  { lastFinMs = LAST_FIN_MS } = {},
): Promise<Trace> {
  const cluster = await ScriptedKafka.start(scenario.cluster, scenario.rules)
  const performance = new Performance(scenario, cluster, underTest)
  try {
    await performance.play().finally(() => performance.end())
    await performance.checkLeftAlone(lastFinMs)
    return traceOfPlay(performance.events, cluster)
  } finally {
    await cluster.close()
  }
}

/** An operation did not end. What comes after it would only wait again, so the play breaks off. */
class OutOfPatience extends Error {}

type Reported = RecordedEvent extends infer T ? (T extends RecordedEvent ? Omit<T, 't'> : never) : never

class Performance {
  readonly events: RecordedEvent[] = []
  readonly #scenario: Scenario
  readonly #cluster: ScriptedKafka
  readonly #underTest: ProducerUnderTest
  readonly #classes: Record<string, PluginClass>
  readonly #producers = new Map<string, DrivenProducer>()
  readonly #all: DrivenProducer[] = []
  readonly #sends: Sends
  readonly #beside: Promise<void>[] = []

  constructor(scenario: Scenario, cluster: ScriptedKafka, underTest: ProducerUnderTest) {
    this.#scenario = scenario
    this.#cluster = cluster
    this.#underTest = underTest
    this.#classes = pluginClasses(
      (kind, name, call, seen) => this.#report({ kind, name, call, ...seen }),
      (fields) => underTest.record(fields),
    )
    this.#sends = new Sends(underTest, (event) => this.#report(event))
  }

  async play(): Promise<void> {
    if (!this.#scenario.noInitial) await this.#perform(-1, { op: 'construct' })
    for (const [i, operation] of this.#scenario.ops.entries()) {
      const over = this.#perform(i, operation)
      if (operation.bg) {
        this.#beside.push(over)
        // Waited for at the end; until then its failure has no other handler.
        over.catch(() => {})
        await delay(HEAD_START_MS)
      } else await over
    }
    await Promise.all(this.#beside)
  }

  /** Closes what the scenario left open. */
  async end(): Promise<void> {
    const closed = this.#all.map((producer) => producer.close({ timeoutMs: 0 }).catch(() => {}))
    await withPatience(Promise.all(closed), CLOSE_PATIENCE_MS).catch(() => {})
  }

  /** Waits for the last connection to end. */
  async checkLeftAlone(ms: number): Promise<void> {
    const signal = AbortSignal.timeout(ms)
    await this.#cluster
      .until(() => this.#cluster.openConnections === 0, signal)
      .catch(() => {
        throw new Error(`${this.#cluster.openConnections} connections are open after close()`)
      })
  }

  #report(event: Reported): void {
    this.events.push({ ...event, t: this.#cluster.nowMs() } as RecordedEvent)
  }

  async #perform(i: number, operation: Operation): Promise<void> {
    const startMs = this.#cluster.nowMs()
    const outcome = await withPatience(this.#do(i, operation)).then(
      (details) => ({ ok: true, ...details }),
      (thrown: unknown) => {
        if (thrown instanceof OutOfPatience)
          throw new Error(`operation ${i} (${operation.op}) is ${thrown.message}`)
        return { ok: false, error: ofThrown(thrown) }
      },
    )
    const ms = this.#cluster.nowMs() - startMs
    this.#report({ kind: 'op', i, op: operation.op, ms, ...outcome })
  }

  /** Runs one operation. @returns what it reports besides its outcome. */
  async #do(i: number, operation: Operation): Promise<object> {
    const { p = FIRST } = operation
    switch (operation.op) {
      case 'construct':
        this.#construct(p, operation)
        break
      case 'record':
        this.#sends.make(i, operation)
        break
      case 'mutateHeaders':
        this.#sends.recordOf(operation.ref).headers.add('late', 'x')
        break
      case 'send':
        await this.#sends.send(this.#producer(p), i, operation)
        break
      case 'sendAll':
        await this.#sends.sendAll(this.#producer(p), i, operation.records, operation.eachAwait === true)
        break
      case 'join':
        await this.#sends.join()
        break
      case 'check':
        return this.#sends.check()
      case 'sleep':
        await delay(operation.ms)
        break
      case 'broker':
        await this.#cluster.command(operation.cmd)
        break
      default:
        return (await call(this.#producer(p), operation)) ?? {}
    }
    return {}
  }

  #construct(p: string, { set = {}, unset = [] }: Construct | { set?: undefined; unset?: undefined }): void {
    const given = Object.entries({ ...this.#scenario.properties, ...set }).filter(
      ([key]) => !unset.includes(key),
    )
    const properties = Object.fromEntries(given.map(([key, value]) => [key, this.#substitute(value)]))
    const silent = () => {}
    const logger = { debug: silent, info: silent, warn: silent, error: silent }
    const producer = this.#underTest.construct(properties, { classes: this.#classes, logger })
    this.#producers.set(p, producer)
    this.#all.push(producer)
  }

  #producer(p: string): DrivenProducer {
    const producer = this.#producers.get(p)
    if (producer === undefined) throw new Error(`the scenario uses producer ${p}, which was not constructed`)
    return producer
  }

  /** `${bootstrap}` and `${b0}`. */
  #substitute(value: string | null): string | null {
    if (value === null) return null
    return value
      .replaceAll(/\$\{b(\d+)\}/g, (_, broker) => this.#cluster.address(Number(broker)))
      .replaceAll(/\$\{bootstrap\}/g, this.#cluster.addresses())
  }
}

type Called = Exclude<
  Operation,
  {
    op: 'construct' | 'record' | 'mutateHeaders' | 'send' | 'sendAll' | 'sleep' | 'broker'
  }
>

/** The operations that are one call of the producer. */
async function call(producer: DrivenProducer, operation: Called): Promise<object | undefined> {
  switch (operation.op) {
    case 'flush':
      return void (await producer.flush())
    case 'close':
      return void (await producer.close(operation))
    case 'partitionsFor':
      return { partitions: partitionForms(await producer.partitionsFor(operation.topic as string)) }
    case 'initTransactions':
      return void (await producer.initTransactions())
    case 'begin':
      return void producer.beginTransaction()
    case 'sendOffsets':
      return void (await producer.sendOffsetsToTransaction(
        offsetsOf(operation.offsets),
        groupOf(operation.group),
      ))
    case 'commit':
      return void (await producer.commitTransaction())
    case 'abort':
      return void (await producer.abortTransaction())
    case 'metrics':
      return { metrics: metricValues(producer.metrics(), operation.names) }
    default:
      throw new Error(`no operation ${operation.op}`)
  }
}

async function withPatience<T>(promise: Promise<T>, ms: number = PATIENCE_MS): Promise<T> {
  const over = new AbortController()
  const impatience = delay(ms, undefined, { signal: over.signal }).then(() => {
    throw new OutOfPatience(`not over after ${ms} ms`)
  })
  impatience.catch(() => {})
  try {
    return await Promise.race([promise, impatience])
  } finally {
    over.abort()
  }
}

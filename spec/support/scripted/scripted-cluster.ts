/**
 * A Kafka 0.8 cluster in this process that does what a script says and remembers what it saw.
 *
 * For faults that no real broker can be asked for, and for replaying recorded scenarios. Nothing of lib/ is
 * used. Everything is on loopback; `close()` leaves no port, socket, timer or thread behind.
 *
 * ```ts
 * const cluster = await ScriptedCluster.start(
 *   { brokers: 1, topics: { t: { partitions: [{ id: 0, leader: 0 }] } } },
 *   [{ on: 'produce', nth: 1, error: 6 }],
 * )
 * ```
 */
import { setTimeout as delay } from 'node:timers/promises'
import type { MetadataAnswer } from './answers.js'
import { Blackhole } from './blackhole.js'
import { ClusterState } from './cluster-state.js'
import { host } from './listener.js'
import type { RecordedConnection, Recording } from './recording.js'
import { RuleBook } from './rule-book.js'
import type { Change, ClusterScript, Rule } from './script.js'
import { ScriptedBroker, type Surroundings } from './scripted-broker.js'

export class ScriptedCluster {
  readonly recording: Recording = { requests: [], connections: [], changes: [] }
  readonly #script: ClusterScript
  readonly #state: ClusterState
  readonly #brokers: ScriptedBroker[]
  readonly #blackholes = new Map<number, Blackhole>()
  readonly #closing = new AbortController()
  readonly #startedAt = performance.now()
  #closed: Promise<void> | undefined

  private constructor(script: ClusterScript, rules: readonly Rule[]) {
    this.#script = script
    this.#state = new ClusterState(script)
    const around: Surroundings = {
      state: this.#state,
      rules: new RuleBook(rules),
      brokers: () => this.#advertised(),
      apply: (changes) => this.apply(...(changes ?? [])),
      nowMs: () => this.nowMs(),
      pause: (ms) => this.#pause(ms),
      request: (request) => void this.recording.requests.push(request),
      connection: (broker) => this.#connection(broker),
    }
    this.#brokers = Array.from({ length: script.brokers }, (_, id) => new ScriptedBroker(id, around))
  }

  /** Resolves when every broker listens that the script does not want down. */
  static async start(script: ClusterScript, rules: readonly Rule[] = []): Promise<ScriptedCluster> {
    const cluster = new ScriptedCluster(script, rules)
    try {
      await Promise.all(cluster.#brokers.map((broker) => cluster.#startBroker(broker)))
    } catch (error) {
      await cluster.close()
      throw error
    }
    return cluster
  }

  /** Milliseconds since the cluster started, the clock of its recording. */
  nowMs(): number {
    return performance.now() - this.#startedAt
  }

  /** `host:port` of a broker, also of one that is down or a blackhole. */
  address(broker: number): string {
    return `${host}:${this.port(broker)}`
  }

  port(broker: number): number {
    return this.#blackholes.get(broker)?.port ?? this.#broker(broker).port
  }

  /** All addresses, comma-separated, as `metadata.broker.list` wants them. */
  addresses(): string {
    return this.#brokers.map(({ id }) => this.address(id)).join(',')
  }

  /** Changes the cluster now; resolves when ports are opened or closed. */
  async apply(...changes: Change[]): Promise<void> {
    for (const change of changes) {
      this.recording.changes.push({ ...change, atMs: this.nowMs() })
      if (change.leader) this.#state.setLeader(change.leader.topic, change.leader.partition, change.leader.to)
      if (change.topic) this.#state.setTopic(change.topic.name, change.topic.to)
      if (change.unlist !== undefined) this.#state.setListed(change.unlist, false)
      if (change.list !== undefined) this.#state.setListed(change.list, true)
      if (change.down !== undefined) await this.#broker(change.down).down()
      if (change.up !== undefined) await this.#broker(change.up).up()
    }
  }

  /**
   * Resolves to true as soon as no connection is open, to false when one still is after `patienceMs`.
   */
  async isLeftAlone(patienceMs: number): Promise<boolean> {
    const deadlineMs = this.nowMs() + patienceMs
    while (this.#openConnections() > 0 && this.nowMs() < deadlineMs) await this.#pause(1)
    return this.#openConnections() === 0
  }

  /** Ends everything; a second call returns the same promise. */
  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    this.#closing.abort()
    await Promise.all([
      ...this.#brokers.map((broker) => broker.down()),
      ...[...this.#blackholes.values()].map((blackhole) => blackhole.close()),
    ])
  }

  async #startBroker(broker: ScriptedBroker): Promise<void> {
    if (this.#script.blackhole?.includes(broker.id)) {
      this.#blackholes.set(broker.id, await Blackhole.open())
      return
    }
    await broker.start()
    if (this.#script.down?.includes(broker.id)) await broker.down()
  }

  #broker(id: number): ScriptedBroker {
    const broker = this.#brokers[id]
    if (broker === undefined) throw new Error(`the script names broker ${id} of ${this.#brokers.length}`)
    return broker
  }

  #advertised(): MetadataAnswer['brokers'] {
    return this.#brokers.map(({ id }) => {
      const lie = this.#script.advertise?.[String(id)]
      const port = lie?.port ?? this.port(lie?.brokerPort ?? id)
      return { id, host: lie?.host ?? host, port }
    })
  }

  #openConnections(): number {
    return this.recording.connections.filter(({ closedAtMs }) => closedAtMs === undefined).length
  }

  #connection(broker: number): RecordedConnection {
    const record = { connection: this.recording.connections.length + 1, broker, openedAtMs: this.nowMs() }
    this.recording.connections.push(record)
    return record
  }

  async #pause(ms: number): Promise<void> {
    if (ms > 0) await delay(ms, undefined, { signal: this.#closing.signal })
  }
}

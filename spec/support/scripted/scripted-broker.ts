/**
 * One broker of a scripted cluster: its port, its connections, one request at a time on each of them.
 *
 * It decodes with spec/support's own code, asks the rules what goes wrong, records what it saw, and answers as
 * a 0.8 broker does: with acks 0 not at all, closing the connection where there was an error; a key it does not
 * know closes the connection too.
 */
import type { Socket } from 'node:net'
import {
  answerMetadata,
  answerProduce,
  encodeMetadataAnswer,
  encodeProduceAnswer,
  type MetadataAnswer,
} from './answers.js'
import type { ClusterState } from './cluster-state.js'
import { deliver } from './delivery.js'
import { FrameSplitter } from './frames.js'
import { Listener } from './listener.js'
import type { RecordedConnection, RecordedMetadata, RecordedProduce, RecordedRequest } from './recording.js'
import { type DecodedRequest, decodeRequest } from './requests.js'
import type { RuleBook, RuleEvent } from './rule-book.js'
import type { Change, Rule } from './script.js'

/** What all brokers of a cluster share. */
export interface Surroundings {
  state: ClusterState
  rules: RuleBook
  brokers: () => MetadataAnswer['brokers']
  apply: (changes: readonly Change[] | undefined) => Promise<void>
  nowMs: () => number
  /** Waits, or rejects when the cluster closes. */
  pause: (ms: number) => Promise<void>
  request: (request: RecordedRequest) => void
  connection: (broker: number) => RecordedConnection
}

interface Open {
  socket: Socket
  record: RecordedConnection
}

export class ScriptedBroker {
  readonly id: number
  readonly #around: Surroundings
  readonly #listener = new Listener((socket) => void this.#accept(socket))
  readonly #open = new Set<Open>()

  constructor(id: number, around: Surroundings) {
    this.id = id
    this.#around = around
  }

  get port(): number {
    return this.#listener.port
  }

  get isUp(): boolean {
    return this.#listener.isUp
  }

  start(): Promise<void> {
    return this.#listener.start()
  }

  up(): Promise<void> {
    return this.#listener.up()
  }

  /** Stops listening and closes every connection, as a broker that dies. */
  async down(): Promise<void> {
    const closed = this.#listener.down()
    for (const open of this.#open) this.#hangUp(open)
    await closed
  }

  #hangUp({ socket, record }: Open): void {
    record.closedBy ??= 'broker'
    socket.destroy()
  }

  async #accept(socket: Socket): Promise<void> {
    const open: Open = { socket, record: this.#around.connection(this.id) }
    this.#open.add(open)
    // A client that resets its connection is part of the play.
    socket.on('error', () => {})
    socket.on('end', () => {
      open.record.closedBy ??= 'client'
    })
    socket.on('close', () => {
      open.record.closedBy ??= 'client'
      open.record.closedAtMs = this.#around.nowMs()
      this.#open.delete(open)
    })
    socket.setNoDelay()
    await this.#greet(open).catch(ignoreClosing)
  }

  async #greet(open: Open): Promise<void> {
    const rules = this.#around.rules.match({ on: 'connect', broker: this.id, topics: [] })
    const splitter = new FrameSplitter()
    const waiting: Buffer[] = []
    let isBusy = delayOf(rules) > 0
    const serve = async () => {
      if (isBusy) return
      isBusy = true
      for (let frame = waiting.shift(); frame !== undefined; frame = waiting.shift())
        await this.#serve(open, frame)
      isBusy = false
    }
    open.socket.on('data', (chunk: Buffer) => {
      const frames = splitter.push(chunk)
      if (actionOf(rules) === 'silent') return
      waiting.push(...frames)
      serve().catch(ignoreClosing)
    })
    if (isBusy) await this.#around.pause(delayOf(rules))
    isBusy = false
    await this.#around.apply(rules.flatMap(({ then = [] }) => then))
    if (actionOf(rules) === 'close') this.#hangUp(open)
    if (actionOf(rules) === 'reset') {
      open.record.closedBy ??= 'broker'
      open.socket.resetAndDestroy()
    }
    await serve()
  }

  async #serve(open: Open, frame: Buffer): Promise<void> {
    const seen = {
      atMs: this.#around.nowMs(),
      broker: this.id,
      connection: open.record.connection,
      hex: frame.toString('hex'),
    }
    let request: DecodedRequest
    try {
      request = decodeRequest(frame)
    } catch (problem) {
      this.#around.request({ ...seen, api: 'garbage', problem: String(problem) })
      return this.#hangUp(open)
    }
    if (request.api === 'unknown') {
      this.#around.request({ ...seen, ...request })
      return this.#hangUp(open)
    }
    const recorded: RecordedProduce | RecordedMetadata = { ...seen, ...request }
    this.#around.request(recorded)
    await (recorded.api === 'produce' ? this.#produce(open, recorded) : this.#metadata(open, recorded))
  }

  async #produce(open: Open, request: RecordedProduce): Promise<void> {
    const topics = request.body.topics.map(({ topic, partitions }) => ({
      topic,
      partitions: partitions.map(({ partition }) => partition),
    }))
    const rules = this.#around.rules.match({ on: 'produce', broker: this.id, topics })
    request.answer = answerProduce(request.body, this.id, this.#around.state, rules)
    await this.#around.apply(rules.flatMap(({ then = [] }) => then))
    if (request.body.acks !== 0) {
      return this.#send(open, request, encodeProduceAnswer(request.correlationId, request.answer), rules)
    }
    await this.#around.pause(delayOf(rules))
    const failed = request.answer.topics.some(({ partitions }) => partitions.some(({ error }) => error !== 0))
    if (failed || actionOf(rules) === 'close') this.#hangUp(open)
    else if (actionOf(rules) === 'reset') open.socket.resetAndDestroy()
  }

  async #metadata(open: Open, request: RecordedMetadata): Promise<void> {
    const event: RuleEvent = {
      on: 'metadata',
      broker: this.id,
      topics: request.body.topics.map((topic) => ({ topic, partitions: [] })),
    }
    const rules = this.#around.rules.match(event)
    await this.#around.apply(rules.flatMap(({ before = [] }) => before))
    request.answer = answerMetadata(request.body.topics, this.#around.brokers(), this.#around.state, rules)
    await this.#around.apply(rules.flatMap(({ then = [] }) => then))
    await this.#send(open, request, encodeMetadataAnswer(request.correlationId, request.answer), rules)
  }

  async #send(
    open: Open,
    request: RecordedProduce | RecordedMetadata,
    frame: Buffer,
    rules: readonly Rule[],
  ): Promise<void> {
    await this.#around.pause(delayOf(rules))
    const action = actionOf(rules)
    if (action !== undefined) request.action = action
    if (open.socket.destroyed) return
    if (action === 'close' || action === 'reset' || action === 'half') open.record.closedBy ??= 'broker'
    const dripMs = rules.find((rule) => rule.dripMs !== undefined)?.dripMs
    const delivered = deliver(open.socket, frame, { action, dripMs, pause: this.#around.pause })
    request.answeredAtMs = this.#around.nowMs()
    await delivered
  }
}

function actionOf(rules: readonly Rule[]): Rule['action'] {
  return rules.find(({ action }) => action !== undefined)?.action
}

function delayOf(rules: readonly Rule[]): number {
  return rules.reduce((sum, { delayMs = 0 }) => sum + delayMs, 0)
}

/** Waits that the closing cluster ended early arrive here; everything else is a fault of this code. */
function ignoreClosing(error: unknown): void {
  if ((error as Error).name !== 'AbortError') throw error
}

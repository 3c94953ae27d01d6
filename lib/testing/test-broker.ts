/** One broker of a test cluster: a listener on loopback, and what it does about each request. */
import { createServer, type Server, type Socket } from 'node:net'
import { encodeResponse, type RequestHeader, readRequestHeader } from '../protocol/envelope.js'
import { metadata, produce } from '../protocol/messages/index.js'
import { Reader } from '../protocol/reader.js'
import { handleMetadata } from './apis/metadata.js'
import { handleProduce, hasError } from './apis/produce.js'
import { type Answer, BrokerConnection } from './broker-connection.js'
import type { Era } from './eras.js'
import { type ActingFault, type ApiName, altered, type FaultOf, type Faults } from './faults.js'
import { pause, settledOrAborted } from './pause.js'
import type { Topics } from './topics.js'

const HOST = '127.0.0.1'
// Below the ports that systems hand out for outgoing connections: nobody is given the port of a broker that is down,
// and a client that dials it cannot by chance connect to itself.
const LOWEST_PORT = 12_000
const HIGHEST_PORT = 31_999
const ATTEMPTS = 50

/** A request as it was received. */
export interface ReceivedRequest {
  readonly broker: number
  /** Counts the connections of this broker. */
  readonly connection: number
  readonly api: ApiName
  readonly version: number
  readonly correlationId: number
  readonly clientId: string | null
  /** When it was taken up: milliseconds of `Date.now()`. */
  readonly atMs: number
  /** Produce only. */
  readonly acks?: number
  readonly timeoutMs?: number
  readonly topics: readonly { readonly name: string; readonly partitions: readonly number[] }[]
}

/** What a broker needs of its cluster. */
export interface BrokerContext {
  readonly topics: Topics
  readonly faults: Faults
  readonly era: Era
  readonly autoCreateTopics: boolean
  liveBrokers(): { id: number; host: string; port: number }[]
  onRequest(request: ReceivedRequest): void
  onStored(broker: number, topic: string, partition: number, baseOffset: bigint): void
  onRefused(broker: number, topic: string, partition: number, errorCode: number, reason: string): void
  onConnection(broker: number, connection: number): void
  onUp(broker: number): void
  onDown(broker: number): void
}

/** Where a request came in. */
interface Arrival {
  readonly connection: number
  /** Aborts when the broker is stopped. */
  readonly signal: AbortSignal
}

const silence: Answer = {}
const closing: Answer = { end: 'close' }

export class TestBroker {
  readonly id: number
  readonly host = HOST
  readonly #context: BrokerContext
  readonly #sockets = new Set<Socket>()
  #server: Server | null = null
  #stopping = new AbortController()
  #port = 0
  #connections = 0
  /** Starts and stops follow one another. */
  #turn: Promise<void> = Promise.resolve()

  constructor(id: number, context: BrokerContext) {
    this.id = id
    this.#context = context
  }

  /** Kept over `stop` and `start`. */
  get port(): number {
    return this.#port
  }

  get isUp(): boolean {
    return this.#server !== null
  }

  /** Open connections. */
  get connections(): number {
    return this.#sockets.size
  }

  /**
   * Brings it up again; nothing happens when it is. Partitions of leaders that are down and given up become its own,
   * unless the cluster's `failover` is off.
   *
   * @param options - `port`: 0 for any other one. Default: the one it had.
   */
  start({ port = this.#port }: { port?: number } = {}): Promise<void> {
    return this.#next(async () => {
      if (this.#server) return
      await (port === 0 ? this.#listenAnywhere() : this.#listen(port))
      this.#context.onUp(this.id)
    })
  }

  /**
   * Closes the listener and all connections at once, like a killed process: what is being held is not handled. Its
   * partitions move to other brokers as the cluster's `failover` has it.
   */
  stop(): Promise<void> {
    return this.#next(async () => {
      const server = this.#server
      if (!server) return
      this.#server = null
      this.#stopping.abort()
      for (const socket of this.#sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
      this.#context.onDown(this.id)
    })
  }

  #next(step: () => Promise<void>): Promise<void> {
    const done = this.#turn.then(step)
    this.#turn = done.catch(() => {})
    return done
  }

  async #listenAnywhere(): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      const port = LOWEST_PORT + Math.floor(Math.random() * (HIGHEST_PORT - LOWEST_PORT + 1))
      if (port === this.#port) continue
      try {
        await this.#listen(port)
        return
      } catch (error) {
        if (attempt >= ATTEMPTS || (error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
      }
    }
  }

  async #listen(port: number): Promise<void> {
    const server = createServer({ allowHalfOpen: true }, (socket) => this.#serve(socket))
    this.#server = server
    this.#stopping = new AbortController()
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject)
        server.listen(port, HOST, resolve)
      })
    } catch (error) {
      this.#server = null
      throw error
    }
    this.#port = port
  }

  #serve(socket: Socket): void {
    // Accepted by the system before the listener closed.
    if (!this.#server) return void socket.destroy()
    const arrival: Arrival = { connection: ++this.#connections, signal: this.#stopping.signal }
    this.#sockets.add(socket)
    socket.on('close', () => this.#sockets.delete(socket))
    new BrokerConnection(socket, (request) => this.#answer(arrival, new Reader(request)))
    this.#context.onConnection(this.id, arrival.connection)
  }

  async #answer(arrival: Arrival, reader: Reader): Promise<Answer> {
    const header = readRequestHeader(reader, () => Number.POSITIVE_INFINITY)
    if (!this.#context.era.apis.has(header.apiKey)) return closing
    return header.apiKey === produce.key
      ? this.#produce(arrival, header, reader)
      : this.#metadata(arrival, header, reader)
  }

  async #produce({ connection, signal }: Arrival, header: RequestHeader, reader: Reader): Promise<Answer> {
    const request = produce.request(0).read(reader)
    const { acks, timeoutMs } = request
    const topics = request.topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ index }) => index),
    }))
    const faults = this.#received(connection, 'Produce', header, { acks, timeoutMs, topics })
    const early = await before(faults, signal)
    if (early) return early
    const { topics: store, era } = this.#context
    const response = await handleProduce(request, {
      topics: store,
      brokerId: this.id,
      era,
      faults,
      pause: (milliseconds) => pause(milliseconds, signal),
      onStored: (topic, partition, baseOffset) =>
        this.#context.onStored(this.id, topic, partition, baseOffset),
      onRefused: (...refused) => this.#context.onRefused(this.id, ...refused),
    })
    if (!response) return closing
    if (acks === 0) return ending(faults) ?? (hasError(response) ? closing : silence)
    return after(faults, header.correlationId, (id) =>
      encodeResponse(produce, 0, id, altered<'Produce'>(response, faults)),
    )
  }

  async #metadata({ connection, signal }: Arrival, header: RequestHeader, reader: Reader): Promise<Answer> {
    const request = metadata.request(0).read(reader)
    const topics = (request.topics ?? []).map(({ name }) => ({ name: name ?? '', partitions: [] }))
    const faults = this.#received(connection, 'Metadata', header, { topics })
    const early = await before(faults, signal)
    if (early) return early
    const { topics: store, autoCreateTopics, era } = this.#context
    const brokers = this.#context.liveBrokers()
    const response = handleMetadata(request, { topics: store, brokers, autoCreateTopics, era, faults })
    return after(faults, header.correlationId, (id) =>
      encodeResponse(metadata, 0, id, altered<'Metadata'>(response, faults)),
    )
  }

  #received(
    connection: number,
    api: ApiName,
    { apiVersion: version, correlationId, clientId }: RequestHeader,
    body: Pick<ReceivedRequest, 'acks' | 'timeoutMs' | 'topics'>,
  ): ActingFault[] {
    const [broker, atMs] = [this.id, Date.now()]
    this.#context.onRequest({ broker, connection, api, version, correlationId, clientId, atMs, ...body })
    return this.#context.faults.actingOn({ api, broker, topics: body.topics })
  }
}

/** Waits, and ends the connection where a fault wants it before anything is stored, or the broker was stopped. */
async function before(faults: readonly ActingFault[], signal: AbortSignal): Promise<Answer | null> {
  for (const { fault } of faults) {
    if (fault.kind === 'wait') await settledOrAborted(fault.until(signal), signal)
    if (signal.aborted) return closing
    if ((fault.kind === 'close' || fault.kind === 'reset') && fault.when === 'beforeStoring') {
      return { end: fault.kind }
    }
  }
  return null
}

/** How the connection ends after storing, if it does. */
function ending(faults: readonly ActingFault[]): Answer | null {
  for (const { fault } of faults)
    if (fault.kind === 'close' || fault.kind === 'reset') return { end: fault.kind }
  return null
}

function after(
  faults: readonly ActingFault[],
  correlationId: number,
  encode: (correlationId: number) => Buffer,
): Answer {
  let answer = ending(faults)
  for (const { fault } of faults) answer ??= spoiled(fault, correlationId, encode)
  return answer ?? { bytes: encode(correlationId) }
}

function spoiled(
  fault: FaultOf<ApiName>,
  correlationId: number,
  encode: (correlationId: number) => Buffer,
): Answer | null {
  switch (fault.kind) {
    case 'noAnswer':
      return silence
    case 'rawBytes':
      return { bytes: fault.bytes }
    case 'cutAnswer':
      return { bytes: encode(correlationId).subarray(0, fault.bytes), end: 'close' }
    case 'wrongCorrelationId':
      return { bytes: encode(correlationId + 1) }
    default:
      return null
  }
}

/**
 * One broker of a scripted cluster: its port, its connections, what it does with a request.
 *
 * A request is handled when it arrives, after the rules were asked; only its answer may wait. What a real broker would
 * not read (an unknown API, a version out of range, bytes that are no request) ends the connection.
 */
import type { Socket } from 'node:net'
import { Listener } from '../scripted/listener.js'
import { answerApiVersions, answerMetadata, refuseApiVersions, type Surroundings } from './answer-metadata.js'
import { answerProduce, sentPartitions } from './answer-produce.js'
import {
  answerAddOffsets,
  answerAddPartitions,
  answerEndTxn,
  answerFindCoordinator,
  answerInitProducerId,
  answerTxnOffsetCommit,
} from './answer-transactions.js'
import { BrokerConnection, type Place } from './connection.js'
import { type DecodedRequest, decodeHeader, decodeRequest, encodeAnswer } from './frames.js'
import type { ApiName } from './messages.js'
import { partsOf } from './parts-of-requests.js'
import type { Seen, SentPartition } from './recording.js'
import { versionsOf } from './releases.js'
import type { RuleBook } from './rule-book.js'
import type { Struct } from './schema.js'
import type { Change, Rule } from './script.js'

/** What all brokers of a cluster share. */
export interface Around extends Pick<Surroundings, 'state' | 'transactions' | 'endpoint'> {
  rules: RuleBook
  newConnection: () => number
  newRequest: () => number
  see: (seen: Seen extends infer T ? (T extends Seen ? Omit<T, 'ms'> : never) : never) => void
  /** Calls `answer` when this name is released. */
  hold: (name: string, answer: () => void) => void
  change: (change: Change) => void
}

/** A request on its way to its answer. */
interface Served {
  connection: BrokerConnection
  place: Place
  request: DecodedRequest
  sent: SentPartition[]
  frame: Buffer
}

type Answering = (request: DecodedRequest, around: Surroundings, sent: SentPartition[]) => Struct

const answering: Readonly<Record<ApiName, Answering>> = {
  ApiVersions: (_, around) => answerApiVersions(around),
  Produce: (request, around, sent) => answerProduce(request, sent, around),
  Metadata: answerMetadata,
  FindCoordinator: answerFindCoordinator,
  InitProducerId: answerInitProducerId,
  AddPartitionsToTxn: answerAddPartitions,
  AddOffsetsToTxn: answerAddOffsets,
  TxnOffsetCommit: answerTxnOffsetCommit,
  EndTxn: answerEndTxn,
}

export class ScriptedKafkaBroker {
  readonly id: number
  readonly #around: Around
  readonly #listener = new Listener((socket) => this.#accept(socket))
  readonly #connections = new Set<BrokerConnection>()

  constructor(id: number, around: Around) {
    this.id = id
    this.#around = around
  }

  get port(): number {
    return this.#listener.port
  }

  get openConnections(): number {
    return this.#connections.size
  }

  start(): Promise<void> {
    return this.#listener.start()
  }

  up(): Promise<void> {
    return this.#listener.up()
  }

  /** Stops listening and ends every connection. */
  async down(): Promise<void> {
    const closed = this.#listener.down()
    this.disconnect()
    await closed
  }

  disconnect(): void {
    for (const connection of this.#connections) connection.end()
  }

  #accept(socket: Socket): void {
    const place = { broker: this.id, connection: this.#around.newConnection() }
    const connection = new BrokerConnection(
      place.connection,
      socket,
      (frame) => this.#receive(connection, frame),
      () => {
        this.#connections.delete(connection)
        this.#around.see({ kind: 'disconnect', ...place, by: connection.endedBy })
      },
    )
    this.#connections.add(connection)
    this.#around.see({ kind: 'connect', ...place })
  }

  #receive(connection: BrokerConnection, frame: Buffer): void {
    const header = decodeHeader(frame)
    const range = header.api && versionsOf(this.#around.state.release).get(header.api)
    const isTaken = range && header.version >= range.min && header.version <= range.max
    if (isTaken) this.#read(connection, frame)
    else if (range && header.api === 'ApiVersions') {
      const answer = encodeAnswer('ApiVersions', 0, header.correlationId, refuseApiVersions(this.#look([])))
      connection.answer(connection.reserve(header.apiKey), answer)
    } else this.#refuse(connection, frame, `API ${header.apiKey} v${header.version} is not taken`)
  }

  #read(connection: BrokerConnection, frame: Buffer): void {
    let request: DecodedRequest
    let sent: SentPartition[]
    try {
      request = decodeRequest(frame)
      sent = request.api === 'Produce' ? sentPartitions(request.body, this.#around.state) : []
    } catch (problem) {
      this.#refuse(connection, frame, String(problem))
      return
    }
    this.#serve({ connection, place: connection.reserve(request.apiKey), request, sent, frame })
  }

  #refuse(connection: BrokerConnection, frame: Buffer, problem: string): void {
    this.#around.see({ kind: 'refused', broker: this.id, connection: connection.id, problem, frame })
    connection.end()
  }

  #serve(served: Served): void {
    const { connection, request, sent, frame } = served
    const parts = partsOf(request, sent)
    const rules = this.#around.rules.match({ api: request.api, broker: this.id, parts })
    const seq = this.#around.newRequest()
    const outstanding = connection.outstanding
    const outstandingOfApi = connection.outstandingOf(request.apiKey)
    const at = { seq, broker: this.id, connection: connection.id, outstanding, outstandingOfApi }
    this.#around.see({ kind: 'request', ...request, ...at, sent, frame })
    if (rules.some(({ close }) => close === 'before')) connection.end()
    else if (rules.some(({ drop }) => drop)) this.#around.see({ kind: 'answer', seq, body: undefined })
    else this.#handle(served, seq, rules)
  }

  #handle(served: Served, seq: number, rules: readonly Rule[]): void {
    const { request, sent } = served
    for (const { before } of rules) if (before) this.#around.change(before)
    const body = answering[request.api](request, this.#look(rules), sent)
    for (const { then } of rules) if (then) this.#around.change(then)
    this.#around.see({ kind: 'answer', seq, body })
    const hold = rules.find((rule) => rule.hold !== undefined)?.hold
    const isLost = rules.some(({ close }) => close === 'after')
    const answer = () => this.#answer(served, isLost ? undefined : body)
    if (hold === undefined) answer()
    else this.#around.hold(hold, answer)
  }

  /** @param body - undefined: the answer is lost with the connection. */
  #answer({ connection, place, request }: Served, body: Struct | undefined): void {
    const { api, version, correlationId } = request
    const isSilent = api === 'Produce' && request.body.acks === 0
    if (body === undefined || (isSilent && hasError(body))) connection.endAt(place)
    else if (isSilent) connection.release(place)
    else connection.answer(place, encodeAnswer(api, version, correlationId, body))
  }

  #look(rules: readonly Rule[]): Surroundings {
    const { state, transactions, endpoint } = this.#around
    return { broker: this.id, state, transactions, rules, endpoint }
  }
}

function hasError({ responses }: Struct): boolean {
  return (responses as Struct[]).some(({ partitionResponses }) =>
    (partitionResponses as Struct[]).some(({ errorCode }) => errorCode !== 0),
  )
}

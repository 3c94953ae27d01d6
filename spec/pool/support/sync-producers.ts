/** SyncProducers and the brokers they talk to, all closed after each spec. */
import type { Socket } from 'node:net'
import type { KafkaError } from '../../../lib/errors.js'
import {
  BrokerSession,
  type BrokerSessionListener,
  type BrokerSessionOptions,
} from '../../../lib/network/broker-session.js'
import type { ConnectorOptions } from '../../../lib/network/connector.js'
import {
  SyncProducer,
  type SyncProducerListener,
  type SyncProducerOptions,
} from '../../../lib/pool/sync-producer.js'
import type { Unconfirmed } from '../../../lib/pool/unconfirmed-writes.js'
import type { ProduceRequest } from '../../../lib/protocol/messages/index.js'
import { PlainMessageSet } from '../../../lib/protocol/records/message-set.js'
import type { Payload } from '../../../lib/protocol/types.js'
import { answerTo, headerOf } from '../../network/support/answers.js'
import { connectorOf } from '../../network/support/connectors.js'
import { onRequests, type Peer, peers } from '../../network/support/peer.js'
import { knownAs, produceRequest, recordOf } from '../../support/messages.js'

export const REQUEST_TIMEOUT_MS = 1000
export const PRODUCE = 0
export const METADATA = 3
/** Where a produce request without its length has its acks, with the client id `c1`. */
const ACKS_AT = 12

type OnRequest = (socket: Socket, request: Buffer, nth: number) => void

/** What the Scala producer sent as `keyed`, but for the correlation id. */
export function keyed(acks: number): ProduceRequest {
  return keyedWith(acks, new PlainMessageSet(0, [recordOf('c', 'v1')]))
}

/** The same with these records. */
export function keyedWith(acks: number, records: Payload | Buffer): ProduceRequest {
  return produceRequest({
    acks,
    timeoutMs: REQUEST_TIMEOUT_MS,
    topics: [{ name: 't', partitions: [{ index: 0, records }] }],
  })
}

/** What a broker does: answers metadata always, and produce requests unless they have acks 0. */
export function answer(socket: Socket, request: Buffer): void {
  const isProduce = headerOf(request).apiKey === PRODUCE
  if (!isProduce || request.readInt16BE(ACKS_AT) !== 0) socket.write(answerTo(request))
}

export function keysOf(requests: readonly Buffer[]): number[] {
  return requests.map((request) => headerOf(request).apiKey)
}

/** Of a SyncProducer and of the session that is made for it. */
export type Options = Partial<
  Omit<BrokerSessionOptions & ConnectorOptions & SyncProducerOptions, 'listener'>
> & {
  readonly listener?: SyncProducerListener
}

/** Tells a producer's story, one line an event. */
export class Story implements SyncProducerListener, BrokerSessionListener {
  readonly lines: string[] = []
  readonly produced: [broker: string, bytes: number | null][] = []

  onConnect(broker: string): void {
    this.lines.push(`connected to ${broker}`)
  }

  onDisconnect(broker: string, reason: KafkaError | null): void {
    this.lines.push(`disconnected from ${broker}: ${reason ? reason.name : 'by us'}`)
  }

  onProduced(broker: string, bytes: number | null, startMs: number, endMs: number): void {
    if (!(endMs >= startMs)) throw new RangeError(`a request took ${endMs - startMs} ms`)
    this.produced.push([broker, bytes])
  }

  onUnconfirmed(broker: string, { requests }: Unconfirmed, reason: KafkaError): void {
    this.lines.push(`${requests} unconfirmed at ${broker}: ${reason.name}`)
  }
}

const nobody: BrokerSessionListener = { onConnect() {}, onDisconnect() {} }

export interface SyncProducers {
  /** Starts a peer, as {@link peers} does. */
  start(onSocket?: (socket: Socket) => void): Promise<Peer>
  /** With a session of its own. */
  producerOf(address: Peer['address'], options?: Options): SyncProducer
  /** With a use of this session. */
  producerOn(session: BrokerSession): SyncProducer
  sessionOf(address: Peer['address'], options?: Options): BrokerSession
  /** A broker that does this with each request, by default {@link answer}; what it got; and its producer. */
  withBroker(
    onRequest?: OnRequest,
    options?: Options,
  ): Promise<{ peer: Peer; requests: Buffer[]; producer: SyncProducer }>
  /** Of the producers of this spec. */
  readonly story: Story
}

/** Call it once in a `describe`. */
export function syncProducers(): SyncProducers {
  const start = peers()
  const producers: SyncProducer[] = []
  let story: Story

  beforeEach(() => {
    story = new Story()
  })

  afterEach(() => {
    for (const producer of producers.splice(0)) producer.close()
  })

  function sessionOf(
    address: Peer['address'],
    options: Options = {},
    listener: BrokerSessionListener = nobody,
  ): BrokerSession {
    return new BrokerSession(address, {
      connector: connectorOf(options),
      requestTimeoutMs: REQUEST_TIMEOUT_MS,
      apiVersionsCache: knownAs('0.8.2'),
      ...options,
      listener,
    })
  }

  function producerOn(session: BrokerSession, options: Options = {}): SyncProducer {
    const producer = new SyncProducer(session, {
      requestTimeoutMs: REQUEST_TIMEOUT_MS,
      listener: story,
      ...options,
    })
    producers.push(producer)
    return producer
  }

  const producerOf = (address: Peer['address'], options: Options = {}): SyncProducer =>
    producerOn(sessionOf(address, options, story), options)

  return {
    start,
    producerOf,
    producerOn,
    sessionOf,
    async withBroker(onRequest = answer, options) {
      const requests: Buffer[] = []
      const peer = await start(
        onRequests((socket, request, nth) => {
          requests.push(request)
          onRequest(socket, request, nth)
        }),
      )
      return { peer, requests, producer: producerOf(peer.address, options) }
    },
    get story() {
      return story
    },
  }
}

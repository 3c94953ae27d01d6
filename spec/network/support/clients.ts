/** BrokerClients of peers, closed after each spec. */
import type { Socket } from 'node:net'
import sinon from 'sinon'
import { ConnectionError, type KafkaError } from '../../../lib/errors.js'
import type { BrokerClient } from '../../../lib/network/broker-client.js'
import { type MetadataResponse, metadata, metadataRequest } from '../../../lib/protocol/messages/index.js'
import { connectorOf } from './connectors.js'
import { type RecordingLogger, recordingLogger } from './doubles.js'
import { onRequests, type Peer, peers } from './peer.js'

/** The time limit of everything here, for fake clocks. */
export const TIMEOUT_MS = 1000

export interface Clients {
  /** Starts a peer, as {@link peers} does. */
  start(onSocket?: (socket: Socket) => void): Promise<Peer>
  clientOf(address: Peer['address'], signal?: AbortSignal): Promise<BrokerClient>
  /** A peer that does this with each request, and its client. */
  withPeer(
    onRequest: (socket: Socket, request: Buffer, nth: number) => void,
  ): Promise<{ peer: Peer; client: BrokerClient }>
  /** What the clients of this spec logged. */
  readonly logger: RecordingLogger
  /** Why the clients of this spec ended, one entry each. */
  readonly ends: KafkaError[]
  /** The throttle times that the clients of this spec reported. */
  readonly throttles: [broker: string, throttleTimeMs: number][]
}

/** Call it once in a `describe`. */
export function clients(): Clients {
  const start = peers()
  const opened: BrokerClient[] = []
  let logger: RecordingLogger
  let ends: KafkaError[]
  let throttles: Clients['throttles']

  beforeEach(() => {
    logger = recordingLogger()
    ends = []
    throttles = []
  })

  afterEach(() => {
    for (const client of opened.splice(0)) client.close(new ConnectionError('the spec has ended'))
  })

  async function clientOf(address: Peer['address'], signal?: AbortSignal): Promise<BrokerClient> {
    const throttled = throttles
    const connector = connectorOf({
      connectTimeoutMs: () => TIMEOUT_MS,
      logger,
      onThrottle: (broker, throttleTimeMs) => void throttled.push([broker, throttleTimeMs]),
    })
    const ended = ends
    const client = await connector.connect(address, (reason) => void ended.push(reason), signal)
    opened.push(client)
    return client
  }

  return {
    start,
    clientOf,
    async withPeer(onRequest) {
      const peer = await start(onRequests(onRequest))
      return { peer, client: await clientOf(peer.address) }
    },
    get logger() {
      return logger
    },
    get ends() {
      return ends
    },
    get throttles() {
      return throttles
    },
  }
}

/** A metadata request. */
export function ask(client: BrokerClient, topic = 't', timeoutMs = TIMEOUT_MS): Promise<MetadataResponse> {
  return client.request(metadata, metadataRequest([topic]), { timeoutMs })
}

/** Sockets need real turns, so only time-outs are faked. */
export function fakeTimeouts(): sinon.SinonFakeTimers {
  return sinon.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
}

/**
 * Makes connections to brokers: the one place that knows how a socket is opened, its time limit and buffers, the limit
 * of a response, and what each client on top of it needs, TLS and login among it. Made once for a producer and handed on.
 *
 * Keeps no connection, but what came of earlier attempts to connect. What a socket is wrapped in, or replaced by, is decided here and nowhere above.
 */
import { connect as connectSocket, type LookupFunction, type Socket, type TcpNetConnectOpts } from 'node:net'
import { addressText, type BrokerAddress } from '../broker-address.js'
import type { KafkaError } from '../errors.js'
import type { Logger } from '../logger.js'
import type { TlsSettings } from '../security/tls-settings.js'
import { LONGEST_TIMER_MS } from '../timers.js'
import { BrokerClient, type BrokerClientOptions } from './broker-client.js'
import { type Connecting, connectTo, type Secure } from './connect.js'
import { Connection, type ConnectionListener, type ConnectionOptions } from './connection.js'
import { type ConnectionState, ConnectionStates } from './connection-states.js'
import type { Authenticate } from './detect-versions.js'
import { Dial, type Dialled } from './dial.js'
import { LoginRefusals } from './login-refusals.js'
import type { SaslLogin } from './sasl-login.js'
import { TlsHandshakes } from './tls-handshake.js'

export interface ConnectorOptions {
  /** `client.id`, in every request. */
  readonly clientId: string
  readonly logger: Logger
  /**
   * Limit for resolving and connecting together, in milliseconds.
   *
   * @param failures - attempts in a row that did not connect to this broker.
   */
  connectTimeoutMs(failures: number): number
  /** Bytes that may wait in this process before the socket reports pressure; ≤ 0 leaves Node's default. */
  readonly sendBufferBytes: number
  /** Largest response accepted, in bytes. */
  readonly maxFrameBytes: number
  /** `connections.max.idle.ms`: a connection that nobody uses for so long is closed; ≤ 0: never. Default: never. */
  readonly maxIdleMs?: number
  /** Connections are TLS, with these settings. Default: they are not. */
  readonly tls?: TlsSettings | undefined
  /** Logs in over each connection. Default: nobody has to. */
  readonly login?: SaslLogin | undefined
  /** A quota was exceeded: called with how long the broker holds back, or asks the client to. */
  readonly onThrottle?: (broker: string, throttleTimeMs: number) => void
  /** A request is written, an answer was read: called with its bytes. */
  readonly onWritten?: (broker: string, bytes: number) => void
  readonly onRead?: (broker: string, bytes: number) => void
  /** Opens the socket to one address; for specs and for wrapping. Default: `net.connect`. */
  readonly openSocket?: (options: TcpNetConnectOpts) => Socket
  /** Resolves a name to all of its addresses. Default: `dns.lookup`. */
  readonly lookup?: LookupFunction
}

export class Connector {
  readonly #connection: ConnectionOptions
  readonly #client: BrokerClientOptions
  readonly #login: SaslLogin | null
  /** Brokers that did not let this client in, or did not prove who they are. */
  readonly refusals = new LoginRefusals()

  constructor(options: ConnectorOptions) {
    this.#login = options.login ?? null
    const { maxFrameBytes, maxIdleMs = 0, clientId, logger, onThrottle, onWritten, onRead } = options
    this.#connection = {
      connect: connecting(options),
      maxFrameBytes,
      maxIdleMs: Math.min(LONGEST_TIMER_MS, maxIdleMs),
    }
    this.#client = {
      open: (address, listener, signal) => this.open(address, listener, signal),
      clientId,
      logger,
      ...(onThrottle && { onThrottle }),
      ...(onWritten && { onWritten }),
      ...(onRead && { onRead }),
    }
  }

  /** As {@link Connection.open}. */
  open(address: BrokerAddress, listener: ConnectionListener, signal?: AbortSignal): Promise<Connection> {
    return Connection.open(address, this.#connection, listener, signal)
  }

  /** As {@link BrokerClient.connect}. */
  connect(
    address: BrokerAddress,
    onClose: (reason: KafkaError) => void,
    signal?: AbortSignal,
  ): Promise<BrokerClient> {
    return BrokerClient.connect(address, this.#client, onClose, signal)
  }

  /** What makes a fresh connection to this broker fit for requests; null where nothing has to. */
  loginTo(address: BrokerAddress): Authenticate | null {
    const login = this.#login
    return login && ((client) => login.authenticate(client, address))
  }
}

function secureWith({ tls, sendBufferBytes }: ConnectorOptions): Secure | null {
  if (!tls) return null
  const handshakes = new TlsHandshakes(tls, sendBufferBytes)
  return (socket, address, securing) => handshakes.secure(socket, address, securing)
}

/** @returns what opens a socket, and remembers whether that was possible. */
function connecting(options: ConnectorOptions): ConnectionOptions['connect'] {
  const states = new ConnectionStates()
  const dialTo = dialWith(options)
  const secure = secureWith(options)
  return (address, { onConnected, onFailed }: Connecting, signal) => {
    const broker = addressText(address)
    const state = states.of(broker)
    const dial = (to: BrokerAddress, dialled: Dialled): Dial =>
      dialTo(to, state, {
        ...dialled,
        onConnected: (socket, ip) => {
          states.connected(broker, ip)
          dialled.onConnected(socket, ip)
        },
      })
    const failed = (error: KafkaError): void => {
      // Who gives up says nothing about the broker.
      if (!signal?.aborted) states.failed(broker)
      onFailed(error)
    }
    const connectTimeoutMs = Math.min(LONGEST_TIMER_MS, Math.round(options.connectTimeoutMs(state.failures)))
    connectTo(address, { connectTimeoutMs, dial, secure }, { onConnected, onFailed: failed }, signal)
  }
}

function dialWith({ openSocket = connectSocket, sendBufferBytes, lookup }: ConnectorOptions) {
  const settings = {
    noDelay: true,
    keepAlive: true,
    ...(sendBufferBytes > 0 && { writableHighWaterMark: sendBufferBytes }),
  }
  const options = {
    openSocket: ({ host, port }: BrokerAddress): Socket => openSocket({ host, port, ...settings }),
    ...(lookup && { lookup }),
  }
  return (address: BrokerAddress, { lastAddress }: ConnectionState, dialled: Dialled): Dial =>
    new Dial(address, { ...options, lastAddress }, dialled)
}

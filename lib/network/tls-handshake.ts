/**
 * TLS over a socket that is connected: the handshake, and the check of the broker's certificate. Nothing is written over a
 * connection whose broker was not checked.
 *
 * Sessions are kept by broker, so that a reconnect costs no signature; one that was made with another certificate or other
 * trust is not used. Knows no time limit. What a failure means stands in `tls-errors.ts`.
 *
 * @see RFC 8446; RFC 6125 for names
 */
import { isIP, type Socket } from 'node:net'
import { type ConnectionOptions, checkServerIdentity, type TLSSocket, connect as tlsConnect } from 'node:tls'
import { addressText, type BrokerAddress } from '../broker-address.js'
import { asKafkaError, type KafkaError, SslAuthenticationError } from '../errors.js'
import type { TlsSettings } from '../security/tls-settings.js'
import { closedInHandshake, handshakeFailure, untrusted } from './tls-errors.js'

export interface Securing {
  /** Called in the turn in which the handshake ended: listen to the socket at once. */
  onSecured(socket: Socket): void
  /** The socket is closed. */
  onFailed(error: KafkaError): void
}

/** Brokers of a cluster with changing addresses must not pile up. */
const MAX_SESSIONS = 1000

/** What a session was made with. */
const materialKeys = ['ca', 'cert', 'key', 'pfx', 'secureContext'] as const

interface KeptSession {
  readonly session: Buffer
  readonly options: ConnectionOptions
}

export class TlsHandshakes {
  readonly #settings: TlsSettings
  readonly #sendBufferBytes: number
  readonly #sessions = new Map<string, KeptSession>()

  /** @param sendBufferBytes - that may wait in this process before the socket reports pressure; ≤ 0 leaves Node's default. */
  constructor(settings: TlsSettings, sendBufferBytes: number) {
    this.#settings = settings
    this.#sendBufferBytes = sendBufferBytes
  }

  /**
   * Calls exactly one of the two, later, unless it is cancelled before.
   *
   * @param socket - connected; it belongs to the handshake from now on.
   * @returns cancels: closes the socket.
   */
  secure(socket: Socket, address: BrokerAddress, { onSecured, onFailed }: Securing): () => void {
    const broker = addressText(address)
    let secured: TLSSocket | null = null
    let isOver = false
    const end = (): void => {
      isOver = true
      socket.off('close', onClosed)
    }
    const fail = (error: KafkaError): void => {
      if (isOver) return
      end()
      secured?.destroy()
      socket.destroy()
      onFailed(error)
    }
    const onClosed = (): void => fail(closedInHandshake(broker))
    // It may report before the handshake begins; what it reports later comes through the other one as well.
    socket.on('error', () => {}).on('close', onClosed)
    this.#settings.connectOptions(address.host).then(
      (options) => {
        if (isOver) return
        secured = this.#begin(socket, address, options, fail, (done) => {
          end()
          onSecured(done)
        })
      },
      (error: unknown) => fail(asKafkaError(error) ?? unusable(broker, error)),
    )
    return () => {
      end()
      secured?.destroy()
      socket.destroy()
    }
  }

  #begin(
    socket: Socket,
    address: BrokerAddress,
    options: ConnectionOptions,
    fail: (error: KafkaError) => void,
    succeed: (socket: TLSSocket) => void,
  ): TLSSocket {
    const broker = addressText(address)
    const onError = (cause: Error): void => {
      this.#sessions.delete(broker)
      fail(handshakeFailure(broker, cause))
    }
    const secured = tlsConnect(this.#optionsOf(socket, address, options))
    secured.on('error', onError)
    secured.on('session', (session: Buffer) => {
      if (isTrusted(secured, options)) this.#keep(broker, { session, options })
    })
    secured.once('secureConnect', () => {
      if (!isTrusted(secured, options)) {
        fail(untrusted(broker, address.host, secured, identityProblem(secured, address, options)))
        return
      }
      secured.off('error', onError)
      succeed(secured)
    })
    return secured
  }

  #optionsOf(socket: Socket, { host, port }: BrokerAddress, options: ConnectionOptions): ConnectionOptions {
    const kept = this.#sessions.get(addressText({ host, port }))
    const isSame = kept && materialKeys.every((key) => kept.options[key] === options[key])
    return {
      // Names alone: there is no SNI for addresses (RFC 6066, section 3).
      ...(isIP(host) === 0 && { servername: host }),
      ...(this.#sendBufferBytes > 0 && { highWaterMark: this.#sendBufferBytes }),
      ...options,
      host,
      socket,
      ...(isSame && { session: kept.session }),
      // Node would close the socket before anybody could read the certificate. It is looked at in `secureConnect`, where
      // nothing has been written yet.
      rejectUnauthorized: false,
    }
  }

  #keep(broker: string, kept: KeptSession): void {
    this.#sessions.delete(broker)
    this.#sessions.set(broker, kept)
    if (this.#sessions.size > MAX_SESSIONS) this.#sessions.delete(this.#sessions.keys().next().value!)
  }
}

/** Node has checked the chain, and the name by `checkServerIdentity` of the options. */
function isTrusted(secured: TLSSocket, { rejectUnauthorized = true }: ConnectionOptions): boolean {
  return secured.authorized || !rejectUnauthorized
}

/** What the check of the name says, where that was what failed. */
function identityProblem(
  secured: TLSSocket,
  { host }: BrokerAddress,
  { checkServerIdentity: check = checkServerIdentity, servername }: ConnectionOptions,
): Error | null {
  if (String(secured.authorizationError) !== 'ERR_TLS_CERT_ALTNAME_INVALID') return null
  return check(servername || host, secured.getPeerCertificate()) ?? null
}

function unusable(broker: string, cause: unknown): SslAuthenticationError {
  return new SslAuthenticationError(`the TLS settings for ${broker} cannot be used`, { broker, cause })
}

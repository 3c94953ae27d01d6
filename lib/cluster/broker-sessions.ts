/**
 * The sessions of one producer: one per broker address, so one connection, shared by all who send requests to that
 * broker. Who asks for the same address gets the same session, be it a bootstrap broker or a leader that metadata names.
 *
 * Sessions are made when they are first held and counted by user: each one releases what it holds, the last release
 * closes the session, and no user closes one that somebody else holds. Broker ids are not known here: which address a
 * broker has is what metadata says, and whoever follows it holds the new address before it releases the old one.
 *
 * @see docs/decisions/0006-one-session-per-broker.md
 */
import { addressText, type BrokerAddress } from '../broker-address.js'
import type { BrokerSession } from '../network/broker-session.js'

export interface BrokerSessionsOptions {
  /**
   * Makes an unconnected session, with one user.
   *
   * @param onClosed - to be called when it is closed for good.
   */
  create(address: BrokerAddress, onClosed: () => void): BrokerSession
}

export class BrokerSessions {
  readonly #options: BrokerSessionsOptions
  readonly #byAddress = new Map<string, BrokerSession>()

  constructor(options: BrokerSessionsOptions) {
    this.#options = options
  }

  /** The session of this address, with one use more, which the caller releases: {@link BrokerSession.release}. */
  hold(address: BrokerAddress): BrokerSession {
    const key = addressText(address)
    const known = this.#byAddress.get(key)
    if (known) return known.hold()
    const session: BrokerSession = this.#options.create(address, () => this.#remove(key, session))
    this.#byAddress.set(key, session)
    return session
  }

  /**
   * A session to this address beside the shared one, with the caller as its only user: for a request that must not wait
   * behind those of others.
   */
  holdApart(address: BrokerAddress): BrokerSession {
    return this.#options.create(address, () => {})
  }

  /** The session that {@link hold} would return, where somebody holds it. It is not held by this. */
  find(address: BrokerAddress): BrokerSession | undefined {
    return this.#byAddress.get(addressText(address))
  }

  /**
   * From now on {@link hold} returns a new session for this address. Who holds the old one goes on with it, and
   * releases it when nothing of its own is left on it.
   */
  renew(address: BrokerAddress): void {
    this.#byAddress.delete(addressText(address))
  }

  #remove(key: string, session: BrokerSession): void {
    if (this.#byAddress.get(key) === session) this.#byAddress.delete(key)
  }
}

/**
 * What a SASL mechanism is to the connection that logs in with it: a sequence of opaque messages.
 *
 * A mechanism is made once per producer and begins one exchange per connection, so that a password or token may have
 * changed in between. It knows no socket and no request: whoever holds the connection carries the messages.
 *
 * @see RFC 4422, KIP-152 (SaslAuthenticate), KIP-368 (re-authentication)
 */

/** The broker that is logged in to. */
export interface SaslBroker {
  readonly host: string
  readonly port: number
}

/** One way to log in. */
export interface SaslMechanism {
  /** As in `sasl.mechanism` and in SaslHandshake: `PLAIN`, `SCRAM-SHA-256`, … */
  readonly name: string
  /** Begins an exchange for one connection, or for one re-authentication of it. Does nothing yet. */
  begin(broker: SaslBroker): SaslExchange
  /** Stops what runs for the mechanism, such as the refresh of a token. May be called twice. */
  close?(): Promise<void> | void
}

/** The messages of one login, in their order: `first`, then `next` for each challenge. */
export interface SaslExchange {
  /**
   * The first message of the client. It may wait for a callback or a token server.
   *
   * @throws {AuthenticationError} where there are no credentials.
   */
  first(): Promise<Buffer>
  /**
   * The next message, or undefined when nothing is left to send.
   *
   * @param challenge - what the broker sent; empty where it only agreed.
   * @throws {AuthenticationError} where the broker cannot be trusted or has refused: a wrong signature, an error in place
   *   of a challenge.
   */
  next(challenge: Buffer): Promise<Buffer | undefined>
  /** Whether the mechanism itself is satisfied. A broker that ends the login before is to be refused. */
  readonly done: boolean
  /** When the credentials end, in milliseconds since 1970, if they do: the session is to be authenticated again before. */
  readonly expiresAt?: number
}

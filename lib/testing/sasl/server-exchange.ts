/** The broker's side of the mechanisms of the embedded broker: what each answers to the tokens of a client. */
import type { Users } from './users.js'

/** Names of mechanisms that the embedded broker has. */
export type MechanismName = 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512' | 'OAUTHBEARER'

/** Who has logged in. */
export interface LoggedIn {
  /** As in `User:alice`, without the type. */
  readonly user: string
  /** When the credentials end, in milliseconds since 1970. Default: never. */
  readonly expiresAt?: number
}

/** What is answered to a token. */
export interface Reply {
  readonly token: Buffer
  /** Set with the last token. */
  readonly loggedIn?: LoggedIn
}

/** One login. */
export interface ServerExchange {
  /** @throws {RefusedLogin} */
  reply(token: Buffer): Promise<Reply>
}

/**
 * Looks at a token of OAUTHBEARER: returns whose it is, or throws, which refuses it. The text of what it throws is not shown
 * to the client.
 */
export type TokenValidator = (
  token: string,
  extensions: Readonly<Record<string, string>>,
) => LoggedIn | Promise<LoggedIn>

/** What the mechanisms look credentials up in. */
export interface Credentials {
  readonly users: Users
  readonly validateToken: TokenValidator | null
}

/** With what the broker says about it. */
export class RefusedLogin extends Error {}

export const NOTHING = Buffer.alloc(0)

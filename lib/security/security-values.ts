/** What security settings are read from: the values of the Java client's keys, and what an application gives besides. */
import type { ConnectionOptions } from 'node:tls'
import type { Logger } from '../logger.js'
import type { CredentialsProvider } from './credentials.js'
import type { OAuthTokenProvider } from './oauth-token.js'

/** Options of `tls.connect` that an application may give; where to connect is not among them. */
export type TlsOptions = Omit<
  ConnectionOptions,
  'host' | 'port' | 'path' | 'socket' | 'lookup' | 'timeout' | 'session'
>

/** The keys of the Java client with their values, defaults included; `${provider:…}` is replaced already. */
export interface SecurityValues {
  /** Whether a key was given, whatever its value. */
  has(key: string): boolean
  /** The text of a key, trimmed, or its default; empty where it has none. */
  text(key: string): string
  /** The text of a key, or a part of it, fit for an error or a log line. Of no use for passwords. */
  shown(key: string, text?: string): string
  /** Ends in a ConfigError that begins with the place and the key. Never give it the value of a secret. */
  fail(key: string, problem: string): never
}

/** Native alternatives, and what the parts need besides. */
export interface SecurityOptions {
  readonly logger: Logger
  /** Options for `tls.connect`, in place of `ssl.` settings. */
  readonly tls?: TlsOptions | undefined
  /** For PLAIN and SCRAM, in place of `sasl.jaas.config`. */
  readonly credentials?: CredentialsProvider | undefined
  /** Whether user name and password of SCRAM are prepared as RFC 5802 has it, and Kafka has not. Default false. */
  readonly saslPrep?: boolean | undefined
  /** For OAUTHBEARER, in place of `sasl.oauthbearer.token.endpoint.url`. */
  readonly oauthToken?: OAuthTokenProvider | undefined
}

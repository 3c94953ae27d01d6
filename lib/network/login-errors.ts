/**
 * The errors of a login: what was refused, in which step, by which mechanism, and what the broker said. No secret is among
 * it: a broker's text is escaped and shortened, and tokens are never shown.
 */
import { AuthenticationError, ConnectionError, type KafkaError, printable } from '../errors.js'
import { errorCode } from '../protocol/error-code.js'
import type { SaslAuthenticateResponse, SaslHandshakeResponse } from '../protocol/messages/index.js'
import { forRequest } from './client-errors.js'

/** What is logged in to, and how. */
export interface LoginContext {
  readonly broker: string
  readonly mechanism: string
}

const UNSUPPORTED_SASL_MECHANISM = 33
const ILLEGAL_SASL_STATE = 34

export function handshakeRefused(
  { broker, mechanism }: LoginContext,
  { errorCode: code, mechanisms }: SaslHandshakeResponse,
): AuthenticationError {
  const offered = mechanisms.length > 0 ? mechanisms.map((name) => printable(name)).join(', ') : 'none'
  const why =
    code === UNSUPPORTED_SASL_MECHANISM
      ? `it does not have the mechanism, and offers ${offered}: set sasl.mechanism to one of these`
      : code === ILLEGAL_SASL_STATE
        ? 'it expects no login: for a listener without SASL set security.protocol to PLAINTEXT or SSL'
        : 'it did not say why'
  return refusal({ broker, mechanism }, `SaslHandshake was answered ${codeText(code)}: ${why}`)
}

export function tokenRefused(
  context: LoginContext,
  { errorCode: code, errorMessage }: SaslAuthenticateResponse,
): AuthenticationError {
  const said = errorMessage ? printable(errorMessage) : 'it did not say why'
  return refusal(context, `SaslAuthenticate was answered ${codeText(code)}: ${said}`)
}

/** Of brokers before 1.0, which have no other way to say it. */
export function closedOnToken(context: LoginContext, cause: KafkaError): AuthenticationError {
  const why =
    'it closed the connection on a token, as brokers before 1.0 do to refuse it: are user and password right?'
  return refusal(context, why, cause)
}

export function endedEarly(context: LoginContext): AuthenticationError {
  return refusal(context, 'the broker ended the login before it had proved who it is')
}

export function onlyGssapi(context: LoginContext): AuthenticationError {
  const why = 'it does not know SaslHandshake: Kafka 0.9 has no other mechanism than GSSAPI'
  return refusal(context, why)
}

export function noCredentials(context: LoginContext, timeoutMs: number): AuthenticationError {
  return refusal(context, `there were no credentials within ${timeoutMs} ms`)
}

/**
 * What a mechanism or its callback threw, with the broker: a mechanism does not know whom it speaks to. What is not of the
 * login, such as a lost connection, stays what it is.
 */
export function ofMechanism(context: LoginContext, thrown: KafkaError): KafkaError {
  if (!(thrown instanceof AuthenticationError) || thrown.broker !== undefined) return thrown
  return refusal(context, thrown.message, thrown)
}

/** A connection that ended within a step says in which. */
export function during(context: LoginContext, step: string, error: KafkaError): KafkaError {
  if (!(error instanceof ConnectionError)) return forRequest(error, { persistence: 'not-persisted' })
  const text = `${error.message} during the SASL ${context.mechanism} login (${step})`
  return new ConnectionError(text, { broker: context.broker, cause: error })
}

function codeText(code: number): string {
  return `${errorCode(code).name} (${code})`
}

function refusal({ broker, mechanism }: LoginContext, why: string, cause?: unknown): AuthenticationError {
  const text = `the SASL ${mechanism} login at ${broker} failed: ${why}`
  return new AuthenticationError(text, { broker, mechanism, ...(cause !== undefined && { cause }) })
}

/** The errors of a client whose request fails. */
import {
  AuthenticationError,
  ConnectionError,
  DecodeError,
  DeliveryTimeoutError,
  type ErrorContext,
  type KafkaError,
  ProducerClosedError,
  RequestTimeoutError,
  SslAuthenticationError,
} from '../errors.js'

export function connectionClosed(broker: string): ConnectionError {
  return new ConnectionError(`the connection to ${broker} is closed`, { broker })
}

/** Where nobody gives another reason. */
export function closedFromThisSide(broker: string): ConnectionError {
  return new ConnectionError(`the connection to ${broker} was closed from this side`)
}

export function unused(broker: string): ConnectionError {
  return new ConnectionError(`the connection to ${broker} was not used for connections.max.idle.ms`, {
    broker,
  })
}

/** @param isBroker - whether that is known. */
export function expired(
  broker: string,
  api: string,
  timeoutMs: number,
  isBroker: boolean,
): RequestTimeoutError {
  const doubt = isBroker ? '' : '; it has not answered anything yet: is it a Kafka broker?'
  return new RequestTimeoutError(`${broker} did not answer ${api} within ${timeoutMs} ms${doubt}`, { broker })
}

export function writeTimedOut(broker: string, api: string, timeoutMs: number): RequestTimeoutError {
  const text = `${broker} did not read all of a ${api} request within ${timeoutMs} ms`
  return new RequestTimeoutError(text, { broker })
}

export function undecodable(broker: string, api: string, version: number, cause: unknown): DecodeError {
  const text = `${broker} sent a ${api} v${version} answer that cannot be read: ${(cause as Error).message}`
  return new DecodeError(text, { broker, cause })
}

/** Subclasses before their bases. */
const families = [
  RequestTimeoutError,
  DecodeError,
  DeliveryTimeoutError,
  ProducerClosedError,
  SslAuthenticationError,
  AuthenticationError,
]

/** The end of the connection as one request gets it: same family and text, its own correlation id and persistence. */
export function forRequest(reason: KafkaError, context: ErrorContext): KafkaError {
  const { mechanism } = reason as Partial<AuthenticationError>
  const own: ErrorContext & { mechanism?: string } = {
    cause: reason.cause,
    retriable: reason.retriable,
    ...(mechanism !== undefined && { mechanism }),
    ...context,
  }
  if (reason.broker !== undefined) own.broker = reason.broker
  const Family = families.find((family) => reason instanceof family) ?? ConnectionError
  return new Family(reason.message, own)
}

/**
 * What may go wrong with a request: the answers that faults act on, and the functions that make faults. When one acts is
 * decided in `faults.ts`, what it does in `fault-answers.ts`.
 */
import { printable } from '../errors.js'
import { errorCodeNamed } from '../protocol/error-code.js'
import type {
  AddOffsetsToTxnResponse,
  AddPartitionsToTxnResponse,
  ApiVersionsResponse,
  EndTxnResponse,
  FindCoordinatorResponse,
  InitProducerIdResponse,
  MetadataResponse,
  ProduceResponse,
  SaslAuthenticateResponse,
  SaslHandshakeResponse,
  TxnOffsetCommitResponse,
} from '../protocol/messages/index.js'
import { pause } from '../timers.js'

/** The answers of each API, as they are before they become bytes. */
export interface AnswerByApi {
  Produce: ProduceResponse
  Metadata: MetadataResponse
  ApiVersions: ApiVersionsResponse
  InitProducerId: InitProducerIdResponse
  FindCoordinator: FindCoordinatorResponse
  AddPartitionsToTxn: AddPartitionsToTxnResponse
  AddOffsetsToTxn: AddOffsetsToTxnResponse
  TxnOffsetCommit: TxnOffsetCommitResponse
  EndTxn: EndTxnResponse
  SaslHandshake: SaslHandshakeResponse
  SaslAuthenticate: SaslAuthenticateResponse
  /** Not a request: the handshake of a new connection, where the cluster has TLS. Of its faults those that close or wait act. */
  TlsHandshake: Record<string, never>
}

export type ApiName = keyof AnswerByApi

/** When a connection ends: before or after the request has had its effect. */
export type When = 'beforeStoring' | 'afterStoring'

/** What may go wrong with any request. Made by the functions of this file. */
export type Fault =
  | { readonly kind: 'errorCode'; readonly code: number }
  | { readonly kind: 'wait'; readonly until: (signal: AbortSignal) => Promise<unknown> }
  | { readonly kind: 'noAnswer' }
  | { readonly kind: 'close'; readonly when: When }
  | { readonly kind: 'reset'; readonly when: When }
  | { readonly kind: 'rawBytes'; readonly bytes: Buffer }
  | { readonly kind: 'cutAnswer'; readonly bytes: number }
  | { readonly kind: 'wrongCorrelationId' }
  | { readonly kind: 'omitPartition' }
  | { readonly kind: 'throttle'; readonly milliseconds: number }

/** A fault of {@link alterAnswer}. */
export interface Alteration<Name extends ApiName> {
  readonly kind: 'alterAnswer'
  change(answer: AnswerByApi[Name]): AnswerByApi[Name]
}

/** What may go wrong with requests of one API. */
export type FaultOf<Name extends ApiName> = Fault | Alteration<Name>

/** A fault of {@link hold}. */
export type Hold = Fault & { release(): void }

/**
 * Kafka's error code for the partition; nothing is stored. In Metadata for the topic, or, with a partition in the
 * filter, for that partition: 5 then takes its leader out of the answer, other codes leave it, as 9 does in Kafka. In
 * requests of transactions for the request, or the partitions of the filter; nothing of it is done.
 *
 * @param code - a number, Kafka's or not, or Kafka's present name of one: `NOT_LEADER_OR_FOLLOWER`.
 * @throws {RangeError} for a name that is not in Kafka's table, or no int16.
 */
export function errorCode(code: number | string): Fault {
  const number = typeof code === 'string' ? errorCodeNamed(code)?.code : code
  if (number === undefined)
    throw new RangeError(
      `Kafka has no error ${printable(String(code))}; its names are like NOT_LEADER_OR_FOLLOWER`,
    )
  if (!Number.isInteger(number) || number < -32_768 || number > 32_767)
    throw new RangeError(`an error code is a whole number of 16 bits, not ${number}`)
  return { kind: 'errorCode', code: number }
}
/** Handles the request, and later ones of its connection, this many milliseconds late. */
export const delayMs = (milliseconds: number): Fault => ({
  kind: 'wait',
  until: (signal) => pause(milliseconds, signal),
})
/** Handles the request when the promise has settled. A broker that is stopped meanwhile does not handle it. */
export const holdUntil = (promise: Promise<unknown>): Fault => ({ kind: 'wait', until: () => promise })
/** Handles the request when `release` is called; one that comes after that does not wait. */
export function hold(): Hold {
  let release = (): void => {}
  const released = new Promise<void>((resolve) => {
    release = resolve
  })
  return { ...holdUntil(released), release }
}
/** Stores, and never answers. */
export const noAnswer = (): Fault => ({ kind: 'noAnswer' })
/** Closes the connection in place of an answer. Default: after storing, which makes the outcome ambiguous. */
export const close = (when: When = 'afterStoring'): Fault => ({ kind: 'close', when: known(when) })
/** As {@link close}, with a TCP reset. */
export const reset = (when: When = 'afterStoring'): Fault => ({ kind: 'reset', when: known(when) })
/** Answers with these bytes and nothing else. */
export const rawBytes = (bytes: Buffer): Fault => ({ kind: 'rawBytes', bytes })
/** Sends the first bytes of the answer, its length included, and closes. */
export const cutAnswer = (bytes: number): Fault => ({ kind: 'cutAnswer', bytes })
/** Answers under another request's number. */
export const wrongCorrelationId = (): Fault => ({ kind: 'wrongCorrelationId' })
/** Stores, and leaves the matching partitions out of the answer. */
export const omitPartition = (): Fault => ({ kind: 'omitPartition' })

/**
 * As when a quota is exceeded. From Produce v6, Metadata v6, ApiVersions v2, FindCoordinator v2 and v1 of the others the answer says so at once, and nothing
 * more of the connection is read for this time; below, the answer comes later by this time. With acks 0 there is no answer.
 */
export const throttle = (milliseconds: number): Fault => ({ kind: 'throttle', milliseconds })

/** Answers what `change` makes of the answer: brokers that do not exist, partitions named twice, other addresses, … */
export const alterAnswer = <Name extends ApiName>(
  change: (answer: AnswerByApi[Name]) => AnswerByApi[Name],
): Alteration<Name> => ({ kind: 'alterAnswer', change })

/**
 * For SaslAuthenticate: the broker proves that it knows the password with a wrong signature. It is in the second answer of a
 * SCRAM login, so the filter has `after: 1`.
 */
export const falseSignature = (): Alteration<'SaslAuthenticate'> =>
  alterAnswer((answer) => ({ ...answer, authBytes: Buffer.from(`v=${Buffer.alloc(32).toString('base64')}`) }))

/** @throws {RangeError} for a misspelt one. */
function known(when: When): When {
  if (when === 'beforeStoring' || when === 'afterStoring') return when
  throw new RangeError(`a connection ends beforeStoring or afterStoring, not ${printable(String(when))}`)
}

/**
 * What goes wrong with the next requests of a kind.
 *
 * A fault is noted with a filter and acts a number of times; each one that fits a request acts on it.
 */
import type {
  ApiVersionsResponse,
  InitProducerIdResponse,
  MetadataResponse,
  ProduceResponse,
} from '../protocol/messages/index.js'
import { pause } from '../timers.js'

/** The answers of each API, as they are before they become bytes. */
export interface AnswerByApi {
  Produce: ProduceResponse
  Metadata: MetadataResponse
  ApiVersions: ApiVersionsResponse
  InitProducerId: InitProducerIdResponse
}

export type ApiName = keyof AnswerByApi
const apiNames: readonly string[] = [
  'Produce',
  'Metadata',
  'ApiVersions',
  'InitProducerId',
] satisfies ApiName[]

/** What may go wrong with any request. Made by the functions of this file. */
export type Fault =
  | { readonly kind: 'errorCode'; readonly code: number }
  | { readonly kind: 'wait'; readonly until: (signal: AbortSignal) => Promise<unknown> }
  | { readonly kind: 'noAnswer' }
  | { readonly kind: 'close'; readonly when: 'beforeStoring' | 'afterStoring' }
  | { readonly kind: 'reset'; readonly when: 'beforeStoring' | 'afterStoring' }
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
 * filter, for that partition: 5 then takes its leader out of the answer, other codes leave it, as 9 does in Kafka.
 */
export const errorCode = (code: number): Fault => ({ kind: 'errorCode', code })
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
export const close = (when: 'beforeStoring' | 'afterStoring' = 'afterStoring'): Fault => ({
  kind: 'close',
  when,
})
/** As {@link close}, with a TCP reset. */
export const reset = (when: 'beforeStoring' | 'afterStoring' = 'afterStoring'): Fault => ({
  kind: 'reset',
  when,
})
/** Answers with these bytes and nothing else. */
export const rawBytes = (bytes: Buffer): Fault => ({ kind: 'rawBytes', bytes })
/** Sends the first bytes of the answer, its length included, and closes. */
export const cutAnswer = (bytes: number): Fault => ({ kind: 'cutAnswer', bytes })
/** Answers under another request's number. */
export const wrongCorrelationId = (): Fault => ({ kind: 'wrongCorrelationId' })
/** Stores, and leaves the matching partitions out of the answer. */
export const omitPartition = (): Fault => ({ kind: 'omitPartition' })

/**
 * As when a quota is exceeded. From Produce v6, Metadata v6 and ApiVersions v2 the answer says so at once, and nothing
 * more of the connection is read for this time; below, the answer comes later by this time. With acks 0 there is no answer.
 */
export const throttle = (milliseconds: number): Fault => ({ kind: 'throttle', milliseconds })

/** Answers what `change` makes of the answer: brokers that do not exist, partitions named twice, other addresses, … */
export const alterAnswer = <Name extends ApiName>(
  change: (answer: AnswerByApi[Name]) => AnswerByApi[Name],
): Alteration<Name> => ({ kind: 'alterAnswer', change })

export interface FaultFilter {
  readonly topic?: string
  readonly partition?: number
  /** Broker id. */
  readonly broker?: number
  /** How often it acts. Default 1; Infinity for always. */
  readonly times?: number
  /** Fitting requests that pass first. Default 0. */
  readonly after?: number
}

/** What a request is about, for filters. */
export interface RequestShape {
  readonly api: ApiName
  readonly broker: number
  /** For Metadata without partitions, for ApiVersions none. */
  readonly topics: readonly { readonly name: string; readonly partitions: readonly number[] }[]
}

export interface ActingFault {
  readonly fault: FaultOf<ApiName>
  readonly filter: FaultFilter
  /** Whether it is about this topic, and partition where one is given. */
  fits(topic: string, partition?: number): boolean
}

interface Noted {
  readonly api: ApiName
  readonly filter: FaultFilter
  readonly fault: FaultOf<ApiName>
  passed: number
  acted: number
}

/** The answer with all alterations that act on it. */
export function altered<Name extends ApiName>(
  answer: AnswerByApi[Name],
  faults: readonly ActingFault[],
): AnswerByApi[Name] {
  return faults.reduce(
    (current, { fault }) =>
      fault.kind === 'alterAnswer' ? (fault as Alteration<Name>).change(current) : current,
    answer,
  )
}

export class Faults {
  #noted: Noted[] = []

  /**
   * @returns a function that takes the fault back; requests that already wait go on waiting.
   * @throws {RangeError} for an API that the cluster does not have.
   */
  on<Name extends ApiName>(api: Name, filter: FaultFilter, fault: FaultOf<Name>): () => void {
    if (!apiNames.includes(api))
      throw new RangeError(`there are faults of ${apiNames.join(' and ')}, not of ${String(api)}`)
    const noted: Noted = { api, filter, fault: fault as FaultOf<ApiName>, passed: 0, acted: 0 }
    this.#noted.push(noted)
    return () => {
      this.#noted = this.#noted.filter((other) => other !== noted)
    }
  }

  clear(): void {
    this.#noted = []
  }

  /** The faults that act on this request; counts them. */
  actingOn(request: RequestShape): ActingFault[] {
    return this.#noted.filter((noted) => fitsRequest(noted, request) && isItsTurn(noted)).map(acting)
  }
}

function isItsTurn(noted: Noted): boolean {
  const { after = 0, times = 1 } = noted.filter
  if (noted.passed++ < after || noted.acted >= times) return false
  noted.acted++
  return true
}

function fitsRequest({ api, filter }: Noted, request: RequestShape): boolean {
  if (api !== request.api || (filter.broker ?? request.broker) !== request.broker) return false
  if (filter.topic === undefined && filter.partition === undefined) return true
  return request.topics.some(
    ({ name, partitions }) =>
      (filter.topic ?? name) === name &&
      (filter.partition === undefined || api === 'Metadata' || partitions.includes(filter.partition)),
  )
}

function acting({ filter, fault }: Noted): ActingFault {
  return {
    fault,
    filter,
    fits: (topic, partition) =>
      (filter.topic ?? topic) === topic &&
      (partition === undefined || (filter.partition ?? partition) === partition),
  }
}

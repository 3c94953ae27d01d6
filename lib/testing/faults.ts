/**
 * When something goes wrong: a fault is noted with a filter and acts a number of times; each one that fits a request acts
 * on it.
 */
import { printable } from '../errors.js'
import type { Alteration, AnswerByApi, ApiName, FaultOf } from './fault-kinds.js'
import { refuseUnknownFields } from './known-fields.js'

const apiNames: readonly string[] = [
  'Produce',
  'Metadata',
  'ApiVersions',
  'SaslHandshake',
  'SaslAuthenticate',
  'TlsHandshake',
  'InitProducerId',
  'FindCoordinator',
  'AddPartitionsToTxn',
  'AddOffsetsToTxn',
  'TxnOffsetCommit',
  'EndTxn',
] satisfies ApiName[]

export interface FaultFilter {
  readonly topic?: string
  readonly partition?: number
  /** Broker id. */
  readonly broker?: number
  /** Of the producer that asks, or, in FindCoordinator, whose coordinator is asked for. */
  readonly transactionalId?: string
  /** Id of a consumer group. */
  readonly group?: string
  /** How often it acts. Default 1; Infinity for always. */
  readonly times?: number
  /** Fitting requests that pass first. Default 0. */
  readonly after?: number
}

type FieldType = 'a text' | 'a number from 0 on'
const fieldTypes: Readonly<Record<keyof FaultFilter, FieldType>> = {
  topic: 'a text',
  partition: 'a number from 0 on',
  broker: 'a number from 0 on',
  transactionalId: 'a text',
  group: 'a text',
  times: 'a number from 0 on',
  after: 'a number from 0 on',
}

/** What a request is about, for filters. */
export interface RequestShape {
  readonly api: ApiName
  readonly broker: number
  /** For Metadata without partitions; empty where a request names none. */
  readonly topics: readonly { readonly name: string; readonly partitions: readonly number[] }[]
  readonly transactionalId?: string
  readonly group?: string
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
   * @throws {RangeError} for an API that the cluster does not have, a filter with a field that there is not, or what is
   *   no fault.
   */
  on<Name extends ApiName>(api: Name, filter: FaultFilter, fault: FaultOf<Name>): () => void {
    if (!apiNames.includes(api))
      throw new RangeError(`there are faults of ${apiNames.join(', ')}, not of ${printable(String(api))}`)
    checkFilter(filter)
    if (typeof fault !== 'object' || fault === null || !('kind' in fault))
      throw new RangeError(
        'a fault is what a function of kafka-classic-producer/testing returns: errorCode(6)',
      )
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

/** A filter that is not understood would never act, or always. */
function checkFilter(filter: FaultFilter): void {
  refuseUnknownFields('the filter of a fault', filter, Object.keys(fieldTypes))
  for (const [name, value] of Object.entries(filter)) {
    const type = fieldTypes[name as keyof FaultFilter]
    if (value === undefined || isOf(type, value)) continue
    throw new RangeError(`${name} of a fault's filter is ${type}, not ${printable(String(value))}`)
  }
}

function isOf(type: FieldType, value: unknown): boolean {
  if (type === 'a text') return typeof value === 'string'
  return typeof value === 'number' && value >= 0
}

function isItsTurn(noted: Noted): boolean {
  const { after = 0, times = 1 } = noted.filter
  if (noted.passed++ < after || noted.acted >= times) return false
  noted.acted++
  return true
}

function fitsRequest({ api, filter }: Noted, request: RequestShape): boolean {
  if (api !== request.api || (filter.broker ?? request.broker) !== request.broker) return false
  if ((filter.transactionalId ?? request.transactionalId) !== request.transactionalId) return false
  if ((filter.group ?? request.group) !== request.group) return false
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

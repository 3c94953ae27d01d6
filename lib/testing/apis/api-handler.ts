/** What the embedded broker does about the requests of one API: a row for each in `index.ts`. */
import type { Api } from '../../protocol/api.js'
import type { FeatureLevels } from '../cluster-features.js'
import { codes } from '../codes.js'
import type { CoordinatorKind, Coordinators } from '../coordinators.js'
import type { Era } from '../eras.js'
import type { AnswerByApi, ApiName } from '../fault-kinds.js'
import type { ActingFault } from '../faults.js'
import type { GroupOffsets } from '../group-offsets.js'
import type { OfferedApis } from '../offered-apis.js'
import type { ConnectionLogin } from '../sasl/connection-login.js'
import type { Topics } from '../topics.js'
import type { Transactions } from '../transactions.js'

/** What is known of a broker that is up. */
export interface LiveBroker {
  readonly id: number
  readonly host: string
  readonly port: number
  readonly rack: string | null
}

/** What handling needs of the broker and its cluster. */
export interface BrokerView {
  readonly brokerId: number
  readonly era: Era
  readonly offered: OfferedApis
  readonly topics: Topics
  readonly transactions: Transactions
  readonly groupOffsets: GroupOffsets
  readonly coordinators: Coordinators
  readonly autoCreateTopics: boolean
  readonly clusterId: string
  features(): FeatureLevels
  liveBrokers(): readonly LiveBroker[]
  onStored(topic: string, partition: number, baseOffset: bigint): void
  onRefused(topic: string, partition: number, errorCode: number, reason: string): void
}

/** One request on its way through a broker. */
export interface Call extends BrokerView {
  /** Whose ways count; for brokers that do not look at it, 0. */
  readonly version: number
  readonly faults: readonly ActingFault[]
  /** Of the connection that it came over. */
  readonly login: ConnectionLogin
  /** Aborts when the broker is stopped. */
  readonly signal: AbortSignal
}

/** What a request is about, for filters of faults and for whoever looks at it later. */
export interface About {
  /** Produce only. */
  readonly acks?: number
  readonly timeoutMs?: number
  /** A topic that was asked for by an id nobody has, has no name. */
  readonly topics: readonly { readonly name: string; readonly partitions: readonly number[] }[]
  /** Where there is one. */
  readonly transactionalId?: string
  /** Id of a consumer group. */
  readonly group?: string
  /** EndTxn only: commit or abort. */
  readonly committed?: boolean
}

export interface ApiHandler<Name extends ApiName, Request> {
  readonly name: Name
  readonly api: Api<Request, AnswerByApi[Name]>
  about(request: Request, version: number, topics: Topics): About
  /** @returns null for what no broker of the era can read. */
  answer(request: Request, call: Call): AnswerByApi[Name] | null | Promise<AnswerByApi[Name] | null>
}

/** The code of a fault that acts on the whole request; undefined without one. */
export function faultCode({ faults }: Call): number | undefined {
  for (const { fault } of faults) if (fault.kind === 'errorCode') return fault.code
  return undefined
}

/** The code of a fault that acts on this partition; undefined without one. */
export function faultCodeOf({ faults }: Call, topic: string, partition: number): number | undefined {
  for (const { fault, fits } of faults)
    if (fault.kind === 'errorCode' && fits(topic, partition)) return fault.code
  return undefined
}

/** NOT_COORDINATOR from a broker that another one coordinates this instead of. */
export function coordinatorCode(
  { coordinators, brokerId }: Call,
  kind: CoordinatorKind,
  name: string,
): number {
  return coordinators.of(kind, name) === brokerId ? codes.NONE : codes.NOT_COORDINATOR
}

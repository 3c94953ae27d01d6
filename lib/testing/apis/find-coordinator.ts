/**
 * FindCoordinator v0 to v6: groups alone in v0, several keys from v4 on. A coordinator that is down, or that nobody is,
 * answers COORDINATOR_NOT_AVAILABLE. Kafka also does so while it creates the topics behind it, the first time; here they
 * are there from the start.
 */
import {
  type FindCoordinatorRequest,
  type FindCoordinatorResponse,
  findCoordinator,
  GROUP_KEY,
  TRANSACTION_KEY,
} from '../../protocol/messages/index.js'
import { type WithoutDefaults, withDefaults } from '../../protocol/with-defaults.js'
import { codes } from '../codes.js'
import type { CoordinatorKind } from '../coordinators.js'
import type { ApiHandler, Call } from './api-handler.js'

type Coordinator = WithoutDefaults<FindCoordinatorResponse['coordinators'][number]>

const FIRST_VERSION_WITH_LISTS = 4
const kinds: Readonly<Record<number, CoordinatorKind>> = {
  [GROUP_KEY]: 'group',
  [TRANSACTION_KEY]: 'transaction',
}

export const findCoordinatorHandler: ApiHandler<'FindCoordinator', FindCoordinatorRequest> = {
  name: 'FindCoordinator',
  api: findCoordinator,
  about: (request, version) => {
    const [key] = keysOf(request, version)
    if (key === undefined) return { topics: [] }
    return kinds[request.keyType] === 'transaction'
      ? { topics: [], transactionalId: key }
      : { topics: [], group: key }
  },
  answer: (request, call) => {
    const coordinators = keysOf(request, call.version).map((key) => found(key, request.keyType, call))
    const { tables } = findCoordinator
    if (call.version >= FIRST_VERSION_WITH_LISTS) return withDefaults(tables.response, { coordinators })
    const { key: _, ...only } = coordinators[0]!
    return withDefaults(tables.response, only)
  },
}

function keysOf({ key, coordinatorKeys }: FindCoordinatorRequest, version: number): readonly string[] {
  return version >= FIRST_VERSION_WITH_LISTS ? coordinatorKeys : [key]
}

function found(key: string, keyType: number, call: Call): Coordinator {
  const kind = kinds[keyType]
  const forced = faultOn(key, kind, call)
  if (forced !== undefined) return nobody(key, forced)
  if (!kind || (kind === 'transaction' && key === '')) return nobody(key, codes.INVALID_REQUEST)
  const id = call.coordinators.of(kind, key)
  const broker = call.liveBrokers().find((candidate) => candidate.id === id)
  if (!broker) return nobody(key, codes.COORDINATOR_NOT_AVAILABLE)
  const { host, port } = broker
  return { key, nodeId: broker.id, host, port, errorCode: codes.NONE, errorMessage: null }
}

function faultOn(key: string, kind: CoordinatorKind | undefined, { faults }: Call): number | undefined {
  for (const { fault, filter } of faults) {
    const wanted = kind === 'transaction' ? filter.transactionalId : filter.group
    if (fault.kind === 'errorCode' && (wanted ?? key) === key) return fault.code
  }
  return undefined
}

function nobody(key: string, errorCode: number): Coordinator {
  return { key, nodeId: -1, host: '', port: -1, errorCode, errorMessage: null }
}

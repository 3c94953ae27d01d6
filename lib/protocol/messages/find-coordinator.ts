/**
 * FindCoordinator (key 10), v0 to v6: which broker coordinates a transactional id or a consumer group.
 *
 * v0, the only one before 0.11, knows groups alone and drops the kind of key: a transactional id needs v1 or later. v3 is the
 * first flexible one, v4 asks for several keys at once (KIP-699) and moves the answer into a list, v5 may answer
 * TRANSACTION_ABORTABLE (KIP-890), v6 knows share groups (KIP-932).
 *
 * @see docs/reference/wire-protocol.md#transactions
 */
import { defineApi } from '../api.js'
import { between, type Struct, since, struct, until } from '../schema.js'
import { array, int8, int16, int32, nullableString, string } from '../types.js'

/** Kinds of keys. */
export const GROUP_KEY = 0
export const TRANSACTION_KEY = 1

const request = struct({
  key: until(3, string, ''),
  keyType: since(1, int8, GROUP_KEY),
  coordinatorKeys: since(4, array(string), []),
})

const coordinator = struct({
  key: string,
  nodeId: int32,
  host: string,
  port: int32,
  errorCode: int16,
  errorMessage: nullableString,
})

const response = struct({
  throttleTimeMs: since(1, int32, 0),
  errorCode: until(3, int16, 0),
  errorMessage: between(1, 3, nullableString, null),
  nodeId: until(3, int32, -1),
  host: until(3, string, ''),
  port: until(3, int32, -1),
  coordinators: since(4, array(coordinator), []),
})

export type FindCoordinatorRequest = Struct<(typeof request)['fields']>
export type FindCoordinatorResponse = Struct<(typeof response)['fields']>

export const findCoordinator = defineApi<FindCoordinatorRequest, FindCoordinatorResponse>({
  key: 10,
  name: 'FindCoordinator',
  versions: [0, 6],
  flexibleFrom: 3,
  throttledByClientFrom: 2,
  request,
  response,
})

/** Asks for the coordinator of one key, in whatever version. */
export function findCoordinatorRequest(
  keyType: typeof GROUP_KEY | typeof TRANSACTION_KEY,
  key: string,
): FindCoordinatorRequest {
  return { key, keyType, coordinatorKeys: [key] }
}

/** What any version answers for one key. */
export interface FoundCoordinator {
  readonly errorCode: number
  readonly errorMessage: string | null
  readonly nodeId: number
  readonly host: string
  readonly port: number
}

/** The answer for a key that was asked for; null where a list does not have it. */
export function coordinatorOf(
  response: FindCoordinatorResponse,
  version: number,
  key: string,
): FoundCoordinator | null {
  if (version < 4) return response
  return response.coordinators.find((one) => one.key === key) ?? null
}

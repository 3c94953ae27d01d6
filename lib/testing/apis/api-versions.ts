/**
 * ApiVersions: what the broker lists. A version that it does not know is answered with error 35 in the shape of v0,
 * from 2.4 on with its own range of ApiVersions; a client that gives itself no proper name is refused with 42.
 */

import {
  type ApiVersionsRequest,
  type ApiVersionsResponse,
  apiVersions,
} from '../../protocol/messages/index.js'
import type { ReleaseApis } from '../../protocol/releases.js'
import { type WithoutDefaults, withDefaults } from '../../protocol/with-defaults.js'
import type { Era } from '../eras.js'
import { type ApiHandler, type Call, faultCode } from './api-handler.js'

const UNSUPPORTED_VERSION = 35
const INVALID_REQUEST = 42
const FIRST_VERSION_WITH_NAMES = 3
const LEGAL_NAME = /^[a-zA-Z0-9](?:[a-zA-Z0-9\-.]*[a-zA-Z0-9])?$/

export const apiVersionsHandler: ApiHandler<'ApiVersions', ApiVersionsRequest> = {
  name: 'ApiVersions',
  api: apiVersions,
  about: () => ({ topics: [] }),
  answer: (request, call) => {
    const forced = faultCode(call)
    if (forced !== undefined) return answer(forced, [])
    const names = [request.clientSoftwareName, request.clientSoftwareVersion]
    if (call.version >= FIRST_VERSION_WITH_NAMES && !names.every((name) => LEGAL_NAME.test(name)))
      return answer(INVALID_REQUEST, [])
    return answer(0, [...call.offered.listed], call)
  },
}

/** In the shape of v0, whatever was asked for. */
export function unsupportedVersion(
  listed: ReleaseApis,
  { listsWithUnsupportedVersion }: Era,
): ApiVersionsResponse {
  const own = [...listed].filter(([key]) => key === apiVersions.key)
  return answer(UNSUPPORTED_VERSION, listsWithUnsupportedVersion === 'nothing' ? [] : own)
}

function answer(
  errorCode: number,
  rows: readonly (readonly [number, readonly [number, number]])[],
  call?: Call,
): ApiVersionsResponse {
  return withDefaults(apiVersions.tables.response, {
    errorCode,
    apiKeys: rows.map(([apiKey, [minVersion, maxVersion]]) => ({ apiKey, minVersion, maxVersion })),
    ...(call && featuresOf(call)),
  })
}

/** Nothing where the cluster, or the broker, knows no transaction version. */
function featuresOf({ era, features }: Call): WithoutDefaults<ApiVersionsResponse> {
  const { transactionVersion, epoch } = features()
  if (era.transactionVersion === 0) return {}
  const name = 'transaction.version'
  const finalized = { name, minVersionLevel: transactionVersion, maxVersionLevel: transactionVersion }
  return {
    supportedFeatures: [{ name, minVersion: 0, maxVersion: era.transactionVersion }],
    finalizedFeaturesEpoch: BigInt(epoch),
    finalizedFeatures: transactionVersion > 0 ? [finalized] : [],
  }
}

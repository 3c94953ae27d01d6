/**
 * ApiVersions (key 18), v0 to v4: which requests a broker takes, in which versions. Known from 0.10.0 on; 0.8 closes
 * the connection on it and 0.9 never answers. Its response header has no tags in any version, and a broker that does
 * not know the version asked for answers error 35 in the shape of v0, so that every client can read it.
 *
 * @see docs/reference/wire-protocol.md#apiversions
 */
import { defineApi } from '../api.js'
import { type Struct, since, struct, tagged } from '../schema.js'
import { array, boolean, int16, int32, int64, string } from '../types.js'

const request = struct({
  clientSoftwareName: since(3, string, ''),
  clientSoftwareVersion: since(3, string, ''),
})

const response = struct({
  errorCode: int16,
  apiKeys: array(
    struct({
      apiKey: int16,
      minVersion: int16,
      maxVersion: int16,
    }),
  ),
  throttleTimeMs: since(1, int32, 0),
  supportedFeatures: tagged(0, 3, array(struct({ name: string, minVersion: int16, maxVersion: int16 })), []),
  finalizedFeaturesEpoch: tagged(1, 3, int64, -1n),
  finalizedFeatures: tagged(
    2,
    3,
    array(struct({ name: string, maxVersionLevel: int16, minVersionLevel: int16 })),
    [],
  ),
  zkMigrationReady: tagged(3, 3, boolean, false),
})

export type ApiVersionsRequest = Struct<(typeof request)['fields']>
export type ApiVersionsResponse = Struct<(typeof response)['fields']>

export const apiVersions = defineApi<ApiVersionsRequest, ApiVersionsResponse>({
  key: 18,
  name: 'ApiVersions',
  versions: [0, 4],
  flexibleFrom: 3,
  throttledByClientFrom: 2,
  request,
  response,
})

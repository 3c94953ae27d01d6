/**
 * SaslAuthenticate (key 36), v0 to v2: one token of a login, and the broker's. v1 says how long the session lasts, and that the
 * client may log in again on the same connection; v2 is the first flexible one.
 *
 * @see docs/reference/wire-protocol.md#logging-in; KIP-152, KIP-368
 */
import { defineApi } from '../api.js'
import { type Struct, since, struct } from '../schema.js'
import { bytes, int16, int64, nullableString } from '../types.js'

const request = struct({
  authBytes: bytes,
})

const response = struct({
  errorCode: int16,
  errorMessage: nullableString,
  authBytes: bytes,
  sessionLifetimeMs: since(1, int64, 0n), // 0: it does not end
})

export type SaslAuthenticateRequest = Struct<(typeof request)['fields']>
export type SaslAuthenticateResponse = Struct<(typeof response)['fields']>

export const saslAuthenticate = defineApi<SaslAuthenticateRequest, SaslAuthenticateResponse>({
  key: 36,
  name: 'SaslAuthenticate',
  versions: [0, 2],
  flexibleFrom: 2,
  request,
  response,
})

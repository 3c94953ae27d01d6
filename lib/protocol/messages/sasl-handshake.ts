/**
 * SaslHandshake (key 17), v0 and v1: names the mechanism of a login. What follows after v0 are bare tokens, each behind its
 * int32 length and without any header; after v1 each token is a SaslAuthenticate request.
 *
 * A broker that does not have the mechanism answers error 33 with those it has.
 *
 * @see docs/reference/wire-protocol.md#logging-in; KIP-43, KIP-152
 */
import { defineApi } from '../api.js'
import { type Struct, struct } from '../schema.js'
import { array, int16, string } from '../types.js'

const request = struct({
  mechanism: string,
})

const response = struct({
  errorCode: int16,
  mechanisms: array(string),
})

export type SaslHandshakeRequest = Struct<(typeof request)['fields']>
export type SaslHandshakeResponse = Struct<(typeof response)['fields']>

export const saslHandshake = defineApi<SaslHandshakeRequest, SaslHandshakeResponse>({
  key: 17,
  name: 'SaslHandshake',
  versions: [0, 1],
  request,
  response,
})

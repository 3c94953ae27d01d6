/** SaslHandshake and SaslAuthenticate: hands both to the login of the connection. */
import {
  type SaslAuthenticateRequest,
  type SaslHandshakeRequest,
  saslAuthenticate,
  saslHandshake,
} from '../../protocol/messages/index.js'
import { type ApiHandler, faultCode } from './api-handler.js'

export const saslHandshakeHandler: ApiHandler<'SaslHandshake', SaslHandshakeRequest> = {
  name: 'SaslHandshake',
  api: saslHandshake,
  about: () => ({ topics: [] }),
  answer: ({ mechanism }, call) => {
    const forced = faultCode(call)
    const { errorCode, mechanisms } = call.login.handshake(mechanism, call.version)
    return { errorCode: forced ?? errorCode, mechanisms }
  },
}

export const saslAuthenticateHandler: ApiHandler<'SaslAuthenticate', SaslAuthenticateRequest> = {
  name: 'SaslAuthenticate',
  api: saslAuthenticate,
  about: () => ({ topics: [] }),
  answer: async ({ authBytes }, call) => {
    const forced = faultCode(call)
    if (forced === undefined) return call.login.token(authBytes, call.version)
    const errorMessage = 'the test cluster was told to refuse it'
    return { errorCode: forced, errorMessage, authBytes: Buffer.alloc(0), sessionLifetimeMs: 0n }
  },
}

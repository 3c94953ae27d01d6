import { expect } from 'chai'
import type { Api } from '../../../lib/protocol/api.js'
import {
  type SaslAuthenticateRequest,
  type SaslAuthenticateResponse,
  type SaslHandshakeRequest,
  type SaslHandshakeResponse,
  saslAuthenticate,
  saslHandshake,
} from '../../../lib/protocol/messages/index.js'
import { decodeResponse, encodeRequest, encodeResponse } from '../../../lib/protocol/request-response.js'
import { wire } from '../../support/wire.js'
import { type CodecRow, checkCodecRows } from '../support/codec-rows.js'
import { vectorsOf } from '../support/vectors.js'

const ofKafka = vectorsOf('kafka-clients-4.3.1-sasl')
const CORRELATION_ID = 10

const mechanism: SaslHandshakeRequest = { mechanism: 'SCRAM-SHA-256' }
const refusedMechanism: SaslHandshakeResponse = { errorCode: 33, mechanisms: ['PLAIN', 'SCRAM-SHA-512'] }
const token: SaslAuthenticateRequest = { authBytes: Buffer.from('\0alice\0alice-secret') }
const granted = (sessionLifetimeMs: bigint): SaslAuthenticateResponse => ({
  errorCode: 0,
  errorMessage: null,
  authBytes: Buffer.from('v=abc'),
  sessionLifetimeMs,
})
const refusedLogin: SaslAuthenticateResponse = {
  errorCode: 58,
  errorMessage: 'Authentication failed: Invalid username or password',
  authBytes: Buffer.alloc(0),
  sessionLifetimeMs: 0n,
}

function checkRequest<Request>(vector: string, api: Api<Request, unknown>, version: number, body: Request) {
  it(`is what Kafka makes of it: ${vector}`, () => {
    const bytes = encodeRequest(api, version, CORRELATION_ID, 'vec', body)
    expect(bytes.toString('hex')).to.equal(ofKafka(vector).toString('hex'))
  })
}

function checkAnswer<Response>(vector: string, api: Api<unknown, Response>, version: number, body: Response) {
  it(`is read as Kafka wrote it: ${vector}`, () => {
    expect(decodeResponse(api, version, ofKafka(vector).subarray(4))).to.deep.equal({
      body,
      trailingBytes: 0,
    })
  })

  it(`is written as Kafka writes it: ${vector}`, () => {
    const bytes = encodeResponse(api, version, CORRELATION_ID, body)
    expect(bytes.toString('hex')).to.equal(ofKafka(vector).toString('hex'))
  })
}

describe('SaslHandshake', () => {
  for (const version of [0, 1]) {
    checkRequest(`sasl-handshake-request-v${version}`, saslHandshake, version, mechanism)
    checkAnswer(`sasl-handshake-answer-v${version}`, saslHandshake, version, refusedMechanism)
  }
})

describe('SaslAuthenticate', () => {
  for (const version of [0, 1, 2]) {
    const lifetimeMs = version === 0 ? 0n : 3_600_000n
    checkRequest(`sasl-authenticate-request-v${version}`, saslAuthenticate, version, token)
    checkAnswer(`sasl-authenticate-answer-v${version}`, saslAuthenticate, version, granted(lifetimeMs))
    checkAnswer(`sasl-authenticate-refused-v${version}`, saslAuthenticate, version, refusedLogin)
  }
})

describe('SaslAuthenticate request', () => {
  const rows: CodecRow<SaslAuthenticateRequest>[] = [
    ['v1, an empty token', 1, { authBytes: Buffer.alloc(0) }, wire().bytes('').build()],
    ['v2, an empty token', 2, { authBytes: Buffer.alloc(0) }, wire().uvarint(1).noTags().build()],
  ]
  checkCodecRows((version) => saslAuthenticate.request(version), rows)
})

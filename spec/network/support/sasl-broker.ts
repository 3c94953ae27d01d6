/** A broker that wants a login, by hand: what it lists, which mechanisms it has, and what it answers to each token. */
import type { Socket } from 'node:net'
import { FrameSplitter } from '../../support/scripted/frames.js'
import { reading, wire } from '../../support/wire.js'
import { answerTo, headerOf, type ListedApi, versionsAnswer } from './answers.js'

export const SASL_HANDSHAKE = 17
export const SASL_AUTHENTICATE = 36

/** What is said to a token. */
export interface TokenAnswer {
  readonly token?: string
  readonly errorCode?: number
  readonly message?: string
  readonly sessionLifetimeMs?: number
}

export interface SaslBrokerOptions {
  readonly lists: readonly ListedApi[]
  /** Default: PLAIN. */
  readonly mechanisms?: readonly string[]
  /** Default: 0, or 33 for a mechanism that it does not have. */
  readonly handshakeCode?: number
  /** What it does with a token, the nth of its connection from 1. Default: an empty one, which means yes. */
  onToken?(token: string, nth: number): TokenAnswer | 'close' | 'silence'
}

/** Of Kafka 0.10.2. */
export const listOf0_10_2: readonly ListedApi[] = [
  [0, 0, 2],
  [3, 0, 2],
  [17, 0, 0],
  [18, 0, 0],
]

export class SaslBroker {
  /** What each connection sent, in its order: `SaslHandshake v1 PLAIN`, `token …`, or the key of a request. */
  readonly story: string[][] = []
  readonly #options: SaslBrokerOptions

  constructor(options: SaslBrokerOptions) {
    this.#options = options
  }

  readonly serve = (socket: Socket): void => {
    const splitter = new FrameSplitter()
    const story: string[] = []
    this.story.push(story)
    let isRaw = false
    let tokens = 0
    const onToken = (token: string): TokenAnswer | 'close' | 'silence' => {
      story.push(`token ${token}`)
      tokens++
      return this.#options.onToken?.(token, tokens) ?? {}
    }
    socket.on('data', (chunk: Buffer) => {
      for (const frame of splitter.push(chunk)) {
        if (isRaw) {
          const answer = onToken(frame.toString())
          if (answer === 'close') socket.destroy()
          else if (answer !== 'silence') {
            socket.write(
              wire()
                .raw(Buffer.from(answer.token ?? ''))
                .framed(),
            )
            isRaw = answer.token !== undefined && answer.token !== ''
          }
          continue
        }
        const { apiKey, apiVersion, correlationId } = headerOf(frame)
        if (apiKey === SASL_HANDSHAKE) {
          const mechanism = bodyOf(frame).string()
          story.push(`SaslHandshake v${apiVersion} ${mechanism}`)
          isRaw = apiVersion === 0
          socket.write(this.#handshakeAnswer(correlationId, mechanism))
        } else if (apiKey === SASL_AUTHENTICATE) {
          const answer = onToken(tokenOf(frame, apiVersion))
          if (answer === 'close') socket.destroy()
          else if (answer !== 'silence') socket.write(authenticateAnswer(correlationId, apiVersion, answer))
        } else {
          story.push(String(apiKey))
          socket.write(apiKey === 18 ? versionsAnswer(correlationId, this.#options.lists) : answerTo(frame))
        }
      }
    })
  }

  #handshakeAnswer(correlationId: number, mechanism: string): Buffer {
    const { mechanisms = ['PLAIN'], handshakeCode } = this.#options
    const code = handshakeCode ?? (mechanisms.includes(mechanism) ? 0 : 33)
    return wire()
      .int32(correlationId)
      .int16(code)
      .array(mechanisms, (to, name) => to.string(name))
      .framed()
  }
}

function bodyOf(request: Buffer) {
  const from = reading(request)
  from.raw(8)
  from.nullableString()
  return from
}

function tokenOf(request: Buffer, version: number): string {
  const from = bodyOf(request)
  if (version < 2) return from.bytes()!.toString()
  // No tags, then a compact length of one byte.
  from.raw(1)
  return from.raw(from.int8() - 1).toString()
}

function authenticateAnswer(correlationId: number, version: number, answer: TokenAnswer): Buffer {
  const { token = '', errorCode = 0, message = null, sessionLifetimeMs = 0 } = answer
  const to = wire().int32(correlationId)
  if (version >= 2) {
    to.noTags().int16(errorCode).compactString(message)
    to.uvarint(token.length + 1).raw(Buffer.from(token))
    return to.int64(sessionLifetimeMs).noTags().framed()
  }
  to.int16(errorCode).nullableString(message).bytes(token)
  if (version === 1) to.int64(sessionLifetimeMs)
  return to.framed()
}

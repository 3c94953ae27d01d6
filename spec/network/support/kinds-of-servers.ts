/** What different servers do with the two questions that a fresh connection begins with. */
import type { Socket } from 'node:net'
import { answerTo, headerOf, type ListedApi, versionsAnswer } from './answers.js'

type OnRequest = (socket: Socket, request: Buffer) => void

export const API_VERSIONS = 18
export const METADATA = 3

/** What Kafka 2.8 lists, of what is needed here. */
export const listOf2_8: readonly ListedApi[] = [
  [0, 0, 9],
  [1, 0, 12],
  [2, 0, 6],
  [3, 0, 11],
  [17, 0, 1],
  [18, 0, 3],
  [19, 0, 7],
  [22, 0, 4],
  [36, 0, 2],
]

/** 0.8 cannot read a request of an unknown kind, and closes. */
export const kafka0_8: OnRequest = (socket, request) => {
  if (socket.destroyed) return
  if (headerOf(request).apiKey === API_VERSIONS) socket.destroy()
  else socket.write(answerTo(request))
}

/** 0.9 logs an exception about it and goes on with the next one. */
export const kafka0_9: OnRequest = (socket, request) => {
  if (headerOf(request).apiKey !== API_VERSIONS) socket.write(answerTo(request))
}

/** 0.10 and later tell, and answer both. */
export function telling(apis: readonly ListedApi[], errorCode = 0): OnRequest {
  return (socket, request) => {
    const { apiKey, correlationId } = headerOf(request)
    socket.write(apiKey === API_VERSIONS ? versionsAnswer(correlationId, apis, errorCode) : answerTo(request))
  }
}

export const kafka2_8 = telling(listOf2_8)

/** A listener that wants SASL tells its versions to anybody and closes on everything else. */
export const wantingSasl: OnRequest = (socket, request) => {
  if (headerOf(request).apiKey === API_VERSIONS) kafka2_8(socket, request)
  else socket.end()
}

export const closingOnEverything: OnRequest = (socket) => void socket.destroy()

export const silent: OnRequest = () => {}

/** Brokers that tell their versions and store every set at offset 42, for SyncProducers. */
import type { Socket } from 'node:net'
import { answerTo, headerOf, type ListedApi, versionsAnswer } from '../../network/support/answers.js'
import { API_VERSIONS } from '../../network/support/kinds-of-servers.js'
import { wire } from '../../support/wire.js'
import { PRODUCE } from './sync-producers.js'

export const listOf0_10_0: readonly ListedApi[] = [
  [0, 0, 2],
  [1, 0, 2],
  [2, 0, 0],
  [3, 0, 1],
  [17, 0, 0],
  [18, 0, 0],
]

/** It lists Produce from v0 on and would close the connection on v0 to v2. */
export const listOf4_1: readonly ListedApi[] = [
  [0, 0, 13],
  [1, 4, 18],
  [2, 1, 10],
  [3, 0, 13],
  [17, 0, 1],
  [18, 0, 4],
  [19, 2, 7],
  [22, 0, 5],
  [36, 0, 2],
]

/** From here on answers have compact lengths and tags. */
const FIRST_FLEXIBLE_PRODUCE = 9

/** Acknowledges partition 0 of one topic: with its name, or with its id, which has sixteen bytes. */
function flexibleProduceAnswer(correlationId: number, topic: string | Buffer): Buffer {
  const named =
    typeof topic === 'string'
      ? wire()
          .int8(topic.length + 1)
          .raw(Buffer.from(topic))
          .build()
      : topic
  return wire()
    .int32(correlationId)
    .int8(0)
    .int8(2)
    .raw(named)
    .int8(2)
    .raw(wire().int32(0).int16(0).int64(42).int64(-1).int64(0).int8(1).int8(0).int8(0).build())
    .int8(0)
    .int32(0)
    .int8(0)
    .framed()
}

/** @param topicId - of the topic `t`, where the broker knows topics by id. */
export function brokerOf(
  apis: readonly ListedApi[],
  topicId?: Buffer,
): (socket: Socket, request: Buffer) => void {
  return (socket, request) => {
    const { apiKey, apiVersion, correlationId } = headerOf(request)
    if (apiKey === API_VERSIONS) socket.write(versionsAnswer(correlationId, apis))
    else if (apiKey === PRODUCE && apiVersion >= FIRST_FLEXIBLE_PRODUCE)
      socket.write(flexibleProduceAnswer(correlationId, apiVersion >= 13 ? topicId! : 't'))
    else socket.write(answerTo(request))
  }
}

/**
 * Asks one broker for the state of its cluster and for new topics, with requests written by hand.
 *
 * Metadata v0 is answered by every broker from 0.8.0 to 4.4.0. {@link fetchMetadata} asks for all topics: naming one
 * creates it on brokers that create topics automatically, see {@link nameTopics}. Shares nothing with the code under test.
 *
 * @see https://kafka.apache.org/protocol#The_Messages_Metadata
 */
import { connect } from 'node:net'
import { reading, type WireBuilder, type WireReader, wire } from '../../support/wire.js'

export interface PartitionMetadata {
  /** REPLICA_NOT_AVAILABLE (9) stands beside a leader that works, in 0.8.1 and 0.8.2. */
  readonly errorCode: number
  /** −1 while there is none. */
  readonly leader: number
  readonly replicas: readonly number[]
  /** 0.8 goes on leaving out a broker that has returned. */
  readonly inSyncReplicas: readonly number[]
}

export interface ClusterMetadata {
  /** Empty on a healthy 0.8 broker until the first topic exists. */
  readonly brokerIds: readonly number[]
  /** Topic → partition → state, as this broker knows it. */
  readonly topics: ReadonlyMap<string, ReadonlyMap<number, PartitionMetadata>>
}

export interface NewTopic {
  readonly name: string
  readonly partitions: number
  readonly replicationFactor: number
  /** Settings of the topic, such as `max.message.bytes`. */
  readonly config: Readonly<Record<string, string>>
}

const METADATA = 3
const OFFSET_FETCH = 9
const CREATE_TOPICS = 19
const CLIENT_ID = 'broker-specs'
const CORRELATION_ID = 1
const REQUEST_TIMEOUT_MS = 5000

/** Rejects when nobody listens at `port`, or the answer takes longer than 5 s. */
export async function fetchMetadata(port: number): Promise<ClusterMetadata> {
  const answer = await ask(port, METADATA, 0, (body) => body.array([], () => {}))
  const brokerIds = answer.array(readBrokerId)
  const topics = answer.array((topic) => {
    topic.int16() // the topic's own error; a partition without a leader says all that is needed
    return [topic.string(), new Map(topic.array(readPartition))] as const
  })
  answer.end()
  return { brokerIds, topics: new Map(topics) }
}

/** Asks the broker at `port` about topics by their names, which creates those that do not exist. */
export async function nameTopics(port: number, names: readonly string[]): Promise<void> {
  await ask(port, METADATA, 0, (body) => body.array(names, (to, name) => to.string(name)))
}

function readBrokerId(from: WireReader): number {
  const id = from.int32()
  from.string()
  from.int32()
  return id
}

function readPartition(from: WireReader): [number, PartitionMetadata] {
  const errorCode = from.int16()
  const partition = from.int32()
  const leader = from.int32()
  const replicas = from.array((ids) => ids.int32())
  const inSyncReplicas = from.array((ids) => ids.int32())
  return [partition, { errorCode, leader, replicas, inSyncReplicas }]
}

/** Id of the controller, or with KRaft of a broker that passes requests on to it. From 0.10. */
export async function fetchControllerId(port: number): Promise<number> {
  const noTopics: readonly string[] = []
  const answer = await ask(port, METADATA, 1, (body) => body.array(noTopics, (to, name) => to.string(name)))
  answer.array((from) => {
    readBrokerId(from)
    from.nullableString() // rack
  })
  return answer.int32()
}

/** Asks the broker at `port` for a topic; resolves with its error code, 0 for done. From 0.10.1. */
export async function requestTopic(port: number, apiVersion: 0 | 1 | 2, topic: NewTopic): Promise<number> {
  const answer = await ask(port, CREATE_TOPICS, apiVersion, (body) => {
    body.array([topic], writeNewTopic).int32(REQUEST_TIMEOUT_MS)
    if (apiVersion >= 1) body.int8(0) // validate only: no
  })
  if (apiVersion >= 2) answer.int32() // throttle time
  const [errorCode] = answer.array((from) => {
    from.string()
    const code = from.int16()
    if (apiVersion >= 1) from.nullableString()
    return code
  })
  return errorCode ?? -1
}

/** The offset that a group has committed for a partition; −1n where there is none. From 0.8.2. */
export async function fetchCommittedOffset(
  port: number,
  group: string,
  topic: string,
  partition: number,
): Promise<bigint> {
  const answer = await ask(port, OFFSET_FETCH, 1, (body) =>
    body
      .string(group)
      .array([topic], (to, name) => to.string(name).array([partition], (at, index) => at.int32(index))),
  )
  const [[offset = -1n] = []] = answer.array((from) => {
    from.string()
    return from.array((at) => {
      at.int32()
      const committed = at.int64()
      at.nullableString() // metadata
      at.int16() // error code: beside −1
      return committed
    })
  })
  return offset
}

function writeNewTopic(to: WireBuilder, topic: NewTopic): void {
  to.string(topic.name).int32(topic.partitions).int16(topic.replicationFactor)
  to.array([], () => {}) // no assignment by hand
  to.array(Object.entries(topic.config), (entry, [key, value]) => entry.string(key).nullableString(value))
}

/** One request on a connection of its own; resolves with what follows the correlation id. */
function ask(
  port: number,
  apiKey: number,
  apiVersion: number,
  write: (body: WireBuilder) => unknown,
): Promise<WireReader> {
  const request = wire().requestHeader(apiKey, apiVersion, CORRELATION_ID, CLIENT_ID)
  write(request)
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port })
    const chunks: Buffer[] = []
    const settle = (outcome: () => void): void => {
      socket.destroy()
      outcome()
    }
    socket.setTimeout(REQUEST_TIMEOUT_MS, () =>
      settle(() => reject(new Error(`127.0.0.1:${port} did not answer within ${REQUEST_TIMEOUT_MS} ms`))),
    )
    socket.once('error', (error) => settle(() => reject(error)))
    socket.once('close', () => reject(new Error(`127.0.0.1:${port} closed the connection without an answer`)))
    socket.on('data', (chunk) => {
      chunks.push(chunk)
      const frame = wholeFrame(chunks)
      if (frame) settle(() => resolve(frame))
    })
    socket.write(request.framed())
  })
}

/** The first frame behind its correlation id, or null while bytes are missing. */
function wholeFrame(chunks: readonly Buffer[]): WireReader | null {
  const bytes = Buffer.concat(chunks)
  if (bytes.length < 4 || bytes.length < 4 + bytes.readInt32BE()) return null
  const frame = reading(bytes.subarray(4, 4 + bytes.readInt32BE()))
  frame.int32()
  return frame
}

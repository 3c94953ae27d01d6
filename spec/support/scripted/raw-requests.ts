/** Requests and expected answers of version 0, written by hand, for the scripted cluster's own specs. */
import { reading, wire } from '../wire.js'
import { messageSet } from '../wire-message-set.js'

/** Asks for these topics; for all of them without any. */
export function metadataRequest(correlationId: number, ...topics: string[]): Buffer {
  return wire()
    .requestHeader(3, 0, correlationId, 'c1')
    .array(topics, (to, topic) => to.string(topic))
    .framed()
}

/** One message to one partition. */
export function produceRequest(correlationId: number, { acks = 1, topic = 't', partition = 0 } = {}): Buffer {
  return wire()
    .requestHeader(0, 0, correlationId, 'c1')
    .int16(acks)
    .int32(1000)
    .array([topic], (to, name) =>
      to
        .string(name)
        .array([partition], (set, id) => set.int32(id).bytes(messageSet([{ key: 'k', value: 'v' }]))),
    )
    .framed()
}

/** A produce answer for one partition of `t`, without its length. */
export function produceAnswer(
  correlationId: number,
  partition: number,
  error: number,
  offset: number,
): Buffer {
  return wire()
    .int32(correlationId)
    .array(['t'], (to, topic) =>
      to.string(topic).array([partition], (entry, id) => entry.int32(id).int16(error).int64(offset)),
    )
    .build()
}

/** The topic error codes of a metadata answer. */
export function topicErrors(answer: Buffer | undefined): number[] {
  const from = reading(answer!)
  from.int32()
  from.array((broker) => [broker.int32(), broker.string(), broker.int32()])
  return from.array((topic) => {
    const error = topic.int16()
    topic.string()
    topic.array((partition) => {
      partition.int16()
      partition.int32()
      partition.int32()
      partition.array((replica) => replica.int32())
      partition.array((replica) => replica.int32())
    })
    return error
  })
}

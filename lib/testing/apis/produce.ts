/**
 * Produce v0. Behaviour: each partition's set is stored whole or refused whole. Refused with 3 for an unknown
 * partition, 6 on a broker that does not lead it, 2 for a wrong checksum, 10 for a message or wrapper over the limit,
 * −1 for a codec the era does not know, 17 for a topic name that is not legal, 21 for other acks than −1, 0, 1.
 */
import type { ProduceRequest, ProduceResponse } from '../../protocol/messages/index.js'
import type { Era } from '../eras.js'
import type { ActingFault } from '../faults.js'
import { checkSet } from '../partition-log.js'
import type { Topics } from '../topics.js'

const NONE = 0
const codes = {
  UNKNOWN_SERVER_ERROR: -1,
  CORRUPT_MESSAGE: 2,
  UNKNOWN_TOPIC_OR_PARTITION: 3,
  NOT_LEADER_FOR_PARTITION: 6,
  MESSAGE_TOO_LARGE: 10,
  INVALID_TOPIC_EXCEPTION: 17,
  INVALID_REQUIRED_ACKS: 21,
} as const

const LEGAL_TOPIC = /^[a-zA-Z0-9._-]{1,255}$/

export interface ProduceContext {
  readonly topics: Topics
  readonly brokerId: number
  readonly era: Era
  readonly faults: readonly ActingFault[]
  onStored(topic: string, partition: number, baseOffset: bigint): void
}

/** Stores what can be stored. @returns the answer, which is not sent with acks 0. */
export function handleProduce(request: ProduceRequest, context: ProduceContext): ProduceResponse {
  const { faults } = context
  return {
    topics: request.topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions
        .map(({ index, records }) => ({
          index,
          ...store(request.acks, name, index, records as Buffer, context),
        }))
        .filter(
          ({ index }) =>
            !faults.some(({ fault, fits }) => fault.kind === 'omitPartition' && fits(name, index)),
        ),
    })),
  }
}

/** Whether some partition was refused; with acks 0 the broker then closes the connection. */
export function hasError({ topics }: ProduceResponse): boolean {
  return topics.some(({ partitions }) => partitions.some(({ errorCode }) => errorCode !== NONE))
}

interface PartitionAnswer {
  errorCode: number
  baseOffset: bigint
}

function store(
  acks: number,
  topic: string,
  index: number,
  set: Buffer | null,
  context: ProduceContext,
): PartitionAnswer {
  const refused = (errorCode: number): PartitionAnswer => ({ errorCode, baseOffset: -1n })
  for (const { fault, fits } of context.faults) {
    if (fault.kind === 'errorCode' && fits(topic, index)) return refused(fault.code)
  }
  if (acks < -1 || acks > 1) return refused(codes.INVALID_REQUIRED_ACKS)
  if (!LEGAL_TOPIC.test(topic)) return refused(codes.INVALID_TOPIC_EXCEPTION)
  const found = context.topics.find(topic)
  const partition = found?.partitions[index]
  if (!found || !partition) return refused(codes.UNKNOWN_TOPIC_OR_PARTITION)
  if (partition.leader !== context.brokerId) return refused(codes.NOT_LEADER_FOR_PARTITION)
  // The request's buffer is shared with other partitions; a log keeps its own bytes.
  const own = Buffer.from(set ?? Buffer.alloc(0))
  const checked = checkSet(own, found.maxMessageBytes, context.era.lastCodecId)
  if (typeof checked === 'string') return refused(codes[checked])
  const baseOffset = partition.log.append(own, checked)
  context.onStored(topic, index, baseOffset)
  return { errorCode: NONE, baseOffset }
}

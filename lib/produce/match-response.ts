/**
 * Policy: which answer belongs to which partition that was asked for.
 *
 * An unknown topic or partition is ignored and reported; the same partition twice counts once when both say the
 * same, and breaks the protocol otherwise; a missing one stays missing, which makes its messages ambiguous.
 *
 * @see docs/decisions/0000-classic-producer.md#d8
 */
import { DecodeError, printable } from '../errors.js'
import type { ProduceResponse } from '../protocol/messages/index.js'
import { PartitionMap, partitionName } from './partition-batch.js'

export interface PartitionAnswer {
  readonly errorCode: number
  readonly baseOffset: bigint
  /** −1n where the broker does not stamp messages itself. */
  readonly logAppendTimeMs: bigint
  /** Of the partition; −1n where the answer has none: Produce before v5. */
  readonly logStartOffset: bigint
  /** The broker's text about the refusal. */
  readonly errorMessage: string | null
  /** Which messages of the batch it refuses, and why; empty where the broker does not report them. */
  readonly recordErrors: readonly { readonly batchIndex: number; readonly message: string | null }[]
  /** Who leads the partition now (KIP-951); −1 where the broker does not say. */
  readonly currentLeader: { readonly leaderId: number; readonly leaderEpoch: number }
}

export interface MatchedResponse {
  /** Null for a partition that was asked for and has none. */
  readonly answers: PartitionMap<PartitionAnswer | null>
  /** Names of partitions that were not asked for. */
  readonly unexpected: readonly string[]
}

/** @throws {DecodeError} when one partition has two different answers. */
export function matchResponse(
  asked: Iterable<{ readonly topic: string; readonly partition: number }>,
  response: ProduceResponse,
): MatchedResponse {
  const answers = new PartitionMap<PartitionAnswer | null>()
  for (const { topic, partition } of asked) answers.set(topic, partition, null)
  const unexpected: string[] = []
  for (const { name: topic, partitions } of response.topics) {
    for (const answer of partitions) {
      const { index, errorCode, baseOffset } = answer
      const earlier = answers.get(topic, index)
      if (earlier === undefined) {
        unexpected.push(partitionName(topic, index))
      } else if (earlier === null) {
        answers.set(topic, index, answer)
      } else if (earlier.errorCode !== errorCode || earlier.baseOffset !== baseOffset) {
        const name = printable(partitionName(topic, index))
        throw new DecodeError(`two different answers for ${name} in one produce response`)
      }
    }
  }
  return { answers, unexpected }
}

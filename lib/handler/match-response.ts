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

export interface PartitionAnswer {
  readonly errorCode: number
  readonly baseOffset: bigint
  /** −1n where the broker does not stamp messages itself. */
  readonly logAppendTimeMs: bigint
  /** The broker's text about the refusal. */
  readonly errorMessage: string | null
  /** Which messages of the batch it refuses, and why; empty where the broker does not report them. */
  readonly recordErrors: readonly { readonly batchIndex: number; readonly message: string | null }[]
}

export interface MatchedResponse {
  /** Keyed as {@link partitionName}. */
  readonly answers: ReadonlyMap<string, PartitionAnswer>
  /** Names of partitions that were not asked for. */
  readonly unexpected: readonly string[]
}

/** `topic/partition`, unique because a partition has no slash. */
export function partitionName(topic: string, partition: number): string {
  return `${topic}/${partition}`
}

/** @throws {DecodeError} when one partition has two different answers. */
export function matchResponse(asked: ReadonlySet<string>, response: ProduceResponse): MatchedResponse {
  const answers = new Map<string, PartitionAnswer>()
  const unexpected: string[] = []
  for (const { name: topic, partitions } of response.topics) {
    for (const answer of partitions) {
      const { errorCode, baseOffset } = answer
      const name = partitionName(topic, answer.index)
      const earlier = answers.get(name)
      if (!asked.has(name)) {
        unexpected.push(name)
      } else if (!earlier) {
        answers.set(name, answer)
      } else if (earlier.errorCode !== errorCode || earlier.baseOffset !== baseOffset) {
        throw new DecodeError(`two different answers for ${printable(name)} in one produce response`)
      }
    }
  }
  return { answers, unexpected }
}

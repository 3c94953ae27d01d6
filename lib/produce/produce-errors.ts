/**
 * Policy: what an error code in a produce answer means for the messages of its partition.
 *
 * The original retried every code. Codes that can never succeed fail at once here; a set refused for its size
 * is split; everything else is retried, and some codes leave it open whether the messages are stored.
 *
 * @see docs/reference/faults.md#error-codes-in-a-produce-answer, docs/decisions/0000-classic-producer.md#d2
 */
import { BrokerError, printable } from '../errors.js'
import { errorCode, isKnownErrorCode } from '../protocol/error-code.js'

export type ErrorAction = 'delivered' | 'retry' | 'fail' | 'split'

const NONE = 0
const NOT_LEADER_OR_FOLLOWER = 6

/** MESSAGE_TOO_LARGE, RECORD_LIST_TOO_LARGE: about the set, not about each of its messages. */
const tooLarge: ReadonlySet<number> = new Set([10, 18])

/** Topic name, acks, authorization, timestamp, version, request, format, policy, codec, record: never get better. */
const nonRetriable: ReadonlySet<number> = new Set([
  17, 21, 29, 31, 32, 33, 35, 42, 43, 44, 53, 54, 58, 76, 87,
])

/** Codes that come after the leader may have stored the messages: −1, time-out, network, too few replicas, disk. */
const ambiguous: ReadonlySet<number> = new Set([-1, 7, 13, 20, 56])

export function actionOn(code: number): ErrorAction {
  if (code === NONE) return 'delivered'
  if (tooLarge.has(code)) return 'split'
  return nonRetriable.has(code) ? 'fail' : 'retry'
}

function isAmbiguous(code: number, acks: number): boolean {
  // With acks −1 a leader that is deposed while it waits for replicas has already stored the messages.
  if (code === NOT_LEADER_OR_FOLLOWER) return acks === -1
  return ambiguous.has(code) || !isKnownErrorCode(code)
}

/** A broker's refusal as an error of ours. */
export function brokerError(
  code: number,
  where: { broker: string; topic: string; partition?: number; acks: number; says?: string | null },
): BrokerError {
  const { name, description } = errorCode(code)
  const { broker, topic, partition } = where
  const why = where.says ? printable(where.says) : description
  const place = partition === undefined ? printable(topic) : `${printable(topic)}/${partition}`
  const text = `${broker} answered ${name} (${code}) for ${place}${why && `: ${why}`}`
  return new BrokerError(code, name, text, {
    broker,
    topic,
    ...(partition !== undefined && { partition }),
    retriable: actionOn(code) === 'retry',
    persistence: isAmbiguous(code, where.acks) ? 'possibly-persisted' : 'not-persisted',
  })
}

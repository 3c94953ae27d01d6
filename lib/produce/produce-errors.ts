/**
 * Policy: what an error code in a produce answer means for the messages of its partition, by the columns of its row.
 *
 * The original retried every code. Codes that can never succeed fail at once here; a set refused for its size
 * is split; everything else is retried, and some codes leave it open whether the messages are stored.
 *
 * @see docs/reference/faults.md#error-codes-in-a-produce-answer, docs/decisions/0000-classic-producer.md#d2
 */
import { BrokerError, printable } from '../errors.js'
import { type ErrorAction, errorCode } from '../protocol/error-code.js'

export function actionOn(code: number): ErrorAction {
  return errorCode(code).action
}

/** A broker's refusal as an error of ours. */
export function brokerError(
  code: number,
  where: { broker: string; topic: string; partition?: number; acks: number; says?: string | null },
): BrokerError {
  const { name, description, action, isAmbiguous } = errorCode(code)
  const { broker, topic, partition, acks } = where
  const mayBeStored = isAmbiguous === 'acks -1' ? acks === -1 : isAmbiguous
  const why = where.says ? printable(where.says) : description
  const place = partition === undefined ? printable(topic) : `${printable(topic)}/${partition}`
  const text = `${broker} answered ${name} (${code}) for ${place}${why && `: ${why}`}`
  return new BrokerError(code, name, text, {
    broker,
    topic,
    ...(partition !== undefined && { partition }),
    retriable: action === 'retry',
    persistence: mayBeStored ? 'possibly-persisted' : 'not-persisted',
  })
}

/**
 * Policy: the error of each record of a refused batch. From Produce v8 on a broker may say which records it rejects: a single
 * one has the error of the partition with its own text, several have INVALID_RECORD each, and the others failed only because
 * of them.
 *
 * @see KIP-467; Kafka's Sender 4.3
 */
import { BrokerError, KafkaError, printable } from '../errors.js'
import type { PartitionAnswer } from '../produce/match-response.js'
import { brokerError } from './errors.js'
import type { ProducerBatch } from './producer-batch.js'

const INVALID_RECORD = 87

/** @param error - of the batch. */
export function errorsOfRecords(
  error: KafkaError,
  { errorCode, recordErrors, errorMessage }: PartitionAnswer,
  { topic, partition }: Pick<ProducerBatch, 'topic' | 'partition'>,
): KafkaError | ((index: number) => KafkaError) {
  if (recordErrors.length === 0) return error
  const said = new Map(recordErrors.map(({ batchIndex, message }) => [batchIndex, message]))
  const code = recordErrors.length === 1 ? errorCode : INVALID_RECORD
  const context = { topic, partition, persistence: error.persistence }
  const others = new RejectedBatchError(
    `the broker rejected other records of the same batch for ${printable(topic)}/${partition}`,
    { ...context, cause: error },
  )
  return (index) => {
    if (!said.has(index)) return others
    const says = said.get(index) ?? errorMessage
    const what = `a record for ${printable(topic)}/${partition} was rejected`
    const own = brokerError(code, what, context)
    if (says && own instanceof BrokerError) own.message = `${what}: ${printable(says)}`
    return own
  }
}

/** The record was not stored because of others in its batch; it may be sent again. */
export class RejectedBatchError extends KafkaError {
  constructor(message: string, context: ConstructorParameters<typeof KafkaError>[2] = {}) {
    super('KAFKA_REJECTED_BATCH', message, context)
  }
}

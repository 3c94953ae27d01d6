/** What a record fails with on its way into a batch, and whether waiting for its topic is of any use. */
import type { ClusterMetadata } from '../cluster/cluster-metadata.js'
import { asKafkaError, type KafkaError, printable } from '../errors.js'
import { nameOfThrown } from '../name-of-thrown.js'
import { brokerError } from './errors.js'
import { BufferExhaustedError, IllegalArgumentError } from './record-errors.js'

/** A topic name that no broker takes, and one that this client may not write to. */
export const INVALID_TOPIC_EXCEPTION = 17
const TOPIC_AUTHORIZATION_FAILED = 29

/** Why nothing is known of a topic, where brokers have said so. */
export function causeOf(cluster: ClusterMetadata, topic: string): KafkaError | null {
  const code = cluster.errorCodeOf(topic)
  return code === 0 ? null : refusal(topic, code)
}

/** Whether a topic was answered with an error that waiting does not help against. */
export function isFinal(code: number): boolean {
  return code === INVALID_TOPIC_EXCEPTION || code === TOPIC_AUTHORIZATION_FAILED
}

export function refusal(topic: string, code: number): KafkaError {
  return brokerError(code, `metadata of ${printable(topic)}`, { topic })
}

export function tooManyWait(topic: string): BufferExhaustedError {
  const text = `too many records wait for metadata already, of ${printable(topic)} and other topics: await appended`
  return new BufferExhaustedError(text, { topic })
}

/** What a record fails with: a closed producer, and what is no error of ours, say so themselves. */
export function asError(thrown: unknown, topic: string): KafkaError {
  const own = asKafkaError(thrown)
  if (own) return own
  const text = `a record for ${printable(topic)} cannot be sent: ${nameOfThrown(thrown)}`
  return new IllegalArgumentError(text, { topic, cause: thrown })
}

/**
 * What is thrown by foreign code, or should not have been thrown at all, as words and as errors of ours. Whatever was
 * thrown, nothing here throws in turn.
 */
import { asKafkaError, KafkaError, printable } from './errors.js'

/** An error by its name, anything else by its type; never its text, which may show a payload. */
export function nameOfThrown(thrown: unknown): string {
  try {
    if (thrown instanceof Error) return printable(String(thrown.name))
  } catch {
    // An error whose name cannot be read.
  }
  return `something of type ${typeof thrown}`
}

/** The last resort: any thrown value as an error of this package. Whether the messages are stored is unknown then. */
export function unexpected(thrown: unknown): KafkaError {
  return (
    asKafkaError(thrown) ??
    new KafkaError('KAFKA_UNEXPECTED', `sending broke off unexpectedly: ${nameOfThrown(thrown)} was thrown`, {
      cause: thrown,
      persistence: 'possibly-persisted',
    })
  )
}

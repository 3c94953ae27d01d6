import { KafkaError } from '../errors.js'

/** The input cannot be read on: a line that is too long or has no key, or the stream itself. Names the line, never its text. */
export class InputError extends KafkaError {
  constructor(message: string, cause?: unknown) {
    super('KAFKA_CONSOLE_INPUT', message, { cause })
  }
}

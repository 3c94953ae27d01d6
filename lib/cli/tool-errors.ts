/** What ends a tool early, through no fault of the producer. */
import { KafkaError, printable } from '../errors.js'

/** A command line that asks for text (help, version) or cannot be understood. */
export class UsageError extends Error {
  /** Status to exit with; 0 when the text is what was asked for. */
  readonly exitCode: number

  constructor(text: string, exitCode: number) {
    super(text)
    this.exitCode = exitCode
  }
}

/** What is wrong with a command line. */
export function usage(problem: string): UsageError {
  return new UsageError(`${printable(problem)}\nSee --help for the options.\n`, 1)
}

/** The input cannot be read on: a line that is too long or has no key, or the stream itself. Names the line, never its text. */
export class InputError extends KafkaError {
  constructor(message: string, cause?: unknown) {
    super('KAFKA_CONSOLE_INPUT', message, { cause })
  }
}

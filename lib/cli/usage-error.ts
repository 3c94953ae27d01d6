import { printable } from '../errors.js'

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

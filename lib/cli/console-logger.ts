/** What the library logs, as lines on standard error. The same trouble at each attempt is said once. */
import type { Logger } from '../logger.js'
import type { ErrorOutput } from './error-output.js'

/** Lines that are kept in mind so as not to repeat them. */
const MAX_REMEMBERED_LINES = 1000

/** @param isVerbose - INFO too; else WARN and ERROR. */
export function consoleLogger(errors: ErrorOutput, isVerbose: boolean): Logger {
  const said = new Set<string>()
  const write =
    (level: string) =>
    (message: string): void => {
      if (said.has(message)) return
      if (said.size < MAX_REMEMBERED_LINES) said.add(message)
      errors.say(`${level} ${message}`)
    }
  const nothing = (): void => {}
  return {
    debug: nothing,
    info: isVerbose ? write('INFO') : nothing,
    warn: write('WARN'),
    error: write('ERROR'),
  }
}

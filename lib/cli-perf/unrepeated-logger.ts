import type { Logger } from '../logger.js'

/** Lines that are kept in mind so as not to repeat them. */
const MAX_REMEMBERED_LINES = 1000

/** A logger that says the same trouble at each attempt only once. INFO is said when `isVerbose`. */
export function unrepeatedLogger(say: (line: string) => void, isVerbose: boolean): Logger {
  const said = new Set<string>()
  const write =
    (level: string) =>
    (message: string): void => {
      if (said.has(message)) return
      if (said.size < MAX_REMEMBERED_LINES) said.add(message)
      say(`${level} ${message}`)
    }
  const nothing = (): void => {}
  return {
    debug: nothing,
    info: isVerbose ? write('INFO') : nothing,
    warn: write('WARN'),
    error: write('ERROR'),
  }
}

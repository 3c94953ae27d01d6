/**
 * A logger that never throws, around one that may: a transport that has ended must not end the sending with it.
 */
import type { Logger } from './logger.js'

export function guarded(logger: Logger): Logger {
  const through =
    (level: keyof Logger) =>
    (message: string): void => {
      try {
        logger[level](message)
      } catch {
        // A broken logger cannot log its own failure.
      }
    }
  return { debug: through('debug'), info: through('info'), warn: through('warn'), error: through('error') }
}

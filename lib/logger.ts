/**
 * The logging contract, its default (WARN and ERROR to stderr, the rest nowhere), and a guard around foreign loggers.
 *
 * pino, winston and console fit it as they are. Lines never hold payloads, keys or secrets.
 */
export interface Logger {
  debug(message: string): void
  info(message: string): void
  warn(message: string): void
  error(message: string): void
}

const nothing = (): void => {}

function toStderr(level: string): (message: string) => void {
  return (message) => {
    const { stderr } = process
    // Whoever read the other end may be gone; a log line is no reason to end the application.
    stderr.once('error', nothing)
    stderr.write(`${new Date().toISOString()} ${level} kafka-classic-producer: ${message}\n`, (error) => {
      if (!error) stderr.removeListener('error', nothing)
    })
  }
}

/** Used where the application passes no `logger`. */
export const defaultLogger: Logger = {
  debug: nothing,
  info: nothing,
  warn: toStderr('WARN'),
  error: toStderr('ERROR'),
}

/** Says nothing at all. */
export const silentLogger: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing }

const guardedLoggers = new WeakSet<Logger>()

/** Whether anybody may read debug lines of a guarded logger: what is made for each batch need not be made for nobody. */
export function hasDebug(logger: Logger): boolean {
  return logger.debug !== nothing
}

/** Takes this for a logger that never throws, as it stands in front of one. */
export function takeAsGuarded(logger: Logger): void {
  guardedLoggers.add(logger)
}

/** A logger that never throws, around one that may: a transport that has ended must not end the sending with it. */
export function guarded(logger: Logger): Logger {
  if (guardedLoggers.has(logger)) return logger
  const through =
    (level: keyof Logger) =>
    (message: string): void => {
      try {
        logger[level](message)
      } catch {
        // There is nowhere left to tell it.
      }
    }
  const isQuiet = logger === defaultLogger || logger === silentLogger
  const safe = {
    debug: isQuiet ? nothing : through('debug'),
    info: through('info'),
    warn: through('warn'),
    error: through('error'),
  }
  guardedLoggers.add(safe)
  return safe
}

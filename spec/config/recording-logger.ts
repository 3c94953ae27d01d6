/** A logger that keeps its lines, by level. */
import type { Logger } from '../../lib/logger.js'

export interface RecordingLogger extends Logger {
  readonly warnings: string[]
  readonly infos: string[]
}

export function recordingLogger(): RecordingLogger {
  const warnings: string[] = []
  const infos: string[] = []
  return {
    warnings,
    infos,
    debug: () => {},
    info: (message) => infos.push(message),
    warn: (message) => warnings.push(message),
    error: (message) => warnings.push(message),
  }
}

/** A logger that remembers. */
import type { Logger } from '../../../lib/logger.js'

export interface Line {
  readonly level: keyof Logger
  readonly text: string
}

export class LogKeeper implements Logger {
  readonly lines: Line[] = []

  debug(text: string): void {
    this.lines.push({ level: 'debug', text })
  }

  info(text: string): void {
    this.lines.push({ level: 'info', text })
  }

  warn(text: string): void {
    this.lines.push({ level: 'warn', text })
  }

  error(text: string): void {
    this.lines.push({ level: 'error', text })
  }

  at(level: keyof Logger): string[] {
    return this.lines.filter((line) => line.level === level).map(({ text }) => text)
  }
}
